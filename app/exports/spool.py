"""A place for bytes that must wait: an unlinked temporary file, encrypted with a key that is only in
memory."""

import os
import tempfile
from collections.abc import Iterable, Iterator

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CTR

_READ = 64 * 1024


class Spool:
    """Write, then read once from the beginning. AES-256 in counter mode: nobody can change the file, which
    has no name, and what is left of it on the disk says nothing."""

    def __init__(self) -> None:
        self._file = tempfile.TemporaryFile()  # noqa: SIM115 -- lives as long as the spool
        self._cipher = Cipher(AES(os.urandom(32)), CTR(os.urandom(16)))
        self._encryptor = self._cipher.encryptor()

    @classmethod
    def of(cls, pieces: Iterable[bytes]) -> "Spool":
        """A spool that holds all of the pieces. Nothing is left open if making them fails."""
        spool = cls()
        try:
            for piece in pieces:
                spool.write(piece)
        except BaseException:
            spool.close()
            raise
        return spool

    def write(self, data: bytes) -> None:
        """Add bytes at the end."""
        self._file.write(self._encryptor.update(data))

    def read(self) -> Iterator[bytes]:
        """All of it, piece by piece."""
        self._file.seek(0)
        decryptor = self._cipher.decryptor()
        while piece := self._file.read(_READ):
            yield decryptor.update(piece)

    def drain(self) -> Iterator[bytes]:
        """The same; then it is closed."""
        yield from self.read()
        self.close()

    def lines(self) -> Iterator[bytes]:
        """All of it, line by line, for what was written in lines."""
        rest = b""
        for piece in self.read():
            *whole, rest = (rest + piece).split(b"\n")
            yield from whole
        if rest:
            yield rest

    def close(self) -> None:
        """Drop it."""
        self._file.close()
