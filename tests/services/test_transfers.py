"""A case goes to another mission: only when both say so, with all that is in it, and for good."""

import uuid

import pytest
from sqlalchemy import select

from app import policy
from app.db import writing
from app.models import CaseEntity, CaseState, Decision, WebhookDelivery
from app.policy import Actor, Held
from app.problems import Problem
from app.services import (
    cases,
    decide,
    form_table,
    indexing,
    recording,
    replay,
    submissions,
    transfers,
    webhooks,
)
from app.services.form_table import Asked
from app.tasks import chain
from tests.services.conftest import new_uid
from tests.services.made import assistance, screening

REASON = "She moved to the other country"


def done(house, what, **arguments):
    with house.session() as session:
        made = what(
            session,
            **{"keyring": house.keyring, "actor": policy.COMMAND, "reason": REASON, **arguments},
        )
        session.commit()
        return made


def coordinator(mission_id):
    return Actor("user", None, (Held("coordinator", mission_id),))


def a_case(house, **answers):
    uid, first = uuid.uuid4(), new_uid()
    house.receive(screening(case_uid=str(uid), instance_id=first, case_ref="MDCHI-26-00000001", **answers))
    house.work()
    return uid, first


def consented(house, uid, word=True):
    values = {"purpose": "case_management", "granted": word}
    done(house, recording.record, case_id=uid, table="consent", values=values)


def proposed(house, uid):
    done(house, transfers.propose, case_id=uid, to_mission_id=house.other_mission_id)


def answered(house, uid, *, take):
    done(house, transfers.answer, mission_id=house.other_mission_id, case_id=uid, take=take)


def reads(house, uid, mission_id):
    with house.session() as session:
        try:
            cases.read_case(session, keyring=house.keyring, actor=coordinator(mission_id), case_id=uid)
        except Problem:
            return False
    return True


def whose(house, uid):
    with house.session() as session:
        return session.execute(
            select(CaseState.mission_id, CaseState.owner_id, CaseState.proposed_to).where(CaseState.case_id == uid)
        ).one()  # fmt: skip


def untouched_by_replay(house):
    before = house.dump()
    replay.replay(house.engine, keyring=house.keyring, blobs=house.blobs, actor=policy.COMMAND)
    return house.dump() == before


def test_it_takes_both_missions_and_consent(house):
    uid, _ = a_case(house)
    consented(house, uid, False)
    with pytest.raises(Problem, match="consent_needed"):
        proposed(house, uid)
    consented(house, uid)
    proposed(house, uid)
    assert tuple(whose(house, uid)) == (house.mission_id, None, house.other_mission_id)
    assert reads(house, uid, house.mission_id)
    assert not reads(house, uid, house.other_mission_id)
    with pytest.raises(Problem, match="conflict"):
        proposed(house, uid)
    with house.session() as session:
        other = coordinator(house.other_mission_id)
        (line,) = cases.proposed(session, actor=other, mission_id=house.other_mission_id)
        assert (line.case_id, line.case_ref) == (uid, "MDCHI-26-00000001")
        assert transfers.why(session, uid) == REASON
        with pytest.raises(Problem, match="not_allowed"):
            cases.proposed(session, actor=other, mission_id=house.mission_id)
    consented(house, uid, False)
    with pytest.raises(Problem, match="consent_needed"):
        answered(house, uid, take=True)
    assert whose(house, uid).mission_id == house.mission_id


def test_no_interview_of_a_case_that_went_is_deleted_behind_the_back_of_whoever_has_it(house):
    uid, first = a_case(house)
    consented(house, uid)
    proposed(house, uid)
    answered(house, uid, take=True)
    before = house.store()
    deleting = {"mission_id": house.mission_id, "instance_id": first}
    with pytest.raises(Problem, match="conflict") as refused:
        done(house, decide.delete_submission, **deleting)
    assert "give the case back" in refused.value.mend
    assert house.store() == before
    done(house, transfers.propose, case_id=uid, to_mission_id=house.mission_id)
    done(house, transfers.answer, mission_id=house.mission_id, case_id=uid, take=True)
    done(house, decide.delete_submission, **deleting)
    assert house.states()[first] == "deleted"


def test_a_proposal_is_declined_or_taken_back_and_nothing_has_changed(house):
    uid, _ = a_case(house)
    consented(house, uid)
    before = house.store()
    proposed(house, uid)
    answered(house, uid, take=False)
    proposed(house, uid)
    done(house, transfers.take_back, case_id=uid)
    assert house.store() == before
    with pytest.raises(Problem, match="not_found"):
        answered(house, uid, take=True)
    with pytest.raises(Problem, match="conflict"):
        done(house, transfers.take_back, case_id=uid)


def test_who_takes_it_has_it_with_all_that_is_in_it(house):
    uid, first = a_case(house)
    typed = new_uid()
    house.receive(assistance(case_uid="", case_ref="MDCHI-26-00000001", instance_id=typed))
    house.work()
    assert house.submission(typed).case_id == uid
    consented(house, uid)
    proposed(house, uid)
    answered(house, uid, take=True)
    assert tuple(whose(house, uid)) == (house.other_mission_id, None, None)
    assert reads(house, uid, house.other_mission_id)
    assert not reads(house, uid, house.mission_id)
    assert house.submission(first).case_id == house.submission(typed).case_id == uid
    with pytest.raises(Problem, match="conflict"):
        done(house, decide.detach, mission_id=house.mission_id, instance_id=first)
    with house.session() as session:
        entity = session.get_one(CaseEntity, uid)
        assert entity.mission_id == house.other_mission_id
        lines = submissions.list_submissions(
            session, actor=coordinator(house.mission_id), mission_id=house.mission_id
        ).items
        assert {line.case_id for line in lines} == {None}, (
            "the mission that gave it no longer sees where it is"
        )
    assert untouched_by_replay(house)


def found(house, mission_id, **asked):
    """How many of the screenings held in a mission its coordinator finds in their table, and in the list of all."""
    who, asked = coordinator(mission_id), {"search": "MDCHI-26", **asked}
    indexing.run_until_empty(house.engine, keyring=house.keyring)
    with house.session() as session:
        table = form_table.read_page(
            session, actor=who, mission_id=mission_id, xml_form_id="ct_screening", asked=Asked(**asked)
        )
        listed = submissions.list_submissions(
            session, actor=who, mission_id=mission_id, search=asked["search"]
        )
        return len(table.rows), len(listed.items)


def test_the_reference_of_a_case_that_went_finds_nothing_in_the_mission_that_gave_it(house):
    uid, _ = a_case(house)
    consented(house, uid)
    proposed(house, uid)
    assert found(house, house.mission_id) == found(house, house.mission_id, case_ref="mdchi") == (1, 1)
    answered(house, uid, take=True)
    assert found(house, house.mission_id) == (0, 0)
    assert found(house, house.mission_id, search="", case_ref="mdchi") == (0, 1), "by its filter, neither"
    assert found(house, house.mission_id, search="") == (1, 1), "the interview itself stays theirs"
    house.receive(screening(case_uid=str(uid), case_ref=""), mission_id=house.other_mission_id)
    house.work()
    assert found(house, house.other_mission_id, case_ref="mdchi") == (1, 1)


def test_phones_of_both_missions_go_on_adding_to_it(house):
    uid, _ = a_case(house)
    consented(house, uid)
    proposed(house, uid)
    answered(house, uid, take=True)
    chain(house.engine)
    for mission_id in (house.mission_id, house.other_mission_id):
        told = {"mission_id": mission_id, "url": "https://example.org/", "events": ["submission.normalised"]}
        with house.session() as session, writing(session):
            webhooks.create(session, actor=policy.COMMAND, keyring=house.keyring, private=True, **told)
    late, new = new_uid(), new_uid()
    house.receive(assistance(case_uid=str(uid), instance_id=late))
    house.receive(assistance(case_uid=str(uid), instance_id=new), mission_id=house.other_mission_id)
    house.work()
    chain(house.engine)
    with house.session() as session:
        sent = [one.payload["data"] for one in session.scalars(select(WebhookDelivery))]
    assert {one["instanceId"]: one["caseId"] for one in sent} == {late: None, new: str(uid)}, (
        "only the mission that has the case is told that it is about this one"
    )
    assert house.submission(late).case_id == house.submission(new).case_id == uid
    assert whose(house, uid).mission_id == house.other_mission_id
    assert untouched_by_replay(house)


def test_it_can_go_back_and_merges_keep_the_interviews_of_both(house):
    uid, first = a_case(house)
    other = uuid.uuid4()
    house.receive(screening(case_uid=str(other)), mission_id=house.other_mission_id)
    house.work()
    consented(house, uid)
    proposed(house, uid)
    answered(house, uid, take=True)
    done(house, decide.merge, case_id=uid, into=other)
    assert house.submission(first).case_id == other
    assert untouched_by_replay(house)
    done(house, decide.unmerge, case_id=uid)
    assert house.submission(first).case_id == uid
    done(house, transfers.propose, case_id=uid, to_mission_id=house.mission_id)
    done(house, transfers.answer, mission_id=house.mission_id, case_id=uid, take=True)
    assert whose(house, uid).mission_id == house.mission_id
    with house.session() as session:
        kinds = session.scalars(select(Decision.kind).where(Decision.kind == "transfer")).all()
    assert len(kinds) == 4
    assert untouched_by_replay(house)
