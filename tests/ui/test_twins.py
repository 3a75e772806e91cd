"""Possible duplicates, as a coordinator works through them. The demo has some."""

import re

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.models import LedgerEntry, Twin
from tests.ui.conftest import text_of

REASON = "The same person, as the shelter says"


@pytest.fixture
def visitor(visit):
    return visit("coordinator")


def compared(visitor) -> str:
    """The path of the first pair, from the mission's home on."""
    return re.search(
        r'href="/projects/\d+(/duplicates/[0-9a-f-]{36}/[0-9a-f-]{36})"', visitor.get("/duplicates")
    )[1]


def of_database(visitor, statement):
    with Session(visitor.client.application.extensions["saif"].engine) as session:
        return session.scalars(statement).all()


def entries(visitor, action):
    return of_database(visitor, select(LedgerEntry).where(LedgerEntry.action == action))


def test_a_pair_says_why_and_no_name_until_a_reason_is_given(visitor):
    assert re.search(r"\d+ [Pp]ossible duplicates?", text_of(visitor.get()))
    path = compared(visitor)
    page = visitor.get(path)
    assert 'class="masked"' in page
    assert 'class="revealed"' not in page
    visitor.post(f"{path}/reveal", {"reason": "no"}, status=422)
    assert not entries(visitor, "reveal")
    page = visitor.post(f"{path}/reveal", {"reason": "To see whether they are one"})
    assert 'class="revealed"' in page
    cases = {f"case:{one}" for one in path.split("/")[-2:]}
    assert {entry.object for entry in entries(visitor, "reveal")} == cases


def test_a_pair_is_merged_and_the_merge_undone(visitor):
    path = compared(visitor)
    one, other = path.split("/")[-2:]
    before = len(of_database(visitor, select(Twin)))
    page = visitor.post(f"{path}/merge", {"into": other, "reason": REASON})
    assert "The two are one case now." in page
    assert [entry.reason for entry in entries(visitor, "case.merge")] == [REASON]
    assert len(of_database(visitor, select(Twin))) < before
    undo = re.search(r'href="/projects/\d+([^"]+/unmerge[^"]*)"', page)[1].replace("&amp;", "&")
    assert "Undo the merge" in visitor.get(undo)
    visitor.post(undo, {"reason": "A mistake of mine", "about": one})
    assert len(entries(visitor, "case.unmerge")) == 1
    visitor.get(f"/cases/{one}")


def test_two_people_leave_the_list_and_the_pages_of_both_say_so(visitor):
    path = compared(visitor)
    one, other = path.split("/")[-2:]
    assert "Possible duplicates" in visitor.get(f"/cases/{one}")
    page = text_of(visitor.post(f"{path}/distinct", {"reason": REASON}))
    assert "They are not proposed again" in page
    visitor.get(path, status=404)
    page = visitor.get(f"/cases/{other}")
    assert "Held to be another person than" in page
    assert "Held to be two people" in page
    page = visitor.post(f"/duplicates/{other}/{one}/undistinct", {"reason": "Seen again"})
    assert "Taken back." in page
    assert path in visitor.get("/duplicates")


def test_which_case_carries_on_must_be_said_and_why(visitor):
    path = compared(visitor)
    assert "which case carries on" in visitor.post(f"{path}/merge", {"reason": REASON}, status=422)
    one = path.split("/")[-1]
    visitor.post(f"{path}/merge", {"into": one, "reason": "no"}, status=422)
    assert not entries(visitor, "case.merge")
