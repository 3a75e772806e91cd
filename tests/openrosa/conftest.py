"""The door of the phones alone: no office, and no private key."""

import http.client
import shutil
from dataclasses import replace

import pytest
from sqlalchemy import URL

from tests import databases
from tests.openrosa.receiver import environ as settings
from tests.openrosa.receiver import receiving


@pytest.fixture
def app(kept_app, config, public_keys):
    return kept_app(replace(config, surface="device", keys=public_keys))


@pytest.fixture(scope="session")
def start_receiver(keys_directory, tmp_path_factory):
    """`start_receiver(database_url)`: a machine that only receives, as users run it."""

    def start(database_url):
        home = tmp_path_factory.mktemp("receiver")
        (home / "keys").mkdir()
        shutil.copy(keys_directory / "public.json", home / "keys")
        return receiving(database_url, home, home / "keys")

    return start


@pytest.fixture(scope="session")
def postgresql_receiver(postgresql_url, start_receiver):
    with start_receiver(postgresql_url) as receiver:
        yield receiver


@pytest.fixture(scope="session")
def served_file(sqlite_template, tmp_path_factory):
    """A SQLite database that a server goes on with, so that it is not replaced for each test; and what empties it."""
    path = tmp_path_factory.mktemp("served") / "saif.db"
    shutil.copy(sqlite_template, path)
    url = URL.create("sqlite", database=str(path))
    with databases.emptying(url) as empty:
        yield url, empty


@pytest.fixture(scope="session")
def sqlite_receiver(served_file, start_receiver):
    with start_receiver(served_file[0]) as receiver:
        yield receiver


@pytest.fixture
def database_url(request, database_url, kept_engines):
    """That of the receiver, if the test asks for it."""
    if "receiver" not in request.fixturenames or database_url.get_backend_name() == "postgresql":
        yield database_url
        return
    url, empty = request.getfixturevalue("served_file")
    kept_engines.setdefault(url, None)
    yield url
    databases.release(kept_engines[url])
    empty()


@pytest.fixture
def receiver(request, database_url):
    """The machine that receives all the time for the tests of a kind of database, with nothing on it."""
    running = request.getfixturevalue(f"{database_url.get_backend_name()}_receiver")
    running.tidy()
    return running


@pytest.fixture
def connect(receiver):
    """Connections to the receiver, closed afterwards."""
    made = []

    def make():
        made.append(http.client.HTTPConnection("127.0.0.1", receiver.port, timeout=60))
        return made[-1]

    yield make
    for connection in made:
        connection.close()


@pytest.fixture
def environ(database_url, public_keys, tmp_path):
    """The settings of a receiver of the test's own."""
    return settings(database_url, tmp_path, public_keys)
