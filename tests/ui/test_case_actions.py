"""What a coordinator does on the page of a case: every act says what will happen, asks why, and leaves a decision, an
entry in the ledger, and a case that shows it."""

import re
from uuid import UUID

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.db import writing
from app.models import TABLES, CaseState, Decision, Submission
from app.policy import COMMAND
from app.services import missions
from tests.ui.casework import WHY, an_open_case, case_with, entries, uid
from tests.ui.conftest import text_of


@pytest.fixture
def visitor(visit):
    return visit("coordinator")


def value_link(page, label):
    """Where the value under a label is corrected."""
    return re.search(rf'href="/projects/\d+([^"]+)">Correct “{re.escape(label)}”', page)[1]


def test_a_case_is_given_to_an_interviewer(visitor, store):
    state = visitor.client.application.extensions["saif"]
    with Session(state.engine) as session, writing(session):
        added = missions.add_interviewer(
            session, actor=COMMAND, mission_id=1, code="MD-99", display_name="Ninety-nine"
        )
        owner = added.id
    path = visitor.first("/cases")
    assert "What will happen" in visitor.get(f"{path}/act/assign")
    page = text_of(visitor.post(f"{path}/act/assign", {"owner": str(owner), "reason": WHY}))
    assert "The case is assigned." in page
    assert "Interviewer MD-99" in page
    (entry,) = entries(store, "case.assign")
    assert (entry.reason, entry.object) == (WHY, f"case:{uid(path)}")


def test_a_case_is_closed_with_a_reason_of_the_list_and_opened_again(visitor, store):
    path = an_open_case(visitor)
    page = visitor.post(f"{path}/act/close", {"closed_on": "2026-11-01", "closure_details": "Ana", "reason": WHY}, status=422)  # fmt: skip
    assert "not one of its list" in page
    assert 'value="2026-11-01"' in page
    assert WHY in page
    far = {"closed_on": "2999-01-01", "closure_reason": "lost_contact", "reason": WHY}
    assert "still to come" in visitor.post(f"{path}/act/close", far, status=422)
    answers = {"closed_on": "2026-11-01", "closure_reason": "lost_contact", "reason": WHY}
    page = text_of(visitor.post(f"{path}/act/close", answers))
    assert "Lost contact, 2026-11-01" in page
    file = TABLES["case_file"].c
    assert store(select(file.status, file.closure_reason).where(file.case_id == uid(path))) == [
        ("closed", "lost_contact")
    ]
    assert "none agreed" in page.partition("Next contact ")[2][:20]
    assert "to come" not in page
    assert "overdue" not in page
    assert "closed already" in visitor.get(f"{path}/act/close")
    assert "closed already" in visitor.post(f"{path}/act/close", answers, status=409)
    assert "The case is open again." in visitor.post(f"{path}/act/reopen", {"reason": WHY})
    assert store(select(file.status).where(file.case_id == uid(path))) == [("active",)]
    assert len(entries(store, "case.close")) == len(entries(store, "case.reopen")) == 1


def test_without_a_reason_nothing_is_done_and_what_was_answered_stays(visitor, store):
    path = an_open_case(visitor)
    answers = {"closed_on": "2026-11-01", "closure_reason": "lost_contact", "reason": "no"}
    page = visitor.post(f"{path}/act/close", answers, status=422)
    assert "only with a reason" in page
    assert '<option value="lost_contact" selected>' in page
    assert not store(select(Decision))


def test_two_cases_become_one_and_two_again(visitor, store):
    ends, stays = visitor.first("/cases", 0), visitor.first("/cases", 1)
    reference = re.search(r"<h1>([^<]+)</h1>", visitor.get(stays))[1]
    assert "Look</button>" in visitor.get(f"{ends}/act/merge")
    page = visitor.post(f"{ends}/act/merge", {"reference": reference[:10], "look": "1"})
    assert f'value="{uid(stays)}"' in page
    assert f'value="{uid(ends)}"' not in page, "a case is not merged into itself"
    answers = {"reference": reference, "reason": WHY}
    assert "No case was chosen" in visitor.post(f"{ends}/act/merge", answers, status=422)
    page = visitor.post(f"{ends}/act/merge", {**answers, "into": str(uid(stays))})
    assert "The two cases are one now." in page
    assert f"about={uid(ends)}" in page, "the timeline of the case that carries on offers to undo it"
    assert not store(select(CaseState.case_id).where(CaseState.case_id == uid(ends)))
    page = visitor.post(f"{stays}/act/unmerge", {"about": str(uid(ends)), "reason": WHY})
    assert "both cases stand by themselves" in page
    assert store(select(CaseState.case_id).where(CaseState.case_id == uid(ends)))
    assert "not part of this one" in visitor.get(f"{stays}/act/unmerge?about={uid(ends)}")


def test_an_interview_is_taken_out(visitor, store):
    path = case_with(visitor, "Assistance delivered")
    before = visitor.get(path)
    about = re.search(r"act/detach\?about=([0-9a-f-]{36})", before)[1]
    assert "leaves this case" in visitor.get(f"{path}/act/detach?about={about}")
    page = text_of(visitor.post(f"{path}/act/detach", {"about": about, "reason": WHY}))
    assert "The interview is out of the case" in page
    assert "Interview taken out" in page
    assert store(select(Submission.state, Submission.case_id).where(Submission.id == UUID(about))) == [
        ("waiting", None)
    ]
    visitor.get(f"{path}/act/detach?about={about}", status=404)


def test_a_code_is_corrected_from_the_value_itself(visitor, store):
    path = case_with(visitor, "Correct “Sex”")
    link = value_link(visitor.get(path), "Sex")
    page = visitor.get(link)
    assert '<option value="male"' in page
    other = "male" if '<option value="female" selected>' in page else "female"
    assert "not a code of the list" in visitor.post(link, {"value": "nonsense", "reason": WHY}, status=422)
    page = text_of(visitor.post(link, {"value": other, "reason": WHY}))
    assert f"Sex: {other.capitalize()}" in page
    person = TABLES["person"].c
    assert store(select(person.sex).where(person.case_id == uid(path))) == [(other,)]
    (entry,) = entries(store, "case.correct")
    assert (entry.reason, entry.object) == (WHY, f"case:{uid(path)}")


def test_a_name_is_corrected_only_after_a_reason_to_see_it(visitor, store):
    path = case_with(visitor, "Correct “Family name”")
    link = value_link(visitor.get(path), "Family name")
    page = visitor.get(link)
    assert "This value is hidden" in page
    assert 'name="value"' not in page
    assert "only with a reason" in visitor.post(f"{link}/reveal", {"reason": ""}, status=422)
    assert 'class="revealed"' in visitor.post(f"{link}/reveal", {"reason": WHY})
    (entry,) = entries(store, "reveal")
    assert entry.detail["fields"] == ["person.family_name"]
    page = visitor.post(link, {"value": "Exemplar", "reason": WHY})
    assert "Family name is corrected" in page
    assert "Exemplar" not in page


def test_dates_and_numbers_are_typed(visitor, store):
    path = case_with(visitor, "Correct “Number of children”")
    link = value_link(visitor.get(path), "Number of children")
    assert "whole number" in visitor.post(link, {"value": "three", "reason": WHY}, status=422)
    visitor.post(link, {"value": "3", "reason": WHY})
    person = TABLES["person"].c
    assert store(select(person.number_of_children).where(person.case_id == uid(path))) == [(3,)]
    visitor.post(link, {"value": "", "reason": WHY})
    assert store(select(person.number_of_children).where(person.case_id == uid(path))) == [(None,)]


def test_who_may_not_decide_is_offered_nothing(visit):
    path = visit("coordinator").first("/cases")
    visit("form_designer").get(f"{path}/act/close", status=403)
    visit("elsewhere").get(f"{path}/act/close", status=403)
    visit("coordinator").get(f"{path}/act/nonsense", status=404)
