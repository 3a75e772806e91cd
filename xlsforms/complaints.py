"""What pyxform says, in words a form designer can act on, with the cell it is about.

pyxform stops at the first fault and words it for people who know it. Messages with a template are known by
its code (`convert` finds it), older ones by a pattern. What neither knows is passed on as it is, with the
cell if it names one.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from xlsforms.finding import Finding, Severity
from xlsforms.marked import N_, worded
from xlsforms.spelling import nearest
from xlsforms.workbook import Sheet, Workbook

_ROW = re.compile(r"\[row : (\d+)\]")
_SHEET = re.compile(r"(?:[Oo]n the '(?=\w+' sheet)|for sheet: ')(\w+)'")
_COLUMN = re.compile(r"the '([^']+)' value")
_NOISE = re.compile(
    r"^\[row : \d+\]\s*|On the '\w+' sheet, the '[^']*' value (?:'[^']*' )?is (?:invalid|problematic)\.\s*"
    r"|Invalid headers provided for sheet: '\w+'\.\s*| by this version of pyxform| Rename or remove one of these .*"
    r"|\s*Learn more: \S+|\s*Please either: .*|\s*Either remove or .*",
    re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class Complaint:
    """Our code for a message, how to mend it, and where to look when the message does not say: `sheet` and
    `column` by their plain names."""

    code: str
    mend: str
    sheet: str = ""
    column: str = ""


_NAME_RULE = N_(
    "Begin a name with a letter; then letters, digits, _ - and . may follow. No blanks, no accents."
)
_PARAMETERS = N_("Mend the parameters cell; the reference is https://xlsform.org/en/#parameters.")

KNOWN: Mapping[str, Complaint] = {
    "ENTITY_001": Complaint(
        "entity_missing", N_("Add an entities sheet that names the list, or empty save_to.")
    ),
    "ENTITY_002": Complaint(
        "entity_property_twice", N_("Give one of the two questions another save_to name.")
    ),
    "ENTITY_003": Complaint(
        "entity_save_to_group", N_("Move save_to from the group or repeat to a question in it.")
    ),
    "ENTITY_004": Complaint("entity_list_unknown", N_("Write the list name as on the entities sheet.")),
    "ENTITY_005": Complaint("entity_label_missing", N_("Fill in the label of the entity."), column="label"),
    "ENTITY_006": Complaint(
        "entity_update_if_missing", N_("Fill in update_if beside create_if."), column="update_if"
    ),
    "ENTITY_007": Complaint("entity_id_missing", N_("Fill in entity_id."), column="entity_id"),
    "ENTITY_008": Complaint("entity_prefix_missing", N_("Write save_to as list_name#property.")),
    "ENTITY_009": Complaint(
        "entity_place_taken", N_("Declare one entity per group or repeat."), column="list_name"
    ),
    "ENTITY_011": Complaint(
        "entity_scope", N_("Bring the value into the same group or repeat with a calculate.")
    ),
    "ENTITY_012": Complaint(
        "entity_scope", N_("Bring the value into the same group or repeat with a calculate.")
    ),
    "ENTITY_013": Complaint("entity_save_to_malformed", N_("Write one # at most: list_name#property.")),
    "HEADER_001": Complaint("header_missing", N_("The first row of each sheet must hold the column names.")),
    "HEADER_002": Complaint("header_twice", N_("Rename or remove one of the two columns.")),
    "HEADER_003": Complaint("header_required", N_("Add the column named.")),
    "HEADER_004": Complaint("header_malformed", N_("Give the column a name without blanks, or remove it.")),
    "HEADER_005": Complaint("header_unknown", N_("Mend the spelling of the column, or remove it.")),
    "INTERNAL_001": Complaint("trigger_malformed", N_("Write the trigger as ${question}."), column="trigger"),
    "INTERNAL_002": Complaint("reference_malformed", N_("Write references as ${question}.")),
    "LABEL_001": Complaint("choice_label_missing", N_("Fill in the label of the choice."), column="label"),
    "NAMES_001": Complaint("name_twice", N_("Give one of the two another name.")),
    "NAMES_002": Complaint(
        "name_differs_by_case", N_("Give one of the two a name that differs in more than case.")
    ),
    "NAMES_003": Complaint(
        "name_is_root", N_("Give the repeat another name than the form's root, usually “data”.")
    ),
    "NAMES_004": Complaint("repeat_name_twice", N_("Give every repeat of the form a name of its own.")),
    "NAMES_005": Complaint("name_reserved", N_("Rename it: “meta” is where a form keeps its instance id.")),
    "NAMES_006": Complaint("choice_name_missing", N_("Fill in the name of the choice.")),
    "NAMES_007": Complaint("choice_name_twice", N_("Remove the choice, or give it another name.")),
    "NAMES_008": Complaint("name_malformed", _NAME_RULE),
    "NAMES_009": Complaint("name_malformed", _NAME_RULE, "settings"),
    "NAMES_010": Complaint("name_malformed", N_("Remove the two underscores the name begins with.")),
    "NAMES_011": Complaint("name_malformed", N_("Remove the period from the name.")),
    "NAMES_012": Complaint(
        "name_reserved", N_("Choose another name: “name” and “label” belong to every entity.")
    ),
    "NAMES_013": Complaint(
        "sheet_misspelt", N_("Mend the name of the sheet, or begin it with _ if it is meant so.")
    ),
    "NAMES_014": Complaint("entity_list_twice", N_("Declare each list once.")),
    "NAMES_015": Complaint("entity_list_unnamed", N_("Fill in list_name.")),
    "PYREF_001": Complaint(
        "reference_malformed", N_("Write a reference as ${question}, both braces included.")
    ),
    "PYREF_002": Complaint("reference_malformed", N_("Put a comma between the references: ${a}, ${b}.")),
    "PYREF_003": Complaint(
        "reference_unknown", N_("Write the name as in the name column of the survey sheet.")
    ),
    "PYREF_004": Complaint("reference_ambiguous", N_("Give the questions of that name different names.")),
    "RANGE_006": Complaint(
        "parameter_list_unknown", N_("Write tick_labelset as a list_name of the choices sheet.")
    ),
    "SURVEY_001": Complaint(
        "group_end_alone", N_("Remove this end, or add the begin it belongs to."), "survey", "type"
    ),
    "SURVEY_002": Complaint(
        "group_not_ended", N_("Add the end_group or end_repeat it lacks."), "survey", "type"
    ),
    **{
        f"RANGE_{n:03}": Complaint("parameter_wrong", _PARAMETERS)
        for n in (1, 2, 3, 4, 5, 7, 8, 9, 10, 11, 12)
    },
    **{f"SURVEY_{n:03}": Complaint("parameter_wrong", _PARAMETERS) for n in range(3, 10)},
}
"""By the name of pyxform's ErrorCode."""

TYPES = (
    "text", "integer", "decimal", "range", "note", "date", "time", "dateTime", "today", "start", "end", "calculate",
    "hidden", "acknowledge", "barcode", "geopoint", "geotrace", "geoshape", "image", "audio", "video", "file", "audit",
    "select_one", "select_multiple", "rank", "select_one_from_file", "select_multiple_from_file", "begin_group",
    "end_group", "begin_repeat", "end_repeat", "csv-external", "xml-external", "username", "email", "deviceid",
    "phonenumber", "start-geopoint", "background-audio",
)  # fmt: skip
"""Types a misspelt one is likely to mean."""
_LIST = N_("Add the list to the choices sheet, or mend its name in the type cell.")
_LIST_TWICE = N_("Give the choice list or the attached file another name.")
_OTHER = N_("Ask for “other” in a question of its own.")
OLDER: tuple[tuple[str, str, str, str], ...] = (
    (r"multiple survey elements named '(?P<q>[^']+)'", "reference_ambiguous", "",
     N_("Give the questions, groups or repeats of that name different names.")),
    (r"no survey element named '(?P<q>[^']+)'", "reference_unknown", "",
     N_("Write the name as in the name column of the survey sheet.")),
    (r"List name not in \w+ ?choices sheet: (?P<list>.+)", "choice_list_unknown", "survey.type", _LIST),
    (r"List name not in choices sheet: (?P<list>.+)", "choice_list_unknown", "survey.type", _LIST),
    (r"List name not in columns sheet: (?P<list>.+)", "choice_list_unknown", "survey.type", _LIST),
    (r"Repeat loop without list name", "choice_list_unknown", "survey.type", _LIST),
    (r"should be (?:a|an) (?:external_)?choices sheet|Please ensure that the",
     "choices_missing", "survey.type",
     N_("Add a choices sheet with the columns list_name, name and label.")),
    (r"Unknown question type '(?P<value>.*?)'", "type_unknown", "survey.type",
     N_("Write a type as at https://xlsform.org/en/#question-types.")),
    (r"Question with no type", "type_missing", "survey.type", N_("Fill in the type, or empty the row.")),
    (r"Question or group with no name", "name_missing", "survey.name", N_("Fill in the name.")),
    (r"Missing calculation", "calculation_missing", "survey.calculation",
     N_("Fill in the calculation, or remove the row.")),
    (r"element named '(?P<element>[^']+)' has no label or hint", "label_missing", "survey.label",
     N_("Fill in its label.")),
    (r"(?:Group|Repeat|Loop) has no label", "group_label_missing", "survey.label",
     N_("Fill in a label, so that people know where they are.")),
    (r"Choice names with spaces .* See \[(?P<choice>.*)\] in \[(?P<list>.*)\]",
     "choice_name_spaces", "choices.name",
     N_("Replace the blanks in the name by _; answers of a select_multiple are separated by blanks.")),
    (r"Duplicate column header: (?P<column>.*)",
     "header_twice", "", N_("Rename or remove one of the two columns.")),
    (r"Choice filter not supported", "choice_filter_unsupported", "survey.choice_filter",
     N_("Remove the choice_filter, or the table-list or or_other beside it.")),
    (r"list names don't match",
     "table_list_mixed", "survey.type", N_("Use one choice list in a table-list group.")),
    (r"Please specify choices|There should be choices", "choice_list_unknown", "survey.type", _LIST),
    (r"Audits must always be named", "audit_name", "survey.name", N_("Empty the name of the audit row.")),
    (r"Row without name, text, or label",
     "row_skipped", "survey.type", N_("Fill in type and name, or empty the row.")),
    (r"must have a sheet", "survey_missing", "", N_("Name the sheet with the questions “survey”.")),
    (r"Instance names must be unique .*The name '(?P<list>[^']+)'",
     "instance_twice", "choices.list_name", _LIST_TWICE),
    (r"same instance id .*Instance name: '(?P<list>[^']+)'", "instance_twice", "survey.type", _LIST_TWICE),
    (r"Question '(?P<element>[^']+)' .*'search\(\)'", "search_mixed", "survey.appearance",
     N_("Use select_one_from_file instead of search().")),
    (r"File name for '.*' should end with", "file_extension", "survey.type",
     N_("End the file name with .csv, .xml or .geojson.")),
    (r"Parameter (?P<parameter>[\w-]+) must have an integer value", "parameter_wrong", "survey.parameters", _PARAMETERS),
    (r"max-pixels parameter", "photo_size", "survey.parameters",
     N_("Write max-pixels=1600 in the parameters of the question.")),
    (r"no longer supported on most devices", "metadata_obsolete", "survey.type", N_("Remove the row.")),
    (r"languages? (?:declarations|codes?)|IANA|machine-readable", "language_code_missing", "survey.",
     N_("Write languages with their code: label::English (en).")),
    (r"Language '.*?' is missing the (?P<sheet>\w+) columns? (?P<column>[\w-]+)",
     "translation_column_missing", "", N_("Add the column for that language.")),
    (r"Language '.*?' is missing the (?P<sheet>\w+) (?P<column>[\w-]+) column",
     "translation_column_missing", "", N_("Add the column for that language.")),
    (r"or_other and translations", "or_other_untranslated", "survey.type", _OTHER),
    (r"(?i)\bparameters?\b|integer value|randomize|\bseed\b|track-changes|identify-user|for quality",
     "parameter_wrong", "survey.parameters", _PARAMETERS),
    (r"Internal fault", "conversion_failed", "",
     N_("Copy the sheets into a new workbook; if that does not help, leave out rows to find the one at fault.")),
    (r"nested too deep", "nesting", "", N_("Nest fewer groups and repeats in each other.")),
)  # fmt: skip
"""Messages without a template: pattern, our code, sheet.column, mending. The first that is found counts."""

CODES = frozenset(
    {"conversion_failed", "conversion_warning"}
    | {one.code for one in KNOWN.values()}
    | {code for _, code, _, _ in OLDER}
)
"""All codes of what pyxform says, as against those of our own checks."""


def broken(what: str) -> Finding:
    """The finding for a fault that nobody foresaw, by its name."""
    text = (
        "An expression, or a group, is nested too deep."
        if what == "RecursionError"
        else f"Internal fault: {what}"
    )
    return finding({"text": text, "code": None, "context": {}}, "error", Workbook({}))


def finding(message: Mapping[str, Any], severity: Severity, workbook: Workbook) -> Finding:
    """The finding for a message of `convert`, as far as possible with its cell."""
    text, context = str(message["text"]), dict(message["context"])
    complaint = KNOWN.get(message["code"] or "")
    if complaint is None:
        for pattern, code, place, mend in OLDER:
            if match := re.search(pattern, text, re.DOTALL):
                complaint = Complaint(code, mend, *place.split("."))
                context = {**match.groupdict(), **context}
                break
        else:
            complaint = Complaint(
                "conversion_failed" if severity == "error" else "conversion_warning",
                N_("Compare the row with the examples at https://xlsform.org."),
            )
    sheet, row, column = _place(text, complaint, context, workbook)
    meant = nearest(str(context.get("value", "")).partition(" ")[0], TYPES)
    return Finding(
        severity,
        complaint.code,
        _words(text),
        worded("Did you mean %(meant)s? %(mend)s", meant=meant, mend=worded(complaint.mend))
        if complaint.code == "type_unknown" and meant
        else complaint.mend,
        sheet=sheet,
        row=row,
        column=(workbook[sheet].written(column) or column) if sheet and column else column,
    )


def _place(
    text: str, complaint: Complaint, context: Mapping[str, Any], workbook: Workbook
) -> tuple[str | None, int | None, str | None]:
    """Sheet, row and plain column name: what the message says, then what the complaint knows, then what a
    search through the cells finds."""
    row = int(found[1]) if (found := _ROW.search(text)) else None
    sheet = (found[1] if (found := _SHEET.search(text)) else "") or context.get("sheet") or complaint.sheet
    column = (found[1] if (found := _COLUMN.search(text)) else "") or complaint.column
    column = column or context.get("column") or ""
    if column not in workbook[sheet or "survey"].columns:
        column = column.split(" (")[0]
    if text.startswith("Invalid headers"):
        row, column = 1, str(context.get("missing") or context.get("header") or "").split(",")[0].strip("'")
    if row is None and str(context.get("row") or "").isdigit():
        row = int(context["row"])
    if row is None:
        sheet, row, column = next(
            _search(complaint, context, workbook), (sheet or context.get("sheet_name", ""), None, column)
        )
    return sheet or ("survey" if row else None), row, column or None


def _search(
    complaint: Complaint, context: Mapping[str, Any], workbook: Workbook
) -> Iterator[tuple[str, int, str]]:
    if name := context.get("q"):
        for sheet in workbook.sheets.values():
            for number, cells in sheet.numbered():
                for header, cell in cells.items():
                    if re.search(r"\$\{\s*" + re.escape(name) + r"\s*\}", cell):
                        yield sheet.name, number, header
    survey, choices = workbook["survey"], workbook["choices"]
    if choice := context.get("choice"):
        for number, cells in choices.numbered():
            named = (choices.get(cells, "list_name"), choices.get(cells, "name"))
            if named == (context.get("list"), choice):
                yield "choices", number, "name"
    if name := context.get("parameter"):
        for number, cells in survey.numbered():
            value = re.search(rf"{name}\s*=\s*(\S*)", survey.get(cells, "parameters"))
            if value and not value[1].isdigit():
                yield "survey", number, "parameters"
    if name := context.get("element"):
        yield from ((survey.name, number, complaint.column) for number in _rows(survey, "name", str(name)))
    if value := context.get("value"):
        yield from ((survey.name, number, "type") for number in _rows(survey, "type", str(value)))
    if (name := context.get("list")) and complaint.sheet == "choices":
        yield from (("choices", number, "list_name") for number in _rows(choices, "list_name", str(name)))
    elif name:
        for number, cells in survey.numbered():
            if str(name) in re.split(r"[\s.]", survey.get(cells, "type")):
                yield "survey", number, "type"


def _rows(sheet: Sheet, column: str, value: str) -> Iterator[int]:
    return (number for number, cells in sheet.numbered() if sheet.get(cells, column).strip() == value.strip())


def _words(text: str) -> str:
    """The message without what the finding says apart: row, sheet, advice, links."""
    words = " ".join(_NOISE.sub("", text).split())
    return words or " ".join(text.split())
