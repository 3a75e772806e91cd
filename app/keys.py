"""The keyring: what seals, what opens, and what digests.

Two files in one directory. `public.json` holds all that a receiving machine needs: public keys (HPKE, RFC
9180) and the keys of its digests. `private.json` holds what opens, and stays off the machines that only
receive. Every sealed value begins with its kind and the id of its key, so that keys can rotate. What is
sealed is bound to its context, a text such as `submission:<id>`: moved elsewhere, it does not open.
"""

import base64
import hashlib
import json
import os
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite

_SUITE: Final = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)
# The first byte of a sealed value.
_SEALED, _ENCRYPTED, _ENCRYPTED_ZLIB, _FILE, _LOCKED = b"\x01", b"\x02", b"\x03", b"\x04", b"\x05"
_ID: Final = 4  # bytes of a key id
_NONCE: Final = 12
_TAG: Final = 16
CHUNK: Final = 65536
"""Plain bytes of each chunk of a sealed file."""
_WRAPPED: Final = 32 + 32 + 16  # HPKE: encapsulated key, file key, tag
_HEADER: Final = 1 + _ID + _WRAPPED
_WORTH_COMPRESSING: Final = 512
_DAMAGED: Final = "A sealed file was changed, cut short, or belongs elsewhere."


class KeyringError(Exception):
    """The keyring is missing, damaged, or lacks the key; or a sealed value is not what it says it is."""


@dataclass(frozen=True, slots=True)
class Public:
    """What `public.json` holds."""

    current: str
    keys: Mapping[str, X25519PublicKey]
    token: bytes
    digest: bytes


@dataclass(frozen=True, slots=True)
class Private:
    """What `private.json` holds."""

    keys: Mapping[str, X25519PrivateKey]
    field: str
    fields: Mapping[str, AESGCM]
    blind: bytes


class Keyring:
    """Keys in memory. Safe to share between threads."""

    def __init__(self, public: Public, private: Private | None) -> None:
        self._public = public
        self._private = private
        self._current = public.keys[public.current]
        self._prefix = bytes.fromhex(public.current)
        self._lock = AESGCM(self.derive("lock", b""))

    @classmethod
    def load(cls, directory: Path, *, private: bool = True) -> "Keyring":
        """Read the directory. Without `private.json`, or with `private=False`, nothing can be opened.

        Raises KeyringError.
        """
        try:
            public = _read_public(json.loads((directory / "public.json").read_bytes()))
            path = directory / "private.json"
            secret = _read_private(json.loads(path.read_bytes())) if private and path.exists() else None
        except FileNotFoundError:
            raise KeyringError(
                f"There is no keyring in {directory}. `saif keys generate` makes one; where another machine "
                "holds the private keys, copy its public.json."
            ) from None
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            raise KeyringError(f"The keyring in {directory} cannot be read.") from None
        return cls(public, secret)

    @property
    def can_open(self) -> bool:
        """Whether this process holds what opens."""
        return self._private is not None

    @property
    def current(self) -> str:
        """Id of the public key that seals now."""
        return self._public.current

    # --- digests: need no private key -----------------------------------------------------------------------

    def digest(self, data: bytes) -> bytes:
        """32 bytes that tell whether two contents are the same, to nobody without this keyring (keyed
        BLAKE2b)."""
        return hashlib.blake2b(data, digest_size=32, key=self._public.digest).digest()

    def running_digest(self) -> "hashlib.blake2b":
        """The same digest, to be fed piece by piece."""
        return hashlib.blake2b(digest_size=32, key=self._public.digest)

    def token_digest(self, token: str) -> bytes:
        """What a device or session token is looked up by. A token that is no Unicode text matches nothing."""
        data = token.encode("utf-8", "surrogatepass")
        return hashlib.blake2b(data, digest_size=32, key=self._public.token).digest()

    def derive(self, purpose: str, data: bytes) -> bytes:
        """32 bytes that follow from the data and, for each purpose of at most 16 letters, look random to
        whoever has no `public.json` (BLAKE2b, keyed as tokens are)."""
        return hashlib.blake2b(data, digest_size=32, key=self._public.token, person=purpose.encode()).digest()

    # --- locked: written and opened by whoever holds `public.json` -------------------------------------------

    def lock(self, plain: bytes, context: str) -> bytes:
        """For what a receiving machine must read back: the database alone does not open it (AES-256-GCM). Its
        key is that of the tokens, which never changes, so no key id is needed."""
        nonce = os.urandom(_NONCE)
        return _LOCKED + nonce + self._lock.encrypt(nonce, plain, context.encode())

    def unlock(self, locked: bytes, context: str) -> bytes:
        """The plain content of a locked value. Raises KeyringError."""
        if locked[:1] != _LOCKED:
            raise KeyringError("This is no locked value.")
        try:
            return self._lock.decrypt(locked[1 : 1 + _NONCE], locked[1 + _NONCE :], context.encode())
        except (InvalidTag, ValueError):
            raise KeyringError("A locked value was changed, or belongs elsewhere.") from None

    # --- sealed: written by anybody, opened by those who hold the private key -------------------------------

    def seal(self, plain: bytes, context: str) -> bytes:
        """Compress, and encrypt to the current public key."""
        body = _SUITE.encrypt(zlib.compress(plain, 1), self._current, info=context.encode())
        return _SEALED + self._prefix + body

    def open(self, sealed: bytes, context: str) -> bytes:
        """The plain content of a sealed value. Raises KeyringError."""
        if sealed[:1] != _SEALED:
            raise KeyringError("This is no sealed value.")
        key = self._private_key(sealed[1 : 1 + _ID])
        try:
            return zlib.decompress(_SUITE.decrypt(sealed[1 + _ID :], key, info=context.encode()))
        except (InvalidTag, ValueError, zlib.error):
            raise KeyringError("A sealed value was changed, or belongs elsewhere.") from None

    # --- encrypted: written and opened by those who hold the private keys -----------------------------------

    def encrypt(self, plain: bytes, context: str) -> bytes:
        """For the columns that the worker and the office write and read (AES-256-GCM)."""
        private = self._holding()
        kind = _ENCRYPTED
        if len(plain) >= _WORTH_COMPRESSING:
            kind, plain = _ENCRYPTED_ZLIB, zlib.compress(plain, 1)
        nonce = os.urandom(_NONCE)
        body = private.fields[private.field].encrypt(nonce, plain, kind + context.encode())
        return kind + bytes.fromhex(private.field) + nonce + body

    def decrypt(self, encrypted: bytes, context: str) -> bytes:
        """The plain content of an encrypted value. Raises KeyringError."""
        private = self._holding()
        kind, name = encrypted[:1], encrypted[1 : 1 + _ID].hex()
        if kind not in (_ENCRYPTED, _ENCRYPTED_ZLIB) or name not in private.fields:
            raise KeyringError("This is no encrypted value, or its key is not in the keyring.")
        nonce, body = encrypted[1 + _ID : 1 + _ID + _NONCE], encrypted[1 + _ID + _NONCE :]
        try:
            plain = private.fields[name].decrypt(nonce, body, kind + context.encode())
            return zlib.decompress(plain) if kind == _ENCRYPTED_ZLIB else plain
        except (InvalidTag, ValueError, zlib.error):
            raise KeyringError("An encrypted value was changed, or belongs elsewhere.") from None

    def blind(self, value: str) -> bytes:
        """Blind index: exact search on what is encrypted, for those who hold the private keys."""
        return hashlib.blake2b(value.encode(), digest_size=32, key=self._holding().blind).digest()

    # --- files ----------------------------------------------------------------------------------------------

    def seal_file(self, target: BinaryIO) -> "Sealer":
        """Seal a file of any size with constant memory; `target` is empty and seekable."""
        return Sealer(target, self._prefix, self._current)

    def open_file(self, chunks: Iterable[bytes], context: str) -> Iterator[bytes]:
        """The plain content of a sealed file, piece by piece; `chunks` may be cut anywhere.

        Raises KeyringError, at the latest at the end of a file that was cut short.
        """
        buffer, pieces = bytearray(), iter(chunks)
        _fill(buffer, pieces, _HEADER)
        cipher = self._file_cipher(bytes(buffer[:_HEADER]), context)
        del buffer[:_HEADER]
        yield from _opened(cipher, buffer, pieces, 0)

    def open_file_from(
        self, start: int, read: Callable[[int], Iterable[bytes]], context: str
    ) -> Iterator[bytes]:
        """The plain content of a sealed file from a byte of it on, without opening what stands before; `read` gives the
        sealed bytes from one of them on. Raises KeyringError, as `open_file` does."""
        header = bytearray()
        _fill(header, iter(read(0)), _HEADER)
        cipher = self._file_cipher(bytes(header[:_HEADER]), context)
        number, skipped = divmod(start, CHUNK)
        sealed = iter(read(_HEADER + number * (CHUNK + _TAG)))
        for piece in _opened(cipher, bytearray(), sealed, number):
            yield piece[skipped:]
            skipped = 0

    # --- within ---------------------------------------------------------------------------------------------

    def _holding(self) -> Private:
        if self._private is None:
            raise KeyringError("The private keys are not on this machine.")
        return self._private

    def _file_cipher(self, header: bytes, context: str) -> AESGCM:
        if header[:1] != _FILE or len(header) < _HEADER:
            raise KeyringError("This is no sealed file.")
        key = self._private_key(header[1 : 1 + _ID])
        try:
            return AESGCM(_SUITE.decrypt(header[1 + _ID :], key, info=context.encode()))
        except (InvalidTag, ValueError):
            raise KeyringError(_DAMAGED) from None

    def _private_key(self, prefix: bytes) -> X25519PrivateKey:
        key = self._holding().keys.get(prefix.hex())
        if key is None:
            raise KeyringError(f"The private key {prefix.hex()} is not in the keyring.")
        return key


class Sealer:
    """Seals what is written to it: chunks of AES-256-GCM under a key of this file's own, that key sealed in
    front.

    The chunk number is in the nonce and the last chunk is marked, so that none can be moved, left out or cut
    off (the STREAM construction of Hoang, Reyhanitabar, Rogaway and Vizár, 2015).
    """

    def __init__(self, target: BinaryIO, prefix: bytes, public: X25519PublicKey) -> None:
        self._target = target
        self._prefix = prefix
        self._public = public
        self._key = os.urandom(32)
        self._cipher = AESGCM(self._key)
        self._buffer = bytearray()
        self._number = 0
        # The context is known at the end only; until then the header is empty and the file opens to nobody.
        target.write(bytes(_HEADER))

    def write(self, data: bytes) -> None:
        """Take more plain bytes."""
        self._buffer += data
        while len(self._buffer) > CHUNK:
            self._write_chunk(bytes(self._buffer[:CHUNK]), last=False)
            del self._buffer[:CHUNK]

    def finish(self, context: str) -> None:
        """Write the rest and the header; the target then stands at its beginning."""
        self._write_chunk(bytes(self._buffer), last=True)
        self._buffer.clear()
        self._target.seek(0)
        wrapped = _SUITE.encrypt(self._key, self._public, info=context.encode())
        self._target.write(_FILE + self._prefix + wrapped)
        self._target.seek(0)

    def _write_chunk(self, plain: bytes, *, last: bool) -> None:
        self._target.write(self._cipher.encrypt(_chunk_nonce(self._number, last), plain, None))
        self._number += 1


def _chunk_nonce(number: int, last: bool) -> bytes:
    return number.to_bytes(_NONCE - 1, "big") + (b"\x01" if last else b"\x00")


def _opened(cipher: AESGCM, buffer: bytearray, pieces: Iterator[bytes], number: int) -> Iterator[bytes]:
    """The chunks of a file from this one on, opened."""
    while True:
        _fill(buffer, pieces, CHUNK + _TAG + 1)
        last = len(buffer) <= CHUNK + _TAG
        try:
            yield cipher.decrypt(_chunk_nonce(number, last), bytes(buffer[: CHUNK + _TAG]), None)
        except (InvalidTag, ValueError):
            raise KeyringError(_DAMAGED) from None
        if last:
            return
        del buffer[: CHUNK + _TAG]
        number += 1


def _fill(buffer: bytearray, pieces: Iterator[bytes], size: int) -> None:
    while len(buffer) < size:
        piece = next(pieces, None)
        if piece is None:
            return
        buffer += piece


# --- the files ----------------------------------------------------------------------------------------------


def generate(directory: Path) -> Keyring:
    """Make a new keyring. Raises KeyringError where there is one: what it sealed would be lost."""
    if (directory / "public.json").exists() or (directory / "private.json").exists():
        raise KeyringError(f"There is a keyring in {directory} already.")
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    public = {"current": "", "keys": {}, "token": _random(), "digest": _random()}
    private = {"keys": {}, "field": "", "fields": {}, "blind": _random()}
    _add_keys(public, private)
    # Public last: it is what makes the keyring count as there.
    _write(directory / "private.json", private)
    _write(directory / "public.json", public)
    return Keyring.load(directory)


def rotate(directory: Path) -> Keyring:
    """Add new keys and make them current; the old ones stay, to open what they sealed. Raises
    KeyringError."""
    if not Keyring.load(directory).can_open:
        raise KeyringError(
            "Keys are rotated where the private keys are; copy the new public.json from there."
        )
    public = json.loads((directory / "public.json").read_bytes())
    private = json.loads((directory / "private.json").read_bytes())
    _add_keys(public, private)
    _write(directory / "private.json", private)
    _write(directory / "public.json", public)
    return Keyring.load(directory)


def _add_keys(public: dict[str, Any], private: dict[str, Any]) -> None:
    key = X25519PrivateKey.generate()
    raw = key.public_key().public_bytes_raw()
    name = hashlib.sha256(raw).digest()[:_ID].hex()
    private["keys"][name] = _encode(key.private_bytes_raw())
    public["keys"][name] = _encode(raw)
    public["current"] = name
    field = os.urandom(_ID).hex()
    private["fields"][field] = _random()
    private["field"] = field


def _read_public(said: dict[str, Any]) -> Public:
    keys = {name: X25519PublicKey.from_public_bytes(_decode(text)) for name, text in said["keys"].items()}
    if said["current"] not in keys:
        raise ValueError("no current key")
    return Public(said["current"], keys, _decode(said["token"]), _decode(said["digest"]))


def _read_private(said: dict[str, Any]) -> Private:
    keys = {name: X25519PrivateKey.from_private_bytes(_decode(text)) for name, text in said["keys"].items()}
    fields = {name: AESGCM(_decode(text)) for name, text in said["fields"].items()}
    if said["field"] not in fields:
        raise ValueError("no current field key")
    return Private(keys, said["field"], fields, _decode(said["blind"]))


def _write(path: Path, content: dict[str, Any]) -> None:
    """Replace the file at once and durably, readable by its owner only."""
    new = path.with_suffix(".new")
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        json.dump(content, file, indent=1)
        file.flush()
        os.fsync(file.fileno())
    new.replace(path)


def _random() -> str:
    return _encode(os.urandom(32))


def _encode(raw: bytes) -> str:
    return base64.b64encode(raw).decode()


def _decode(text: str) -> bytes:
    return base64.b64decode(text, validate=True)
