"""A form in the browser, as a test fills it in: its questions by their labels."""

import io
from collections.abc import Iterable
from contextlib import suppress

from PIL import Image
from playwright.sync_api import Page
from playwright.sync_api import TimeoutError as TooLate


def picture():
    out = io.BytesIO()
    Image.new("RGB", (64, 48), "teal").save(out, "png")
    return out.getvalue()


def upload_draft(page: Page, home: str, workbook: str, **files: bytes) -> None:
    """Make a draft on the pages, with the files it wants, as a designer does. `home` is the mission's."""
    page.goto(f"{home}/forms/new")
    page.set_input_files(
        "#workbook", {"name": "form.md", "mimeType": "text/markdown", "buffer": workbook.encode()}
    )
    page.click("text=Upload and check")
    page.wait_for_selector("text=This is a draft")
    for name, content in files.items():
        row = page.locator("tr", has=page.locator("th code", has_text=name))
        row.locator("input[type=file]").set_input_files(
            {"name": name, "mimeType": "application/octet-stream", "buffer": content}
        )
        row.locator("button").click()
        page.wait_for_selector(f"text={name} is attached")


def ready(page: Page) -> None:
    """Wait until the engine shows the form."""
    page.wait_for_selector(".form-initialization-status.ready", state="attached")


def question(page, label):
    """The part of the page that asks this."""
    return page.locator(".question-container", has=page.locator(".control-text label", has_text=label))


def choose(page, label, *choices):
    for choice in choices:
        question(page, label).locator(".value-option", has=page.get_by_text(choice, exact=True)).click()


def speak(page, language):
    page.get_by_role("combobox", name="change language").locator("visible=true").click()
    page.locator("li[role=option]", has_text=language).click()


def attach(page: Page, label: str, name: str, content: bytes) -> None:
    """Choose a file as the answer, and wait until the page shows it."""
    asked = question(page, label)
    asked.locator("input[type=file]").last.set_input_files(
        {"name": name, "mimeType": "application/octet-stream", "buffer": content}
    )
    asked.locator("img, .file-chosen").first.wait_for()


def pick(page: Page, label: str, *choices: str) -> None:
    """Choose in a list that opens."""
    asked = question(page, label).locator(".p-select, .p-multiselect").first
    for choice in choices:
        offered = page.locator("li[role=option]:visible", has_text=choice).first
        for _ in range(10):
            if offered.is_visible():
                break
            # The list closes when the page below it moves, as it does while questions come and go.
            asked.click()
            with suppress(TooLate):
                offered.wait_for(timeout=3_000)
        offered.click()
    page.keyboard.press("Escape")


def type_in(page: Page, label: str, text: str) -> None:
    """Type an answer: a text, a number, or a date as the browser writes it. Of several such questions, the last."""
    asked = question(page, label).last.locator("input, textarea").first
    asked.fill(text)
    asked.press("Tab")


def answer(page: Page, answers: Iterable[tuple[str, ...]]) -> None:
    """Answer questions one after the other, each in its own way: ("choose", "Sex", "Female")."""
    ways = {"choose": choose, "pick": pick, "type": type_in}
    for way, label, *said in answers:
        ways[way](page, label, *said)


def take_away(page: Page, repeat: str) -> None:
    """Take away the one instance of a repeat that a form begins with."""
    instance = page.locator(".is-repeat", has=page.locator("h2", has_text=repeat)).first
    instance.locator(".button-menu").first.click()
    page.get_by_role("menuitem", name="Remove").click()
    instance.wait_for(state="detached")


def come_in(page: Page, link: str, passphrase: str = "quiet lantern orchard") -> None:
    """Make the browser a device by the link of its page, as an interviewer at a desk does, and see its forms."""
    page.goto(link)
    page.fill("#new-passphrase", passphrase)
    page.fill("#again", passphrase)
    page.click("text=Keep it")
    page.wait_for_selector("[data-blanks] li")


def look_for_changes(page: Page) -> None:
    """Fetch forms and lists again at the desk, and wait until they are there."""
    page.click("text=Look for changes")
    page.wait_for_selector("[data-refresh][aria-busy=false]")


def begin(page: Page, title: str) -> None:
    """Begin an interview at the desk."""
    page.locator("[data-blanks] li", has_text=title).get_by_role("button").click()
    page.click("[data-begin]")
    ready(page)
