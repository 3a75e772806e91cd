"""The faults of test_faults: kinds of mistake, each with a place in one of the two interview forms."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import xlsforms

FORMS = {
    name: Path(xlsforms.__file__).parent / "forms" / f"{name}.xlsx" for name in ("screening", "assistance")
}
EN, FR, ES = "English (en)", "Français (fr)", "Español (es)"
FIELD = "bind::case:field"
GATE = "attribute::case:gate"

Sheets = dict[str, list[list[object]]]
Cell = tuple[str, int, str]


@dataclass(frozen=True)
class Fault:
    """The finding's code, and what its mending must name if there is a nearest word; `edit` says what is broken,
    `at` another column of the same row if the fault shows there."""

    form: str
    code: str
    edit: tuple
    meant: str = ""
    at: str = ""

    def break_(self, sheets: Sheets) -> Cell:
        """Breaks the sheets; answers with the cell that is broken then."""
        kind, *about = self.edit
        sheet, row, column = KINDS[kind](sheets, *about)
        return sheet, row, self.at or column


def _row(rows: list[list[object]], key: object) -> int:
    """Index of a row: of a question by its name, of a choice by list and name, of anything by its number."""
    if isinstance(key, int):
        return key - 1
    if isinstance(key, tuple):
        return next(at for at, row in enumerate(rows) if tuple(row[:2]) == key)
    name = rows[0].index("name")
    return next(at for at, row in enumerate(rows) if row[name] == key)


def _write(sheets: Sheets, sheet: str, key: object, column: str, value: object) -> Cell:
    """Another text in one cell; a column that ends in :: stands for its three languages."""
    rows = sheets[sheet]
    at = _row(rows, key)
    headers = [f"{column}{one}" for one in (EN, FR, ES)] if column.endswith("::") else [column]
    for header in headers:
        rows[at][rows[0].index(header)] = value
    return sheet, at + 1, headers[0]


def _header(sheets: Sheets, sheet: str, column: str, value: str) -> Cell:
    """Another header."""
    sheets[sheet][0][sheets[sheet][0].index(column)] = value
    return sheet, 1, value


def _insert(sheets: Sheets, sheet: str, after: object, column: str, **cells: object) -> Cell:
    """A new row; `label` stands for its three languages."""
    rows = sheets[sheet]
    at = _row(rows, after) + 1
    label = cells.pop("label", None)
    cells |= {f"label::{one}": f"{label} {one}" for one in (EN, FR, ES)} if label else {}
    rows.insert(at, [cells.get(str(header)) for header in rows[0]])
    return sheet, at + 1, column


def _end(sheets: Sheets, name: str) -> Cell:
    """The end of a group or repeat is left out: the fault shows where it begins."""
    rows = sheets["survey"]
    begin = at = _row(rows, name)
    depth = 1
    while depth:
        at += 1
        depth += str(rows[at][0]).startswith("begin") - str(rows[at][0]).startswith("end")
    del rows[at]
    return "survey", begin + 1, "type"


def _question(sheets: Sheets, after: str, column: str, kind: str, more: tuple = ()) -> Cell:
    return _insert(sheets, "survey", after, column, type=kind, name="added", label="Added", **dict(more))


def _choice(sheets: Sheets, after: tuple[str, str], column: str, list_name: str, name: str) -> Cell:
    return _insert(sheets, "choices", after, column, list_name=list_name, name=name, label=f"Added {name}")


KINDS: dict[str, Callable[..., Cell]] = {
    "write": _write, "header": _header, "end": _end, "question": _question, "choice": _choice,
}  # fmt: skip


def screening(code: str, *edit: object, meant: str = "", at: str = "") -> Fault:
    return Fault("screening", code, edit, meant, at)


def assistance(code: str, *edit: object, meant: str = "", at: str = "") -> Fault:
    return Fault("assistance", code, edit, meant, at)


def _survey(name: str, column: str, value: object) -> tuple:
    return ("write", "survey", name, column, value)


FAULTS: tuple[Fault, ...] = (
    # translations
    screening("translation_missing", *_survey("family_name", f"label::{FR}", None)),
    assistance("translation_missing", *_survey("safety_plan", f"label::{ES}", None)),
    screening("translation_missing", *_survey("typed_ref", f"constraint_message::{ES}", None)),
    screening("translation_missing", "write", "choices", ("sex", "female"), f"label::{FR}", None),
    screening("default_language_unknown", "write", "settings", 2, "default_language", "Englisch (en)", meant=EN),
    # choices
    screening("choice_list_unused", "choice", ("yn", "no"), "list_name", "ynn", "maybe", meant="yn"),
    screening("choice_name_twice", "write", "choices", ("yn", "no"), "name", "yes"),
    assistance("choice_name_twice", "choice", ("urgency", "week"), "name", "urgency", "week"),
    assistance("choice_label_twice", "write", "choices", ("urgency", "week"), f"label::{EN}", "Immediate"),
    assistance("choice_never_offered", "write", "choices", ("service_type", "rent_support"), "category",
               "acommodation", meant="accommodation"),
    assistance("choice_name_missing", "write", "choices", ("urgency", "week"), "name", None),
    screening("choice_name_spaces", "write", "choices", ("corroboration", "none"), "name", "none at all"),
    screening("choice_list_unknown", *_survey("sex", "type", "select_one sexx"), meant="sex"),
    # references
    screening("reference_unknown", *_survey("interpreter_pledge", "relevant", "${interpreter_use} = 'yes'"),
              meant="interpreter_used"),
    screening("reference_unknown", *_survey("case_ref_note", f"label::{FR}", "Cas ${case_reff}"), meant="case_ref"),
    screening("reference_unknown", *_survey("child_rule", "calculation", "if(${is_mnor} = 1, 1, 0)"), meant="is_minor"),
    screening("reference_unknown", *_survey("referral_date", "constraint", ". <= ${interview_dat}"),
              meant="interview_date"),
    screening("reference_unknown", "write", "settings", 2, "instance_name", "${case_reference}", meant="case_ref"),
    screening("reference_unknown", "write", "entities", 2, "label", "${cas_ref}", meant="case_ref"),
    assistance("reference_unknown", *_survey("sv_type", "choice_filter", "category = ${sv_categori}"),
               meant="sv_category"),
    screening("reference_malformed", *_survey("interpreter_pledge", "relevant", "${interpreter_used = 'yes'")),
    screening("name_without_braces", *_survey("interpreter_pledge", "relevant", "interpreter_used = 'yes'"),
              meant="${interpreter_used}"),
    assistance("name_without_braces", *_survey("rf_org", "required", "yess")),
    assistance("filter_column_unknown", *_survey("sv_type", "choice_filter", "categry = ${sv_category}"),
               meant="category"),
    screening("instance_unknown", *_survey("gaf_area_excluded", "calculation",
              "instance('countries')/root/item[name = ${identified_country}]/gaf_excluded"), meant="country"),
    # conditions that never hold
    screening("value_unknown", *_survey("guardian_relation", "relevant", "${guardian_available} = 'yess'"), meant="yes"),
    screening("value_unknown", *_survey("recruitment_methods", "relevant", "selected(${acts}, 'recruted')"),
              meant="recruited"),
    screening("value_unknown", *_survey("unsafe_note", "relevant", "${safe_to_proceed} = 2")),
    screening("condition_never", *_survey("guardian_relation", "relevant",
              "${guardian_available} = 'yes' and ${guardian_available} = 'no'")),
    screening("condition_never", *_survey("number_of_children", "constraint", ". >= 25 and . <= 0")),
    screening("condition_never", *_survey("information_given", "constraint", "count-selected(.) = 9")),
    screening("condition_never", *_survey("referral_date", "constraint", ". < today() and . > today()")),
    assistance("condition_never", *_survey("fu_income", "relevant", "${interview_type} = 'initial'")),
    assistance("condition_never", *_survey("fu_wellbeing", "constraint", ". > 3 and . < 4")),
    # conditions that refer forward
    screening("refers_forward", *_survey("family_name", "relevant", "${narrative} != ''")),
    screening("refers_forward", *_survey("person", "relevant", "${sex} = 'female'")),
    screening("refers_forward", *_survey("education_level", "relevant", "${act_present} = 1")),
    assistance("refers_forward", *_survey("dependants", "constraint", ". <= ${grant_amount} or ${grant_amount} = ''")),
    # constraints without a message
    screening("constraint_message_missing", *_survey("number_of_children", "constraint_message::", None)),
    assistance("constraint_message_missing", *_survey("fm_age", "constraint_message::", None)),
    # names
    screening("name_differs_by_case", *_survey("other_names", "name", "First_name")),
    screening("name_twice", *_survey("other_names", "name", "first_name")),
    screening("name_malformed", *_survey("other_names", "name", "other names")),
    assistance("name_malformed", *_survey("id_document_number", "name", "1d_number")),
    assistance("name_missing", *_survey("id_document_number", "name", None)),
    screening("name_reserved", *_survey("closing", "name", "meta")),
    # calculations that can be empty when used
    screening("empty_when_used", *_survey("is_minor", "calculation", "if(${age_years} < 18, 1, 0)")),
    screening("empty_when_used", *_survey("exploitation_months", "calculation",
              "int((decimal-date-time(${interview_date}) - decimal-date-time(${exploitation_start})) div 30.4375)")),
    assistance("empty_when_used", *_survey("ep_end", "constraint", ". >= ${ep_start}")),
    # mapping
    screening("mapping_unknown_field", *_survey("family_name", FIELD, "person.familly_name"), meant="person.family_name"),
    assistance("mapping_unknown_field", *_survey("sv_status", FIELD, "servise.status"), meant="service.status"),
    screening("mapping_type", *_survey("recruitment_place", FIELD, "episode.recruited_on"), meant="date"),
    screening("mapping_malformed", *_survey("family_name", FIELD, "person family_name")),
    screening("mapping_key_unknown", *_survey("consent_research", FIELD, "consent[purpose='reserch'].granted"),
              meant="research"),
    screening("mapping_key_unknown", *_survey("consent_research", FIELD, "consent[purpse='research'].granted"),
              meant="purpose"),
    screening("mapping_converter_unknown", *_survey("referral_org_name", FIELD,
              "organisation_by_nam: referral[direction='in'].organisation_id"), meant="organisation_by_name"),
    screening("mapping_not_from_forms", *_survey("referral_date", FIELD, "case_file.registered_on")),
    screening("mapping_twice", *_survey("first_name", FIELD, "person.family_name")),
    assistance("mapping_from_repeat", *_survey("sv_start", FIELD, "plan_item.due_on")),
    assistance("mapping_unknown_table", *_survey("service", FIELD, "servce"), meant="service"),
    assistance("mapping_repeat_of_one", *_survey("plan_item", FIELD, "interview")),
    assistance("mapping_code_unknown", "write", "choices", ("urgency", "week"), "name", "weeks", meant="week"),
    screening("mapping_code_unknown", "write", "choices", ("marital", "widowed"), "name", "widow", meant="widowed"),
    screening("namespace_missing", "write", "settings", 2, "namespaces", None),
    screening("gate_unknown", "write", "settings", 2, GATE, "consent_okay", meant="consent_ok"),
    # persons
    screening("personal_data_in_instance_name", "write", "settings", 2, "instance_name", "${family_name}"),
    screening("personal_data_in_entity", "write", "entities", 2, "label", "${family_name}"),
    screening("personal_data_in_entity", *_survey("family_name", "save_to", "surname")),
    assistance("question_identifies", "question", "narrative", "type", "geopoint"),
    screening("question_identifies", "question", "narrative", "type", "audio"),
    assistance("question_identifies", "question", "narrative", "type", "image", (("parameters", "max-pixels=1024"),)),
    # files
    screening("media_missing", *_survey("mission_code", "calculation", "pulldata('misson', 'name', 'label', 'x')"),
              meant=""),
    # groups and types
    screening("group_not_ended", "end", "safety"),
    assistance("group_not_ended", "end", "service"),
    screening("group_end_alone", "question", "debrief_done", "type", "end_repeat"),
    screening("type_unknown", *_survey("family_name", "type", "texte"), meant="text"),
    assistance("type_unknown", *_survey("fm_age", "type", "interger"), meant="integer"),
    screening("type_missing", *_survey("family_name", "type", None)),
    screening("parameter_wrong", *_survey("consent_signature", "parameters", "max-pixels=large")),
    # expressions
    screening("expression_malformed", *_survey("interpreter_pledge", "relevant", "(${interpreter_used} = 'yes'")),
    screening("expression_malformed", *_survey("interpreter_pledge", "relevant", "${interpreter_used} == 'yes'"),
              meant="Write ="),
    screening("expression_malformed", *_survey("interviewer_code", "constraint", "regex(., '^[A-Z0-9]{3,12}$)")),
    assistance("expression_malformed", *_survey("consent_active", "calculation",
               "if(${consent_continue} = 'yes' 1, 0)")),
    screening("unknown_function", *_survey("act_present", "calculation", "iff(selected(${acts}, 'received'), 1, 0)"),
              meant="if"),
    assistance("unknown_function", *_survey("sv_type", "choice_filter", "slected(${sv_category}, category)"),
               meant="selected"),
    # settings and headers
    assistance("version_missing", "write", "settings", 2, "version", None),
    assistance("form_id_missing", "write", "settings", 2, "form_id", None),
    assistance("column_misspelt", "header", "survey", "appearance", "apearance", meant="appearance"),
)  # fmt: skip
