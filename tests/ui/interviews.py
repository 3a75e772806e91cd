"""A form in the browser, as a test fills it in: its questions by their labels."""

import io

from PIL import Image
from playwright.sync_api import Page


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
