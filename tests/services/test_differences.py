"""What differs between versions, told under the labels: in one's language, masked until a reason is given."""

import uuid

import pytest

from app.policy import Actor, Held
from app.problems import Problem
from app.services import differences, submissions
from app.services.reveal import Reveal
from tests.databases import on_sqlite
from tests.services.conftest import edited
from tests.services.made import assistance, screening
from tests.services.test_reading import entries

WHY = Reveal("comparing two versions")
FIRST = screening(
    case_uid=str(uuid.uuid4()), instance_id="uuid:first", family_name="Exampla", sex="male", risk_level="low"
)
SECOND = edited(FIRST, "uuid:second", family_name="Exemplar", sex="female")


@pytest.fixture
def coordinator(house):
    return Actor("user", None, (Held("coordinator", house.mission_id),))


def compare(house, actor, before, after, **more):
    more = {"xml_form_id": "ct_screening", **more}
    with house.session() as session:
        return differences.compare(
            session, keyring=house.keyring, actor=actor, mission_id=house.mission_id, before=before, after=after, **more
        )  # fmt: skip


def shown(comparison):
    return {
        one.question.name: (one.kind, one.before and one.before.shown, one.after and one.after.shown)
        for one in comparison.differences
    }


@pytest.fixture
def both(house):
    house.receive(FIRST)
    house.receive(SECOND)
    house.work()
    return house


@on_sqlite
def test_differences_stand_under_the_labels_of_questions_groups_and_choices(both, coordinator):
    found = compare(both, coordinator, "uuid:first", "uuid:second", language="Français (fr)")
    assert (found.before.instance_id, found.after.instance_id) == ("uuid:first", "uuid:second")
    by_name = {one.question.name: one for one in found.differences}
    assert set(by_name) == {"family_name", "sex"}
    sex = by_name["sex"]
    assert (sex.before.shown, sex.after.shown) == ("Masculin", "Féminin")
    assert sex.question.label == "Sexe"
    assert len(sex.sections) == 1
    assert compare(both, coordinator, "uuid:first", "uuid:first").differences == ()


def test_identifiers_are_masked_until_a_reason_is_given_which_goes_to_the_ledger_for_both(both, coordinator):
    assert shown(compare(both, coordinator, "uuid:first", "uuid:second"))["family_name"] == (
        "changed",
        "",
        "",
    )
    found = compare(both, coordinator, "uuid:first", "uuid:second", reveal=WHY)
    assert shown(found)["family_name"] == ("changed", "Exampla", "Exemplar")
    assert {one.object for one in entries(both, "reveal")} == {
        f"submission:{both.submission(name).id}" for name in ("uuid:first", "uuid:second")
    }
    with pytest.raises(Problem, match="reason_needed"):
        compare(both, coordinator, "uuid:first", "uuid:second", reveal=Reveal("x"))


def test_versions_of_two_submissions_and_those_of_another_mission_are_not_compared(both, coordinator):
    both.receive(screening(instance_id="uuid:other"))
    both.work()
    for before, after in (("uuid:other", "uuid:second"), ("uuid:none", "uuid:second")):
        with pytest.raises(Problem, match="not_found"):
            compare(both, coordinator, before, after)
    with pytest.raises(Problem, match="not_found"):
        compare(
            both,
            Actor("user", None, (Held("coordinator", both.other_mission_id),)),
            "uuid:first",
            "uuid:second",
        )


@on_sqlite
def test_rows_of_a_repeat_are_matched_by_their_key_and_named_by_their_place(house, coordinator):
    first = assistance(case_uid=str(uuid.uuid4()), instance_id="uuid:a", services=2)
    without = first[: first.index(b"<service>")] + first[first.index(b"</service>") + len(b"</service>") :]
    second = edited(without, "uuid:b", sv_provider="Shelter")
    second = second.replace(b"<deprecatedID>uuid:b", b"<deprecatedID>uuid:a")
    house.receive(first)
    house.receive(second)
    house.work()
    found = compare(house, coordinator, "uuid:a", "uuid:b", xml_form_id="ct_assistance")
    changed = [one for one in found.differences if one.kind == "changed"]
    assert [(one.question.name, one.sections[-1].rpartition(" ")[2]) for one in changed] == [
        ("sv_provider", "1")
    ]
    assert {one.kind for one in found.differences if one.question.name == "sv_type"} == {"removed"}


@on_sqlite
def test_a_version_that_cannot_be_read_is_compared_with_nothing(house, coordinator):
    house.receive(FIRST)
    house.receive(SECOND.replace(b'version="2', b'version="9', 1))
    house.work()
    assert compare(house, coordinator, "uuid:first", "uuid:second").differences is None


@on_sqlite
def test_consent_refused_in_the_edit_keeps_what_the_first_version_said_behind_it(house, coordinator):
    house.receive(FIRST)
    house.receive(edited(FIRST, "uuid:second", consent_data="no", consent_ok="0"))
    house.work()
    found = compare(house, coordinator, "uuid:first", "uuid:second", reveal=WHY)
    assert {"consent_data", "consent_ok"} <= set(shown(found))
    assert "family_name" not in shown(found)


def test_the_chain_is_told_edit_by_edit_the_newest_first(house, coordinator):
    third = edited(SECOND, "uuid:third", sex="male")
    for xml in (third, SECOND, FIRST):
        house.receive(xml)
    house.work()
    with house.session() as session:
        found = list(
            differences.chain(
                session, keyring=house.keyring, actor=coordinator, mission_id=house.mission_id,
                xml_form_id="ct_screening", instance_id="uuid:first",
            )
        )  # fmt: skip
    assert {one.after.instance_id: set(shown(one)) for one in found} == {
        "uuid:third": {"sex"},
        "uuid:second": {"family_name", "sex"},
    }


@on_sqlite
def test_an_edit_that_withdraws_consent_closes_the_versions_before_it(house, coordinator):
    house.receive(FIRST, files={"signed.png": b"picture"})
    house.receive(SECOND)
    house.work()
    asked = {
        "keyring": house.keyring,
        "actor": coordinator,
        "mission_id": house.mission_id,
        "instance_id": "uuid:first",
    }
    with house.session() as session:
        open_ = submissions.read_submission(session, **asked, reveal=WHY)
        assert open_.consent_ok
        assert "Exampla" in repr(open_.nodes)
    house.receive(edited(SECOND, "uuid:third", consent_data="no", consent_ok="0"))
    house.work()
    with house.session() as session:
        shut = submissions.read_submission(session, **asked, reveal=WHY)
        assert shut.consent_ok is False
        assert "Exampla" not in repr(shut.nodes)
        assert "consent_data" in repr(shut.nodes)
        assert shut.files == ()
        with pytest.raises(Problem, match="reason_needed"):
            submissions.read_xml(session, **asked)
        assert b"Exampla" in submissions.read_xml(session, **asked, reason="an audit of what was kept")
    assert [one.reason for one in entries(house, "submission.break_glass")] == ["an audit of what was kept"]
    assert "family_name" not in shown(compare(house, coordinator, "uuid:first", "uuid:second", reveal=WHY))
