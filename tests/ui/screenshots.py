"""Pictures of every page, wide and narrow, light and dark, of an installation filled with fiction.

python -m tests.ui.screenshots DIRECTORY
"""

import argparse
import sys
import tempfile
from pathlib import Path

import requests
from playwright.sync_api import Browser, Page

from tests.server import threaded
from tests.ui.browser import NARROW, WIDE, chromium, open_page, overflow, sign_in, started
from tests.ui.office import Office, checking, fill, open_office
from tests.ui.test_trials import DRAFT, instance

PAGES = {
    "home": "",
    "attention": "/attention/case/contact",
    "mentions": "/mentions",
    "forms": "/forms",
    "form": "/forms/ct_screening",
    "form-upload": "/forms/new",
    "library": "/library",
    "library-block": "/library/blocks/consent",
    "library-list": "/library/lists/marital",
    "columns": "/library/columns",
    "submissions": "/submissions",
    "submissions-table": "/submissions?form=ct_screening",
    "cases": "/cases",
    "transfers": "/cases/transfers",
    "organisations": "/organisations",
    "duplicates": "/duplicates",
    "strays": "/strays",
    "fund": "/fund",
    "figures": "/figures",
    "figures-hidden": "/figures?suppress=1",
    "lists": "/lists",
    "devices": "/devices",
    "device": "/devices/1",
    "device-change": "/devices/1/edit",
    "device-groups": "/devices/groups",
    "device-sheet": "/devices/1/sheet",
    "download": "/download",
    "download-saved": "/download/saved",
    "webhooks": "/webhooks",
    "ledger": "/ledger",
    "not-found": "/nothing",
}
BAD_WORKBOOK = b"""
| survey   |         |            |         |
|          | type    | name       | label   |
|          | txet    | town       | Town    |
|          | integer | age        | Age     |
| settings |         |            |         |
|          | form_id | form_title | version |
|          | visit   | Visit      | 1       |
"""


def take(url: str, office: Office, browser: Browser, folder: Path) -> list[str]:
    """All pictures. Returns what is wrong with them: pages wider than their window."""
    wrong = []
    for width in (WIDE, NARROW):
        for dark in (False, True):
            page = open_page(browser, width=width, dark=dark)
            for name in walk(page, url, office):
                kind = "dark" if dark else "light"
                page.evaluate("scrollTo(0, 0)")
                page.screenshot(path=folder / f"{name}-{width}-{kind}.png", full_page=True)
                if name == "case-source" and width == WIDE and not dark:
                    page.screenshot(path=folder / "readme.png")  # what fits a window: for the README
                if (extra := overflow(page)) > 0:
                    wrong.append(f"{name} is {extra} px wider than {width}")
            page.context.close()
    return wrong


def walk(page: Page, url: str, office: Office):
    """Go to one page after the other, and give the name of each when it is there."""
    home = f"{url}/projects/{office.mission_id}"
    page.goto(f"{url}/sign-in")
    yield "sign-in"
    page.goto(f"{url}/v1/docs")
    yield "programs"
    sign_in(page, url, office.email, office.password)
    for name, path in PAGES.items():
        page.goto(home + path)
        yield name
    page.goto(f"{url}/account")
    yield "account"
    page.goto(f"{home}/forms/new")
    page.set_input_files(
        "#workbook", {"name": "visit.md", "mimeType": "text/markdown", "buffer": BAD_WORKBOOK}
    )
    page.click("text=Upload and check")
    page.wait_for_selector("text=was not taken")
    yield "form-refused"
    page.goto(f"{home}/submissions?state=waiting")
    page.click("tbody a >> nth=0")
    page.wait_for_load_state()
    yield "submission-waiting"
    page.goto(f"{home}/submissions")
    page.click("tbody a >> nth=0")
    page.wait_for_load_state()
    yield "submission"
    page.goto(f"{page.url}/comments")
    yield "submission-comments"
    page.go_back()
    page.click("text=Edit answers")
    page.fill("#edit-reason", "The shelter spelt the name")
    yield "submission-edit-reason"
    page.click("text=Open the form")
    page.wait_for_selector(".form-initialization-status.ready", state="attached")
    yield "submission-edit"
    page.goto(f"{home}/cases")
    page.click("tbody a >> nth=0")
    page.wait_for_load_state()
    case = page.url
    yield "case"
    page.click("#case summary >> nth=1")
    yield "case-source"
    page.click("text=Reveal names and free text")
    yield "case-reveal"
    page.fill("#reveal-reason", "The shelter asks who is coming")
    page.select_option("#reveal-section", "person")
    page.click("dialog[open] button.main")
    page.wait_for_selector("bdi.revealed")
    yield "case-revealed"
    for act in ("assign", "plan", "refer"):
        page.goto(f"{case}/act/{act}")
        yield f"case-{act}"
    page.goto(f"{case}/paper")
    yield "case-paper"
    page.goto(f"{case}/comments")
    yield "case-comments"
    page.goto(f"{case}/documents/new")
    yield "document-new"
    paper = {"name": "report.pdf", "mimeType": "application/pdf", "buffer": b"%PDF-1.7 fiction"}
    page.set_input_files("#document-file", paper)
    page.select_option("#document-kind", "medical")
    page.click("text=Keep it with the case")
    page.click("#documents tbody a")
    page.wait_for_selector("#open-reason")
    yield "document"
    page.goto(f"{home}/submissions")
    page.click("tr[data-row] a >> nth=0")
    page.click("a.button >> text=PDF")
    page.wait_for_selector("#paper-reason")
    yield "submission-paper"
    page.goto(home)
    page.keyboard.press("?")
    yield "shortcuts"
    yield from _draft(page, home)


def _draft(page: Page, home: str):
    """A draft, a phone to try it on, and what came from there."""
    page.goto(f"{home}/forms/new")
    page.set_input_files("#workbook", {"name": "t.md", "mimeType": "text/markdown", "buffer": DRAFT.encode()})
    page.click("text=Upload and check")
    page.wait_for_selector("#try")
    yield "form-draft"
    page.click("text=Make a test phone")
    page.wait_for_selector(".qr")
    yield "test-device"
    root = page.text_content("code.address")
    sent = {"xml_submission_file": ("interview.xml", instance(surname="Fiction"), "text/xml")}
    requests.post(f"{root}/submission", files=sent, timeout=30).raise_for_status()
    page.goto(f"{home}/forms/tried")
    page.click("#try th a >> nth=0")
    page.wait_for_url("**/trials/*")
    yield "trial"
    yield from _preview(page, home)
    yield from _versions(page, home)
    yield from _fill(page, home)


def _preview(page: Page, home: str):
    """A form in the browser, and what would be sent. A large one is seen where an interview is edited."""
    page.goto(f"{home}/forms/tried")
    page.click("main >> text=Preview")
    page.wait_for_selector(".form-initialization-status.ready", state="attached")
    yield "preview"
    page.click("text=Finish and see what would be sent")
    page.wait_for_selector("[data-end]:not([hidden])")
    yield "preview-end"


def _versions(page: Page, home: str):
    """A published form, and a draft by which answers are lost and a translation is out of date."""
    first = DRAFT.replace("| tried   ", "| changed ").replace("Tried form", "Changed form")
    kept = [line for line in first.splitlines() if "face" not in line]
    later = "\n".join(kept).replace("Family name", "Last name").replace("| 1       ", "| 2       ")
    for text in (first, later):
        page.goto(f"{home}/forms/new")
        file = {"name": "changed.md", "mimeType": "text/markdown", "buffer": text.encode()}
        page.set_input_files("#workbook", file)
        page.click("text=Upload and check")
        page.wait_for_selector("#versions")
        if (
            text == first and page.locator("#publish-note").count()
        ):  # else it was published in an earlier walk
            page.fill("#publish-note", "The first")
            page.click("text=Publish to phones")
            page.wait_for_selector("text=is published")
    yield "form-changed"
    page.goto(f"{home}/forms/changed/compare")
    yield "form-compare"
    page.goto(f"{home}/forms/changed")
    page.click("#translations >> text=Translate")
    page.wait_for_selector("#texts")
    yield "form-texts"
    page.goto(f"{home}/forms/ct_screening")
    page.click("main >> text=On paper")
    page.wait_for_selector("text=Download the PDF")
    yield "form-paper"


def _fill(page: Page, home: str):
    """The browser of a device, from its link to an interview."""
    page.goto(f"{home}/devices/1")
    link = (
        page.locator("details", has_text="In a browser, without a phone")
        .locator("code.address")
        .text_content()
    )
    page.goto(link)
    page.wait_for_selector("#new-passphrase")
    yield "fill-passphrase"
    page.fill("#new-passphrase", "three words apart")
    page.fill("#again", "three words apart")
    page.click("text=Keep it")
    page.wait_for_selector("[data-blanks] li")
    yield "fill-home"
    page.click("[data-blanks] button >> nth=0")
    page.wait_for_selector("[data-view=before]:not([hidden]), [data-view=interview]:not([hidden])")
    if page.is_visible("[data-begin]"):  # there is something the browser cannot do
        yield "fill-before"
        page.click("[data-begin]")
    page.wait_for_selector(".form-initialization-status.ready", state="attached")
    yield "fill-interview"


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("directory", type=Path, help="where the pictures go")
    folder: Path = arguments.parse_args().directory
    program = chromium()
    if program is None:
        print("Chromium is not installed: apt-get install chromium", file=sys.stderr)
        return 1
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as home, started(program) as browser:
        office = open_office(Path(home))
        app = office.app()
        with threaded(app) as url, checking(app):
            page = open_page(browser)
            sign_in(page, url, office.email, office.password)
            page.screenshot(path=folder / f"home-empty-{WIDE}-light.png")
            fill(office)
            wrong = take(url, office, browser, folder)
    print(f"{len(list(folder.glob('*.png')))} pictures in {folder}")
    print("\n".join(wrong), end="\n" if wrong else "")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
