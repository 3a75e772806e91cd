"""Fixtures for everything that needs a database: each test has a fresh one, on SQLite and on PostgreSQL."""

import gc
import os
import shutil
import socket
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from argon2 import PasswordHasher
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import HealthCheck, settings
from sqlalchemy import URL, Engine, select
from sqlalchemy.orm import Session

from app import create_app, keys
from app.blobs import BlobStore
from app.config import Config
from app.db import make_engine, upgrade
from app.keys import Keyring
from app.models import FormVersion
from app.services import plans, users
from app.state import open_state
from tests import databases
from tests.clients.javarosa.phone import switch_off
from tests.compiling import Compiled
from tests.field import Field, make_field
from tests.postgresql import MissingTool, PostgreSQL
from tests.tools import missing
from xlsforms import compile as compiling

# How fast a loaded machine thinks of examples and tries them says nothing about them.
settings.register_profile("suite", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("suite")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> object | None:
    """A worker stays in a folder, whose tests share what was made once for them; when nothing is left there it goes on
    to the first folder nobody is in, the long ones before the others, or helps where the most is left. Of itself xdist
    keeps files with few tests for the end, which take longest. The tests of the line share running servers, and stay
    together."""
    if config.getvalue("dist") != "loadfile":
        return None
    from xdist.scheduler import LoadFileScheduling
    from xdist.workermanage import WorkerController

    class ByFolder(LoadFileScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return "tests/line" if nodeid.startswith("tests/line/") else super()._split_scope(nodeid)

        def _assign_work_unit(self, node: WorkerController) -> None:
            left = Counter(map(_folder, self.workqueue))
            in_them = [_folder(list(units)[-1]) for units in self.assigned_work.values() if units]
            here = next((_folder(file) for file in reversed(self.assigned_work[node])), None)
            if here not in left:
                free = (folder for folder in (*_LONG, *left) if folder in left and folder not in in_them)
                here = next(free, left.most_common(1)[0][0])
            self.workqueue.move_to_end(
                next(file for file in self.workqueue if _folder(file) == here), last=False
            )
            super()._assign_work_unit(node)

    config.option.loadscopereorder = False
    return ByFolder(config, log)


_LONG = ("tests/ui", "tests/line", "tests/services")
"""Folders with half of the work: begun last, one worker would be busy with them while the others are done."""


def _folder(scope: str) -> str:
    """`tests/ui` of `tests/ui/test_home.py`."""
    return "/".join(scope.split("/")[:2])


def pytest_collection_finish() -> None:
    """What is loaded by now stays for good: the collector need not walk through it again."""
    gc.collect()
    gc.freeze()


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
def public_keys(keys_directory: Path, tmp_path: Path) -> Path:
    """What the keyring of a machine that only receives looks like."""
    directory = tmp_path / "public-keys"
    directory.mkdir()
    shutil.copy(keys_directory / "public.json", directory)
    return directory


@pytest.fixture
def blobs(tmp_path: Path) -> BlobStore:
    return BlobStore((tmp_path / "blobs").as_uri())


@pytest.fixture(scope="session", autouse=True)
def _compiled_once() -> Iterator[None]:
    """The same file is compiled once a session, not for every test and database that begins with it."""
    with mock.patch.object(compiling, "_compile", Compiled()):
        yield


@pytest.fixture(scope="session", autouse=True)
def _phone_is_switched_off() -> Iterator[None]:
    yield
    switch_off()


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    """Chromium, started once: another one cannot be driven beside it."""
    from tests.ui import browser

    program = browser.chromium()
    if program is None:
        missing("Chromium")
    with browser.started(program) as running:
        yield running


@pytest.fixture(scope="module")
def browser(chromium: Any) -> Iterator[Any]:
    """Chromium without a page; those that a module opens are closed with it, and share nothing."""
    yield chromium
    for context in chromium.contexts:
        context.close()


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
def postgresql_template(
    postgresql: PostgreSQL, tmp_path_factory: pytest.TempPathFactory, keys_directory: Path
) -> str:
    """The name of a migrated, empty database that can be copied."""
    postgresql.execute("CREATE DATABASE migrated")
    _migrate(postgresql.url("migrated"), keys_directory, tmp_path_factory.mktemp("template"))
    return "migrated"


@pytest.fixture(scope="session")
def postgresql_url(postgresql: PostgreSQL, postgresql_template: str) -> URL:
    """A migrated database, emptied after each test: making a new one takes longer."""
    return _copy_of(postgresql_template, postgresql)


@pytest.fixture(scope="session")
def empty_postgresql(postgresql_url: URL) -> Iterator[Callable[[], None]]:
    with databases.emptying(postgresql_url) as empty:
        yield empty


def _copy_of(template: str, server: PostgreSQL) -> URL:
    name = f"test_{uuid.uuid4().hex[:8]}"
    server.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
    return server.url(name)


@pytest.fixture
def make_database(request: pytest.FixtureRequest) -> Callable[[str, Path], URL]:
    """`make_database("sqlite", home)`: one more migrated, empty database, for tests that need several."""

    def make(kind: str, home: Path) -> URL:
        if kind == "postgresql":
            template = request.getfixturevalue("postgresql_template")
            return _copy_of(template, request.getfixturevalue("postgresql"))
        shutil.copy(request.getfixturevalue("sqlite_template"), home / "saif.db")
        return URL.create("sqlite", database=str(home / "saif.db"))

    return make


@pytest.fixture(scope="session", autouse=True)
def kept_engines() -> Iterator[dict[URL, Engine | None]]:
    with databases.kept_engines() as made:
        yield made


@pytest.fixture(scope="session")
def sqlite_url(tmp_path_factory: pytest.TempPathFactory) -> URL:
    """Where the database of each test is, one after the other."""
    return URL.create("sqlite", database=str(tmp_path_factory.mktemp("database") / "saif.db"))


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def database_url(request: pytest.FixtureRequest, kept_engines: dict[URL, Engine | None]) -> Iterator[URL]:
    """A migrated, empty database of the test's own; the test runs once for each kind."""
    url: URL = request.getfixturevalue(f"{request.param}_url")
    kept_engines.setdefault(url, None)
    if request.param == "postgresql":
        empty = request.getfixturevalue("empty_postgresql")
        yield url
        databases.release(kept_engines[url])
        empty()
        return
    for leftover in Path(str(url.database)).parent.iterdir():
        leftover.unlink()
    shutil.copy(request.getfixturevalue("sqlite_template"), str(url.database))
    yield url
    databases.release(kept_engines[url])


@pytest.fixture
def engine(database_url: URL) -> Engine:
    return make_engine(database_url)


@pytest.fixture(scope="session")
def attic(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where what many tests begin with is kept, to be put into their databases and not made again."""
    return tmp_path_factory.mktemp("attic")


@pytest.fixture(scope="session")
def planned() -> Callable[[Session], None]:
    """How the form versions are read that many tests begin with: made once, and known from the start of each."""
    known: dict[uuid.UUID, plans.Plan] = {}

    def plan(session: Session) -> None:
        plans.forget()  # a process serves one database; this one serves a database a test
        for version_id in session.scalars(select(FormVersion.id)).all():
            if version_id in known:
                plans._kept[version_id] = known[version_id]
            known[version_id] = plans.get(session, version_id)
        session.rollback()

    return plan


@pytest.fixture
def session(engine: Engine) -> Iterator[Session]:
    with Session(engine) as session:
        yield session


# --- applications ----------------------------------------------------------------------------------------------


@pytest.fixture
def config(database_url: URL, keys_directory: Path, tmp_path: Path) -> Config:
    return make_config(database_url, keys_directory, tmp_path)


@pytest.fixture
def make_app(config: Config) -> Callable[..., Flask]:
    """An application on the test's database; keyword arguments are settings that differ."""
    from dataclasses import replace

    def make(**settings: object) -> Flask:
        app = create_app(replace(config, **settings))  # type: ignore[arg-type]  # a test says what it wants
        app.testing = True
        return app

    return make


@pytest.fixture(scope="session")
def kept_app() -> Callable[[Config], Flask]:
    """The application of a surface as it is by default, on a database. Building its routes takes a tenth of a second:
    they are kept, while its state is new whenever it is asked for."""
    kept: dict[tuple[URL, str], Flask] = {}

    def keep(config: Config) -> Flask:
        key = config.database_url, config.surface
        app = kept[key] = kept.get(key) or create_app(config)
        app.extensions["saif"] = open_state(config, make_engine(config.database_url))
        app.testing = True
        return app

    return keep


@pytest.fixture
def app(kept_app: Callable[[Config], Flask], config: Config) -> Flask:
    return kept_app(config)


@pytest.fixture(scope="session", autouse=True)
def _no_power_cut() -> Iterator[None]:
    """Files that live for one test need not survive one."""
    with mock.patch.object(os, "fsync", return_value=None):
        yield


@pytest.fixture(scope="session", autouse=True)
def _cheap_passwords() -> Iterator[None]:
    """Argon2 as always, but not made to cost an eighth of a second whenever somebody signs in."""
    with mock.patch.object(users, "_hasher", PasswordHasher(time_cost=1, memory_cost=64)):
        yield


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
