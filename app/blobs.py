"""Files by name in a directory or in S3-compatible storage. What is here is sealed already, and never
changes."""

import contextlib
import os
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Final
from urllib.parse import parse_qs, unquote, urlsplit

import obstore
from obstore.exceptions import AlreadyExistsError
from obstore.store import LocalStore, S3Store

READ: Final = 256 * 1024
"""Bytes of each piece when reading."""
_PART: Final = 5 * 1024 * 1024  # the smallest part S3 takes
_SPOOL: Final = ".spool"
_SPOOL_AGE: Final = 24 * 3600


class BlobStore:
    """Blobs under names that say nothing. `spool` makes a file to write to, `put` gives it its name for
    good."""

    def __init__(self, url: str) -> None:
        """`file:///directory`, or `s3://bucket/prefix` with `endpoint` and `region` in the query.

        S3 credentials come from the environment, as every S3 client takes them.
        """
        parts = urlsplit(url)
        self._directory: Path | None = None
        self._store: LocalStore | S3Store
        if parts.scheme == "file":
            self._directory = Path(unquote(parts.path))
            self._spool = self._directory / _SPOOL
            self._spool.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._store = LocalStore(self._directory)
            self._sweep()
        else:
            query = {key: values[-1] for key, values in parse_qs(parts.query).items()}
            endpoint = query.get("endpoint")
            self._spool = Path(tempfile.gettempdir())
            self._store = S3Store(
                parts.netloc,
                prefix=parts.path.strip("/") or None,
                endpoint=endpoint,
                region=query.get("region") or os.environ.get("AWS_REGION") or "us-east-1",
                client_options={"allow_http": bool(endpoint and endpoint.startswith("http:"))},
            )

    def spool(self) -> BinaryIO:
        """An empty file to write a blob to, in the place where `put` is cheap. Closing it drops it."""
        return tempfile.NamedTemporaryFile(dir=self._spool, prefix="blob-")  # type: ignore[return-value]  # it is one

    def put(self, name: str, spooled: BinaryIO) -> bool:
        """Store a spooled file under the name, unless there is one: then nothing changes. Whether it is new.

        On return it is durable: synced with its directory, or acknowledged by the storage.
        """
        spooled.flush()
        if self._directory is None:
            return self._put_in_storage(name, spooled)
        os.fsync(spooled.fileno())
        target = self._path(name)
        if not target.parent.exists():
            target.parent.mkdir(mode=0o700, exist_ok=True)
            _sync(self._directory)
        try:
            os.link(spooled.name, target)
            return True
        except FileExistsError:
            return False
        finally:
            # Also where it was there before: whoever linked it may not have come to this line yet.
            _sync(target.parent)

    def open(self, name: str, start: int = 0) -> Iterator[bytes]:
        """The blob, piece by piece, from a byte of it on. Raises FileNotFoundError."""
        found = (
            obstore.get(self._store, _key(name), options={"range": {"offset": start}})
            if start  # an empty blob has no range
            else obstore.get(self._store, _key(name))
        )
        yield from found.stream(min_chunk_size=READ)

    def exists(self, name: str) -> bool:
        """Whether there is such a blob."""
        try:
            obstore.head(self._store, _key(name))
        except FileNotFoundError:
            return False
        return True

    def delete(self, name: str) -> None:
        """Remove the blob, if it is there."""
        with contextlib.suppress(FileNotFoundError):
            obstore.delete(self._store, _key(name))

    def names(self) -> Iterator[str]:
        """Every blob's name."""
        for batch in obstore.list(self._store):
            yield from (Path(meta["path"]).name for meta in batch if not meta["path"].startswith(_SPOOL))

    def _put_in_storage(self, name: str, spooled: BinaryIO) -> bool:
        size = os.fstat(spooled.fileno()).st_size
        try:
            if size <= _PART:
                spooled.seek(0)
                obstore.put(self._store, _key(name), spooled.read(), mode="create", use_multipart=False)
            elif self.exists(name):
                return False
            else:
                # Large uploads cannot be conditional. Two at once write the same plain content, so either may
                # stay.
                path = Path(spooled.name)
                obstore.put(self._store, _key(name), path, chunk_size=_PART, max_concurrency=1)
        except AlreadyExistsError:
            return False
        return True

    def _path(self, name: str) -> Path:
        assert self._directory is not None
        return self._directory / _key(name)

    def _sweep(self) -> None:
        """Drop what a killed process left in the spool. It is sealed, and nothing refers to it."""
        oldest = time.time() - _SPOOL_AGE
        for path in self._spool.glob("blob-*"):
            with contextlib.suppress(FileNotFoundError):
                if path.stat().st_mtime < oldest:
                    path.unlink()


def _key(name: str) -> str:
    """Where a blob stands: in one of 256 directories, by the first byte of its name."""
    if len(name) != 64 or not set(name) <= set("0123456789abcdef"):
        raise ValueError("a blob is named by 64 hexadecimal digits")
    return f"{name[:2]}/{name}"


def _sync(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
