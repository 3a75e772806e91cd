"""What a coordinator decides is part of the case, survives a replay, and can be taken back."""

import uuid

import pytest
from sqlalchemy import select

from app import policy
from app.db import writing
from app.models import CaseAlias, Decision, Interviewer, LedgerEntry
from app.policy import Actor, Held
from app.problems import Problem
from app.services import cases, decide, missions, replay
from app.services.reveal import Reveal
from tests.databases import on_sqlite
from tests.services.conftest import edited, new_uid
from tests.services.made import assistance, screening

REASON = "decided in the test"


def decided(house, what, *, actor=policy.COMMAND, reason=REASON, **arguments):
    with house.session() as session:
        return what(session, keyring=house.keyring, actor=actor, reason=reason, **arguments)


def detail(house, case_id, reveal=None):
    with house.session() as session:
        return cases.read_case(
            session, keyring=house.keyring, actor=policy.COMMAND, case_id=case_id, reveal=reveal
        )


def untouched_by_replay(house):
    before = house.dump()
    done = replay.replay(house.engine, keyring=house.keyring, blobs=house.blobs, actor=policy.COMMAND)
    return done.rows_changed == 0 and house.dump() == before


def person(house, case_id):
    return next((row for (table, _), row in house.rows(case_id).items() if table == "person"), None)


@pytest.fixture
def coordinator(house):
    return Actor("user", None, (Held("coordinator", house.mission_id),))


# --- attach and detach
# --- attach and detach --------------------------------------------------------------------------------------


def test_a_waiting_submission_is_attached_to_a_case(house):
    uid, first = uuid.uuid4(), new_uid()
    house.receive(screening(case_uid=str(uid)))
    house.receive(assistance(case_uid="", case_ref="MDCHI-26-99999999", instance_id=first))
    house.work()
    decided(house, decide.attach, mission_id=house.mission_id, instance_id=first, case_id=uid)
    assert house.states()[first] == "normalised"
    assert house.submission(first).case_id == uid
    assert untouched_by_replay(house)


def test_a_waiting_submission_begins_a_case_of_its_own(house):
    first = new_uid()
    house.receive(assistance(case_uid="", case_ref="", instance_id=first))
    house.work()
    decided(house, decide.new_case, mission_id=house.mission_id, instance_id=first)
    assert house.states()[first] == "normalised"
    (case_id,) = house.cases()
    assert case_id.version == 4  # phones take no other
    assert untouched_by_replay(house)


def test_a_detached_submission_waits_and_an_edit_of_it_too(house):
    uid, first, second = uuid.uuid4(), new_uid(), new_uid()
    original = assistance(case_uid=str(uid), instance_id=first)
    house.receive(screening(case_uid=str(uid)))
    house.receive(original)
    house.work()
    decided(house, decide.detach, mission_id=house.mission_id, instance_id=first)
    assert (house.states()[first], house.codes(first)) == ("waiting", {"case_detached"})
    house.receive(edited(original, second))
    house.work()
    assert house.states() | {first: "superseded", second: "waiting"} == house.states()
    assert untouched_by_replay(house)
    decided(house, decide.attach, mission_id=house.mission_id, instance_id=first, case_id=uid)
    assert house.states()[second] == "normalised"


def test_what_is_in_no_case_cannot_be_detached(house):
    first = new_uid()
    house.receive(assistance(case_uid="", instance_id=first))
    house.work()
    with pytest.raises(Problem, match="conflict"):
        decided(house, decide.detach, mission_id=house.mission_id, instance_id=first)


def test_an_unread_submission_cannot_be_attached(house):
    uid, first = uuid.uuid4(), new_uid()
    house.receive(screening(case_uid=str(uid)))
    house.receive(screening(instance_id=first).replace(b'version="2', b'version="9', 1))
    house.work()
    with pytest.raises(Problem, match="conflict"):
        decided(house, decide.attach, mission_id=house.mission_id, instance_id=first, case_id=uid)


def test_nothing_is_attached_to_a_case_of_another_mission(house):
    uid, first = uuid.uuid4(), new_uid()
    house.receive(screening(case_uid=str(uid)), mission_id=house.other_mission_id)
    house.receive(assistance(case_uid="", instance_id=first))
    house.work()
    with pytest.raises(Problem, match="not_found"):
        decided(house, decide.attach, mission_id=house.mission_id, instance_id=first, case_id=uid)


# --- merge and unmerge
# --- merge and unmerge --------------------------------------------------------------------------------------


def two_cases(house):
    one, other = uuid.uuid4(), uuid.uuid4()
    house.receive(
        screening(
            case_uid=str(one), held_on="2026-01-01", family_name="Exampla", case_ref="MDCHI-26-00000001"
        )
    )
    house.receive(
        screening(case_uid=str(other), held_on="2026-03-01", sex="female", case_ref="MDCHI-26-00000002")
    )
    house.work()
    return one, other


def test_a_merged_case_lives_on_in_the_other_and_comes_back_whole(house):
    one, other = two_cases(house)
    before = house.store()
    decided(house, decide.merge, case_id=one, into=other)
    assert house.cases() == {other}
    assert person(house, other)["family_name"] == "Exampla"
    assert not house.rows(one)
    assert detail(house, one).case_id == other
    assert detail(house, other).merged == (one,)
    assert untouched_by_replay(house)
    decided(house, decide.unmerge, case_id=one)
    assert house.store() == before
    assert untouched_by_replay(house)


def test_what_phones_go_on_sending_under_the_merged_uid_arrives_in_the_other(house):
    one, other = two_cases(house)
    decided(house, decide.merge, case_id=one, into=other)
    first = new_uid()
    house.receive(assistance(case_uid=str(one), instance_id=first))
    house.work()
    assert house.submission(first).case_id == other
    decided(house, decide.unmerge, case_id=one)
    assert house.submission(first).case_id == one


def test_merges_follow_each_other_and_a_circle_is_refused(house):
    one, other = two_cases(house)
    third = uuid.uuid4()
    house.receive(screening(case_uid=str(third)))
    house.work()
    decided(house, decide.merge, case_id=one, into=other)
    decided(house, decide.merge, case_id=other, into=third)
    assert house.cases() == {third}
    assert detail(house, one).case_id == third
    with pytest.raises(Problem, match="conflict"):
        decided(house, decide.merge, case_id=third, into=one)
    assert untouched_by_replay(house)
    decided(house, decide.unmerge, case_id=other)
    assert house.cases() == {other, third}
    assert detail(house, one).case_id == other
    with pytest.raises(Problem, match="conflict"):
        decided(house, decide.unmerge, case_id=third)


def test_cases_of_different_missions_are_not_merged(house):
    one, other = uuid.uuid4(), uuid.uuid4()
    house.receive(screening(case_uid=str(one)))
    house.receive(screening(case_uid=str(other)), mission_id=house.other_mission_id)
    house.work()
    with pytest.raises(Problem, match="conflict"):
        decided(house, decide.merge, case_id=one, into=other)


def test_a_replay_makes_aliases_again(house):
    one, other = two_cases(house)
    decided(house, decide.merge, case_id=one, into=other)
    before = house.dump()
    with house.session() as session, writing(session):
        session.execute(CaseAlias.__table__.delete())
    replay.replay(house.engine, keyring=house.keyring, blobs=house.blobs, actor=policy.COMMAND)
    assert house.dump() == before


# --- correct
# --- correct ------------------------------------------------------------------------------------------------


def correct(house, case_id, table, column, value, **arguments):
    row = next(row for row in detail(house, case_id).rows[table] if row.table == table)
    return decided(
        house,
        decide.correct,
        case_id=case_id,
        table=table,
        row_id=row.id,
        column=column,
        value=value,
        **arguments,
    )


def test_a_correction_stands_in_the_case_and_names_its_decision(house):
    uid, first = uuid.uuid4(), new_uid()
    house.receive(screening(case_uid=str(uid), instance_id=first, family_name="Exampla"))
    house.work()
    made = correct(
        house, uid, "person", "family_name", "Exemplar", overrules=(first, "/data/person/family_name")
    )
    assert person(house, uid)["family_name"] == "Exemplar"
    (row,) = detail(house, uid, Reveal("checking the correction")).rows["person"]
    (value,) = [one for one in row.fields if one.column == "family_name"]
    assert (value.value, value.decision, value.earlier[0].value) == ("Exemplar", str(made), "Exampla")
    assert untouched_by_replay(house)
    house.receive(assistance(case_uid=str(uid)))
    house.work()
    assert person(house, uid)["family_name"] == "Exemplar"


def test_a_value_can_be_taken_away(house):
    uid = uuid.uuid4()
    house.receive(screening(case_uid=str(uid), sex="female"))
    house.work()
    correct(house, uid, "person", "sex", None)
    assert person(house, uid)["sex"] is None
    assert untouched_by_replay(house)


def test_a_correction_survives_a_merge(house):
    one, other = two_cases(house)
    correct(house, other, "person", "sex", "male")
    decided(house, decide.merge, case_id=other, into=one)
    assert person(house, one)["sex"] == "male"


@on_sqlite
@pytest.mark.parametrize(
    ("table", "column", "value"),
    [
        ("person", "sex", "no-such-code"),
        ("person", "sex", ["female"]),
        ("person", "birthdate", "yesterday"),
        ("person", "number_of_children", "three"),
        ("person", "number_of_children", True),
        ("person", "family_name", 7),
        ("person", "family_name", "x" * 10_001),
        ("case_file", "is_minor", 1),
        ("consent", "information_given", ["no-such-code"]),
        ("consent", "information_given", [{}]),
    ],
)
def test_a_correction_takes_a_value_of_the_fields_type_only(house, table, column, value):
    uid = uuid.uuid4()
    house.receive(screening(case_uid=str(uid), sex="female", consent_research="yes"))
    house.work()
    with pytest.raises(Problem, match="invalid") as caught:
        correct(house, uid, table, column, value)
    assert str(value) not in caught.value.message or len(str(value)) < 5


def test_a_correction_of_each_type(house):
    uid = uuid.uuid4()
    house.receive(screening(case_uid=str(uid), sex="female", consent_research="yes"))
    house.work()
    corrections = [
        ("person", "number_of_children", 3),
        ("person", "birthdate", "1999-12-31"),
        ("case_file", "is_minor", True),
        ("consent", "information_given", ["role", "purpose"]),
    ]
    for table, column, value in corrections:
        correct(house, uid, table, column, value)
        found = next(
            row for (name, _), row in house.rows(uid).items() if name == table and row[column] is not None
        )
        assert str(found[column]).lower() == str(value).lower()
    assert untouched_by_replay(house)


@on_sqlite
@pytest.mark.parametrize(
    ("place", "problem"),
    [
        ({"table": "person", "column": "shoe_size"}, "invalid"),
        ({"table": "organisation", "column": "name"}, "invalid"),
        ({"table": "person", "column": "sex", "row_id": str(uuid.uuid4())}, "not_found"),
    ],
)
def test_a_correction_needs_a_field_and_a_row_that_are_there(house, place, problem):
    uid = uuid.uuid4()
    house.receive(screening(case_uid=str(uid), sex="female"))
    house.work()
    with pytest.raises(Problem, match=problem):
        decided(house, decide.correct, case_id=uid, value="female", **{"row_id": "", **place})


# --- assign, close, reopen
# --- assign, close, reopen ----------------------------------------------------------------------------------


def test_a_case_is_given_to_an_interviewer_of_its_mission_only(house):
    uid = uuid.uuid4()
    house.receive(screening(case_uid=str(uid)))
    house.work()
    with house.session() as session, writing(session):
        for mission, code in ((house.mission_id, "A1"), (house.other_mission_id, "B2")):
            missions.add_interviewer(
                session, actor=policy.COMMAND, mission_id=mission, code=code, display_name=code
            )
    with house.session() as session:
        ids = {one.code: one.id for one in session.scalars(select(Interviewer))}
    decided(house, decide.assign, case_id=uid, owner_id=ids["A1"])
    assert detail(house, uid).line.owner == "A1"
    assert untouched_by_replay(house)
    for wrong in (ids["B2"], 999):
        with pytest.raises(Problem, match="invalid"):
            decided(house, decide.assign, case_id=uid, owner_id=wrong)
    decided(house, decide.assign, case_id=uid, owner_id=None)
    assert detail(house, uid).line.owner is None


def by_contact(house):
    """The cases by their next contact, a page each."""
    found, cursor = [], None
    with house.session() as session:
        while not found or cursor:
            page = cases.list_cases(session, actor=policy.COMMAND, sort="contact", cursor=cursor, limit=1)
            found += [line.case_id for line in page.items]
            cursor = page.next
    return found


def test_a_case_is_closed_and_taken_up_again(house):
    uid = uuid.uuid4()
    house.receive(screening(case_uid=str(uid), next_contact_date="2026-02-02"))
    house.work()
    assert "contact" in detail(house, uid).line.attention
    decided(
        house, decide.close, case_id=uid, closure_reason="died", closed_on="2026-03-03",
        closure_details="Secret detail",
    )  # fmt: skip
    shown = detail(house, uid)
    assert (shown.line.status, shown.line.attention) == ("closed", ())
    assert shown.line.next_contact_on is None, "nothing is planned any more"
    other = uuid.uuid4()
    house.receive(screening(case_uid=str(other), next_contact_date="2026-05-05"))
    house.work()
    assert by_contact(house) == [other, uid]
    assert "Secret detail" not in str(shown)
    assert "Secret detail" in str(detail(house, uid, Reveal("reading the closure")))
    assert untouched_by_replay(house)
    decided(house, decide.reopen, case_id=uid)
    shown = detail(house, uid)
    assert (shown.line.status, shown.line.next_contact_on) == ("active", "2026-02-02")
    assert by_contact(house) == [uid, other]


@on_sqlite
@pytest.mark.parametrize(
    "wrong", [{"closed_on": "soon"}, {"closure_reason": "bored"}, {"status": "active"}], ids=str
)
def test_a_case_is_not_closed_without_a_date_and_a_reason_of_the_list(house, wrong):
    uid = uuid.uuid4()
    house.receive(screening(case_uid=str(uid)))
    house.work()
    with pytest.raises(Problem, match="invalid"):
        decided(
            house, decide.close, case_id=uid, **{"closed_on": "2026-03-03", "closure_reason": "died", **wrong}
        )


# --- delete
# --- delete -------------------------------------------------------------------------------------------------


def test_deleting_a_submission_equals_never_having_had_it(house):
    one, other, first, second = uuid.uuid4(), uuid.uuid4(), new_uid(), new_uid()
    house.receive(screening(case_uid=str(one), case_ref="MDCHI-26-00000001"))
    house.work()
    without = house.store()
    original = assistance(case_uid=str(one), instance_id=first, services=2)
    house.receive(original)
    house.receive(edited(original, second))
    house.work()
    decided(house, decide.delete_submission, mission_id=house.mission_id, instance_id=first)
    assert house.states() | {first: "deleted", second: "deleted"} == house.states()
    with_it = house.store()
    assert {name: rows for name, rows in with_it.items() if name != "submissions"} == {
        name: rows for name, rows in without.items() if name != "submissions"
    }
    assert untouched_by_replay(house)
    house.receive(edited(edited(original, second), new_uid()))
    house.work()
    assert sorted(house.states().values()) == ["deleted", "deleted", "normalised", "waiting"]
    with house.session() as session:
        decide.undelete_submission(
            session, actor=policy.COMMAND, mission_id=house.mission_id, instance_id=first, reason=REASON
        )
    house.work()
    assert sorted(house.states().values()) == ["normalised", "normalised", "superseded", "superseded"]
    assert house.cases() == {one}
    assert other not in house.cases()


def test_a_submission_nobody_looked_at_can_be_deleted_too(house):
    first = new_uid()
    house.receive(screening(instance_id=first))
    decided(house, decide.delete_submission, mission_id=house.mission_id, instance_id=first)
    house.work()
    assert house.states() == {first: "deleted"}
    with house.session() as session, pytest.raises(Problem, match="not_found"):
        decide.undelete_submission(
            session, actor=policy.COMMAND, mission_id=house.other_mission_id, instance_id=first, reason=REASON
        )


def test_what_is_not_deleted_cannot_be_brought_back(house):
    first = new_uid()
    house.receive(screening(instance_id=first))
    house.work()
    with house.session() as session, pytest.raises(Problem, match="conflict"):
        decide.undelete_submission(
            session, actor=policy.COMMAND, mission_id=house.mission_id, instance_id=first, reason=REASON
        )


# --- who may, and what is kept
# --- who may, and what is kept ------------------------------------------------------------------------------


def test_a_decision_needs_a_reason_and_leaves_nothing_without_one(house):
    one, other = two_cases(house)
    before = house.dump(without=())
    with pytest.raises(Problem, match="reason_needed"):
        decided(house, decide.merge, case_id=one, into=other, reason="  .  ")
    assert house.dump(without=()) == before


def test_only_a_coordinator_of_the_mission_decides(house, coordinator):
    one, other = two_cases(house)
    stranger = Actor("user", None, (Held("coordinator", house.other_mission_id),))
    administrator = Actor("user", None, (Held("administrator"),))
    for nobody in (stranger, administrator):
        with pytest.raises(Problem, match="not_found"):
            decided(house, decide.merge, case_id=one, into=other, actor=nobody)
    decided(house, decide.merge, case_id=one, into=other, actor=coordinator)
    assert house.cases() == {other}


def test_a_decision_is_written_into_the_ledger_and_its_value_is_not(house):
    uid = uuid.uuid4()
    house.receive(screening(case_uid=str(uid), family_name="Exampla"))
    house.work()
    made = correct(house, uid, "person", "family_name", "Secretname")
    with house.session() as session:
        entry = session.scalars(select(LedgerEntry).where(LedgerEntry.action == "case.correct")).one()
        assert (entry.object, entry.reason, entry.detail) == (f"case:{uid}", REASON, {"decision": str(made)})
        kept = session.get_one(Decision, made)
        assert b"Secretname" not in kept.body
    shown = detail(house, uid)
    assert "Secretname" not in str(shown)
    assert shown.decisions[0].kind == "correct"
    assert "Secretname" in str(detail(house, uid, Reveal("reading the decision")).decisions)


def test_an_unknown_case_or_submission_is_not_found(house):
    with pytest.raises(Problem, match="not_found"):
        decided(house, decide.reopen, case_id=uuid.uuid4())
    with pytest.raises(Problem, match="not_found"):
        decided(house, decide.detach, mission_id=house.mission_id, instance_id="uuid:nothing")
    nobody = Actor("user", None, ())
    with pytest.raises(Problem, match="not_found"):
        decided(house, decide.detach, mission_id=house.mission_id, instance_id="uuid:nothing", actor=nobody)
