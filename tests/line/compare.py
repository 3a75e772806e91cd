"""Is every answer there, once, and nothing else? Cases and downloads compared with what JavaRosa reports."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from tests.line.office import Download
from tests.line.said import Said, plain
from tests.line.workbook import Asked, Place, Workbook

# --- cases -------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Fact:
    """A value in a case, present or earlier, and the values beside it in its row."""

    case: str
    table: str
    row: str
    column: str
    value: Any
    answer: str | None
    instance_id: str
    question: str
    beside: dict[str, Any]


def facts(cases: Iterable[dict[str, Any]], forms: Iterable[str]) -> list[Fact]:
    """Every value that submissions of these forms gave to these cases."""
    wanted = set(forms)
    found: list[Fact] = []
    for case in cases:
        for tables in (case["tables"], case["earlierRows"]):
            for table, rows in tables.items():
                for row in rows:
                    found += _facts(case["caseId"], table, row, wanted)
    return found


def _facts(case: str, table: str, row: dict[str, Any], forms: set[str]) -> Iterator[Fact]:
    beside = {name: one["value"] for name, one in row.items() if isinstance(one, dict)}
    for column, one in row.items():
        if isinstance(one, list):
            for child in one:
                yield from _facts(case, column, child, forms)
        elif isinstance(one, dict):
            for said in _all(one):
                if said["question"] and said["form"] in forms:
                    yield Fact(
                        case, table, row["id"], column, said["value"], said["answer"], said["instanceId"],
                        said["question"], beside,
                    )  # fmt: skip


def _all(fact: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield fact
    for earlier in fact["earlier"]:
        yield from _all(earlier)


def in_cases(
    said: Iterable[Said], books: dict[str, Workbook], found: list[Fact]
) -> tuple[list[str], Counter[str]]:
    """Differences between what was said and the facts of all cases, and what was counted."""
    wrong, counted = [], Counter[str]()
    by_instance: dict[str, list[Fact]] = defaultdict(list)
    for fact in found:
        by_instance[fact.instance_id].append(fact)
    for one in said:
        book, given = books[one.form_id], by_instance.pop(one.instance_id, [])
        counted["interviews"] += 1
        if one.waits:
            counted["waiting"] += 1
            wrong += [f"{one.form_id} {one.key}: waits, and is in a case"] if given else []
            continue
        if not given:
            wrong.append(f"{one.form_id} {one.key}: is in no case")
            continue
        here = defaultdict(list)
        for fact in given:
            here[fact.question].append(fact)
        for path, text in one.values.items():
            asked = book.questions.get(plain(path))
            if asked is None or not asked.places:
                continue
            counted["mapped answers"] += 1
            got = here.pop(path, [])
            if one.shut and asked.gated:
                counted["answers behind a refused consent"] += 1
                wrong += [f"{one.form_id} {one.key} {path}: stands in a case without consent"] if got else []
                continue
            if one.shut and path.endswith(f"/{book.gate}"):
                continue  # the file says what it said before somebody changed it; the server computes it
            for place in asked.places:
                counted["facts"] += 1
                if fault := _missing(place, asked, text, got):
                    wrong.append(f"{one.form_id} {one.key} {path} → {place.table}.{place.column}: {fault}")
            places = {place.table for place in asked.places}
            wrong += [
                f"{one.form_id} {one.key} {path}: strays to {f.table}" for f in got if f.table not in places
            ]
        for path, got in here.items():
            constant = book.repeats.get(plain(path), ())
            if any((fact.column, fact.value) not in constant for fact in got):
                wrong.append(f"{one.form_id} {one.key} {path}: nobody said that")
        cases = {fact.case for fact in given}
        if len(cases) != 1 or cases != {one.value("case_uid") or given[0].case}:
            wrong.append(f"{one.form_id} {one.key}: is in {len(cases)} cases, or in another than it names")
    wrong += [
        f"{instance}: {len(one)} facts of a version that does not count"
        for instance, one in by_instance.items()
    ]
    twice = Counter(
        (f.case, f.table, f.row, f.column, f.instance_id, f.question, str(f.value)) for f in found
    )
    wrong += [f"twice: {one}" for one, times in twice.items() if times > 1]
    return wrong, counted


def _missing(place: Place, asked: Asked, text: str, given: list[Fact]) -> str | None:
    """What is wrong with the facts an answer gave to one place; None if they are right."""
    column = place.column
    if place.converted and column == "organisation_id":
        column = "organisation_name"  # the identifier beside it follows from the name
    here = [
        fact
        for fact in given
        if (fact.table, fact.column) == (place.table, column)
        and all(fact.beside.get(key) == value for key, value in place.keys)
    ]
    if not here:
        return "is not there"
    if any(fact.answer != text for fact in here):
        return f"stands with another answer: {[fact.answer for fact in here]} for {text!r}"
    got = [fact.value for fact in here]
    if asked.type == "select_multiple":
        codes = got[0] if isinstance(got[0], list) else got
        return None if sorted(codes) == sorted(text.split()) else f"holds {codes} for {text!r}"
    if len(got) != 1:
        return f"is there {len(got)} times"
    if place.converted and column == place.column:
        return None if got[0] is not None else "could not be converted"
    return None if _same(got[0], text) else f"holds {got[0]!r} for {text!r}"


def _same(value: Any, text: str) -> bool:
    if isinstance(value, bool):
        return text in (("yes", "true", "1") if value else ("no", "false", "0"))
    if value == text:
        return True
    try:
        return value is not None and Decimal(value) == Decimal(text)
    except InvalidOperation:
        return False


# --- downloads ---------------------------------------------------------------------------------------------------------

POINT = ("Latitude", "Longitude", "Altitude", "Accuracy")
UNASKED = "/meta/deprecatedID"
"""Written by the phone into an edit; no form has a column for it."""


def in_download(
    said: Iterable[Said], got: Download, form_id: str, *, gated: Iterable[str] = ()
) -> tuple[list[str], Counter[str]]:
    """Differences between what was said and the tables of a download, and what was counted. `gated` are the paths that a
    refused consent keeps out."""
    shut = set(gated)
    wrong: list[str] = []
    counted = Counter[str]()
    headers, cells, parents = _cells(got, form_id, wrong)
    expected: dict[tuple[str, str], dict[str, str]] = {}
    for one in said:
        counted["interviews"] += 1
        expected[form_id, one.key] = {}
        for path, text in one.values.items():
            if (one.shut and plain(path) in shut) or path.endswith(UNASKED):
                continue
            counted["answers"] += 1
            table, row, column = _place(form_id, one.key, path)
            expected.setdefault((table, row), {}).update(_columns(column, text, headers.get(table, set())))
    for place, answers in expected.items():
        table, row = place
        here = cells.pop(place, None)
        if here is None:
            wrong.append(f"{form_id} {row}: has no row in {table}")
            continue
        wrong += [
            f"{form_id} {row} {column}: {here.get(column)!r} where JavaRosa has {answers.get(column)!r}"
            for column in answers.keys() | here.keys()
            if answers.get(column) != here.get(column)
        ]
        if place in parents and parents[place] != _parent(row):
            wrong.append(f"{form_id} {row}: hangs from {parents[place]}")
    keys = {one.key for one in said}
    for (_, row), here in cells.items():  # a row of a repeat that holds no answer is there all the same
        if here or row.partition("/")[0] not in keys:
            wrong.append(f"{form_id} {row}: nobody said that: {list(here)}")
    return wrong, counted


def _cells(got: Download, form_id: str, wrong: list[str]) -> tuple[
    dict[str, set[str]], dict[tuple[str, str], dict[str, str]], dict[tuple[str, str], str]
]:  # fmt: skip
    """Columns of each table, the cells of each row by (table, KEY), and each row's PARENT_KEY. A table is called by its
    repeat: those of one name are told apart by the keys."""
    headers: dict[str, set[str]] = defaultdict(set)
    cells: dict[tuple[str, str], dict[str, str]] = {}
    parents: dict[tuple[str, str], str] = {}
    for file, (header, rows) in got.tables.items():
        root = file == f"{form_id}.csv"
        table = form_id if root else file.removeprefix(f"{form_id}-").removesuffix(".csv").partition("~")[0]
        key = len(header) - 1 - header[::-1].index("KEY")
        answers = range(1, key) if root else range(key - 1)
        headers[table] |= {header[place] for place in answers}
        if len({header[place] for place in answers}) != len(answers):
            wrong.append(f"{file}: two columns have one name")
        for row in rows:
            place = table, row[key]
            if place in cells:
                wrong.append(f"{file} {row[key]}: stands there twice")
            cells[place] = {header[number]: row[number] for number in answers if row[number] != ""}
            if not root:
                parents[place] = row[key - 1]
            elif header[-1] == "UnknownAnswers" and row[-1]:
                wrong.append(f"{file} {row[key]}: unknown answers {row[-1]}")
    return headers, cells, parents


def _place(form_id: str, key: str, path: str) -> tuple[str, str, str]:
    """Table, KEY and column of an answer, in ODK Central's layout."""
    steps = path.split("/")[2:]
    positions = [number for number, step in enumerate(steps) if step.endswith("]")]
    if not positions:
        return form_id, key, "-".join(steps)
    last = positions[-1]
    row = "/".join((key, *steps[: last + 1]))
    return steps[last].partition("[")[0], row, "-".join(steps[last + 1 :])


def _columns(column: str, text: str, header: set[str]) -> dict[str, str]:
    if column not in header and f"{column}-{POINT[0]}" in header:
        return {f"{column}-{part}": one for part, one in zip(POINT, text.split(), strict=False)}
    return {column: text}


def _parent(row: str) -> str:
    """The key of the row around: up to the position before the last."""
    steps = row.split("/")[:-1]
    while len(steps) > 1 and not steps[-1].endswith("]"):
        steps.pop()
    return "/".join(steps)
