"""A sealed file of the blob store, read as a file is: from any byte on, so that a download that broke off goes on
where it was."""

from collections.abc import Iterator
from functools import partial

from app.blobs import BlobStore
from app.keys import Keyring


class KeptFile:
    """Its plain content, piece by piece from where one is. `size` in bytes. Raises KeyringError while it is read, if it
    is not what was kept."""

    def __init__(self, keyring: Keyring, blobs: BlobStore, *, blob: str, context: str, size: int) -> None:
        self.size = size
        self._open = partial(keyring.open_file_from, read=partial(blobs.open, blob), context=context)
        self._place = 0
        self._pieces: Iterator[bytes] | None = None

    def seekable(self) -> bool:
        return True

    def seek(self, place: int) -> None:
        """Go to a byte, counted from the beginning."""
        self._place, self._pieces = place, None

    def tell(self) -> int:
        """At which byte one is."""
        return self._place

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        if self._pieces is None:
            self._pieces = self._open(self._place)
        piece = next(self._pieces)
        self._place += len(piece)
        return piece
