"""Chromium, as the tests and the pictures use it."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright
from playwright.sync_api import TimeoutError as TooLate

FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # Pages live for seconds: to optimise their scripts, and to clear up often, costs more than it saves.
    "--js-flags=--no-turbofan --min-semi-space-size=32",
]
WIDE, NARROW = 1280, 380


PROGRAMS = ("chromium-headless-shell", "chromium", "chromium-browser")
"""The first is the same engine without the windows around it, and starts and runs with less."""


def chromium() -> Path | None:
    """Where the system's Chromium is, if it is installed."""
    return next((Path(found) for name in PROGRAMS if (found := shutil.which(name))), None)


@contextmanager
def started(program: Path) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=FLAGS)
        try:
            yield browser
        finally:
            browser.close()


def open_page(browser: Browser, *, width: int = WIDE, dark: bool = False, script: bool = True) -> Page:
    """A page of a browser of its own, with an empty memory."""
    context = browser.new_context(
        viewport={"width": width, "height": 900},
        color_scheme="dark" if dark else "light",
        java_script_enabled=script,
        accept_downloads=True,
    )
    return context.new_page()


def sign_in(page: Page, url: str, email: str, password: str) -> None:
    page.goto(f"{url}/sign-in")
    page.fill("#email", email)
    page.fill("#password", password)
    page.click("text=Sign in >> visible=true >> nth=-1")
    page.wait_for_url(f"{url}/projects/*")


def go(page: Page, key: str, address: str) -> None:
    """The two keys of a shortcut count as one only if they come close together, which a busy machine may not manage."""
    for _ in range(10):
        page.keyboard.press("g")
        page.keyboard.press(key)
        try:
            page.wait_for_url(address, timeout=3000)
            return
        except TooLate:
            continue
    raise AssertionError(f"“g {key}” does not lead to {address}")


def overflow(page: Page) -> int:
    """Pixels by which the page is wider than its window."""
    return int(page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth"))
