"""The door of the phones alone: no office, and no private key."""

import http.client
from dataclasses import replace

import pytest


@pytest.fixture
def app(kept_app, config, public_keys):
    return kept_app(replace(config, surface="device", keys=public_keys))


@pytest.fixture
def connect(free_port):
    """Connections to the server, closed afterwards."""
    made = []

    def make():
        made.append(http.client.HTTPConnection("127.0.0.1", free_port))
        return made[-1]

    yield make
    for connection in made:
        connection.close()


@pytest.fixture
def environ(database_url, public_keys, tmp_path):
    """A machine that only receives: no private key is on it."""
    return {
        "SAIF_HOME": str(tmp_path),
        "SAIF_KEYS": str(public_keys),
        "SAIF_SURFACE": "device",
        "DATABASE_URL": database_url.render_as_string(hide_password=False),
        "SAIF_ACCESS_LOG": "1",
    }
