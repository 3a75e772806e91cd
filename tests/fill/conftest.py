"""A desk: an office that is served, a device for a browser, and a browser that keeps its profile on the disk."""

from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from app import create_app
from app.auth import browsers
from app.db import writing
from app.models import Device
from app.policy import COMMAND
from app.services import devices, publish
from app.state import State
from tests.server import threaded
from tests.ui.browser import FLAGS, WIDE, chromium
from tests.ui.conftest import empty_office  # noqa: F401 -- a fixture

PASSPHRASE = "quiet lantern orchard"
VISIT = """
| survey  |                               |        |             |             |                   |
|         | type                          | name   | label::English (en) | label::Français (fr) | relevant |
|         | start                         | start  |             |             |                   |
|         | deviceid                      | phone  |             |             |                   |
|         | text                          | met    | Met at      | Lieu        |                   |
|         | select_one yn                 | kids   | Any children? | Des enfants ? |              |
|         | begin_repeat                  | child  | Child       | Enfant      | ${kids} = 'yes'   |
|         | text                          | called | Name        | Nom         |                   |
|         | end_repeat                    |        |             |             |                   |
|         | image                         | photo  | Picture     | Photo       |                   |
|         | audio                         | voice  | Recording   | Enregistrement |                |
|         | geotrace                      | way    | Way here    | Chemin      |                   |
| choices |                               |        |             |             |                   |
|         | list_name                     | name   | label::English (en) | label::Français (fr) | |
|         | yn                            | yes    | Yes         | Oui         |                   |
|         | yn                            | no     | No          | Non         |                   |
| settings |                              |        |             |             |                   |
|          | form_id                      | version | form_title | default_language |              |
|          | visit                        | 1      | Visit       | English (en) |                  |
"""


@dataclass
class Desk:
    """Where interviews are filled in: the address of the server, its application, and the device."""

    url: str
    app: Flask
    mission_id: int
    device_id: int
    token: str

    @property
    def state(self) -> State:
        return self.app.extensions["saif"]

    @property
    def link(self) -> str:
        with self.app.app_context(), self.changing() as (_, device):
            return f"{self.url}/fill#{browsers.link(device)}"

    @contextmanager
    def changing(self):
        with Session(self.state.engine) as session, writing(session):
            yield session, session.get_one(Device, self.device_id)


@pytest.fixture(scope="module")
def desk(empty_office, tmp_path_factory):  # noqa: F811 -- a fixture
    office = empty_office.moved(tmp_path_factory.mktemp("desk"))
    # Small, so that an interview with files takes several requests.
    app = create_app(replace(office.config, max_request=100_000))
    here = app.extensions["saif"]
    with Session(here.engine) as session, writing(session):
        device, token = devices.create(
            session, actor=COMMAND, mission_id=office.mission_id, display_name="Desk 1", keyring=here.keyring
        )
        draft = publish.save_draft(
            session, publish.check(VISIT.encode(), "visit.md"), actor=COMMAND, mission_id=office.mission_id
        )
        publish.publish(session, actor=COMMAND, version=draft)
        device_id = device.id
    with threaded(app) as url:
        yield Desk(url, app, office.mission_id, device_id, token)
    here.engine.dispose()


@pytest.fixture
def profile(browser, tmp_path):
    """`profile()`: the browser of somebody at the desk, with all that it kept the last time."""
    opened = []

    def open_profile(folder: Path = tmp_path / "profile", *, width: int = WIDE):
        context = browser.browser_type.launch_persistent_context(
            folder, executable_path=chromium(), args=FLAGS, viewport={"width": width, "height": 900}
        )
        context.folder = folder
        opened.append(context)
        return context

    yield open_profile
    for context in opened:
        context.close()


def begin(context, desk):
    """A page on which the device has just come in, with a passphrase."""
    page = context.new_page()
    page.goto(desk.link)
    page.fill("#new-passphrase", PASSPHRASE)
    page.fill("#again", PASSPHRASE)
    page.click("text=Keep it")
    page.wait_for_selector("[data-blanks] li")
    # Without it, the page would not open the next time there is no network.
    page.evaluate("navigator.serviceWorker.ready")
    return page


def ready(page):
    """When the interview can be answered."""
    page.wait_for_selector("#form .form-initialization-status:is(.ready, .error)", state="attached")
    assert not page.locator(".form-load-failure-dialog").count(), page.inner_text(".form-load-failure-dialog")


def unlock(page, passphrase=PASSPHRASE):
    page.fill("#passphrase", passphrase)
    page.click("text=Unlock")
