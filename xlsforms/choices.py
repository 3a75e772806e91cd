"""Checks of choice lists by the cells alone: lists that are missing or unused, choices that stand twice or that
nobody is ever offered."""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from itertools import islice

from xlsforms.cells import MOST
from xlsforms.finding import Finding, error, info, warning
from xlsforms.marked import N_, worded
from xlsforms.spelling import nearest
from xlsforms.workbook import Sheet, Workbook
from xlsforms.xpath import Binary, Call, Path, Tree, tree_of

_SELECT = re.compile(
    r"(select_one|select_multiple|select one|select multiple|select1|select all that apply|rank)"
    r"(_external)?(?: from)?\s+(\S+)",
    re.IGNORECASE,
)
_SEVERAL = ("select_multiple", "select multiple", "select all that apply", "rank")
_NAMED = re.compile(r"(?:tick_labelset=|loop over |instance\(')([^\s')]+)")


def check(workbook: Workbook) -> Iterator[Finding]:
    """All checks. A workbook without sheets (the form came as XML) has nothing to say."""
    for one in (_lists, _choices, _labels, _offered) if workbook.sheets else ():
        yield from islice(one(workbook), MOST)


def selects(survey: Sheet) -> Iterator[tuple[int, str, bool]]:
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
    used = {name for _, name, _ in selects(survey)}
    meant: set[str | None] = set()
    for number, name, _ in selects(survey):
        if name not in listed:
            close = nearest(name, listed)
            meant.add(close)
            yield error(
                "choice_list_unknown",
                worded("There is no choice list “%(name)s”.", name=name),
                worded("Did you mean %(close)s?", close=close)
                if close
                else N_("Add the list to the choices sheet."),
                **survey.cell(number, "type"),
            )
    cells_of_survey = (cell for _, cells in survey.numbered() for cell in cells.values())
    used.update(_NAMED.findall("\n".join(cells_of_survey)))
    for name, number in listed.items():
        if name and name not in used and name not in meant:
            close = nearest(name, used)
            yield warning(
                "choice_list_unused",
                worded("No question uses the list %(name)s.", name=name),
                worded("Remove it, or mend its name if %(close)s was meant.", close=close)
                if close
                else N_("Remove it."),
                **choices.cell(number, "list_name"),
            )


def _choices(workbook: Workbook) -> Iterator[Finding]:
    choices = workbook["choices"]
    several = {name: number for number, name, many in selects(workbook["survey"]) if many}
    on_purpose = workbook.setting("allow_choice_duplicates").lower() in ("yes", "true")
    seen: dict[tuple[str, str], int] = {}
    for number, cells in choices.numbered():
        name, code = choices.get(cells, "list_name"), choices.get(cells, "name")
        first = seen.setdefault((name, code), number)
        if code and first != number:
            tell = info if on_purpose else error
            yield tell(
                "choice_name_twice",
                worded(
                    "“%(code)s” stands twice in the list %(name)s; the first is in row %(first)s.",
                    code=code,
                    name=name,
                    first=first,
                ),
                N_("Remove one, or give it another name."),
                **choices.cell(number, "name"),
            )
        if " " in code and name in several:
            yield error(
                "choice_name_spaces",
                worded(
                    "“%(code)s” has a blank, and row %(several)s lets several of the list %(name)s be"
                    " chosen: such answers are separated by blanks.",
                    code=code,
                    several=several[name],
                    name=name,
                ),
                N_("Replace the blank by _."),
                **choices.cell(number, "name"),
            )


def _labels(workbook: Workbook) -> Iterator[Finding]:
    """Two choices of one list that nobody can tell apart."""
    choices = workbook["choices"]
    header = next(iter(choices.all_headers("label")), "")
    filters = [one for one in choices.columns if choices.is_filter(one)]
    seen: dict[tuple[str, ...], int] = {}
    for number, cells in choices.numbered():
        if label := cells.get(header):
            others = [cells.get(one, "") for one in filters]
            first = seen.setdefault((choices.get(cells, "list_name"), label, *others), number)
            if first != number:
                yield warning(
                    "choice_label_twice",
                    worded(
                        "“%(value)s” has the same label as the choice of row %(first)s.",
                        value=choices.get(cells, "name"),
                        first=first,
                    ),
                    N_("Say in the label what tells them apart, or mend it if it was copied."),
                    sheet="choices",
                    row=number,
                    column=header,
                )


def _offered(workbook: Workbook) -> Iterator[Finding]:
    """Choices whose filter cell holds what the question filtered by can never be."""
    survey, choices = workbook["survey"], workbook["choices"]
    codes: dict[str, set[str]] = defaultdict(set)
    for _, cells in choices.numbered():
        codes[choices.get(cells, "list_name")].add(choices.get(cells, "name"))
    of_question = {survey.get(survey.rows[number - 2], "name"): name for number, name, _ in selects(survey)}
    filters: dict[str, set[tuple[tuple[str, str], ...]]] = defaultdict(set)
    for number, name, _ in selects(survey):
        tree = tree_of(survey.get(survey.rows[number - 2], "choice_filter"))
        filters[name].add(
            tuple(
                (column, of_question[asked])
                for column, asked in (_wanted(tree) if tree else ())
                if asked in of_question and column in choices.columns
            )
        )
    for number, cells in choices.numbered():
        used = filters.get(choices.get(cells, "list_name"), ())
        shut = [_shut(cells, one, codes) for one in used]
        if shut and (first := shut[0]) and all(shut):
            column, known = first[0], codes[first[1]]
            close = nearest(cells.get(column, ""), known)
            yield warning(
                "choice_never_offered",
                worded(
                    "“%(value)s” is offered where %(column)s is “%(value_2)s”, which no answer is.",
                    value=choices.get(cells, "name"),
                    column=column,
                    value_2=cells.get(column, ""),
                ),
                worded("Did you mean %(close)s?", close=close)
                if close
                else worded("Write one of: %(known)s.", known=", ".join(sorted(known)[:12])),
                sheet="choices",
                row=number,
                column=column,
            )


def _shut(
    cells: Mapping[str, str], wanted: tuple[tuple[str, str], ...], codes: Mapping[str, set[str]]
) -> tuple[str, str] | None:
    """The column that keeps a choice from being offered, and the list it should hold a code of."""
    return next((one for one in wanted if cells.get(one[0], "") not in codes[one[1]]), None)


def _wanted(tree: Tree) -> Iterator[tuple[str, str]]:
    """Column and question of `column = ${question}`, of all that an `and` joins."""
    match tree:
        case Binary("and", left, right):
            yield from _wanted(left)
            yield from _wanted(right)
        case (
            Binary("=", Path(column), Path(asked))
            | Binary("=", Path(asked), Path(column))
            | Call("selected", (Path(asked), Path(column)))
        ) if asked.startswith("${") and re.fullmatch(r"[^\W\d][\w.-]*", column):
            yield column, asked[2:-1].strip()
