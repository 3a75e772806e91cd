"""The acceptance cases of both interviews, filled by the engine inside ODK Collect.

What a case does not answer is left blank, or filled at random where the form requires it. An expectation is
`name=value`; `rel:NAME=true` when NAME is asked; `ERR=CONSTRAINT:NAME` when the phone must refuse NAME;
`repeats:PATH=n` for the instances of a repeat.
"""

import pytest
from lxml import etree

from tests.clients.javarosa.phone import Refused
from tests.forms.conftest import CASES, MAN, WOMAN, scenarios

pytestmark = pytest.mark.java

SCREENINGS = scenarios("screening")
ASSISTANCES = scenarios("assistance")
REPEATS = ("family_member", "episode", "plan_item", "service", "referral")


def fill(phone, xforms, lists, form, answers, **options):
    given = {
        name: int(value) if name.rpartition("/")[2] in (*REPEATS, "route_leg", "perpetrator") else value
        for name, value in answers.items()
    }
    if form == "assistance":
        given = dict.fromkeys(REPEATS, 0) | given
    options = {"optional": 0, "seed": 1, "entity_lists": lists, "ignore_unused": True, **options}
    return phone.fill(xforms / f"{form}.xml", given, **options)


def check(phone, xforms, lists, form, answers, expected):
    refused = expected.pop("ERR", None)
    if refused:
        reason, name = refused.split(":")
        words = {"CONSTRAINT": f"/{name} by", "CHOICE": f"is not offered by /data/.*{name}"}[reason]
        with pytest.raises(Refused, match=words):
            fill(phone, xforms, lists, form, answers)
        answers = {key: value for key, value in answers.items() if key != name}
    root = etree.fromstring(fill(phone, xforms, lists, form, answers).xml)
    for what, value in expected.items():
        kind, _, name = what.rpartition(":")
        if kind == "repeats":
            assert len(root.findall("." + name.removeprefix("/data"))) == int(value), name
            continue
        nodes = root.findall(f".//{name}")
        if kind == "rel":
            assert bool(nodes) == (value == "true"), f"{name} asked: {bool(nodes)}"
        else:
            assert ("".join(node.text or "" for node in nodes)) == value, name


@pytest.mark.parametrize("case", SCREENINGS)
def test_screening(phone, xforms, lists, case):
    answers, expected = SCREENINGS[case]
    check(phone, xforms, lists, "screening", answers, dict(expected))


@pytest.mark.parametrize("case", ASSISTANCES)
def test_assistance(phone, xforms, lists, case):
    answers, expected = ASSISTANCES[case]
    check(phone, xforms, lists, "assistance", answers, dict(expected))


def answers_of(form, case):
    return dict({"screening": SCREENINGS, "assistance": ASSISTANCES}[form][case][0])


def rows(lists):
    header, *lines = (lists / "cases.csv").read_text().splitlines()
    found = [dict(zip(header.split(","), line.split(","), strict=True)) for line in lines]
    return {row["name"]: row for row in found}


def test_a_screening_with_consent_puts_a_new_case_on_the_phone(phone, xforms, lists):
    filled = fill(phone, xforms, lists, "screening", answers_of("screening", "adult strong"))
    root = etree.fromstring(filled.xml)
    new = rows(lists)[root.findtext(".//case_uid")]
    assert new["label"] == root.findtext(".//case_ref")
    assert (new["sex"], new["is_minor"], new["status"]) == ("female", "0", "active")


@pytest.mark.parametrize("case", ["unsafe", "consent refused"])
def test_an_interview_that_ended_early_makes_no_case_on_the_phone(phone, xforms, lists, case):
    fill(phone, xforms, lists, "screening", answers_of("screening", case))
    assert set(rows(lists)) == {WOMAN, MAN}


def test_a_second_screening_updates_the_known_case_and_keeps_its_status(phone, xforms, lists):
    (lists / "cases.csv").write_text(CASES.replace(",active,", ",follow_up,"))
    answers = answers_of("screening", "second screening of a known case")
    answers |= {"contact_method": "in_person", "next_contact_date": "2026-04-01"}
    filled = fill(phone, xforms, lists, "screening", answers)
    (entity,) = filled.report["entities"]
    assert (entity["id"], entity["create"], entity["update"], entity["baseVersion"]) == (WOMAN, "0", "1", "1")
    known = rows(lists)[WOMAN]
    assert (known["status"], known["next_contact_on"]) == ("follow_up", "2026-04-01")
    assert known["label"] == f"MDCHI-26-{WOMAN[:8]}"


def test_a_second_screening_of_a_case_not_on_the_phone_touches_no_case_there(phone, xforms, lists):
    before = rows(lists).keys()
    answers = answers_of("screening", "second screening of a case not on the phone")
    (entity,) = fill(phone, xforms, lists, "screening", answers).report["entities"]
    assert (entity["create"], entity["update"]) == ("0", "0")
    assert rows(lists).keys() == before


def test_an_assistance_interview_tells_the_phone_the_new_status(phone, xforms, lists):
    answers = answers_of("assistance", "follow up")
    answers["next_contact_date"] = "2026-06-01"
    fill(phone, xforms, lists, "assistance", answers)
    known = rows(lists)[WOMAN]
    assert (known["status"], known["next_contact_on"], known["sex"]) == ("follow_up", "2026-06-01", "female")


def test_a_case_screened_offline_is_at_hand_for_its_assistance_interview(phone, xforms, lists):
    screened = fill(phone, xforms, lists, "screening", answers_of("screening", "adult strong"))
    uid = etree.fromstring(screened.xml).findtext(".//case_uid")
    answers = answers_of("assistance", "initial") | {"case_uid": uid}
    assisted = etree.fromstring(fill(phone, xforms, lists, "assistance", answers).xml)
    assert assisted.findtext(".//case_ref") == etree.fromstring(screened.xml).findtext(".//case_ref")
    assert assisted.findtext(".//case_sex") == "female"


def test_the_country_of_the_mission_is_offered_as_that_of_the_interview(phone, xforms, lists):
    answers = answers_of("screening", "adult strong")
    del answers["interview_country"]
    root = etree.fromstring(fill(phone, xforms, lists, "screening", answers).xml)
    assert root.findtext(".//interview_country") == "MD"
    assert root.findtext(".//identified_country") == "MD"


def test_an_edit_keeps_the_identifiers_of_case_and_rows(phone, xforms, lists, tmp_path):
    answers = answers_of("assistance", "initial") | {"episode": "2", "perpetrator": "0", "route_leg": "0"}
    first = fill(phone, xforms, lists, "assistance", answers)
    (tmp_path / "first.xml").write_bytes(first.xml)
    second = phone.fill(
        xforms / "assistance.xml", {"health_status": "poor"}, edit=tmp_path / "first.xml", entity_lists=lists
    )
    old, new = etree.fromstring(first.xml), etree.fromstring(second.xml)
    assert second.report["deprecatedID"] == first.instance_id != second.instance_id
    assert new.findtext(".//health_status") == "poor"
    assert [uid.text for uid in new.iter("ep_uid")] == [uid.text for uid in old.iter("ep_uid")]
    assert len({uid.text for uid in new.iter("ep_uid")}) == 2


@pytest.mark.parametrize("language", ["English (en)", "Français (fr)", "Español (es)"])
@pytest.mark.parametrize("form", ["screening", "assistance"])
def test_every_screen_can_be_shown_in_every_language(phone, xforms, lists, form, language):
    case = {"screening": "adult strong", "assistance": "initial"}[form]
    filled = fill(
        phone, xforms, lists, form, answers_of(form, case), language=language, optional=1, repeats=1
    )
    assert filled.report["languages"] == ["English (en)", "Français (fr)", "Español (es)"]
