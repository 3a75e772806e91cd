"""A form designer without a mouse: from a workbook with a fault to a published change, by keyboard alone."""

import re

import pytest
from playwright.sync_api import Page

from tests.ui.browser import go

pytestmark = pytest.mark.browser

FIRST = """
| survey   |         |            |         |
|          | type    | name       | label   |
|          | {type}  | town       | Town    |
|          | text    | village    | {label} |
| settings |         |            |         |
|          | form_id | form_title | version |
|          | keys    | Keys       | {version} |
"""
STOPS = 150
"""Presses of the Tab key after which something counts as out of reach."""


def workbook(**how):
    text = FIRST.format(**{"type": "text", "label": "Village", "version": "1", **how})
    return {"name": "keys.md", "mimeType": "text/markdown", "buffer": text.encode()}


def stop(page: Page) -> dict:
    """What has the focus: its words, and whether somebody can see that it has it."""
    return page.evaluate(
        """() => { const e = document.activeElement, style = getComputedStyle(e);
        return { id: e.id, words: (e.labels?.[0]?.innerText || e.innerText || e.getAttribute('aria-label') || '').trim(),
          seen: style.outlineStyle !== 'none' || style.boxShadow !== 'none' || e === document.body }; }"""
    )


def tab_to(page: Page, words: str) -> None:
    """Press Tab until what bears these words has the focus, and can be seen to have it."""
    passed = []
    for _ in range(STOPS):
        page.keyboard.press("Tab")
        here = stop(page)
        passed.append(here["words"])
        if re.match(words, here["words"]):
            assert here["seen"], f"nothing shows that “{words}” has the focus"
            return
    raise AssertionError(f"the Tab key never reaches “{words}”; it stops at {passed}")


def choose(page: Page, file: dict) -> None:
    """The dialog that chooses a file is the system's own, where no test can type: the file is handed to what has the
    focus."""
    tab_to(page, "Form, with its files")
    page.set_input_files("input[type=file]:focus", file)


def test_a_form_is_uploaded_mended_previewed_compared_and_published_by_keyboard_alone(enter):
    page = enter()
    go(page, "f", "**/forms")
    tab_to(page, "Upload a form")
    page.keyboard.press("Enter")
    page.wait_for_url("**/forms/new")

    choose(page, workbook(type="txet"))
    tab_to(page, "Upload and check")
    page.keyboard.press("Enter")
    page.wait_for_selector("h1:has-text('was not taken')")
    assert "text" in page.inner_text(".findings")

    choose(page, workbook())
    tab_to(page, "Upload and check")
    page.keyboard.press("Enter")
    page.wait_for_selector("#publish-note")
    publish(page, "First")

    tab_to(page, "Upload a new version")
    page.keyboard.press("Enter")
    page.wait_for_url("**/forms/new**")
    choose(page, workbook(label="Hamlet", version="2"))
    tab_to(page, "Upload and check")
    page.keyboard.press("Enter")
    page.wait_for_selector("#publish-note")

    tab_to(page, "Preview")
    page.keyboard.press("Enter")
    page.wait_for_selector(".form-initialization-status.ready", state="attached")
    tab_to(page, ".*Town")
    page.keyboard.type("Balti")
    tab_to(page, ".*Hamlet")
    page.keyboard.type("North")
    tab_to(page, "Finish and see what would be sent")
    page.keyboard.press("Enter")
    page.wait_for_selector("[data-end]:not([hidden])")
    assert "Balti" in page.inner_text("[data-answers]")
    tab_to(page, "Back to the form’s page")
    page.keyboard.press("Enter")
    page.wait_for_selector("#versions")

    tab_to(page, "Compare versions")
    page.keyboard.press("Enter")
    page.wait_for_url("**/forms/keys/compare")
    assert "Hamlet" in page.inner_text("#changes")
    tab_to(page, "Keys")
    page.keyboard.press("Enter")
    page.wait_for_selector("#publish-note")
    publish(page, "It is called so")
    assert "2" in page.inner_text("#versions tr:has-text('On phones') th")


def publish(page: Page, note: str) -> None:
    tab_to(page, "What is new, and why")
    page.keyboard.type(note)
    tab_to(page, "Publish to phones")
    page.keyboard.press("Enter")
    page.wait_for_selector(".flash:has-text('is published')")
