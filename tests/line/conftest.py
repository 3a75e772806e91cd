"""One server for each kind of database, as users run it, for all tests of the line; and servers in this process, one
after the other."""

import json
import socket
import sys
from itertools import count
from pathlib import Path

import pytest

from tests import databases
from tests.clients.fixtures import phone  # noqa: F401  (a fixture)
from tests.conftest import make_config
from tests.line import weeks
from tests.line.office import Office
from tests.server import served


@pytest.fixture(scope="session")
def java(phone):  # noqa: F811 -- the fixture
    """A Java process that fills forms, and whose last report can be read."""
    return phone


def running(home, **settings):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    # Without Java in its path the worker leaves ODK Validate alone: half a second for each of forty forms, and JavaRosa
    # fills every one of them here.
    with served(home, port, PATH=str(Path(sys.executable).parent), **settings):
        office = Office(json.loads((home / "first-run.json").read_text()))
        yield office
        office.close()


@pytest.fixture(scope="session")
def sqlite_office(tmp_path_factory):
    yield from running(tmp_path_factory.mktemp("sqlite") / "var")


@pytest.fixture(scope="session")
def postgresql_office(tmp_path_factory, postgresql):
    postgresql.execute("CREATE DATABASE whole_line")
    url = postgresql.url("whole_line").render_as_string(hide_password=False)
    yield from running(tmp_path_factory.mktemp("postgresql") / "var", DATABASE_URL=url)


@pytest.fixture(scope="session", params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def office(request):
    """Somebody signed in to a server on this kind of database."""
    return request.getfixturevalue(f"{request.param}_office")


@pytest.fixture
def new_server(database_url, kept_app, keys_directory, tmp_path):
    """`new_server(forms, phones=4)`: a server that holds these forms and nothing else, in place of the one before."""
    numbers = count()
    with databases.emptying(database_url) as empty:

        def make(forms, *, phones):
            home = tmp_path / f"server-{next(numbers)}"
            home.mkdir()
            app = kept_app(make_config(database_url, keys_directory, home))
            databases.release(app.extensions["saif"].engine)
            empty()
            return weeks.open_server(app, forms, phones=phones)

        yield make
