"""The pictures of docs/phones.md, from an empty demo mission to its first received interview.

python -m tests.ui.pictures [DIRECTORY]

They show fiction. The codes in them lead to saif.example, where nobody is, and the keyring that made them is gone when
the pictures are there.
"""

import argparse
import io
import sys
import tempfile
from dataclasses import replace
from importlib.resources import files
from pathlib import Path

import requests
from PIL import Image
from playwright.sync_api import Page
from sqlalchemy.orm import Session

from app.db import writing
from app.policy import COMMAND
from app.services import missions
from app.state import State
from app.tasks import run_once
from tests.server import threaded
from tests.ui.browser import chromium, open_page, sign_in, started
from tests.ui.office import Office, open_office

FOLDER = Path(__file__).parents[2] / "docs/pictures"
ROOT = "https://saif.example"
WIDTH = 1120
_COLORS = 48


def take(url: str, office: Office, state: State, page: Page, folder: Path) -> None:
    """Walk as the page of the docs does, and keep what is seen."""
    home = f"{url}/projects/{office.mission_id}"

    def keep(name: str, selector: str = "main > .inner") -> None:
        picture = Image.open(io.BytesIO(page.locator(selector).first.screenshot())).convert("RGB")
        # Pages have few colours: a palette makes a picture a third as large.
        picture.quantize(_COLORS, dither=Image.Dither.NONE).save(folder / f"{name}.png", optimize=True)

    page.goto(f"{home}/devices")
    page.fill("#name", "Phone 7, Chisinau")
    page.select_option("#interviewer", label="MD-07, Ana")
    page.select_option("#language", "fr")
    page.click("summary >> text=Group, forms and access")
    keep("add")
    page.click("text=Add device")
    page.wait_for_selector("text=Scan this code")
    keep("device")
    address = page.locator("code.address", has_text="/v1/key/").text_content() or ""
    page.click("text=Sheet for the interviewer")
    page.wait_for_selector("ol.steps")
    page.evaluate("document.querySelector('.no-print').hidden = true")
    keep("sheet", "main")
    _send(address.strip().replace(ROOT, url))
    while run_once(state.engine, keyring=state.keyring, blobs=state.blobs):
        pass
    page.goto(f"{home}/devices")
    keep("contact", "section.panel")
    page.goto(f"{home}/submissions")
    keep("received")


def _send(root: str) -> None:
    """What the phone does on its first day: it asks for its forms, and sends an interview."""
    interview = files("app").joinpath("demo", "instances", "01-screening.xml").read_bytes()
    parts = {"xml_submission_file": ("screening.xml", interview, "text/xml")}
    requests.get(f"{root}/formList", timeout=30).raise_for_status()
    requests.post(f"{root}/submission", files=parts, timeout=30).raise_for_status()


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    arguments.add_argument("directory", type=Path, nargs="?", default=FOLDER, help="where they go")
    folder: Path = arguments.parse_args().directory
    program = chromium()
    if program is None:
        print("Chromium is not installed: apt-get install chromium", file=sys.stderr)
        return 1
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as home, started(program) as browser:
        office = open_office(Path(home))
        office = replace(office, config=replace(office.config, url=ROOT))
        app = office.app()
        state = app.extensions["saif"]
        with Session(state.engine) as session, writing(session):
            missions.add_interviewer(
                session, actor=COMMAND, mission_id=office.mission_id, code="MD-07", display_name="Ana"
            )
        with threaded(app) as url:
            page = open_page(browser, width=WIDTH)
            sign_in(page, url, office.email, office.password)
            take(url, office, state, page, folder)
        state.engine.dispose()
    for picture in sorted(folder.glob("*.png")):
        print(f"{picture.stat().st_size:7} {picture}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
