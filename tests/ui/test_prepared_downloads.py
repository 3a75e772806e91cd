"""Downloads that take longer than somebody waits: made by the worker while a page shows how far it is, handed out from
where a connection broke, gone after a day."""

import hashlib
import http.client
import os
import re
import threading
from contextlib import closing
from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.db import writing
from app.models import LedgerEntry, MadeDownload, SavedDownload, now
from app.services import handout, making, saved_downloads
from app.services.receive import Sender
from app.state import open_state
from app.tasks import run_once
from tests.server import serve
from tests.services.made import screening
from tests.ui.browser import NARROW, overflow
from tests.ui.conftest import signed_in, text_of
from tests.ui.office import PASSWORD

SENT = {"form": "ct_screening", "format": "csv_root", "reason": "Monthly report"}


@pytest.fixture
def slow(monkeypatch):
    """Whatever is downloaded takes longer than a second, as it does at 1,000 interviews."""
    monkeypatch.setattr(handout, "QUICK_CELLS", 10)


@pytest.fixture
def visitor(visit, slow):
    return visit("coordinator")


@pytest.fixture
def state(visitor):
    return visitor.client.application.extensions["saif"]


@pytest.fixture
def work(state):
    """What the worker does."""
    return lambda: making.make_next(state.engine, keyring=state.keyring, blobs=state.blobs)


def asked(visitor, path="/download", **data):
    """Ask for a download; the address of the page that shows how far it is, from the home of the mission on."""
    visitor.post(path, SENT | data, follow=False, status=303)
    return visitor.page.headers["Location"].removeprefix(visitor.home)


def test_it_waits_is_made_and_is_the_same_as_one_that_is_streamed(visitor, work, monkeypatch):
    page = asked(visitor)
    waiting = visitor.get(page)
    assert "Waiting for its turn." in text_of(waiting)
    assert "<progress" in waiting
    assert '<noscript><meta http-equiv="refresh"' in waiting
    assert "being made" in text_of(visitor.get("/download"))
    assert work()
    ready = visitor.get(page)
    assert "refresh" not in ready
    (link,) = re.findall(rf'data-fetch href="{visitor.home}([^"]+)"', ready)
    visitor.get(link)
    made = visitor.page
    assert made.headers["Content-Length"] == str(len(made.data))
    assert made.headers["Accept-Ranges"] == "bytes"
    assert made.headers["Content-Disposition"] == "attachment; filename=ct_screening.csv"
    assert hashlib.sha256(made.data).hexdigest() in ready
    assert re.search(r"CSV, the form alone ready \d", text_of(visitor.get("/download")))
    monkeypatch.setattr(handout, "QUICK_CELLS", 10**9)
    visitor.post("/download", SENT)
    assert visitor.page.data == made.data


def test_cases_by_the_htcds_are_made_likewise(visitor, work):
    page = asked(visitor, "/download/htcds", spreadsheet="on", status="active")
    work()
    (link,) = re.findall(rf'data-fetch href="{visitor.home}([^"]+)"', visitor.get(page))
    assert visitor.get(link).startswith("case_id,case_ref,prs_Salutation,")
    assert visitor.page.headers["Content-Disposition"] == "attachment; filename=htcds.csv"


def test_one_that_fails_says_why_where_it_was_asked_for(visitor, work, state):
    page = asked(visitor)
    with Session(state.engine) as session, writing(session):
        session.scalars(select(SavedDownload)).one().xml_form_id = "gone"
    work()
    assert "1 failed" in text_of(visitor.get("/download"))
    assert "There is no such form here." in text_of(visitor.get(page))
    assert "1 failed" not in text_of(visitor.get("/download"))


def test_it_is_stopped_while_it_is_made_and_leaves_nothing(visitor, state):
    page = asked(visitor)

    class Watched(type(state.blobs)):
        """Stops the download in the middle: when its first bytes are written."""

        def spool(self):
            visitor.post(f"/download/saved{page.removeprefix('/download')}/delete")
            return super().spool()

    blobs = Watched(state.config.blob_url)
    before = set(blobs.names())
    assert making.make_next(state.engine, keyring=state.keyring, blobs=blobs)
    assert set(blobs.names()) == before
    assert not list((state.config.home / "blobs" / ".spool").iterdir())
    assert not making.make_next(state.engine, keyring=state.keyring, blobs=blobs)
    visitor.get(page, status=404)
    with Session(state.engine) as session:
        newest = select(LedgerEntry.detail).where(LedgerEntry.action == "export.done")
        assert session.scalars(newest.order_by(LedgerEntry.id.desc())).first()["complete"] is False


def test_a_day_later_it_is_gone(visitor, work, state):
    page = asked(visitor)
    work()
    assert making.sweep(state.engine) == 0
    with Session(state.engine) as session, writing(session):
        made = session.scalars(select(MadeDownload)).one()
        made.ended_at = now() - saved_downloads.KEPT_ONCE - timedelta(minutes=1)
    assert making.sweep(state.engine) == 1
    visitor.get(page, status=404)
    assert "Prepared for you" not in text_of(visitor.get("/download"))


def test_it_is_its_owners_alone(visitor, work, office):
    page = asked(visitor)
    work()
    another = signed_in(visitor.client.application, office, office.email, office.password)
    assert "Prepared for you" not in text_of(another.get("/download"))
    another.get(page, status=404)


def test_an_interrupted_download_is_resumed_byte_for_byte(office, open_app, slow, free_port, tmp_path):
    """Over a socket, from the server as it runs in earnest: half is read, the connection is cut, the rest is asked for."""
    state = open_state(office.config)
    sender = Sender(mission_id=office.mission_id, actor="device:1", forms={"ct_screening": "open"})
    with closing(state.inbox.file("signed.png", "image/png")) as file:
        file.write(os.urandom(6_000_000))  # far more than sockets hold
        state.inbox.receive(sender, xml=screening(consent_signature="signed.png"), files=[file])
    while run_once(state.engine, keyring=state.keyring, blobs=state.blobs):
        pass
    visitor = signed_in(open_app(office), office, "coordinator@saif.example", PASSWORD)
    page = asked(visitor, format="files", identifiers="on", attachments="on")
    assert making.make_next(state.engine, keyring=state.keyring, blobs=state.blobs)
    (path,) = re.findall(r'data-fetch href="([^"]+)"', visitor.get(page))
    cookie = visitor.client.get_cookie("saif")
    head = {"Cookie": f"{cookie.key}={cookie.value}"}

    def get(method="GET", *, read=None, **more):
        """Status, headers, and so many bytes of the answer; then the connection is cut."""
        asked_for = head | {name.replace("_", "-"): said for name, said in more.items()}
        with closing(http.client.HTTPConnection("127.0.0.1", free_port, timeout=60)) as connection:
            connection.request(method, path, headers=asked_for)
            with connection.getresponse() as answer:
                return answer.status, answer.headers, answer.read(read)

    with serve({"SAIF_HOME": str(office.config.home)}, port=free_port, output=tmp_path / "out"):
        status, said, half = get(read=3_000_000)
        tag, whole = said["ETag"], int(said["Content-Length"])
        assert (status, whole > 6_000_000, tag.startswith("W/")) == (200, True, False)

        status, said, rest = get(Range=f"bytes={len(half)}-", If_Range=tag)
        assert status == 206
        assert said["Content-Range"] == f"bytes {len(half)}-{whole - 1}/{whole}"
        content = half + rest
        with Session(state.engine) as session:
            assert session.scalars(select(MadeDownload.sha256)).one() == hashlib.sha256(content).hexdigest()

        status, _, changed = get(Range="bytes=3-", If_Range='"another"', read=5)
        assert (status, changed) == (200, content[:5]), "what changed begins anew"
        assert get(Range="bytes=70000-70009")[2] == content[70000:70010]
        status, said, _ = get(Range=f"bytes={whole}-")
        assert (status, said["Content-Range"]) == (416, f"bytes */{whole}")
        status, said, nothing = get("HEAD")
        assert (status, said["Content-Length"], nothing) == (200, str(whole), b"")
    with Session(state.engine) as session:
        fetched = (
            select(LedgerEntry.detail).where(LedgerEntry.action == "download.fetch").order_by(LedgerEntry.id)
        )
        starts = sorted(detail.get("from", 0) for detail in session.scalars(fetched))
    assert starts == [0, 0, 70_000, len(half)], (
        "each handing out is an entry; what was refused or only asked is none"
    )
    state.engine.dispose()


@pytest.mark.browser
def test_a_bar_shows_how_far_it_is_and_the_file_comes_by_itself(enter, house, slow):
    url, office = house
    page = enter(width=NARROW)
    state = open_state(office.config)
    go_on, reached = threading.Event(), threading.Event()

    class SlowDisk(type(state.blobs)):
        """Holds back what is written after the header until it is told to go on."""

        def spool(self):
            file = super().spool()
            write, pieces = file.write, []

            def held(piece):
                pieces.append(piece)
                if len(pieces) == 2:
                    reached.set()
                    assert go_on.wait(120)
                return write(piece)

            file.write = held
            return file

    worker = threading.Thread(
        target=making.make_next,
        args=(state.engine,),
        kwargs={"keyring": state.keyring, "blobs": SlowDisk(state.config.blob_url)},
    )
    page.goto(f"{url}/projects/{office.mission_id}/download")
    page.select_option("#form", "ct_screening")
    page.check("#format-jsonl")
    page.fill("#reason", "Monthly report")
    page.click("button.main")
    page.wait_for_selector("text=Waiting for its turn.")
    worker.start()
    try:
        assert reached.wait(120)
        bar = page.locator('progress[value]:not([value="0"])')
        bar.wait_for()
        done, all_of_them = int(bar.get_attribute("value")), int(bar.get_attribute("max"))
        assert 0 < done < all_of_them
        assert overflow(page) == 0
        with page.expect_download() as downloaded:
            go_on.set()
    finally:
        go_on.set()
        worker.join()
    content = downloaded.value.path().read_bytes()
    assert downloaded.value.suggested_filename == "ct_screening.jsonl"
    assert content.count(b"\n") == all_of_them
    assert hashlib.sha256(content).hexdigest() in page.text_content(".digest")
    page.click("text=Delete")
    page.wait_for_selector("text=Deleted, with what was made of it.")
    state.engine.dispose()
