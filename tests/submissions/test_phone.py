"""What JavaRosa, the engine inside ODK Collect, fills in: nothing of it is lost or changed on the way.

The comparison is with JavaRosa's own report of the answers the person gave, not with a reading of the XML by us.
"""

from dataclasses import replace

import pytest
from lxml import etree

from submissions import envelope
from submissions.case import fold
from submissions.flat import flatten
from submissions.normalise import normalise
from submissions.record import read
from submissions.tables import Delivery, Filling, tables
from tests.forms.conftest import CASES, WOMAN, scenarios
from tests.forms.test_interviews import fill
from tests.submissions.conftest import authored, codes
from tests.submissions.making import every_fact
from xlsforms.dictionary import load
from xlsforms.schema import behind_gate

pytestmark = pytest.mark.java

AGREED = {
    "screening": {
        "private_space": "yes",
        "controller_present": "no",
        "immediate_danger": "no",
        "urgent_medical_need": "no",
        "apparent_minor": "no",
        "consent_interview": "yes",
        "consent_data": "yes",
    },
    "assistance": {"consent_continue": "yes"},
}
KINDS = [(name, agreed, seed) for name in AGREED for agreed in (True, False) for seed in (3, 4, 5)]


@pytest.fixture(scope="session")
def interviews(phone, xforms, tmp_path_factory):
    """Both forms, agreed to and as it comes, each with several seeds."""
    folder = tmp_path_factory.mktemp("lists")
    (folder / "cases.csv").write_text(CASES)
    return {
        (name, agreed, seed): phone.fill(
            xforms / f"{name}.xml",
            AGREED[name] if agreed else {},
            seed=seed,
            optional=0.9,
            repeats=2,
            entity_lists=folder,
        )
        for name, agreed, seed in KINDS
    }


@pytest.fixture(params=KINDS, ids=lambda kind: f"{kind[0]}-{'agreed' if kind[1] else 'any'}-{kind[2]}")
def filled(request, interviews):
    return request.param[0], interviews[request.param]


def reported(filled):
    """XPath → value, as JavaRosa reports it, of what is still in the submission."""
    root = etree.fromstring(filled.xml)
    said = {answer["path"]: answer["value"] for answer in filled.report["answers"] if answer["value"]}
    return {path: value for path, value in said.items() if root.getroottree().xpath(path)}


def intake_of(name, filled):
    form, mapping = authored(name)
    record = read(filled.xml, form)
    return record, normalise(record, mapping, form=form, submission=record.instance_id)


def test_the_envelope_is_what_the_phone_says(filled):
    _, filled = filled
    found = envelope.read(filled.xml, max_bytes=1_000_000)
    assert found.form_id == filled.report["form_id"]
    assert found.version == filled.report["version"]
    assert found.instance_id == filled.report["instanceID"]


def test_every_answer_is_in_the_record_as_the_phone_reports_it(filled):
    name, filled = filled
    record, _ = intake_of(name, filled)
    found = {answer.xpath: answer.text for answer in record.answers}
    said = reported(filled)
    assert said
    assert {path: found.get(path) for path in said} == said
    assert record.findings == ()
    assert record.instance_name == filled.report["instanceName"]


def test_nothing_behind_a_shut_gate_is_asked_or_kept(filled):
    name, filled = filled
    record, intake = intake_of(name, filled)
    asked = {path for path in reported(filled) if path in behind_gate(authored(name)[0])}
    assert record.consent_ok or not asked
    assert intake.consent_ok is record.consent_ok


def test_every_mapped_answer_is_in_the_case_with_its_source(filled):
    name, filled = filled
    _, mapping = authored(name)
    record, intake = intake_of(name, filled)
    assert not {"unknown_code", "unreadable_value", "suggestion_differs", "eligibility_differs"} & set(
        codes(intake.findings)
    )
    state = fold(intake.case_uid or WOMAN, [intake])
    found = {}
    for table, _, column, fact in every_fact(state):
        found.setdefault((fact.question, table, column), []).append(fact)
    words = {answer.xpath: answer for answer in record.answers}
    for path, value in reported(filled).items():
        for target in mapping.bindings.get(words[path].path, ()):
            facts = found[path, target.table, target.column]
            assert {fact.answer for fact in facts} == {value}
            assert {fact.instance_id for fact in facts} == {filled.instance_id}
            if (
                words[path].text
                and isinstance(words[path].value, tuple)
                and target.column != "information_given"
            ):
                assert {fact.value for fact in facts} == set(value.split())


def test_every_answer_is_in_the_download(filled):
    name, filled = filled
    form, _ = authored(name)
    record, _ = intake_of(name, filled)
    layout = tables(form)
    cells = {
        (table.path, cells[-1] if table.around else "", column.path): cell
        for number, cells in Filling(layout, form).rows(flatten(record, form), Delivery("k", "now"))
        for table in (layout.tables[number],)
        for column, cell in zip(table.columns, cells, strict=True)
    }
    said = reported(filled)
    downloaded = [cell for (_, _, path), cell in cells.items() if path and cell is not None]
    assert len(downloaded) == len(record.answers)
    for answer in record.answers:
        if answer.xpath in said:
            home = max((table for table, _, path in cells if path == answer.path), key=len)
            key = "k" + answer.xpath[len("/data") : answer.xpath.rindex("]") + 1] if answer.row else ""
            assert cells[home, key, answer.path] == said[answer.xpath]


TABLES = {
    "gaf_result": ("eligibility", "result"),
    "gaf_area_excluded": ("eligibility", "area_excluded"),
    "minor_at_entry": ("episode", "minor_at_entry"),
    "exploitation_months": ("episode", "exploitation_months"),
    "is_minor": ("case_file", "is_minor"),
}


def derived(state, name):
    """A value the form computes, as the server has it, in the form's notation."""
    table, column = TABLES.get(name, ("screening", name))
    found = [one for one in state.rows.get(table, ()) if one.value("programme") in (None, "gaf")]
    value = found[0].value(column) if found else None
    return str(int(value)) if isinstance(value, int) else value


COMPUTED = {
    "child_rule", "act_present", "means_any", "means_established", "purpose_present", "suggested_status",
    "gaf_result", "gaf_area_excluded", "minor_at_entry", "is_minor", "exploitation_months",
    *(f"dim_{dimension}" for dimension in (
        "deception", "coercion_rec", "vulnerability_rec", "exploitation", "coercion_dest", "vulnerability_dest",
    )),
}  # fmt: skip


@pytest.mark.parametrize("case", scenarios("screening"))
def test_the_server_computes_what_the_acceptance_cases_expect_without_the_phones_help(
    phone, xforms, lists, case
):
    answers, expected = scenarios("screening")[case]
    refused = expected.get("ERR", "").rpartition(":")[2]
    answers = {name: value for name, value in answers.items() if name != refused}
    filled = fill(phone, xforms, lists, "screening", answers)
    form, mapping = authored("screening")
    record = read(filled.xml, form)
    # What the phone computed is taken out, so that nothing but the server's own rules can give it.
    names = {question.path: question.name for question in form.questions()}
    computed = {names[one.path]: one.text for one in record.answers if names.get(one.path) in COMPUTED}
    if "age_at_entry" not in {names.get(one.path) for one in record.answers}:
        computed.pop("minor_at_entry", None)  # the form says 0 where the age is not known, the server nothing
    answered = tuple(one for one in record.answers if names.get(one.path) not in COMPUTED - {"is_minor"})
    intake = normalise(replace(record, answers=answered), mapping, form=form, submission=record.instance_id)
    state = fold(intake.case_uid, [intake])
    if "consent_ok" in expected:
        assert record.consent_ok is (expected["consent_ok"] == "1")
    for name, value in expected.items():
        if name in COMPUTED:
            assert derived(state, name) == value, name
    for name, value in computed.items():
        assert derived(state, name) == (value or None), name
    assert not {"suggestion_differs", "eligibility_differs"} & set(codes(intake.findings))


def test_an_edit_on_the_phone_replaces_its_predecessor(phone, xforms, lists, tmp_path):
    first = phone.fill(xforms / "screening.xml", AGREED["screening"], seed=9, entity_lists=lists)
    (tmp_path / "first.xml").write_bytes(first.xml)
    edited = phone.fill(
        xforms / "screening.xml",
        {"first_name": "Exampla"},
        edit=tmp_path / "first.xml",
        seed=9,
        entity_lists=lists,
    )
    form, mapping = authored("screening")
    intakes = [
        normalise(read(one.xml, form), mapping, form=form, submission=first.instance_id)
        for one in (first, edited)
    ]
    assert intakes[1].deprecated_id == first.instance_id
    state = fold(intakes[0].case_uid, intakes[::-1])
    assert [head.instance_id for head in state.interviews] == [edited.instance_id]
    assert state.value("person", "first_name") == "Exampla"
    assert state.rows == fold(intakes[0].case_uid, intakes[1:]).rows


def test_the_dictionary_folds_every_table_the_two_forms_fill():
    words = load()
    for name in AGREED:
        _, mapping = authored(name)
        for targets in mapping.bindings.values():
            assert all(words.tables[target.table].scope == "case" for target in targets)
