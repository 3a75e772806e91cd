"""A workbook to begin a form with: the columns that are needed, drop-downs for what is chosen from a list, the fields
of the dictionary and a page that explains the columns. As it is, it compiles without a finding."""

from collections.abc import Iterable, Sequence
from io import BytesIO
from typing import Any, Final

import xlsxwriter
from xlsxwriter.worksheet import Worksheet

from xlsforms import dictionary
from xlsforms.columns import COLUMNS
from xlsforms.dictionary import Field

LANGUAGES: Final = ("English (en)", "Français (fr)")
TYPES: Final = (
    "text", "integer", "decimal", "date", "time", "dateTime", "select_one yn", "select_multiple yn",
    "select_one_from_file cases.csv", "note", "calculate", "begin_group", "end_group", "begin_repeat", "end_repeat",
    "image", "audio", "video", "file", "geopoint", "barcode", "acknowledge", "range", "rank yn", "hidden",
    "start", "end", "today", "username", "deviceid", "audit",
)  # fmt: skip
_APPEARANCES: Final = (
    "multiline",
    "minimal",
    "likert",
    "quick",
    "signature",
    "month-year",
    "field-list",
    "numbers",
)
_YES: Final = ("yes", "no")
_ROWS: Final = 500
"""Rows that have drop-downs."""
_SURVEY: Final[tuple[dict[str, str], ...]] = (
    {"type": "start", "name": "start"},
    {"type": "end", "name": "end"},
    {
        "type": "date", "name": "visit_date", "label::English (en)": "Date of the interview",
        "label::Français (fr)": "Date de l’entretien", "required": "yes", "constraint": ". <= today()",
        "constraint_message::English (en)": "The date cannot be in the future.",
        "constraint_message::Français (fr)": "La date ne peut pas être dans le futur.",
        "bind::case:field": "interview.held_on",
    },
    {
        "type": "select_one yn", "name": "agrees",
        "label::English (en)": "Does the person agree that IOM records and stores what they tell?",
        "label::Français (fr)": "La personne accepte-t-elle que l’OIM enregistre et conserve ce qu’elle dit ?",
        "required": "yes", "bind::case:field": "consent[purpose='case_management'].granted",
    },
    {
        "type": "calculate", "name": "consent_ok", "calculation": "if(${agrees} = 'yes', 1, 0)",
        "bind::case:field": "interview.consent_ok",
    },
    {
        "type": "begin_group", "name": "person", "label::English (en)": "The person",
        "label::Français (fr)": "La personne", "relevant": "${consent_ok} = 1",
    },
    {
        "type": "text", "name": "family_name", "label::English (en)": "Family name", "label::Français (fr)": "Nom",
        "bind::case:field": "person.family_name",
    },
    {
        "type": "select_one sex", "name": "sex", "label::English (en)": "Sex", "label::Français (fr)": "Sexe",
        "required": "yes", "bind::case:field": "person.sex",
    },
    {"type": "end_group"},
)  # fmt: skip
_SETTINGS: Final = {
    "form_title": "My form",
    "form_id": "my_form",
    "version": "2026010101",
    "default_language": LANGUAGES[0],
    "instance_name": "concat('Visit ', ${visit_date})",
    "namespaces": 'case="https://saif.iom.int/case"',
    "attribute::case:gate": "consent_ok",
}
_NOT_LISTED: Final = "This is not in the list. It may be right all the same: a list or a key of your own."
_FIELDS: Final = ("field", "meaning", "type", "codes", "privacy")


def workbook() -> bytes:
    """The .xlsx."""
    content = BytesIO()
    with xlsxwriter.Workbook(content, {"in_memory": True}) as book:
        head = book.add_format({"bold": True, "bottom": 1, "bg_color": "#E0EEEB"})
        wrapped = book.add_format({"text_wrap": True, "valign": "top"})
        sheets = {
            name: book.add_worksheet(name)
            for name in ("survey", "choices", "settings", "fields", "lists", "read me")
        }
        fields = list(_mappable())
        _fill(sheets["survey"], _headers("survey"), _SURVEY, head, wrapped)
        _fill(sheets["choices"], _headers("choices"), _choices(), head, wrapped)
        _fill(sheets["settings"], _headers("settings"), (_SETTINGS,), head, wrapped)
        _fill(sheets["fields"], _FIELDS, (_about(one) for one in fields), head, wrapped)
        lists = {"type": TYPES, "appearance": _APPEARANCES}
        _fill(
            sheets["lists"],
            tuple(lists),
            (
                {name: words[row] for name, words in lists.items() if row < len(words)}
                for row in range(len(TYPES))
            ),
            head,
            wrapped,
        )
        sheets["lists"].hide()
        explained = (
            {
                "sheet": one.sheet,
                "column": _heading(one.header, one.translated),
                "what stands in it": one.words,
            }
            for one in COLUMNS
        )
        _fill(sheets["read me"], ("sheet", "column", "what stands in it"), explained, head, wrapped)
        sheets["read me"].set_column(2, 2, 110)
        sheets["fields"].set_column(1, 1, 70)
        _offer(sheets["survey"], "type", f"=lists!$A$2:$A${len(TYPES) + 1}")
        _offer(sheets["survey"], "appearance", f"=lists!$B$2:$B${len(_APPEARANCES) + 1}")
        _offer(sheets["survey"], "bind::case:field", f"=fields!$A$2:$A${len(fields) + 1}")
        _offer(sheets["survey"], "required", list(_YES))
    return content.getvalue()


def _headers(sheet: str) -> tuple[str, ...]:
    found: list[str] = []
    for one in COLUMNS:
        if one.sheet == sheet and one.starter:
            found += (
                [f"{one.header}::{language}" for language in LANGUAGES] if one.translated else [one.header]
            )
    return tuple(found)


def _heading(header: str, translated: bool) -> str:
    return f"{header}::Language (tag)" if translated else header


def _mappable() -> Iterable[Field]:
    return (one for one in dictionary.load().fields() if one.origin == "form")


def _about(field: Field) -> dict[str, str]:
    return {
        "field": field.name,
        "meaning": field.note or dictionary.load().tables[field.table].purpose,
        "type": field.type,
        "codes": ", ".join(name for name, _ in field.code_lists),
        "privacy": field.privacy,
    }


def _choices() -> Iterable[dict[str, str]]:
    for name in ("yn", "sex"):
        for code in dictionary.load().code_lists[name].codes.values():
            yield {
                "list_name": name,
                "name": code.code,
                "label::English (en)": code.label["en"],
                "label::Français (fr)": code.label["fr"],
            }


def _fill(
    sheet: Worksheet, headers: Sequence[str], rows: Iterable[dict[str, str]], head: Any, wrapped: Any
) -> None:
    sheet.freeze_panes(1, 0)
    for column, header in enumerate(headers):
        sheet.write_string(0, column, header, head)
        sheet.set_column(column, column, 34 if header.startswith(("label", "hint", "constraint_m")) else 20)
    for number, row in enumerate(rows, start=1):
        for column, header in enumerate(headers):
            if header in row:
                sheet.write_string(number, column, row[header], wrapped)


def _offer(sheet: Worksheet, header: str, source: str | list[str]) -> None:
    """A drop-down for a column of the survey. What is not in it may be written all the same."""
    column = _headers("survey").index(header)
    sheet.data_validation(
        1,
        column,
        _ROWS,
        column,
        {"validate": "list", "source": source, "error_type": "information", "error_message": _NOT_LISTED},
    )
