"""Settings: read once from the environment, frozen, and every fault said at the same time."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

MEGABYTE: Final = 1_000_000
SURFACES: Final = ("all", "device", "office")


class ConfigError(Exception):
    """One line for each setting that cannot be used. Values are not repeated: a database URL has a
    password."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__("\n".join(faults))
        self.faults = tuple(faults)


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """How this process runs. Sizes are bytes."""

    home: Path
    """Directory of everything that is not elsewhere by a URL (SAIF_HOME; default `var`)."""
    database_url: URL
    """DATABASE_URL; default `sqlite:///<home>/saif.db`."""
    blob_url: str
    """BLOB_URL: `file:///directory` or `s3://bucket/prefix?endpoint=…&region=…`; default `<home>/blobs`."""
    keys: Path
    """SAIF_KEYS: directory of the keyring; default `<home>/keys`."""
    surface: str = "all"
    """SAIF_SURFACE: which doors this process opens: `all`, `device` (OpenRosa only) or `office`."""
    url: str | None = None
    """SAIF_URL: the public root, without a slash at its end; else the URL of the request says it."""
    proxies: int = 0
    """SAIF_PROXIES: how many proxies in front set X-Forwarded-*; 0 believes none of them."""
    port: int = 8000
    """PORT: where the web processes listen; default 8000."""
    max_request: int = 10 * MEGABYTE
    """SAIF_MAX_REQUEST: what phones are asked to keep a request under (X-OpenRosa-Accept-Content-Length)."""
    max_submission: int = 200 * MEGABYTE
    """SAIF_MAX_SUBMISSION: the largest request taken; a phone sends a single file larger than its wish
    whole."""
    max_xml: int = 5 * MEGABYTE
    """SAIF_MAX_XML: the largest submission XML."""
    max_files: int = 250
    """SAIF_MAX_FILES: most files in one request. Collect sends at most 100."""
    webhooks_private: bool = False
    """SAIF_WEBHOOKS_PRIVATE: 1 lets webhooks lead to addresses inside a network, and to this machine; default 0."""

    @property
    def device(self) -> bool:
        """Whether phones are served."""
        return self.surface in ("all", "device")

    @property
    def office(self) -> bool:
        """Whether pages and REST are served."""
        return self.surface in ("all", "office")

    @classmethod
    def from_environ(cls, environ: Mapping[str, str]) -> "Config":
        """Read the settings. Raises ConfigError with every fault."""
        faults: list[str] = []

        def whole(name: str, default: int, *, least: int) -> int:
            text = environ.get(name, "").strip()
            if not text:
                return default
            if not text.isascii() or not text.isdigit() or int(text) < least:
                faults.append(f"{name} must be a whole number, {least} or more.")
                return default
            return int(text)

        home = Path(environ.get("SAIF_HOME") or "var").resolve()
        database = URL.create("sqlite", database=str(home / "saif.db"))
        if environ.get("DATABASE_URL"):
            try:
                database = read_database_url(environ["DATABASE_URL"])
            except ValueError as error:
                faults.append(f"DATABASE_URL {error}")
        blobs = environ.get("BLOB_URL") or (home / "blobs").as_uri()
        if urlsplit(blobs).scheme not in ("file", "s3"):
            faults.append("BLOB_URL must begin with file:// or s3://.")
        surface = environ.get("SAIF_SURFACE") or "all"
        if surface not in SURFACES:
            faults.append(f"SAIF_SURFACE must be one of: {', '.join(SURFACES)}.")
        url = (environ.get("SAIF_URL") or "").rstrip("/") or None
        if url and not (urlsplit(url).scheme in ("http", "https") and urlsplit(url).hostname):
            faults.append("SAIF_URL must be a whole URL with http or https and a host.")
        config = cls(
            home=home,
            database_url=database,
            blob_url=blobs,
            keys=Path(environ.get("SAIF_KEYS") or home / "keys").resolve(),
            surface=surface,
            url=url,
            proxies=whole("SAIF_PROXIES", 0, least=0),
            port=whole("PORT", 8000, least=1),
            max_request=whole("SAIF_MAX_REQUEST", 10 * MEGABYTE, least=100_000),
            max_submission=whole("SAIF_MAX_SUBMISSION", 200 * MEGABYTE, least=MEGABYTE),
            max_xml=whole("SAIF_MAX_XML", 5 * MEGABYTE, least=100_000),
            max_files=whole("SAIF_MAX_FILES", 250, least=1),
            webhooks_private=whole("SAIF_WEBHOOKS_PRIVATE", 0, least=0) > 0,
        )
        if config.port > 65535:
            faults.append("PORT must be 65535 or less.")
        if faults:
            raise ConfigError(faults)
        return config


def read_database_url(text: str) -> URL:
    """A URL of SQLite or PostgreSQL, made absolute and given our driver. Raises ValueError with what is
    wrong."""
    try:
        url = make_url(text)
    except ArgumentError:
        raise ValueError("is not a database URL, like postgresql://user:password@host/saif.") from None
    backend = url.get_backend_name()
    # Hosting services say postgres://, an old name that SQLAlchemy no longer knows.
    if backend in ("postgresql", "postgres"):
        return url.set(drivername="postgresql+psycopg")
    if backend != "sqlite":
        raise ValueError("must begin with sqlite:/// or postgresql://.")
    if url.database in (None, "", ":memory:"):
        raise ValueError("must name a file: what is in memory only is lost.")
    return url.set(database=str(Path(str(url.database)).resolve()))
