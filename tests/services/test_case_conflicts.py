"""Two phones that change one case, and one phone that goes on offline: interviews filled by JavaRosa."""

import itertools

import pytest
from sqlalchemy import delete, select

from app.db import connect_to_write
from app.models import CaseEntity, CaseState, Packed, Submission
from app.services import phones
from tests.services import interviews

CONFLICTS = {"case_conflict_hard", "case_conflict_soft"}


def download(house, folder):
    """The server's list of cases as the phone's own."""
    folder.mkdir(exist_ok=True)
    with house.session() as session:
        (folder / "cases.csv").write_bytes(b"".join(phones.case_list(session, house.sender())))
    return folder


def conflicts(house):
    with house.session() as session:
        (found,) = session.scalars(select(CaseState.findings))
    return [finding["code"] for finding in found if finding["code"] in CONFLICTS]


@pytest.fixture
def screened(house, phone, xforms, tmp_path):
    """A case that was screened and received; its uid."""
    lists = tmp_path / "screening"
    lists.mkdir()
    (lists / "cases.csv").write_text(interviews.NO_CASES)
    (one,) = interviews.screenings(phone, xforms, lists, count=1)
    house.receive(one.xml)
    house.work()
    with house.session() as session:
        return str(session.scalars(select(CaseEntity.case_id)).one())


def assist(phone, xforms, lists, uid, seed, **answers):
    said = {
        "case_on_phone": "yes",
        "consent_continue": "yes",
        "case_uid": uid,
        "case_status": "active",
        **answers,
    }
    return interviews.fill(phone, xforms, lists, "assistance", said, seed=seed, repeats=0).xml


def test_two_phones_that_did_not_know_of_each_other_are_a_finding_whatever_came_first(
    house, phone, xforms, screened, tmp_path
):
    sent = [
        assist(phone, xforms, download(house, tmp_path / name), screened, seed, next_contact_date=day)
        for name, seed, day in (("one", 1, "2030-01-15"), ("other", 2, "2030-02-20"))
    ]
    for order in itertools.permutations(sent):
        with connect_to_write(house.engine) as connection:
            connection.execute(delete(Packed).where(Packed.xml_form_id == "ct_assistance"))
            connection.execute(delete(Submission).where(Submission.xml_form_id == "ct_assistance"))
        for xml in order:
            house.receive(xml)
            house.work()
        assert conflicts(house) == ["case_conflict_hard"]


def test_one_phone_that_goes_on_offline_does_not_conflict_with_itself(
    house, phone, xforms, screened, tmp_path
):
    lists = download(house, tmp_path / "one")
    first = assist(phone, xforms, lists, screened, 1, next_contact_date="2030-01-15")
    second = assist(phone, xforms, lists, screened, 2, next_contact_date="2030-02-20")
    for xml in (second, first):
        house.receive(xml)
        house.work()
    assert conflicts(house) == []


def test_who_knew_of_the_other_does_not_conflict(house, phone, xforms, screened, tmp_path):
    for number, day in enumerate(("2030-01-15", "2030-02-20")):
        lists = download(house, tmp_path / str(number))
        house.receive(assist(phone, xforms, lists, screened, number, next_contact_date=day))
        house.work()
    assert conflicts(house) == []
