"""A machine that only receives, as users run it."""

import shutil
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import URL

from app.blobs import BlobStore
from tests.server import Server, serve


@dataclass(frozen=True, slots=True)
class Receiver:
    """A running server and its directory."""

    server: Server
    home: Path

    @property
    def port(self) -> int:
        return self.server.port

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def blobs(self) -> BlobStore:
        return BlobStore((self.home / "blobs").as_uri())

    @property
    def spool(self) -> Path:
        return self.home / "blobs" / ".spool"

    def said(self) -> str:
        """What it has printed since it was tidied."""
        return (self.home / "out").read_text()

    def tidy(self) -> None:
        """Forget the files and the words of the test before."""
        (self.home / "out").write_text("")
        for path in (self.home / "blobs").iterdir():
            if path != self.spool:
                shutil.rmtree(path)


def environ(database_url: URL, home: Path, keys: Path) -> dict[str, str]:
    """The settings of such a machine. `keys` holds no private key."""
    return {
        "SAIF_HOME": str(home),
        "SAIF_KEYS": str(keys),
        "SAIF_SURFACE": "device",
        "DATABASE_URL": database_url.render_as_string(hide_password=False),
        "SAIF_ACCESS_LOG": "1",
    }


@contextmanager
def receiving(database_url: URL, home: Path, keys: Path) -> Iterator[Receiver]:
    """Start one on a database that is there."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    with serve(environ(database_url, home, keys), port=port, output=home / "out") as server:
        yield Receiver(server, home)
