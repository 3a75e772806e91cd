"""Downloads that only some can open: a ZIP archive under a password, or a file encrypted to a public key.

The password is that of WinZip's AES-256 (AE-2), which 7-Zip, WinZip and Keka open; the key is one of age
(age-encryption.org), X25519. Both are streamed: memory does not grow with the download.
"""

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Final

import pyrage

from app.models import now

LONGEST_KEY: Final = 100
_ROOM: Final = 2**40
"""An upper bound of the size of a member: it decides whether the archive is one of ZIP64."""


def archive(
    pieces: Iterator[bytes], *, file_name: str, password: str, at: datetime | None = None
) -> Iterator[bytes]:
    """A ZIP archive with the one file, encrypted."""
    from stream_zip import ZIP_AUTO, stream_zip  # with all ciphers under it, which few processes ever need

    member = (file_name, at or now(), 0o600, ZIP_AUTO(_ROOM), pieces)
    yield from stream_zip([member], password=password)


def encrypt(pieces: Iterator[bytes], *, recipient: str, write: Callable[[bytes], None]) -> None:
    """Encrypt to a recipient's public key, `age1…`; `write` is given the parts. Raises ValueError if it is no key."""
    pyrage.encrypt_io(_Source(pieces), _Target(write), [_recipient(recipient)])


def is_key(recipient: str) -> bool:
    """Whether this is a public key that can be encrypted to."""
    try:
        _recipient(recipient)
    except ValueError:
        return False
    return True


def _recipient(text: str) -> pyrage.x25519.Recipient:
    try:
        return pyrage.x25519.Recipient.from_str(text.strip()[:LONGEST_KEY])
    except pyrage.RecipientError as error:
        raise ValueError("no public key of age") from error


class _Source:
    """Pieces, read as a file is."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces
        self._rest = b""

    def read(self, size: int) -> bytes:
        while not self._rest:
            piece = next(self._pieces, None)
            if piece is None:
                return b""
            self._rest = piece
        given, self._rest = self._rest[:size], self._rest[size:]
        return given


class _Target:
    """A function, written to as a file is."""

    def __init__(self, write: Callable[[bytes], None]) -> None:
        self._write = write

    def write(self, data: bytes) -> int:
        self._write(bytes(data))
        return len(data)

    def flush(self) -> None:
        """Nothing waits here."""
