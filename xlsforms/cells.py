"""Checks that need only the cells of the workbook: they run on a form that does not convert, too.

pyxform stops at its first error; these find all of their kind at once, and name the nearest word.
"""

import re
from collections import Counter
from collections.abc import Iterator
from itertools import islice

from xlsforms.finding import Finding, error, info, warning
from xlsforms.spelling import nearest
from xlsforms.workbook import TRANSLATED, Sheet, Workbook

_REFERENCE = re.compile(r"\$\{([^${}]*)\}")
_BEGIN = re.compile(r"begin[_ ](group|repeat|loop)\b")
_END = re.compile(r"end[_ ](group|repeat|loop)\b")
_SELECT = re.compile(
    r"(select_one|select_multiple|select one|select multiple|select1|select all that apply|rank)"
    r"(_external)?(?: from)?\s+(\S+)",
    re.IGNORECASE,
)
_SEVERAL = ("select_multiple", "select multiple", "select all that apply", "rank")
_NAMED = re.compile(r"(?:tick_labelset=|loop over |instance\(')([^\s')]+)")


MOST = 500
"""Findings of one kind that are told; who mends so many will upload again."""


def check(workbook: Workbook) -> Iterator[Finding]:
    """All checks. A workbook without sheets (the form came as XML) has nothing to say."""
    checks = (_names, _constraints, _labels, _references, _lists, _choices, _settings, _translations)
    for one in checks if workbook.sheets else ():
        yield from islice(one(workbook), MOST)


def rows_by_path(workbook: Workbook) -> dict[str, int]:
    """Row of every question, group and repeat by its path below the root: `person/family_name`."""
    rows: dict[str, int] = {}
    around: list[str] = []
    sheet = workbook["survey"]
    for number, cells in sheet.numbered():
        kind, name = sheet.get(cells, "type"), sheet.get(cells, "name")
        if _END.match(kind):
            around = around[:-1]
            continue
        rows.setdefault("/".join([*around, name or kind]), number)
        if _BEGIN.match(kind):
            around.append(name)
    return rows


def _named(survey: Sheet) -> Iterator[tuple[int, str]]:
    """Row and name of everything that can be referred to; metadata may do without a name."""
    for number, cells in survey.numbered():
        kind = survey.get(cells, "type")
        if not _END.match(kind):
            yield number, survey.get(cells, "name") or kind


def _names(workbook: Workbook) -> Iterator[Finding]:
    survey = workbook["survey"]
    spellings: dict[str, set[str]] = {}
    for _, name in _named(survey):
        spellings.setdefault(name.lower(), set()).add(name)
    for number, name in _named(survey):
        if len(spellings[name.lower()]) > 1:
            yield warning(
                "name_differs_by_case",
                f"“{name}” differs from another name only by upper and lower case.",
                "Rename one of them: statistics programs cannot tell them apart.",
                **survey.cell(number, "name"),
            )


def _constraints(workbook: Workbook) -> Iterator[Finding]:
    survey = workbook["survey"]
    messages = survey.all_headers("constraint_message")
    for number, cells in survey.numbered():
        if survey.get(cells, "constraint") and not any(cells.get(header) for header in messages):
            yield warning(
                "constraint_message_missing",
                f"“{survey.get(cells, 'name')}” refuses answers without saying why.",
                "Write in constraint_message what is expected.",
                **survey.cell(number, "constraint") | ({"column": messages[0]} if messages else {}),
            )


def _labels(workbook: Workbook) -> Iterator[Finding]:
    """Labels that were copied with their row and never changed. Notes may repeat themselves."""
    survey = workbook["survey"]
    groups = {row: path.rpartition("/")[0] for path, row in rows_by_path(workbook).items()}
    header = next(iter(survey.all_headers("label")), "")
    seen: dict[tuple[str, str, str], int] = {}
    for number, cells in survey.numbered():
        kind, label = survey.get(cells, "type"), cells.get(header)
        if not label or not kind or _BEGIN.match(kind) or kind.startswith("note"):
            continue
        first = seen.setdefault((groups.get(number, ""), label, kind), number)
        if first != number:
            yield warning(
                "label_twice",
                f"“{survey.get(cells, 'name')}” has the same label as the question of row {first}.",
                "Say in the label what tells them apart, or mend it if it was copied.",
                **survey.cell(number, "label") | {"column": header},
            )


def _references(workbook: Workbook) -> Iterator[Finding]:
    names = Counter(name for _, name in _named(workbook["survey"]))
    for sheet in (workbook[name] for name in ("survey", "choices", "settings", "entities")):
        for number, cells in sheet.numbered():
            for header, cell in cells.items():
                for reference in _REFERENCE.findall(cell):
                    name = reference.strip().removeprefix("last-saved#")
                    where = sheet.cell(number, header) | {"column": header}
                    if names[name] > 1:
                        yield error(
                            "reference_ambiguous",
                            f"“{name}” is the name of {names[name]} rows of the survey sheet.",
                            "Give them different names.",
                            **where,
                        )
                    elif name not in names:
                        close = nearest(name, names)
                        yield error(
                            "reference_unknown",
                            f"There is no question “{name}”.",
                            f"Did you mean ${{{close}}}?" if close else "Write a name of this form.",
                            **where,
                        )


def _selects(survey: Sheet) -> Iterator[tuple[int, str, bool]]:
    """Row, list and whether several may be chosen, of the questions whose choices are in the choices
    sheet."""
    for number, cells in survey.numbered():
        match = _SELECT.match(survey.get(cells, "type"))
        if match and not match[2] and not match[3].startswith("${"):
            yield number, match[3], match[1].lower() in _SEVERAL


def _lists(workbook: Workbook) -> Iterator[Finding]:
    survey, choices = workbook["survey"], workbook["choices"]
    listed: dict[str, int] = {}
    for number, cells in choices.numbered():
        listed.setdefault(choices.get(cells, "list_name"), number)
    used = {name for _, name, _ in _selects(survey)}
    for number, name, _ in _selects(survey):
        if name not in listed:
            close = nearest(name, listed)
            yield error(
                "choice_list_unknown",
                f"There is no choice list “{name}”.",
                f"Did you mean {close}?" if close else "Add the list to the choices sheet.",
                **survey.cell(number, "type"),
            )
    cells_of_survey = (cell for _, cells in survey.numbered() for cell in cells.values())
    used.update(_NAMED.findall("\n".join(cells_of_survey)))
    for name, number in listed.items():
        if name and name not in used:
            close = nearest(name, used)
            yield warning(
                "choice_list_unused",
                f"No question uses the list {name}.",
                f"Remove it, or mend its name if {close} was meant." if close else "Remove it.",
                **choices.cell(number, "list_name"),
            )


def _choices(workbook: Workbook) -> Iterator[Finding]:
    choices = workbook["choices"]
    several = {name: number for number, name, many in _selects(workbook["survey"]) if many}
    on_purpose = workbook.setting("allow_choice_duplicates").lower() in ("yes", "true")
    seen: dict[tuple[str, str], int] = {}
    for number, cells in choices.numbered():
        name, code = choices.get(cells, "list_name"), choices.get(cells, "name")
        first = seen.setdefault((name, code), number)
        if code and first != number:
            tell = info if on_purpose else error
            yield tell(
                "choice_name_twice",
                f"“{code}” stands twice in the list {name}; the first is in row {first}.",
                "Remove one, or give it another name.",
                **choices.cell(number, "name"),
            )
        if " " in code and name in several:
            yield error(
                "choice_name_spaces",
                f"“{code}” has a blank, and row {several[name]} lets several of the list {name} be chosen: "
                "such answers are separated by blanks.",
                "Replace the blank by _.",
                **choices.cell(number, "name"),
            )


def _settings(workbook: Workbook) -> Iterator[Finding]:
    settings, survey = workbook["settings"], workbook["survey"]
    if not workbook.setting("form_id"):
        yield warning(
            "form_id_missing",
            "The form has no form_id; the file name stands in for it.",
            "Write a form_id in the settings sheet: it must stay the same when the file is renamed.",
            **settings.cell(2, "form_id"),
        )
    if not workbook.setting("version"):
        yield warning(
            "version_missing",
            "The form has no version; phones would not notice a new one.",
            "Write a version in the settings sheet and raise it with every change, for example 2026010100.",
            **settings.cell(2, "version"),
        )
    mapped = any(
        re.match(r"(?i)(bind|attribute)\s*::\s*case:", one) for one in (*survey.columns, *settings.columns)
    )
    if mapped and not re.search(r"\bcase\s*=", workbook.setting("namespaces")):
        yield error(
            "namespace_missing",
            "The column bind::case:field needs the namespace “case” to be declared.",
            'Add a column namespaces to the settings sheet with case="https://saif.iom.int/case".',
            **settings.cell(2, "namespaces"),
        )


def _translations(workbook: Workbook) -> Iterator[Finding]:
    """Cells that are filled in one language and empty in another; once for the header if a language is
    empty or absent all the way down."""
    sheets = (workbook["survey"], workbook["choices"])
    spoken = {one for sheet in sheets for name in ("label", "hint") for one in sheet.languages(name)} - {""}
    for sheet in sheets:
        for column in TRANSLATED if spoken else ():
            headers = {one: sheet.header(column, one) for one in sorted(spoken | {*sheet.languages(column)})}
            if not headers.get(""):
                headers.pop("", None)
            filled = {
                number: {language for language, header in headers.items() if cells.get(header or "")}
                for number, cells in sheet.numbered()
            }
            anywhere = {language for languages in filled.values() for language in languages}
            for language in headers.keys() - anywhere if anywhere else ():
                yield _untranslated(sheet, 1, headers[language] or f"{column}::{language}", language)
            for number, languages in filled.items():
                for language in sorted(anywhere - languages) if languages else ():
                    yield _untranslated(sheet, number, headers[language] or column, language)


def _untranslated(sheet: Sheet, row: int, header: str, language: str) -> Finding:
    what = "There is no text at all" if row == 1 else "The text is missing"
    return warning(
        "translation_missing",
        f"{what} in {language or 'the language without a name'}.",
        "Translate it, or remove the language.",
        sheet=sheet.name,
        row=row,
        column=header,
    )
