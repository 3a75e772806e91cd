"""Is every answer of an interview in its case? Compared with JavaRosa's report, and with the mapping as the
compiled XForm has it, read here with nothing of ours."""

import csv
import io
import re
import zipfile
from collections import defaultdict
from decimal import Decimal
from typing import Any

from lxml import etree

CASE = "https://saif.iom.int/case"
_BIND = "{http://www.w3.org/2002/xforms}bind"


def mapped(xform: bytes) -> dict[str, list[str]]:
    """Path of a question → the texts of its targets."""
    found = {}
    for bind in etree.fromstring(xform).iter(_BIND):
        cell = bind.get(f"{{{CASE}}}field")
        if cell:
            found[bind.get("nodeset")] = [one.strip() for one in cell.split(";") if one.strip()]
    return found


def without_positions(path: str) -> str:
    return re.sub(r"\[\d+\]", "", path)


def facts(case: dict[str, Any]) -> dict[tuple[str, str], list[tuple[str, dict[str, Any]]]]:
    """(instanceID, question) → the facts it gave, present and earlier, each with the `table.column` it stands
    in.

    `case` is the answer of the REST interface with provenance.
    """
    found: dict[tuple[str, str], list[tuple[str, dict[str, Any]]]] = defaultdict(list)

    def note(place: str, fact: dict[str, Any]) -> None:
        if fact.get("question"):
            found[fact["instanceId"], fact["question"]].append((place, fact))
        for earlier in fact["earlier"]:
            note(place, earlier)

    def walk(table: str, row: dict[str, Any]) -> None:
        for column, value in row.items():
            if isinstance(value, dict):
                note(f"{table}.{column}", value)
            elif isinstance(value, list):
                for child in value:
                    walk(column, child)

    for name in ("tables", "earlierRows"):
        for table, rows in case[name].items():
            for row in rows:
                walk(table, row)
    return found


def missing(
    interview: Any,
    mapping: dict[str, list[str]],
    known: dict[tuple[str, str], list[tuple[str, dict[str, Any]]]],
) -> list[str]:
    """What the report says that the facts do not; empty if all of it is there."""
    lost = []
    for answer in interview.report["answers"]:
        path, text = answer["path"], answer["value"]
        if text in (None, ""):
            continue
        for target in mapping.get(without_positions(path), ()):
            given = known.get((interview.instance_id, path), [])
            column = re.sub(r"\[.*?\]", "", target.rpartition(":")[2]).strip()
            here = [
                fact
                for place, fact in given
                if place == column or place == f"{column.removesuffix('_id')}_name"
            ]
            if not here:
                lost.append(f"{path} is not in {column}")
            elif any(fact["answer"] != text for fact in here):
                lost.append(f"{path} stands in {column} with another answer than it was given")
            elif not _same([fact["value"] for fact in here], text, converted=":" in target):
                lost.append(f"{path} stands in {column} as another value")
    return lost


def _same(values: list[Any], text: str, *, converted: bool) -> bool:
    """Whether the values are what the text says, as far as one can say without knowing the dictionary."""
    if converted:
        return all(value is not None for value in values)
    if isinstance(values[0], list):
        return all(set(value) == set(text.split()) for value in values)
    if values[0] == text:
        return set(values) == {text}
    if len(values) > 1 or (isinstance(values[0], str) and values[0] in text.split()):
        return set(values) == set(text.split())
    value = values[0]
    if isinstance(value, bool):
        return value == (text in ("yes", "true", "1", "OK"))
    if isinstance(value, int):
        return Decimal(value) == Decimal(text)
    try:
        return Decimal(value) == Decimal(text)
    except ArithmeticError:
        return str(value) == text[: len(str(value))]


Tables = dict[str, dict[str, dict[str, str]]]
"""Name of a table → key of a row → its cells by column."""


def tables(archive: bytes) -> tuple[Tables, list[str]]:
    """The tables of a `submissions.csv.zip`, and the names of its files."""
    with zipfile.ZipFile(io.BytesIO(archive)) as opened:
        assert opened.testzip() is None
        found = {}
        for name in opened.namelist():
            if name.endswith(".csv") and not name.startswith("media/"):
                rows = csv.DictReader(io.TextIOWrapper(opened.open(name), "utf-8", newline=""))
                found[name] = {row["KEY"]: row for row in rows}
        return found, [name for name in opened.namelist() if name.startswith("media/")]


def not_downloaded(interview: Any, downloaded: Tables) -> list[str]:
    """Answers of the report that are not in the tables, found as somebody would who knows Central's
    layout."""
    lost = []
    form = interview.report["form_id"]
    for answer in interview.report["answers"]:
        steps = answer["path"].split("/")[2:]
        places = [number for number, step in enumerate(steps) if step.endswith("]")]
        table, key, column = f"{form}.csv", interview.instance_id, "-".join(steps)
        if places:
            table = f"{form}-{steps[places[-1]].partition('[')[0]}.csv"
            key += "/" + "/".join(steps[: places[-1] + 1])
            column = "-".join(steps[places[-1] + 1 :])
        if downloaded[table].get(key, {}).get(column) != (answer["value"] or ""):
            lost.append(f"{answer['path']} is not in {table}")
    return lost
