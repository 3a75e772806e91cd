"""ZIP archives that are handed out while they are made, and are the same bytes whenever the same goes in: entries
have no time of their own."""

import hashlib
import re
import zipfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import IO, Final, cast

BUFFER: Final = 64 * 1024
_LEVEL: Final = 1
"""Of compression: on text twice as fast as the usual 6, and a fifth larger."""


class Archive:
    """An archive under way. `take` gives what was written since the last time; `entries` the SHA-256 of each entry,
    for those that are asked for with `entry`."""

    def __init__(self) -> None:
        self._sink = _Sink()
        self._zip = zipfile.ZipFile(cast("IO[bytes]", self._sink), "w", compresslevel=_LEVEL)
        self.entries: dict[str, str] = {}

    @contextmanager
    def entry(self, name: str, *, stored: bool = False) -> Iterator["Entry"]:
        """An entry to write to. `stored`: what is in it is compressed already."""
        self._zip.compression = zipfile.ZIP_STORED if stored else zipfile.ZIP_DEFLATED
        # By its name alone an entry gets no time but the first that ZIP knows.
        with self._zip.open(name, "w", force_zip64=True) as file:
            entry = Entry(file)
            yield entry
        self.entries[name] = entry.digest.hexdigest()

    def copy(self, name: str, pieces: Iterable[bytes], *, stored: bool = False) -> Iterator[bytes]:
        """Write a whole entry, handing out what is there."""
        with self.entry(name, stored=stored) as entry:
            yield self.take()  # something goes out before the first row is read
            for piece in pieces:
                entry.write(piece)
                if self.full:
                    yield self.take()
        yield self.take()

    @property
    def full(self) -> bool:
        """Whether there is enough to hand out."""
        return self._sink.size > BUFFER

    def take(self) -> bytes:
        """What has been written since the last time."""
        return self._sink.take()

    def close(self) -> bytes:
        """The end of the archive."""
        self._zip.close()
        return self._sink.take()


class Entry:
    """One entry, hashed while it is written."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self.digest = hashlib.sha256()

    def write(self, data: bytes) -> int:
        self.digest.update(data)
        return self._file.write(data)


def safe_name(name: str, taken: set[int]) -> str:
    """A file name that stays inside the archive's folder, and differs from those taken."""
    plain = re.sub(r"[\x00-\x1f\x7f/\\:]+", "_", name.strip()).lstrip(".") or "file"
    stem, dot, ending = plain.rpartition(".")
    number = 1
    while hash(plain) in taken:
        number += 1
        plain = f"{stem} ({number}){dot}{ending}" if dot else f"{ending} ({number})"
    taken.add(hash(plain))
    return plain


class _Sink:
    """Where the archive is written to, and taken from in pieces. It cannot seek, so sizes follow the
    content."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []
        self.size = 0

    def flush(self) -> None:
        """There is nothing behind it."""

    def write(self, data: bytes) -> int:
        piece = bytes(data)
        self._pieces.append(piece)
        self.size += len(piece)
        return len(piece)

    def take(self) -> bytes:
        taken, self._pieces, self.size = b"".join(self._pieces), [], 0
        return taken
