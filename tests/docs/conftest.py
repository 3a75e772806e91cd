"""A server as a newcomer starts it, for the examples in the docs."""

import json
import socket

import pytest

from tests.server import served


@pytest.fixture(scope="session")
def first_run(tmp_path_factory):
    """What first-run.json holds, and `home`, while the server runs."""
    home = tmp_path_factory.mktemp("newcomer") / "var"
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with served(home, port):
        yield {**json.loads((home / "first-run.json").read_text()), "home": str(home)}
