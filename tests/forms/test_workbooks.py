"""The two workbooks as their authors see them: whole, in three languages, in the dictionary's words."""

import re
from collections import Counter

import pytest
from lxml import etree

from tests.forms.conftest import NAMES
from tests.tools import missing
from xlsforms.dictionary import load
from xlsforms.mapping import parse_cell
from xlsforms.validate import validate

LANGUAGES = ("English (en)", "Français (fr)", "Español (es)")
PREFIXES = {
    "family_member": "fm_",
    "episode": "ep_",
    "route_leg": "leg_",
    "perpetrator": "pp_",
    "plan_item": "pl_",
    "service": "sv_",
    "referral": "rf_",
}
HIDDEN = (
    "start",
    "end",
    "today",
    "username",
    "deviceid",
    "audit",
    "calculate",
    "csv-external",
    "end_group",
    "end_repeat",
)

both = pytest.mark.parametrize("form", NAMES)


def survey(sheets, form):
    return [row for row in sheets[form]["survey"] if row["type"]]


def fields(sheets, form):
    """(row of the survey, target) for every mapped question and repeat."""
    return [(row, target) for row in survey(sheets, form) for target in parse_cell(row["bind::case:field"])]


@pytest.mark.java
@both
def test_odk_validate_accepts_it(xforms, form):
    if (found := validate((xforms / f"{form}.xml").read_bytes())) is None:
        missing("java")
    assert found == ()


@both
def test_identity_and_version(sheets, form):
    (settings,) = sheets[form]["settings"]
    assert settings["form_id"] == f"ct_{form}"
    assert re.fullmatch(r"20\d{8}", settings["version"])
    assert settings["default_language"] == LANGUAGES[0]
    assert settings["namespaces"].startswith('case="')


@both
def test_phones_may_edit_what_was_finished_or_sent(xforms, form):
    (submission,) = etree.parse(xforms / f"{form}.xml").getroot().iterfind(".//{*}model/{*}submission")
    assert submission.get("{http://www.opendatakit.org/xforms}client-editable") == "true"


@both
def test_the_gate_is_a_calculation_of_the_form(sheets, form):
    (settings,) = sheets[form]["settings"]
    gate = settings["attribute::case:gate"]
    assert [row["type"] for row in survey(sheets, form) if row["name"] == gate] == ["calculate"]


@both
def test_whatever_is_shown_has_a_label_in_all_three_languages(sheets, form):
    for row in survey(sheets, form):
        shown = row["type"] not in HIDDEN
        assert [bool(row[f"label::{language}"]) for language in LANGUAGES] == [shown] * 3, row
        for column in ("hint", "constraint_message"):
            assert len({bool(row[f"{column}::{language}"]) for language in LANGUAGES}) == 1, row
        assert bool(row["constraint"]) == bool(row["constraint_message::English (en)"]), row


@both
def test_references_in_labels_survive_translation(sheets, form):
    for row in survey(sheets, form):
        used = [sorted(re.findall(r"\$\{\w+\}", row[f"label::{language}"])) for language in LANGUAGES]
        assert used[0] == used[1] == used[2], row["name"]


@both
def test_choice_lists_are_those_of_the_dictionary_and_all_are_used(sheets, form):
    words = load()
    lists = {}
    for row in sheets[form]["choices"]:
        lists.setdefault(row["list_name"], {})[row["name"]] = tuple(row[f"label::{one}"] for one in LANGUAGES)
    asked = {
        row["type"].split()[1]
        for row in survey(sheets, form)
        if re.match(r"select_(one|multiple) ", row["type"])
    }
    assert asked == set(lists)
    for name, choices in lists.items():
        offered = {
            code.code: code.label for code in words.code_lists[name].codes.values() if not code.retired_on
        }
        assert list(choices) == list(offered), name
        for code, labels in choices.items():
            assert labels == tuple(offered[code][language] for language in ("en", "fr", "es")), (name, code)


def test_countries_carry_the_areas_the_fund_excludes(sheets):
    countries = load().countries
    for row in sheets["screening"]["choices"]:
        if row["list_name"] == "country":
            assert row["gaf_excluded"] == str(int(countries[row["name"]].gaf_excluded)), row["name"]


@both
def test_names_are_unique_in_the_whole_form_and_prefixed_inside_repeats(sheets, form):
    names = Counter(row["name"] for row in survey(sheets, form) if row["name"])
    assert [name for name, times in names.items() if times > 1] == []
    inside = []
    for row in survey(sheets, form):
        if row["type"] == "begin_repeat":
            inside.append(row["name"])
        elif row["type"] == "end_repeat":
            inside.pop()
        elif inside and row["name"]:
            assert row["name"].startswith(PREFIXES[inside[-1]]), row["name"]
    assert inside == []


@both
def test_no_place_no_sound_and_no_picture_but_the_signature(sheets, form):
    types = {row["type"]: row for row in survey(sheets, form)}
    assert not {
        name
        for name in types
        if name.startswith(("geo", "audio", "video", "file", "start-geo", "background"))
    }
    assert "image" not in types or types["image"]["appearance"] == "signature"


@both
def test_every_mapping_names_a_field_a_form_may_fill_with_its_codes(sheets, form):
    words = load()
    for row, target in fields(sheets, form):
        assert target.table in words.tables, row["name"]
        if not target.column:
            assert row["type"] == "begin_repeat"
            continue
        field = words.field(target.name)
        assert field is not None, (row["name"], str(target))
        for key, value in target.keys.items():
            assert value in words.code_lists[words.field(f"{target.table}.{key}").code_list], (
                row["name"],
                key,
            )
        if (
            row["type"].startswith("select_")
            and not target.converter
            and field.type in ("code", "country", "language")
        ):
            assert row["type"].split()[1] == field.list_for(target.keys), row["name"]


@both
def test_every_row_of_a_repeat_has_an_identifier_that_survives_edits(sheets, form):
    words = load()
    rows = {row["name"]: row for row in survey(sheets, form)}
    for repeat in (row for row in rows.values() if row["type"] == "begin_repeat"):
        (target,) = parse_cell(repeat["bind::case:field"])
        table = words.tables[target.table]
        uid = rows[PREFIXES[repeat["name"]] + "uid"]
        assert (uid["calculation"], uid["bind::case:field"]) == (
            "once(uuid())",
            f"{table.name}.{table.id_column}",
        )


def test_the_two_forms_fill_every_field_a_form_may_fill(sheets):
    elsewhere = {  # filled by other forms only
        "person_document.number",
        "person_address.region",
        "referral.case_worker",
    }
    filled = set(elsewhere)
    for form in NAMES:
        for _, target in fields(sheets, form):
            filled.add(target.name)
            filled |= {f"{target.table}.{key}" for key in target.keys}
            if target.converter == "organisation_by_name":
                filled.add(f"{target.table}.organisation_name")
    may = {one.name for one in load().fields() if one.origin == "form"}
    assert may == {name for name in filled if "." in name}
