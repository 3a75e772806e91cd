"""Checks that need only the cells of the workbook: they run on a form that does not convert, too.

pyxform stops at its first error; these find all of their kind at once, and name the nearest word.
"""

import re
from collections import Counter
from collections.abc import Iterator
from itertools import islice

from xlsforms.finding import Finding, error, warning
from xlsforms.marked import N_, worded
from xlsforms.spelling import nearest
from xlsforms.workbook import SURVEY_COLUMNS, TRANSLATED, Sheet, Workbook, split_header

_REFERENCE = re.compile(r"\$\{([^${}]*)\}")
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")
"""What is no Char of XML 1.0 (2.2)."""
_FAILED = frozenset({"#REF!", "#N/A", "#NAME?", "#VALUE!", "#DIV/0!", "#NULL!", "#NUM!"})
COLUMNS = 500
"""Columns of a sheet beyond which somebody ought to look."""
BEGIN = re.compile(r"begin[_ ](group|repeat|loop)\b")
END = re.compile(r"end[_ ](group|repeat|loop)\b")
_KINDS = {"group": N_("group"), "repeat": N_("repeat"), "loop": N_("loop")}


NESTING = frozenset({"group_end_alone", "group_not_ended"})
"""Codes of `_nesting`, which knows better than pyxform where a group was left open."""
MOST = 500
"""Findings of one kind that are told; who mends so many will upload again."""


def check(workbook: Workbook) -> Iterator[Finding]:
    """All checks. A workbook without sheets (the form came as XML) has nothing to say."""
    checks = (
        _contents,
        _columns,
        _nesting,
        _names,
        _constraints,
        _labels,
        _references,
        _settings,
        _headers,
        _translations,
    )
    for one in checks if workbook.sheets else ():
        yield from islice(one(workbook), MOST)


def _contents(workbook: Workbook) -> Iterator[Finding]:
    """Cells no XML can hold, and what a spreadsheet program writes where a formula fails."""
    for sheet in workbook.sheets.values():
        for number, cells in sheet.numbered():
            for header, cell in cells.items():
                if strange := _FORBIDDEN.search(cell):
                    yield error(
                        "character_forbidden",
                        worded(
                            "The cell holds a character (U+%(strange)s) that nobody sees and no XML can hold.",
                            strange=format(ord(strange[0]), "04X"),
                        ),
                        N_("Delete it, or write the text anew."),
                        **sheet.cell(number, header) | {"column": header},
                    )
                elif cell[:1] == "#" and cell in _FAILED:
                    yield warning(
                        "formula_failed",
                        worded(
                            "The formula of the cell failed: it shows %(cell)s, and so would the phone.",
                            cell=cell,
                        ),
                        N_("Mend the formula, or write the text itself."),
                        **sheet.cell(number, header) | {"column": header},
                    )


def _columns(workbook: Workbook) -> Iterator[Finding]:
    for sheet in workbook.sheets.values():
        if len(sheet.columns) > COLUMNS:
            yield warning(
                "columns_many",
                worded(
                    "The sheet %(name)s has %(number)s columns, far more than a form can use.",
                    name=sheet.name,
                    number=len(sheet.columns),
                ),
                N_("Delete those that are not meant."),
                sheet=sheet.name,
                row=1,
                column=sheet.columns[COLUMNS],
            )


def _nesting(workbook: Workbook) -> Iterator[Finding]:
    """Groups and repeats without an end, and ends without a beginning, each where it stands."""
    survey = workbook["survey"]
    open_: list[tuple[str, int]] = []
    for number, cells in survey.numbered():
        kind = survey.get(cells, "type")
        if begin := BEGIN.match(kind):
            open_.append((begin[1], number))
        elif end := END.match(kind):
            if end[1] not in (one for one, _ in open_):
                yield error(
                    "group_end_alone",
                    worded(
                        "This %(kind)s ends nothing: no %(end)s is open here.",
                        kind=kind,
                        end=worded(_KINDS[end[1]]),
                    ),
                    N_("Remove it, or add the begin it belongs to."),
                    **survey.cell(number, "type"),
                )
                continue
            while (last := open_.pop())[0] != end[1]:
                yield _not_ended(survey, *last)
    for last in open_:
        yield _not_ended(survey, *last)


def _not_ended(survey: Sheet, kind: str, row: int) -> Finding:
    return error(
        "group_not_ended",
        worded("This %(kind)s is never ended.", kind=worded(_KINDS[kind])),
        worded("Add the end_%(kind)s it lacks.", kind=kind),
        **survey.cell(row, "type"),
    )


def rows_by_path(workbook: Workbook) -> dict[str, int]:
    """Row of every question, group and repeat by its path below the root: `person/family_name`."""
    rows: dict[str, int] = {}
    around: list[str] = []
    sheet = workbook["survey"]
    for number, cells in sheet.numbered():
        kind, name = sheet.get(cells, "type"), sheet.get(cells, "name")
        if END.match(kind):
            around = around[:-1]
            continue
        rows.setdefault("/".join([*around, name or kind]), number)
        if BEGIN.match(kind):
            around.append(name)
    return rows


def _named(survey: Sheet) -> Iterator[tuple[int, str]]:
    """Row and name of everything that can be referred to; metadata may do without a name."""
    for number, cells in survey.numbered():
        kind = survey.get(cells, "type")
        if not END.match(kind):
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
                worded("“%(name)s” differs from another name only by upper and lower case.", name=name),
                N_("Rename one of them: statistics programs cannot tell them apart."),
                **survey.cell(number, "name"),
            )


def _constraints(workbook: Workbook) -> Iterator[Finding]:
    survey = workbook["survey"]
    messages = survey.all_headers("constraint_message")
    for number, cells in survey.numbered():
        if survey.get(cells, "constraint") and not any(cells.get(header) for header in messages):
            yield warning(
                "constraint_message_missing",
                worded("“%(value)s” refuses answers without saying why.", value=survey.get(cells, "name")),
                N_("Write in constraint_message what is expected."),
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
        if not label or not kind or BEGIN.match(kind) or kind.startswith("note"):
            continue
        first = seen.setdefault((groups.get(number, ""), label, kind), number)
        if first != number:
            yield warning(
                "label_twice",
                worded(
                    "“%(value)s” has the same label as the question of row %(first)s.",
                    value=survey.get(cells, "name"),
                    first=first,
                ),
                N_("Say in the label what tells them apart, or mend it if it was copied."),
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
                            worded(
                                "“%(name)s” is the name of %(names)s rows of the survey sheet.",
                                name=name,
                                names=names[name],
                            ),
                            N_("Give them different names."),
                            **where,
                        )
                    elif name not in names:
                        close = nearest(name, names)
                        yield error(
                            "reference_unknown",
                            worded("There is no question “%(name)s”.", name=name),
                            worded("Did you mean ${%(close)s}?", close=close)
                            if close
                            else N_("Write a name of this form."),
                            **where,
                        )


def _settings(workbook: Workbook) -> Iterator[Finding]:
    settings, survey = workbook["settings"], workbook["survey"]
    if not workbook.setting("form_id"):
        yield warning(
            "form_id_missing",
            N_("The form has no form_id; the file name stands in for it."),
            N_("Write a form_id in the settings sheet: it must stay the same when the file is renamed."),
            **settings.cell(2, "form_id"),
        )
    if not workbook.setting("version"):
        yield warning(
            "version_missing",
            N_("The form has no version; phones would not notice a new one."),
            N_(
                "Write a version in the settings sheet and raise it with every change, for example 2026010100."
            ),
            **settings.cell(2, "version"),
        )
    spoken = {*survey.languages("label"), *survey.languages("hint")} - {""}
    default = workbook.setting("default_language")
    if default and spoken and default not in spoken:
        close = nearest(default, spoken)
        yield warning(
            "default_language_unknown",
            worded(
                "No column is in the default language “%(default)s”: phones would open the form "
                "without its texts.",
                default=default,
            ),
            worded("Write “%(close)s”.", close=close)
            if close
            else worded("Write one of: %(spoken)s.", spoken=", ".join(sorted(spoken))),
            **settings.cell(2, "default_language"),
        )
    mapped = any(
        re.match(r"(?i)(bind|attribute)\s*::\s*case:", one) for one in (*survey.columns, *settings.columns)
    )
    if mapped and not re.search(r"\bcase\s*=", workbook.setting("namespaces")):
        yield error(
            "namespace_missing",
            N_("The column bind::case:field needs the namespace “case” to be declared."),
            N_('Add a column namespaces to the settings sheet with case="https://saif.iom.int/case".'),
            **settings.cell(2, "namespaces"),
        )


def _headers(workbook: Workbook) -> Iterator[Finding]:
    """Columns of the survey sheet that nobody reads and that look like one that is read."""
    survey = workbook["survey"]
    for header in survey.columns:
        name, _ = split_header(header)
        close = None if name in SURVEY_COLUMNS or ":" in name else nearest(name, SURVEY_COLUMNS - {"note"})
        if close and not survey.header(close):
            yield warning(
                "column_misspelt",
                worded(
                    "“%(header)s” is no column of an XLSForm: what stands in it counts for nothing.",
                    header=header,
                ),
                worded("Did you mean %(close)s?", close=close),
                sheet="survey",
                row=1,
                column=header,
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
    spoken = language or worded(N_("the language without a name"))
    return warning(
        "translation_missing",
        worded("There is no text at all in %(language)s.", language=spoken)
        if row == 1
        else worded("The text is missing in %(language)s.", language=spoken),
        N_("Translate it, or remove the language."),
        sheet=sheet.name,
        row=row,
        column=header,
    )
