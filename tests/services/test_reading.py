"""What a coordinator sees of cases and submissions, what is masked, and what reading leaves in the ledger."""

import json
import uuid
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from app import policy
from app.db import writing
from app.models import LedgerEntry
from app.policy import Actor, Held
from app.problems import Problem
from app.services import cases, decide, home, missions, submissions
from app.services.reveal import Reveal
from app.services.submissions import Answered, Section
from tests.databases import on_sqlite
from tests.services.conftest import edited, new_uid, statements
from tests.services.made import assistance, screening

WHY = Reveal("looking for a duplicate")


@pytest.fixture
def coordinator(house):
    return Actor("user", None, (Held("coordinator", house.mission_id),))


@pytest.fixture
def stranger(house):
    return Actor("user", None, (Held("coordinator", house.other_mission_id),))


def entries(house, action):
    with house.session() as session:
        return session.scalars(select(LedgerEntry).where(LedgerEntry.action == action)).all()


def one_case(house, **answers):
    uid = uuid.uuid4()
    house.receive(screening(case_uid=str(uid), **answers))
    house.work()
    return uid


# --- the list of cases
# --- the list of cases --------------------------------------------------------------------------------------


def test_the_list_goes_page_by_page_and_the_last_change_comes_first(house, coordinator):
    made = [one_case(house, case_ref=f"MDCHI-26-0000000{number}") for number in range(7)]
    found, cursor = [], None
    with house.session() as session:
        while True:
            page = cases.list_cases(
                session, actor=coordinator, mission_id=house.mission_id, cursor=cursor, limit=3
            )
            found += [line.case_id for line in page.items]
            assert len(page.items) <= 3
            if (cursor := page.next) is None:
                break
        assert cases.count_cases(session, actor=coordinator) == 7
    assert found == made[::-1]


def test_a_line_says_what_a_coordinator_looks_for(house, coordinator):
    uid = one_case(
        house, case_ref="MDCHI-26-00000001", sex="female", is_minor=0, age_estimate=24, risk_level="high",
        trafficking_status="actual", next_contact_date="2026-02-01",
    )  # fmt: skip
    house.receive(assistance(case_uid=str(uid), held_on="2026-02-10"))
    house.work()
    with house.session() as session:
        (line,) = cases.list_cases(session, actor=coordinator).items
    assert (line.case_id, line.mission_code, line.case_ref) == (uid, "MDCHI", "MDCHI-26-00000001")
    assert (line.sex, line.is_minor, line.status) == ("female", False, "active")
    assert (line.trafficking_status, line.risk_level) == ("actual", "high")
    assert (line.registered_on, line.last_interview_on, line.interviews) == ("2026-01-10", "2026-02-10", 2)
    assert (line.next_contact_on, line.attention) == (
        "2026-02-01",
        ("contact", "eligibility_pending", "override"),
    )


def test_the_list_is_narrowed(house, coordinator):
    high = one_case(house, case_ref="MDCHI-26-000000aa", risk_level="high", trafficking_status="possible")
    low = one_case(house, case_ref="MDCHI-26-000000ab", risk_level="low")
    with house.session() as session:

        def found(**filters):
            return {line.case_id for line in cases.list_cases(session, actor=coordinator, **filters).items}

        assert found(risk_level="high") == {high}
        assert found(trafficking_status="possible") == {high}
        assert found(status="active") == {high, low}
        assert found(status="closed") == set()
        assert found(reference="mdchi-26-000000AB") == {low}
        assert found(reference="MDCHI-26") == {high, low}
        assert found(reference="%") == set()
        assert found(owner_id=7) == set()
        assert found(mission_id=house.other_mission_id) == set()
        assert found(attention="self_harm") == set()


def test_nobody_sees_cases_of_a_mission_that_is_not_theirs(house, stranger):
    uid = one_case(house)
    administrator = Actor("user", None, (Held("administrator"),))
    with house.session() as session:
        for nobody in (stranger, administrator, policy.NOBODY):
            assert cases.list_cases(session, actor=nobody).items == ()
            assert cases.count_cases(session, actor=nobody) == 0
            with pytest.raises(Problem, match="not_found"):
                cases.read_case(session, keyring=house.keyring, actor=nobody, case_id=uid)


@on_sqlite
def test_a_cursor_of_another_list_is_refused(house, coordinator):
    with house.session() as session:
        for wrong in ("nonsense", "W10", "WyJ4IiwieSJd", "bnVsbA", "WyIyMDI2LTAxLTAxVDAwOjAwOjAwIiwieCJd"):
            with pytest.raises(Problem, match="invalid"):
                cases.list_cases(session, actor=coordinator, cursor=wrong)


# --- one case
# --- one case -----------------------------------------------------------------------------------------------


@on_sqlite
def test_identifiers_and_free_text_are_masked_until_somebody_says_why(house, coordinator):
    uid = one_case(house, family_name="Exampla", narrative="A long story", sex="female")
    with house.session() as session:
        shown = cases.read_case(session, keyring=house.keyring, actor=coordinator, case_id=uid)
        assert "Exampla" not in str(shown)
        assert "long story" not in str(shown)
        (person,) = shown.rows["person"]
        name = next(one for one in person.fields if one.column == "family_name")
        assert (name.masked, name.value, name.answer, name.question) == (
            True,
            None,
            None,
            "/data/person/family_name",
        )
        assert shown.to_json()["tables"]["person"][0]["family_name"] == {"masked": True}
        assert "Exampla" not in json.dumps(shown.to_json(provenance=True))
        assert entries(house, "reveal") == []

        revealed = cases.read_case(session, keyring=house.keyring, actor=coordinator, case_id=uid, reveal=WHY)
        assert revealed.to_json()["tables"]["person"][0]["family_name"] == "Exampla"
    (entry,) = entries(house, "reveal")
    assert (entry.object, entry.reason, entry.detail) == (f"case:{uid}", WHY.reason, {"fields": "all"})


@on_sqlite
def test_a_reveal_can_be_of_some_fields_only(house, coordinator):
    uid = one_case(house, family_name="Exampla", first_name="Ana")
    reveal = Reveal("comparing the names", frozenset({"person.first_name"}))
    with house.session() as session:
        shown = str(
            cases.read_case(session, keyring=house.keyring, actor=coordinator, case_id=uid, reveal=reveal)
        )
    assert "Ana" in shown
    assert "Exampla" not in shown
    assert entries(house, "reveal")[0].detail == {"fields": ["person.first_name"]}


@on_sqlite
@pytest.mark.parametrize("reason", ["", "   ", "because"])
def test_a_reveal_needs_a_reason(house, coordinator, reason):
    uid = one_case(house)
    with house.session() as session, pytest.raises(Problem, match="reason_needed"):
        cases.read_case(session, keyring=house.keyring, actor=coordinator, case_id=uid, reveal=Reveal(reason))
    assert entries(house, "reveal") == []


@on_sqlite
def test_every_value_says_where_it_came_from(house, coordinator):
    uid, first, second = uuid.uuid4(), new_uid(), new_uid()
    house.receive(screening(case_uid=str(uid), instance_id=first, sex="male", risk_level="low"))
    house.receive(
        edited(screening(case_uid=str(uid), instance_id=first, sex="female", risk_level="low"), second)
    )
    house.receive(assistance(case_uid=str(uid), risk_level="high", held_on="2026-02-10"))
    house.work()
    with house.session() as session:
        shown = cases.read_case(session, keyring=house.keyring, actor=coordinator, case_id=uid)
    said = shown.to_json(provenance=True)
    sex = said["tables"]["person"][0]["sex"]
    assert sex | {"earlier": []} == {
        "value": "female", "answer": "female", "submission": first, "instanceId": second,
        "question": "/data/person/sex", "form": "ct_screening", "heldOn": "2026-01-10", "decision": None,
        "rule": None, "earlier": [],
    }  # fmt: skip
    risk = said["tables"]["case_file"][0]["risk_level"]
    assert (risk["value"], risk["form"], risk["earlier"][0]["value"]) == ("high", "ct_assistance", "low")
    assert [one.kind for one in shown.interviews] == ["screening", "assistance"]
    assert said["interviews"][0]["instanceId"] == second


@on_sqlite
def test_rows_hang_from_their_parents_and_replaced_ones_stand_apart(house, coordinator, filled):
    for one in (*filled["screening"], *filled["assistance"]):
        house.receive(one.xml)
    house.work()
    with house.session() as session:
        for case_id in house.cases():
            shown = cases.read_case(
                session, keyring=house.keyring, actor=coordinator, case_id=case_id, reveal=WHY
            )
            said = shown.to_json(provenance=True)
            for episode in said["tables"].get("episode", []):
                for perpetrator in episode.get("perpetrator", []):
                    assert perpetrator["id"]
            kinds = {one.kind for one in shown.interviews if one.consent_ok}
            if kinds == {"screening", "assistance"} and "episode" in said["tables"]:
                sources = {
                    row["entry_mode"]["form"] for row in said["tables"]["episode"] if "entry_mode" in row
                }
                assert sources <= {"ct_assistance"} or "episode" not in said["earlierRows"]


def test_two_cases_with_one_reference_say_so(house, coordinator):
    one = one_case(house, case_ref="MDCHI-26-000000aa")
    with house.session() as session:
        assert cases.read_case(session, keyring=house.keyring, actor=coordinator, case_id=one).findings == ()
    one_case(house, case_ref="mdchi-26-000000AA")
    with house.session() as session:
        found = cases.read_case(session, keyring=house.keyring, actor=coordinator, case_id=one).findings
    assert [finding.code for finding in found] == ["case_ref_clash"]


def test_several_cases_are_read_as_each_is_by_itself_in_as_many_statements_as_one(house, coordinator):
    made = [one_case(house, case_ref=f"MDCHI-26-0000000{number}") for number in (1, 2, 2, 3)]
    with house.session() as session:
        where = {"keyring": house.keyring, "actor": coordinator, "reason": "decided in the test"}
        decide.merge(session, case_id=made[3], into=made[0], **where)
        decide.close(session, case_id=made[1], closure_reason="other", closed_on="2026-02-01", **where)
    house.receive(assistance(case_uid=str(made[0]), held_on="2026-02-10"))
    house.work()
    with house.session() as session:
        lines = cases.list_cases(session, actor=coordinator, mission_id=house.mission_id).items
        assert {line.case_id for line in lines} == set(made[:3])
        told = []
        for some in (lines[:1], lines):
            with statements(house.engine) as said:
                found = cases.read_cases(session, keyring=house.keyring, lines=some)
            told.append(len(said))
        assert told[0] == told[1] <= 5
        assert [one.line for one in found] == list(lines)
        for one in found:
            alone = cases.read_case(session, keyring=house.keyring, actor=coordinator, case_id=one.case_id)
            assert one == alone
    by_id = {one.case_id: one for one in found}
    assert (len(by_id[made[0]].interviews), by_id[made[0]].merged) == (3, (made[3],))
    assert [len(by_id[uid].decisions) for uid in made[:3]] == [1, 1, 0]
    assert [len(by_id[uid].findings) for uid in made[:3]] == [0, 1, 1]


def test_a_case_is_asked_for_by_its_uid_only(house, coordinator):
    uid = one_case(house)
    with house.session() as session:
        shown = cases.read_case(session, keyring=house.keyring, actor=coordinator, case_id=str(uid))
        assert shown.asked_id == uid
        for wrong in ("not-a-uid", uuid.uuid4()):
            with pytest.raises(Problem, match="not_found"):
                cases.read_case(session, keyring=house.keyring, actor=coordinator, case_id=wrong)


# --- submissions
# --- submissions --------------------------------------------------------------------------------------------


def test_the_list_of_submissions_shows_the_version_that_stands(house, coordinator):
    first, second, uid = new_uid(), new_uid(), uuid.uuid4()
    original = screening(case_uid=str(uid), instance_id=first, case_ref="MDCHI-26-000000aa")
    house.receive(original)
    house.receive(edited(original, second))
    house.work()
    with house.session() as session:
        (line,) = submissions.list_submissions(session, actor=coordinator, mission_id=house.mission_id).items
        assert (line.instance_id, line.root_instance_id, line.state) == (second, first, "normalised")
        assert (line.form_title, line.case_id, line.case_ref) == (
            "Screening interview",
            uid,
            "MDCHI-26-000000aa",
        )
        assert line.updated_at > line.received_at
        whole = submissions.list_submissions(session, actor=coordinator, superseded=True).items
        assert {one.instance_id for one in whole} == {first, second}


def test_submissions_come_page_by_page_in_either_direction(house, coordinator):
    sent = [new_uid() for _ in range(5)]
    for one in sent:
        house.receive(screening(instance_id=one))

    def found(**order):
        ids, cursor = [], None
        with house.session() as session:
            while True:
                page = submissions.list_submissions(
                    session, actor=coordinator, cursor=cursor, limit=2, **order
                )
                ids += [line.instance_id for line in page.items]
                if (cursor := page.next) is None:
                    return ids

    assert found() == sent[::-1]
    assert found(oldest_first=True) == sent


def test_submissions_are_narrowed_and_counted(house, coordinator, stranger):
    good, waiting, odd = new_uid(), new_uid(), new_uid()
    house.receive(screening(instance_id=good))
    house.receive(assistance(case_uid="", instance_id=waiting))
    house.receive(screening(instance_id=odd, sex="no-such-code"))
    house.work()
    with house.session() as session:

        def found(actor=coordinator, **filters):
            lines = submissions.list_submissions(session, actor=actor, **filters).items
            assert submissions.count_submissions(session, actor=actor, **filters) == len(lines)
            return {line.instance_id for line in lines}

        assert found() == {good, waiting, odd}
        assert found(xml_form_id="ct_assistance") == {waiting}
        assert found(state="waiting") == {waiting}
        assert found(attention="waiting") == {waiting}
        assert found(attention="failed") == set()
        assert found(attention="finding") == {waiting, odd}
        assert found(attention="conflict") == set()
        assert found(search="mdchi-26-0") == {good, odd}
        assert found(device_id=99) == set()
        assert found(received_from=datetime.now(UTC) + timedelta(hours=1)) == set()
        assert found(received_to=datetime.now(UTC) - timedelta(hours=1)) == set()
        assert found(received_from=datetime.now(UTC) - timedelta(hours=1)) == {good, waiting, odd}
        assert found(actor=stranger) == set()


def test_what_was_approved_needs_no_attention(house, coordinator):
    odd = new_uid()
    house.receive(screening(instance_id=odd, sex="no-such-code"))
    house.work()
    with house.session() as session:
        submissions.review(
            session, actor=coordinator, mission_id=house.mission_id, instance_id=odd, state="approved"
        )
        assert submissions.count_submissions(session, actor=coordinator, attention="finding") == 0
        assert submissions.list_submissions(session, actor=coordinator).items[0].review_state == "approved"
        with pytest.raises(Problem, match="invalid"):
            submissions.review(
                session, actor=coordinator, mission_id=house.mission_id, instance_id=odd, state="splendid"
            )
    assert entries(house, "submission.review")[0].detail == {"state": "approved"}


def flat(nodes):
    for node in nodes:
        if isinstance(node, Section):
            yield from flat(node.nodes)
        else:
            yield node


def read(house, actor, instance_id, **options):
    with house.session() as session:
        return submissions.read_submission(
            session, keyring=house.keyring, actor=actor, mission_id=house.mission_id, instance_id=instance_id,
            **options,
        )  # fmt: skip


@on_sqlite
def test_answers_stand_under_their_questions_in_the_language_asked_for(house, coordinator):
    first = new_uid()
    house.receive(screening(instance_id=first, sex="female", family_name="Exampla", citizenship="KH MD"))
    house.work()
    english = {node.name: node for node in flat(read(house, coordinator, first).nodes)}
    french = {
        node.name: node for node in flat(read(house, coordinator, first, language="Français (fr)").nodes)
    }
    assert (english["sex"].text, english["sex"].shown, english["sex"].field) == (
        "female",
        "Female",
        ("person.sex",),
    )
    assert french["sex"].label != english["sex"].label
    assert french["sex"].shown == "Féminin"
    assert english["citizenship"].shown.startswith("Cambodia, Moldova")
    name = english["family_name"]
    assert (name.masked, name.text, name.shown, name.privacy) == (True, "", "", "P3")
    shown = {node.name: node for node in flat(read(house, coordinator, first, reveal=WHY).nodes)}
    assert shown["family_name"].text == "Exampla"
    assert entries(house, "reveal")[0].object.startswith("submission:")


@on_sqlite
def test_repeats_are_numbered_sections(house, coordinator):
    first = new_uid()
    house.receive(assistance(case_uid=str(uuid.uuid4()), instance_id=first, services=2))
    house.work()
    (services,) = [node for node in read(house, coordinator, first).nodes if node.path == "/data/services"]
    assert [one.position for one in services.nodes] == [1, 2]
    paths = [node.path for node in flat(services.nodes) if node.name == "sv_provider"]
    assert paths == ["/data/services/service[1]/sv_provider", "/data/services/service[2]/sv_provider"]


@on_sqlite
def test_an_answer_the_form_does_not_know_is_shown_last_and_masked(house, coordinator):
    first = new_uid()
    xml = screening(instance_id=first).replace(b"<meta>", b"<surprise>Secretname</surprise><meta>")
    house.receive(xml)
    house.work()
    *_, last = read(house, coordinator, first).nodes
    assert isinstance(last, Answered)
    assert (last.name, last.known, last.masked, last.text) == ("surprise", False, True, "")
    *_, last = read(house, coordinator, first, reveal=WHY).nodes
    assert last.text == "Secretname"


def test_versions_files_and_findings_of_a_submission_are_there(house, coordinator):
    first, second = new_uid(), new_uid()
    original = screening(instance_id=first, consent_signature="signed.png")
    house.receive(original, files={"signed.png": b"picture", "audit.csv": b"event"})
    house.receive(edited(original, second))
    house.work()
    shown = read(house, coordinator, first)
    assert [(one.instance_id, one.state) for one in shown.versions] == [
        (second, "normalised"),
        (first, "superseded"),
    ]
    assert [(one.name, one.present, one.size) for one in shown.files] == [
        ("audit.csv", True, 5),
        ("signed.png", True, 7),
    ]
    later = read(house, coordinator, second)
    assert [(one.name, one.present, one.carried) for one in later.files] == [("signed.png", True, True)]
    assert later.consent_ok is True
    assert later.conflicts == 0


def test_a_submission_of_an_unknown_version_is_listed_without_answers(house, coordinator):
    first = new_uid()
    house.receive(screening(instance_id=first).replace(b'version="2', b'version="9', 1))
    house.work()
    shown = read(house, coordinator, first)
    assert (shown.nodes, shown.languages, shown.consent_ok) == ((), (), None)
    assert [finding.code for finding in shown.line.findings] == ["unknown_version"]


def test_the_raw_xml_is_read_with_an_entry_in_the_ledger(house, coordinator, stranger):
    first = new_uid()
    xml = screening(instance_id=first)
    house.receive(xml)
    with house.session() as session:
        where = {"keyring": house.keyring, "mission_id": house.mission_id, "instance_id": first}
        assert submissions.read_xml(session, actor=coordinator, **where) == xml
        with pytest.raises(Problem, match="not_found"):
            submissions.read_xml(session, actor=stranger, **where)
    assert len(entries(house, "submission.raw")) == 1


@on_sqlite
def test_where_consent_was_refused_the_raw_xml_takes_breaking_glass(house, coordinator):
    first = new_uid()
    xml = screening(instance_id=first, consent="no", family_name="Exampla")
    house.receive(xml)
    house.work()
    with house.session() as session:
        where = {"keyring": house.keyring, "mission_id": house.mission_id, "instance_id": first}
        assert "Exampla" not in str(read(house, coordinator, first, reveal=WHY))
        with pytest.raises(Problem, match="reason_needed"):
            submissions.read_xml(session, actor=coordinator, **where)
        assert submissions.read_xml(session, actor=coordinator, reason="court order 12/2026", **where) == xml
    (entry,) = entries(house, "submission.break_glass")
    assert entry.reason == "court order 12/2026"


@on_sqlite
def test_a_file_is_read_as_it_was_sent(house, coordinator):
    first = new_uid()
    xml = screening(instance_id=first, consent_signature="signed.png")
    house.receive(xml, files={"signed.png": b"picture" * 20_000})
    house.work()
    with house.session() as session:
        where = {
            "keyring": house.keyring, "blobs": house.blobs, "actor": coordinator,
            "mission_id": house.mission_id, "instance_id": first,
        }  # fmt: skip
        file = submissions.read_file(session, name="signed.png", **where)
        assert (file.content_type, file.size) == ("image/png", 140_000)
        assert b"".join(file.chunks) == b"picture" * 20_000
        for wrong in ("other.png", "../signed.png", "\ud800"):
            with pytest.raises(Problem, match="not_found"):
                submissions.read_file(session, name=wrong, **where)
    assert len(entries(house, "submission.file")) == 1


@on_sqlite
def test_a_file_behind_a_shut_consent_takes_breaking_glass(house, coordinator):
    first = new_uid()
    house.receive(screening(instance_id=first, consent="no"), files={"signed.png": b"picture"})
    house.work()
    assert read(house, coordinator, first).files == ()
    with house.session() as session:
        where = {
            "keyring": house.keyring, "blobs": house.blobs, "actor": coordinator, "name": "signed.png",
            "mission_id": house.mission_id, "instance_id": first,
        }  # fmt: skip
        with pytest.raises(Problem, match="reason_needed"):
            submissions.read_file(session, **where)
        assert b"".join(submissions.read_file(session, reason="court order 12", **where).chunks) == b"picture"


def test_a_form_id_tells_apart_submissions_of_one_instance_id(house, coordinator):
    first = new_uid()
    house.receive(screening(instance_id=first))
    house.receive(assistance(case_uid=str(uuid.uuid4()), instance_id=first))
    house.work()
    assert read(house, coordinator, first, xml_form_id="ct_assistance").line.xml_form_id == "ct_assistance"
    assert read(house, coordinator, first, xml_form_id="ct_screening").line.xml_form_id == "ct_screening"
    with pytest.raises(Problem, match="not_found"):
        read(house, coordinator, first, xml_form_id="fruit")


# --- home
# --- home ---------------------------------------------------------------------------------------------------


def test_home_counts_what_came_in_and_what_needs_attention(house, coordinator):
    one_case(house, immediate_danger="yes", safe_to_proceed=0, can_proceed=0)
    minor = one_case(house, guardian_available="no", apparent_minor="yes", is_minor=1)
    overridden = one_case(house, override_reason="the police say otherwise")
    due = one_case(house, next_contact_date="2026-01-20")
    one_case(house, next_contact_date="2126-01-20")
    pending = one_case(house, gaf_result="pending")
    harm = uuid.uuid4()
    house.receive(assistance(case_uid=str(harm), distress="risk_self_harm"))
    house.receive(assistance(case_uid=""))
    house.work()
    house.receive(screening())
    with house.session() as session:
        shown = home.home(session, actor=coordinator, mission_id=house.mission_id)
        counts = {(one.on, one.kind): one.count for one in shown.todos}
        assert counts["case", "imminent_danger"] == 1
        assert counts["case", "unaccompanied_child"] == 1
        assert counts["case", "override"] == 1
        assert counts["case", "self_harm"] == 1
        assert counts["case", "contact"] == 1
        assert counts["submission", "waiting"] == 1
        assert (shown.received_today, shown.received_week, shown.queue) == (9, 9, 1)
        assert len(shown.latest) == 9
        shown_first = {(one.on, one.kind): one.items for one in shown.todos}
        assert [(one.case.case_id, one.due_on) for one in shown_first["case", "contact"]] == [
            (due, "2026-01-20")
        ]
        assert [(kind, item.due_on) for kind, item in shown.coming] == [("contact", "2126-01-20")]
        for kind, expected in (
            ("unaccompanied_child", minor), ("override", overridden), ("self_harm", harm),
        ):  # fmt: skip
            found = cases.list_cases(session, actor=coordinator, attention=kind, mission_id=house.mission_id)
            assert [line.case_id for line in found.items] == [expected]
    assert pending


def test_a_closed_case_asks_for_nothing(house, coordinator):
    uid = one_case(house, immediate_danger="no", override_reason="the police say otherwise")
    with house.session() as session:
        decide.close(
            session, keyring=house.keyring, actor=coordinator, case_id=uid, closure_reason="died",
            closed_on="2026-03-01", reason="closing in the test",
        )  # fmt: skip
        assert home.home(session, actor=coordinator, mission_id=house.mission_id).todos == ()


def test_home_shows_nothing_to_those_who_may_read_no_cases(house, coordinator):
    one_case(house, override_reason="the police say otherwise")
    designer = Actor("user", None, (Held("form_designer", house.mission_id),))
    with house.session() as session:
        shown = home.home(session, actor=designer, mission_id=house.mission_id)
        assert (shown.received_today, shown.cases_open, shown.todos, shown.latest) == (0, 0, (), ())
        assert shown.coming == ()
        assert home.home(session, actor=coordinator).cases_open == 1
        with pytest.raises(Problem):
            home.home(session, actor=designer, mission_id=house.other_mission_id)


def test_today_is_what_the_clocks_of_the_mission_say(house, coordinator):
    from zoneinfo import ZoneInfo

    zones = ("Pacific/Kiritimati", "Pacific/Niue")
    days = {zone: datetime.now(ZoneInfo(zone)).date() for zone in zones}
    assert days[zones[0]] > days[zones[1]]
    uid = one_case(house, next_contact_date=days[zones[0]].isoformat())
    for zone, expected in zip(zones, ({uid}, set()), strict=True):
        with house.session() as session:
            with writing(session):
                missions.update(
                    session,
                    actor=policy.COMMAND,
                    mission=missions.get(session, house.mission_id),
                    time_zone=zone,
                )
            found = cases.list_cases(session, actor=coordinator, attention="contact").items
            assert {line.case_id for line in found} == expected
