"""A server as a newcomer starts it, for the examples in the docs."""

import json
import re
import socket

import pytest
import requests

from tests.server import served
from tests.services.made import screening


@pytest.fixture(scope="session")
def first_run(tmp_path_factory):
    """What first-run.json holds, and `home`, while the server runs."""
    home = tmp_path_factory.mktemp("newcomer") / "var"
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with served(home, port):
        said = json.loads((home / "first-run.json").read_text())
        yield {**said, "home": str(home), "token": furnished(said)}


def furnished(said):
    """An interview for the feeds, and a token of the newcomer's, made on the page of their account."""
    with requests.Session() as browser:
        signing_in = {"email": said["email"], "password": said["password"]}
        assert browser.post(f"{said['url']}/sign-in", data=signing_in).ok
        signed_in = browser.post(f"{said['url']}/v1/sessions", json=signing_in).json()
        xml = screening(instance_id="uuid:for-the-feeds", sex="female", family_name="Exampla")
        path = f"{said['url']}/v1/projects/1/forms/ct_screening/submissions"
        assert browser.post(path, data=xml, headers={"Authorization": f"Bearer {signed_in['token']}"}).ok
        page = browser.get(f"{said['url']}/account").text
        asked = {"csrf_token": re.search(r'csrf_token" value="([^"]+)"', page)[1]}
        asked |= {"name": "Excel", "scope": ["read", "cases"], "days": "30"}
        made = browser.post(f"{said['url']}/account/tokens", data=asked).text
        return re.search(r'value="(saif_[^"]+)"', made)[1]
