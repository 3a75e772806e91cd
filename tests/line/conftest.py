"""One server for each kind of database, as users run it, for all tests of the line."""

import json
import socket

import pytest

from tests.clients.fixtures import phone  # noqa: F401  (a fixture)
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
    with served(home, port, **settings):
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
