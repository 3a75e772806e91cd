"""Saved downloads on their page: saved, made, fetched, failed with a reason that the rail counts, deleted."""

import re

import pytest
from sqlalchemy.orm import Session

from app.db import writing
from app.models import SavedDownload
from app.services import making
from tests.ui.conftest import text_of

SENT = {
    "name": "Figures", "form": "ct_screening", "format": "csv_root", "schedule": "weekly", "spreadsheet": "on",
    "reason": "monthly figures for the donor",
}  # fmt: skip


@pytest.fixture
def visitor(visit):
    return visit("coordinator")


@pytest.fixture
def work(visitor):
    """What the worker does."""
    state = visitor.client.application.extensions["saif"]
    return lambda: making.make_next(state.engine, keyring=state.keyring, blobs=state.blobs)


def test_a_download_is_saved_made_fetched_and_deleted(visitor, work):
    assert "Nothing saved yet" in text_of(visitor.get("/download/saved"))
    page = text_of(visitor.post("/download/saved", SENT))
    assert "Figures" in page
    assert "Every Monday" in page
    assert "waiting" in page
    assert work()
    page = visitor.get("/download/saved")
    (link,) = re.findall(rf'href="{visitor.home}(/download/saved/[^"]+)"', page)
    content = visitor.get(link)
    assert content.startswith("SubmissionDate,")
    assert visitor.page.headers["Content-Disposition"] == "attachment; filename=ct_screening.csv"
    (path,) = re.findall(rf'action="{visitor.home}(/download/saved/[^"]+/delete)"', page)
    assert "Nothing saved yet" in text_of(visitor.post(path))
    visitor.get(link, status=404)


def test_one_that_fails_says_why_and_is_counted_until_its_owner_looks(visitor, work):
    visitor.post("/download/saved", SENT)
    engine = visitor.client.application.extensions["saif"].engine
    with Session(engine) as session, writing(session):
        session.query(SavedDownload).one().xml_form_id = "gone"
    work()
    assert "1 failed" in text_of(visitor.get("/download"))
    page = text_of(visitor.get("/download/saved"))
    assert "There is no such form here." in page
    assert "1 failed" not in text_of(visitor.get("/download"))


def test_what_is_refused_keeps_what_was_typed_but_no_password(visitor):
    sent = SENT | {"protection": "password", "password": "too short"}
    page = visitor.post("/download/saved", sent, status=422)
    assert "at least 12 characters" in text_of(page)
    assert 'value="Figures"' in page
    assert "too short" not in page


def test_it_takes_the_choices_that_a_download_takes_at_once(visitor, work):
    sent = SENT | {
        "language": "English (en)", "names": "on", "deleted": "on", "until": "2001-01-01", "state": "approved",
        "filter": "person/sex eq 'female' or person/sex eq 'male'",
    }  # fmt: skip
    visitor.post("/download/saved", sent)
    engine = visitor.client.application.extensions["saif"].engine
    with Session(engine) as session:
        options = session.query(SavedDownload).one().options
    assert options["language"] == "English (en)"
    assert (options["group_paths"], options["deleted_fields"]) == (False, True)
    assert work()
    page = visitor.get("/download/saved")
    (link,) = re.findall(rf'href="{visitor.home}(/download/saved/[^"]+)"', page)
    assert visitor.get(link).count("\n") == 1, "nothing came in so early"
    wrong = visitor.post(
        "/download/saved", sent | {"filter": "person/age_estimate eq 1) or (1 eq 1"}, status=422
    )
    assert 'role="alert"' in wrong, "a filter is whole for itself"
    assert 'value="2001-01-01"' in wrong


def test_cases_by_the_htcds_are_saved_and_scheduled_likewise(visitor, work):
    page = visitor.post(
        "/download/saved", SENT | {"format": "htcds", "schedule": "monthly", "status": "active"}
    )
    assert "Cases by the HTCDS" in text_of(page)
    assert "On the first of a month" in text_of(page)
    assert work()
    page = visitor.get("/download/saved")
    (link,) = re.findall(rf'href="{visitor.home}(/download/saved/[^"]+)"', page)
    assert visitor.get(link).startswith("case_id,case_ref,")
    wrong = visitor.post("/download/saved", SENT | {"format": "htcds", "status": "lost"}, status=422)
    assert "A case has no such status." in wrong
