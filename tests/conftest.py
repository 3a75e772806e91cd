"""Fixtures for everything that needs a database: each test has a fresh one, on SQLite and on PostgreSQL."""

import shutil
import socket
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import URL, Engine, create_engine, text
from sqlalchemy.orm import Session

from app import create_app, keys
from app.blobs import BlobStore
from app.config import Config
from app.db import make_engine, upgrade
from app.keys import Keyring
from app.models import Model
from tests.field import Field, make_field
from tests.postgresql import MissingTool, PostgreSQL
from tests.tools import missing


@pytest.fixture(scope="session")
def keys_directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A keyring with private keys, made once."""
    directory = tmp_path_factory.mktemp("keyring") / "keys"
    keys.generate(directory)
    return directory


@pytest.fixture(scope="session")
def keyring(keys_directory: Path) -> Keyring:
    return Keyring.load(keys_directory)


@pytest.fixture
def blobs(tmp_path: Path) -> BlobStore:
    return BlobStore((tmp_path / "blobs").as_uri())


# --- databases -------------------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def postgresql() -> Iterator[PostgreSQL]:
    try:
        server = PostgreSQL()
    except MissingTool as tool:
        missing(str(tool))
    yield server
    server.stop()


def make_config(database_url: URL, keys_directory: Path, home: Path, **settings: object) -> Config:
    return Config(
        home=home,
        database_url=database_url,
        blob_url=(home / "blobs").as_uri(),
        keys=keys_directory,
        **settings,  # type: ignore[arg-type]  # a test says what it wants
    )


def _migrate(url: URL, keys_directory: Path, home: Path) -> None:
    app = create_app(make_config(url, keys_directory, home, surface="device"))
    upgrade(app)
    app.extensions["saif"].engine.dispose()


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory, keys_directory: Path) -> Path:
    """A migrated, empty database file: copying it is faster than migrating."""
    home = tmp_path_factory.mktemp("template")
    _migrate(URL.create("sqlite", database=str(home / "saif.db")), keys_directory, home)
    return home / "saif.db"


@pytest.fixture(scope="session")
def postgresql_url(
    postgresql: PostgreSQL, tmp_path_factory: pytest.TempPathFactory, keys_directory: Path
) -> URL:
    """A migrated database, emptied after each test: making a new one takes a second."""
    name = f"test_{uuid.uuid4().hex[:8]}"
    postgresql.execute(f"CREATE DATABASE {name}")
    _migrate(postgresql.url(name), keys_directory, tmp_path_factory.mktemp("template"))
    return postgresql.url(name)


def _empty(url: URL) -> None:
    """Empty the tables that have rows, and begin the numbers at one again."""
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        # Whoever forgot to close a connection must not make the next test wait.
        connection.execute(
            text(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        )
        names = [table.name for table in Model.metadata.sorted_tables]
        filled = " UNION ALL ".join(
            f"SELECT '{name}' WHERE EXISTS (SELECT FROM \"{name}\")" for name in names
        )
        rows = connection.execute(text(filled)).scalars().all()
        if rows:
            quoted = ", ".join(f'"{name}"' for name in rows)
            connection.execute(text(f"TRUNCATE {quoted} RESTART IDENTITY CASCADE"))
    engine.dispose()


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[URL]:
    """A migrated, empty database of the test's own; the test runs once for each kind."""
    if request.param == "sqlite":
        path = tmp_path / "saif.db"
        shutil.copy(request.getfixturevalue("sqlite_template"), path)
        yield URL.create("sqlite", database=str(path))
        return
    url: URL = request.getfixturevalue("postgresql_url")
    yield url
    _empty(url)


@pytest.fixture
def engine(database_url: URL) -> Iterator[Engine]:
    engine = make_engine(database_url)
    yield engine
    engine.dispose()


@pytest.fixture
def session(engine: Engine) -> Iterator[Session]:
    with Session(engine) as session:
        yield session


# --- applications ----------------------------------------------------------------------------------------------


@pytest.fixture
def config(database_url: URL, keys_directory: Path, tmp_path: Path) -> Config:
    return make_config(database_url, keys_directory, tmp_path)


@pytest.fixture
def make_app(config: Config) -> Iterator[Callable[..., Flask]]:
    """An application on the test's database; keyword arguments are settings that differ."""
    from dataclasses import replace

    made: list[Flask] = []

    def make(**settings: object) -> Flask:
        app = create_app(replace(config, **settings))  # type: ignore[arg-type]  # a test says what it wants
        app.testing = True
        made.append(app)
        return app

    yield make
    for app in made:
        app.extensions["saif"].engine.dispose()


@pytest.fixture
def app(make_app: Callable[..., Flask]) -> Flask:
    return make_app()


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


@pytest.fixture
def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@pytest.fixture
def field(session: Session, keyring: Keyring) -> Field:
    """A mission with a form and a phone."""
    return make_field(session, keyring)
