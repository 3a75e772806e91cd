"""The worker: what a submission becomes, in whatever order, however often, and whatever is wrong with it."""

import threading
import uuid

import pytest
from sqlalchemy import select, update

from app import policy
from app.db import connect_to_write, writing
from app.models import CaseEntity, CaseHint, FormVersion, LedgerEntry, Submission
from app.services import decide, normalise, plans, replay, settling
from tests.services.conftest import altered, answer, edited, new_uid
from tests.services.made import assistance, screening


def ask(house, **where):
    return replay.replay(
        house.engine, keyring=house.keyring, blobs=house.blobs, actor=policy.COMMAND, **where
    )


# --- order, repetition, replay
# --- order, repetition, replay ------------------------------------------------------------------------------


def test_an_assistance_interview_may_come_before_its_screening(house):
    uid = str(uuid.uuid4())
    house.receive(assistance(case_uid=uid, held_on="2026-02-01"))
    house.work()
    assert house.cases() == {uuid.UUID(uid)}
    early = house.store()
    house.receive(screening(case_uid=uid, held_on="2026-01-01", family_name="Exampla"))
    house.work()
    assert house.cases() == {uuid.UUID(uid)}
    assert any("Exampla" in row for row in house.store()["person"])
    assert early != house.store()


def test_a_replay_of_everything_changes_nothing(house):
    uid = str(uuid.uuid4())
    for xml in (
        screening(case_uid=uid),
        assistance(case_uid=uid),
        assistance(case_uid=""),
        screening(consent="no"),
    ):
        house.receive(xml)
    house.work()
    before = house.dump()
    done = ask(house)
    assert (done.submissions, done.rows_changed) == (4, 0)
    assert house.dump() == before


def test_a_replay_of_one_case_or_one_mission_changes_nothing_either(house):
    uid = str(uuid.uuid4())
    house.receive(screening(case_uid=uid))
    house.receive(screening(case_uid=str(uuid.uuid4())))
    house.work()
    before = house.dump()
    assert ask(house, case_id=uuid.UUID(uid)).submissions == 1
    assert ask(house, mission_id=house.mission_id).submissions == 2
    assert ask(house, mission_id=house.other_mission_id).submissions == 0
    assert house.dump() == before


def test_a_replay_rebuilds_a_case_whose_rows_were_damaged(house):
    from app.models import TABLES, CaseState

    house.receive(screening(case_uid=str(uuid.uuid4()), family_name="Exampla"))
    house.work()
    whole = house.store()
    with connect_to_write(house.engine) as connection:
        connection.execute(TABLES["person"].delete())
        connection.execute(update(CaseState.__table__).values(manifest={"case_file": {}}))
        connection.execute(TABLES["case_file"].delete())
        for name in whole:
            if name in TABLES:
                connection.execute(TABLES[name].delete())
        connection.execute(update(CaseState.__table__).values(manifest={}))
    assert ask(house).rows_changed > 0
    assert house.store() == whole


def test_a_case_that_nothing_is_in_any_more_is_swept_by_a_replay(house):
    house.receive(screening(case_uid=str(uuid.uuid4())))
    house.work()
    with connect_to_write(house.engine) as connection:
        connection.execute(update(Submission.__table__).values(state="deleted", case_id=None))
    ask(house)
    assert house.cases() == set()


def test_two_workers_share_the_queue_and_the_case_is_the_same(house):
    uid = str(uuid.uuid4())
    made = [screening(case_uid=uid, held_on="2026-01-01")] + [
        assistance(case_uid=uid, held_on=f"2026-02-{day:02}", services=day % 3) for day in range(1, 25)
    ]
    for xml in made:
        house.receive(xml)
    batches = []

    def work():
        while True:
            batch = normalise.run_batch(house.engine, keyring=house.keyring, blobs=house.blobs, limit=3)
            batches.append(batch)
            if not batch.claimed:
                return

    workers = [threading.Thread(target=work) for _ in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert not any(batch.failed for batch in batches)
    assert set(house.states().values()) == {"normalised"}
    before = house.dump()
    assert ask(house).rows_changed == 0
    assert house.dump() == before


def test_the_worker_writes_what_it_did_into_the_ledger(house):
    key = house.receive(screening(case_uid=str(uuid.uuid4())))
    house.work()
    with house.session() as session:
        found = session.scalars(select(LedgerEntry).where(LedgerEntry.action == "submission.normalise")).one()
        assert (found.actor, found.object, found.mission_id) == (
            "worker",
            f"submission:{key}",
            house.mission_id,
        )
        assert found.detail == {"state": "normalised"}


# --- edits
# --- edits --------------------------------------------------------------------------------------------------


def test_an_edit_equals_its_answers_sent_once(house, engine):
    uid = str(uuid.uuid4())
    first, second, third = new_uid(), new_uid(), new_uid()
    original = screening(case_uid=uid, instance_id=first, family_name="Exampla", sex="male")
    once = edited(original, second, family_name="Exemplar")
    twice = edited(once, third, sex="female")
    for xml in (twice, original, once):
        house.receive(xml)
        house.work()
    assert house.states() == {first: "superseded", second: "superseded", third: "normalised"}
    assert {house.submission(one).root_instance_id for one in (first, second, third)} == {first}
    person = house.rows(uuid.UUID(uid))
    (said,) = [row for (table, _), row in person.items() if table == "person"]
    assert (said["family_name"], said["sex"]) == ("Exemplar", "female")
    before = house.dump()
    ask(house)
    assert house.dump() == before


def test_an_edit_whose_original_never_comes_counts(house):
    uid = str(uuid.uuid4())
    first, second = new_uid(), new_uid()
    house.receive(edited(screening(case_uid=uid, instance_id=first), second, family_name="Exemplar"))
    house.work()
    assert house.submission(second).root_instance_id == first
    assert house.cases() == {uuid.UUID(uid)}


def test_of_two_independent_edits_the_one_finished_last_stands_and_both_orders_agree(house):
    found = []
    for order in ((0, 1), (1, 0)):
        uid, first = str(uuid.uuid4()), new_uid()
        original = screening(case_uid=uid, instance_id=first, family_name="First")
        ids = new_uid(), new_uid()
        edits = (
            altered(edited(original, ids[0], family_name="Early"), end="2026-03-01T10:00:00.000Z"),
            altered(edited(original, ids[1], family_name="Late"), end="2026-03-01T11:00:00.000Z"),
        )
        house.receive(original)
        for number in order:
            house.receive(edits[number])
            house.work()
        states = house.states()
        found.append((states[first], states[ids[0]], states[ids[1]]))
        assert "edited_twice" in house.codes(ids[1])
        rows = house.rows(uuid.UUID(uid))
        assert {row["family_name"] for (table, _), row in rows.items() if table == "person"} == {"Late"}
    assert found == [("superseded", "superseded", "normalised")] * 2


def test_an_edit_may_move_an_interview_to_another_case(house):
    one, other = str(uuid.uuid4()), str(uuid.uuid4())
    first = new_uid()
    original = assistance(case_uid=one, instance_id=first)
    house.receive(original)
    house.work()
    house.receive(edited(original, new_uid(), case_uid=other))
    house.work()
    assert house.cases() == {uuid.UUID(other)}
    assert not house.rows(uuid.UUID(one))


def test_an_edit_on_an_unknown_form_version_does_not_hide_what_was_there(house):
    uid, first, second = str(uuid.uuid4()), new_uid(), new_uid()
    original = screening(case_uid=uid, instance_id=first, family_name="Exampla")
    house.receive(original)
    house.receive(edited(original, second, family_name="Exemplar").replace(b'version="2', b'version="9', 1))
    house.work()
    assert house.states() == {first: "normalised", second: "waiting"}
    assert house.codes(second) == {"unknown_version"}
    assert any("Exampla" in row for row in house.store()["person"])


def test_versions_that_replace_each_other_in_a_circle_do_no_harm(house):
    uid, first, second = str(uuid.uuid4()), new_uid(), new_uid()
    house.receive(edited(screening(case_uid=uid, instance_id=first), second))
    house.receive(edited(screening(case_uid=uid, instance_id=second), first))
    house.work()
    assert sorted(house.states().values()) == ["normalised", "superseded"]
    assert house.cases() == {uuid.UUID(uid)}


# --- what is wrong with it
# --- what is wrong with it ----------------------------------------------------------------------------------


def test_a_submission_of_an_unknown_version_waits_until_the_version_is_published(house):
    uid, first = str(uuid.uuid4()), new_uid()
    house.receive(screening(case_uid=uid, instance_id=first).replace(b'version="2', b'version="9', 1))
    house.work()
    assert (house.states()[first], house.codes(first)) == ("waiting", {"unknown_version"})
    assert house.cases() == set()
    version = house.submission(first).form_version
    with connect_to_write(house.engine) as connection:
        old = connection.execute(
            select(FormVersion.__table__).where(FormVersion.title.like("Screening%"))
        ).first()
        new = old._asdict() | {"id": uuid.uuid4(), "version": version, "sha256": "0" * 64}
        connection.execute(FormVersion.__table__.insert().values(new))
        assert normalise.requeue(connection, xml_form_id="ct_screening", version=version) == 1
    house.work()
    assert (house.states()[first], house.codes(first)) == ("normalised", set())
    assert house.cases() == {uuid.UUID(uid)}


def test_a_replay_too_reads_what_waited_for_its_version(house):
    first = new_uid()
    house.receive(
        screening(case_uid=str(uuid.uuid4()), instance_id=first).replace(b'version="2', b'version="9', 1)
    )
    house.work()
    with connect_to_write(house.engine) as connection:
        connection.execute(
            update(FormVersion.__table__)
            .where(FormVersion.title.like("Screening%"))
            .values(version=house.submission(first).form_version)
        )
    ask(house, instance_id=first)
    assert house.states()[first] == "normalised"


def test_an_unknown_code_is_a_finding_that_does_not_repeat_it(house):
    first, uid = new_uid(), str(uuid.uuid4())
    house.receive(screening(case_uid=uid, instance_id=first, sex="zz-secret", family_name="Exampla"))
    house.work()
    assert house.states()[first] == "normalised"
    assert "unknown_code" in house.codes(first)
    assert "zz-secret" not in str(house.submission(first).findings)
    assert house.submission(first).flagged
    assert any("Exampla" in row for row in house.store()["person"])


def test_a_broken_mapping_is_a_finding_and_a_replay_reads_it_once_it_is_mended(house):
    from xlsforms import schema

    first, uid = new_uid(), str(uuid.uuid4())

    def remap(old, new):
        with connect_to_write(house.engine) as connection:
            table = FormVersion.__table__
            row = connection.execute(
                select(table.c.id, table.c.schema).where(table.c.title.like("Screening%"))
            ).one()
            text = __import__("json").dumps(row.schema).replace(old, new)
            connection.execute(
                update(table).where(table.c.id == row.id).values(schema=__import__("json").loads(text))
            )

    remap("person.family_name", "person.no_such_field")
    plans.forget()
    house.receive(screening(case_uid=uid, instance_id=first, family_name="Exampla"))
    house.work()
    assert house.states()[first] == "normalised"
    assert any(code.startswith("mapping") for code in house.codes(first))
    assert not any("Exampla" in row for row in house.store()["person"])
    remap("person.no_such_field", "person.family_name")
    assert ask(house).rows_changed > 0
    assert house.codes(first) == set()
    assert any("Exampla" in row for row in house.store()["person"])
    assert schema


def test_a_submission_that_cannot_be_read_is_marked_and_the_others_go_on(house, monkeypatch):
    first, second = new_uid(), new_uid()
    house.receive(screening(case_uid=str(uuid.uuid4()), instance_id=first, family_name="Secretname"))
    house.receive(screening(case_uid=str(uuid.uuid4()), instance_id=second))
    real = normalise.interview.normalise

    def breaks(record, *arguments, **named):
        if record.instance_id == first:
            raise RuntimeError("Secretname")
        return real(record, *arguments, **named)

    monkeypatch.setattr(normalise.interview, "normalise", breaks)
    batch = house.work()
    assert (batch.claimed, batch.failed) == (2, 1)
    assert house.states() == {first: "failed", second: "normalised"}
    assert house.codes(first) == {"failed"}
    assert "Secretname" not in str(house.submission(first).findings)
    monkeypatch.undo()
    ask(house)
    assert house.states()[first] == "normalised"


def test_a_submission_that_cannot_be_folded_is_marked_and_the_others_go_on(house, monkeypatch, capfd):
    bad, good = str(uuid.uuid4()), str(uuid.uuid4())
    first, second, third = new_uid(), new_uid(), new_uid()
    house.receive(screening(case_uid=bad, instance_id=first, family_name="Secretname"))
    house.receive(screening(case_uid=good, instance_id=second))
    house.receive(assistance(case_uid=good, instance_id=third))
    from app.services import filing

    real = filing.case.fold

    def breaks(case_uid, *arguments, **named):
        if case_uid == bad:
            raise RuntimeError("Secretname")
        return real(case_uid, *arguments, **named)

    monkeypatch.setattr(filing.case, "fold", breaks)
    house.work()
    assert house.states() == {first: "failed", second: "normalised", third: "normalised"}
    assert house.codes(first) == {"fold_failed"}
    assert house.cases() == {uuid.UUID(good)}
    assert "Secretname" not in "".join(capfd.readouterr())
    monkeypatch.undo()
    ask(house)
    assert house.states()[first] == "normalised"
    assert house.cases() == {uuid.UUID(good), uuid.UUID(bad)}


def test_a_whole_number_too_large_for_its_column_is_a_finding_of_the_case(house):
    uid = str(uuid.uuid4())
    house.receive(screening(case_uid=uid, number_of_children="9" * 18))
    house.work()
    assert set(house.states().values()) == {"normalised"}


def test_refused_consent_leaves_the_head_of_the_interview_only(house):
    uid = str(uuid.uuid4())
    house.receive(screening(case_uid=uid, consent="no", family_name="Exampla"))
    house.work()
    tables = {table for table, _ in house.rows(uuid.UUID(uid))}
    assert "interview" in tables
    assert "person" not in tables
    assert "consent" in tables


# --- which case
# --- which case ---------------------------------------------------------------------------------------------


def test_a_case_of_another_mission_takes_nothing_in(house):
    uid, first = str(uuid.uuid4()), new_uid()
    house.receive(screening(case_uid=uid), mission_id=house.other_mission_id)
    house.work()
    before = house.rows(uuid.UUID(uid))
    house.receive(assistance(case_uid=uid, instance_id=first))
    house.work()
    assert (house.states()[first], house.codes(first)) == ("waiting", {"case_of_other_mission"})
    assert house.rows(uuid.UUID(uid)) == before


def test_it_is_taken_in_once_the_other_mission_has_nothing_in_that_case(house):
    uid, first, second = str(uuid.uuid4()), new_uid(), new_uid()
    house.receive(screening(case_uid=uid, instance_id=first), mission_id=house.other_mission_id)
    house.receive(assistance(case_uid=uid, instance_id=second))
    house.work()
    with house.session() as session:
        decide.delete_submission(
            session, keyring=house.keyring, actor=policy.COMMAND, mission_id=house.other_mission_id,
            instance_id=first, reason="sent to the wrong mission",
        )  # fmt: skip
    assert house.states() == {first: "deleted", second: "normalised"}


@pytest.fixture
def interviewers(house):
    from app.services import missions

    with house.session() as session, writing(session):
        return [
            missions.add_interviewer(
                session, actor=policy.COMMAND, mission_id=house.mission_id, code=code, display_name=code
            ).id
            for code in ("A1", "B2")
        ]


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_a_case_out_of_the_phones_reach_takes_nothing_in_whatever_came_first(house, interviewers, order):
    uid, first, second = str(uuid.uuid4()), new_uid(), new_uid()
    sent = (
        (screening(case_uid=uid, instance_id=first, held_on="2026-01-01"), interviewers[0]),
        (assistance(case_uid=uid, instance_id=second, held_on="2026-02-01"), interviewers[1]),
    )
    for number in order:
        xml, who = sent[number]
        house.receive(xml, interviewer_id=who)
        house.work()
    assert house.states() == {first: "normalised", second: "waiting"}
    assert house.codes(second) == {"case_out_of_reach"}
    with house.session() as session:
        assert session.scalars(select(CaseEntity)).one().owner_id == interviewers[0]
        decide.assign(
            session, keyring=house.keyring, actor=policy.COMMAND, case_id=uuid.UUID(uid), owner_id=interviewers[1],
            reason="taken over by a colleague",
        )  # fmt: skip
    assert house.states() == {first: "normalised", second: "normalised"}
    with house.session() as session:
        assert session.scalars(select(CaseEntity)).one().owner_id == interviewers[1]


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_a_typed_reference_finds_its_case_whatever_came_first(house, order):
    uid, first, second = str(uuid.uuid4()), new_uid(), new_uid()
    sent = (
        screening(case_uid=uid, case_ref="MDCHI-26-0000abcd", instance_id=first),
        assistance(case_uid="", case_ref="mdchi-26-0000ABCD", instance_id=second),
    )
    for number in order:
        house.receive(sent[number])
        house.work()
    assert house.states() == {first: "normalised", second: "normalised"}
    assert house.submission(second).case_id == uuid.UUID(uid)
    before = house.dump()
    ask(house)
    assert house.dump() == before


def test_a_case_is_found_by_its_first_reference_whatever_a_later_interview_calls_it(house):
    uid, first, second = str(uuid.uuid4()), new_uid(), new_uid()
    house.receive(screening(case_uid=uid, case_ref="MDCHI-26-0000abcd"))
    house.receive(assistance(case_uid=uid, case_ref="MDCHI-26-0000beef", held_on="2026-02-01"))
    house.receive(assistance(case_uid="", case_ref="MDCHI-26-0000abcd", instance_id=first))
    house.receive(assistance(case_uid="", case_ref="MDCHI-26-0000beef", instance_id=second))
    house.work()
    assert house.submission(first).case_id == uuid.UUID(uid)
    assert (house.states()[second], house.codes(second)) == ("waiting", {"case_unknown"})


def test_a_typed_reference_that_comes_to_mean_two_cases_waits(house):
    uid, other, first = str(uuid.uuid4()), str(uuid.uuid4()), new_uid()
    house.receive(screening(case_uid=uid, case_ref="MDCHI-26-0000abcd"))
    house.receive(assistance(case_uid="", case_ref="MDCHI-26-0000abcd", instance_id=first))
    house.work()
    assert house.states()[first] == "normalised"
    house.receive(screening(case_uid=other, case_ref="MDCHI-26-0000abcd"))
    house.work()
    assert (house.states()[first], house.codes(first)) == ("waiting", {"case_ambiguous"})
    assert house.submission(first).case_id is None


def test_a_typed_reference_waits_again_when_its_case_is_gone(house):
    uid, first, second = str(uuid.uuid4()), new_uid(), new_uid()
    house.receive(screening(case_uid=uid, case_ref="MDCHI-26-0000abcd", instance_id=first))
    house.receive(assistance(case_uid="", case_ref="MDCHI-26-0000abcd", instance_id=second))
    house.work()
    with house.session() as session:
        decide.delete_submission(
            session, keyring=house.keyring, actor=policy.COMMAND, mission_id=house.mission_id, instance_id=first,
            reason="entered by mistake",
        )  # fmt: skip
    assert house.states()[second] == "waiting"
    assert house.codes(second) == {"case_unknown"}
    assert house.cases() == set()


def test_an_interview_that_names_no_case_waits(house):
    first = new_uid()
    house.receive(assistance(case_uid="", case_ref="", instance_id=first))
    house.work()
    assert (house.states()[first], house.codes(first)) == ("waiting", {"case_not_named"})
    with house.session() as session:
        assert session.scalars(select(CaseHint)).all() == []


def test_a_form_that_maps_nothing_makes_no_case(house):
    from app.services import publish

    form = "| survey | | | |\n| | type | name | label |\n| | text | fruit | Which fruit? |\n"
    form += "| settings | | |\n| | form_id | version |\n| | fruit | 1 |\n"
    house.publish(publish.check(form.encode(), "fruit.md"))
    first = new_uid()
    house.receive(
        f'<data id="fruit" version="1"><fruit>pear</fruit><meta><instanceID>{first}</instanceID></meta></data>'.encode()
    )
    house.work()
    assert (house.states()[first], house.codes(first)) == ("normalised", set())
    assert house.cases() == set()


def test_settling_nothing_is_nothing(house):
    with connect_to_write(house.engine) as connection:
        done = settling.settle(connection, keyring=house.keyring)
    assert (done.rows, done.cases) == (0, frozenset())


def test_answers_of_a_fresh_submission_reach_phones_as_an_entity_whose_version_only_rises(house):
    uid, first = str(uuid.uuid4()), new_uid()
    original = screening(case_uid=uid, case_ref="MDCHI-26-0000abcd", instance_id=first, sex="female")
    house.receive(original)
    house.work()

    def entity():
        with house.session() as session:
            found = session.scalars(select(CaseEntity)).one()
            return found.version, found.open, found.label, found.sex, found.status

    assert entity() == (1, True, "MDCHI-26-0000abcd", "female", "active")
    ask(house)
    assert entity()[0] == 1
    house.receive(edited(original, new_uid(), sex="male"))
    house.work()
    assert entity()[:2] == (2, True)
    with house.session() as session:
        decide.delete_submission(
            session, keyring=house.keyring, actor=policy.COMMAND, mission_id=house.mission_id, instance_id=first,
            reason="entered by mistake",
        )  # fmt: skip
    assert entity()[:2] == (3, False)
    assert answer(original, "sex") == "female"
