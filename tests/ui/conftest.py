"""An office for the tests of pages: made once, copied for tests that change it."""

import re
import shutil
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import URL, Engine, Row, Select
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from app import language
from app.config import Config
from app.services.checking import check_next
from tests import databases
from tests.server import threaded
from tests.ui.browser import open_page
from tests.ui.office import PASSWORD, Office, checking, fill, open_office


class Visitor:
    """Somebody in front of a browser without scripts: gets pages, and sends forms with their token."""

    def __init__(self, client: FlaskClient, mission_id: int) -> None:
        self.client = client
        self.home = f"/projects/{mission_id}"
        self.page: TestResponse | None = None
        self._token = ""

    def get(self, path: str = "", *, status: int = 200) -> str:
        self.page = self.client.get(self.home + path if not path.startswith("/!") else path[2:])
        assert self.page.status_code == status, (self.page.status_code, self.page.text[:2000])
        return self.page.text

    def post(
        self, path: str, data: dict | None = None, *, status: int | None = None, follow: bool = True
    ) -> str:
        sent = {"csrf_token": self.token(), **(data or {})}
        self.page = self.client.post(self.home + path, data=sent, follow_redirects=follow)
        if "/uploads/" in self.page.request.path:
            self._wait(self.page.request.path)
        assert self.page.status_code == (status or 200), (self.page.status_code, self.page.text[:2000])
        return self.page.text

    def _wait(self, path: str) -> None:
        """Let a worker check what was uploaded, and look again."""
        check_next(self.client.application.extensions["saif"].engine)
        self.page = self.client.get(path, follow_redirects=True)

    def token(self) -> str:
        """What every form of a session carries back, read once from the page that costs least."""
        if not self._token:
            found = re.search(r'name="csrf_token" value="([^"]+)"', self.client.get("/account").text)
            assert found is not None, "a page of somebody signed in holds a form with a token"
            self._token = found[1]
        return self._token

    def first(self, listing: str, nth: int = 0) -> str:
        """The path of the nth thing in a list, from the home of the mission on."""
        pattern = rf'href="{re.escape(self.home)}({listing}/[0-9a-f-]{{36}})"'
        return re.findall(pattern, self.get(listing))[nth]


class _Text(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.parts: list[str] = []

    def handle_data(self, data: str) -> None:
        self.parts.append(data)


def text_of(html: str) -> str:
    """The text of a page, without tags, white space evened out."""
    reader = _Text()
    reader.feed(html)
    return " ".join(" ".join(reader.parts).split())


@pytest.fixture(autouse=True)
def _english() -> Iterator[None]:
    """A page speaks the language of its reader; whatever comes after a test in this process speaks English."""
    with language.spoken("en"):
        yield


@pytest.fixture(scope="session")
def empty_office(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path) -> Office:
    home = tmp_path_factory.mktemp("empty")
    shutil.copy(sqlite_template, home)
    return open_office(home)


@pytest.fixture(scope="session")
def full_office(empty_office: Office, tmp_path_factory: pytest.TempPathFactory) -> Office:
    office = empty_office.moved(tmp_path_factory.mktemp("full"))
    fill(office)
    return office


@pytest.fixture
def move(kept_engines: dict[URL, Engine | None]) -> Callable[[Office, Path], Office]:
    """A copy of an office at a place where the one of another test was before."""

    def move(office: Office, home: Path) -> Office:
        shutil.rmtree(home, ignore_errors=True)
        moved = office.moved(home)
        databases.release(kept_engines.setdefault(moved.config.database_url, None))
        return moved

    return move


@pytest.fixture
def office(full_office: Office, move: Callable[[Office, Path], Office]) -> Office:
    """The filled office, a copy of the test's own."""
    return move(full_office, full_office.config.home.with_name("office"))


@pytest.fixture
def new_office(empty_office: Office, move: Callable[[Office, Path], Office]) -> Office:
    """The office as it is after its first start."""
    return move(empty_office, empty_office.config.home.with_name("new"))


@pytest.fixture
def open_app(kept_app: Callable[[Config], Flask]) -> Callable[[Office], Flask]:
    """The application of an office."""
    return lambda office: kept_app(office.config)


@pytest.fixture
def visit(office: Office, open_app: Callable[[Office], Flask]) -> Callable[..., Visitor]:
    """`visit("coordinator")`: somebody of that role, signed in to the filled office."""
    app = open_app(office)

    def enter(who: str = "coordinator") -> Visitor:
        return signed_in(app, office, f"{who}@saif.example", PASSWORD)

    return enter


@pytest.fixture
def store(office: Office, open_app: Callable[[Office], Flask]) -> Callable[[Select[Any]], Sequence[Row[Any]]]:
    """Asks the store behind the pages of the filled office."""
    engine = open_app(office).extensions["saif"].engine

    def ask(statement: Select[Any]) -> Sequence[Row[Any]]:
        with Session(engine) as session:
            return session.execute(statement).all()

    return ask


def signed_in(app: Flask, office: Office, email: str, password: str) -> Visitor:
    client = app.test_client()
    answer = client.post("/sign-in", data={"email": email, "password": password})
    assert answer.status_code == 302, answer.text
    return Visitor(client, office.mission_id)


# --- in Chromium -------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def house(full_office, tmp_path_factory):
    """The filled office, served: its address, and the office."""
    office = full_office.moved(tmp_path_factory.mktemp("house"))
    app = office.app()
    with threaded(app) as url, checking(app):
        yield url, office
    app.extensions["saif"].engine.dispose()


@pytest.fixture(scope="module")
def signed_in_once(browser, house):
    """Gives a browser in which somebody signed in: one for a module, which keeps what it has loaded."""
    url, office = house

    @cache
    def open_signed_in(**how):
        page = open_page(browser, **how)
        answer = page.request.post(
            f"{url}/sign-in", form={"email": office.email, "password": office.password}
        )
        assert answer.url.startswith(f"{url}/projects/")
        page.close()
        return page.context

    return open_signed_in


@pytest.fixture
def enter(signed_in_once, house):
    """A page of somebody signed in; at the end, nothing may have complained, nor asked another host."""
    url, _ = house
    pages, complaints = [], []

    def leaves(address):
        return not address.startswith((f"{url}/", "data:", f"blob:{url}/"))

    def open_home(**how):
        page = signed_in_once(**how).new_page()
        pages.append(page)
        page.on(
            "console",
            lambda message: message.type in ("error", "warning") and complaints.append(message.text),
        )
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("request", lambda request: leaves(request.url) and complaints.append(request.url))
        page.goto(url)
        return page

    yield open_home
    for page in pages:
        page.close()
    assert not complaints
