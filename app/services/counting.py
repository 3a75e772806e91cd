"""Counting cases and what hangs from them: by the database, within a scope and within what somebody may see."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final, NamedTuple

from sqlalchemy import Column, ColumnElement, Select, func, select
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import Session
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

from app import policy
from app.models import TABLES, CaseState
from app.services.suppression import Cell

COUNT: Final = ("count",)
"""The series of a figure that has one only."""
NOT_KNOWN: Final = ""
"""Code of a row, or a series, of which the answer is not known."""

STATE, FILE, PERSON = CaseState.__table__.c, TABLES["case_file"].c, TABLES["person"].c
STATUS: Final[ColumnElement[str]] = func.coalesce(FILE.status, "active")
"""The status of a case: active while nobody said otherwise."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """What is counted. The days are the first and the last of a period, both within it: interviews held in it, cases
    registered in it, services begun in it. `status` is that of cases, now."""

    mission_id: int | None = None
    since: date | None = None
    until: date | None = None
    status: str | None = None


class Row(NamedTuple):
    """A code (or a Monday, YYYY-MM-DD) and its count in each series."""

    code: str
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class Figure:
    """A table of counts. `counted` is how many cases there are in all (interviews, people assisted), each once, also
    where a case counts in several rows. `median` is that of the days of a wait."""

    name: str
    series: tuple[str, ...]
    rows: tuple[Row, ...]
    counted: Cell
    median: float | None = None


class Within:
    """The rows of a scope that an actor may count."""

    def __init__(self, actor: policy.Actor, scope: Scope) -> None:
        self.scope = scope
        self._cases = [policy.within(actor, "case.read", STATE.mission_id, scope.mission_id)]
        if scope.status is not None:
            self._cases.append(STATUS.in_([scope.status]))

    def cases(self, *columns: Any, file: bool = True, people: bool = False) -> Select[Any]:
        """Cases registered in the period, each with its file, and its person if asked for, if they are there."""
        joined: Any = CaseState.__table__
        if file or self._by_file:
            joined = joined.outerjoin(TABLES["case_file"], FILE.case_id == STATE.case_id)
        if people:
            joined = joined.outerjoin(TABLES["person"], PERSON.case_id == STATE.case_id)
        return self._where(select(*columns).select_from(joined), FILE.registered_on)

    def rows(self, table: str, on: Column[Any], *columns: Any) -> Select[Any]:
        """Rows of a table of the cases; `on` is the date by which they are in the period."""
        joined = TABLES[table].join(CaseState.__table__, STATE.case_id == TABLES[table].c.case_id)
        if self.scope.status is not None or (self._by_file and on.table is TABLES["case_file"]):
            joined = joined.outerjoin(TABLES["case_file"], FILE.case_id == STATE.case_id)
        return self._where(select(*columns).select_from(joined), on)

    @property
    def _by_file(self) -> bool:
        """Whether it takes the file of a case to know if it is one of them."""
        return (self.scope.since, self.scope.until, self.scope.status) != (None, None, None)

    def _where(self, statement: Select[Any], on: ColumnElement[Any]) -> Select[Any]:
        statement = statement.where(*self._cases)
        if self.scope.since is not None:
            statement = statement.where(on >= self.scope.since)
        if self.scope.until is not None:
            statement = statement.where(on <= self.scope.until)
        return statement


class Days(FunctionElement[int]):
    """Whole days from one date to another."""

    inherit_cache = True


@compiles(Days)
def _days(element: Days, compiler: SQLCompiler, **more: Any) -> str:
    begin, end = (compiler.process(one, **more) for one in element.clauses)
    return f"({end} - {begin})"


@compiles(Days, "sqlite")
def _days_in_sqlite(element: Days, compiler: SQLCompiler, **more: Any) -> str:
    begin, end = (compiler.process(one, **more) for one in element.clauses)
    return f"CAST(julianday({end}) - julianday({begin}) AS INTEGER)"


def by_code(
    session: Session, statement: Select[Any], column: ColumnElement[Any], number: Any
) -> Counter[str]:
    """A number for each code of a column."""
    # By the name of the column in the answer: what is computed with parameters is not the same twice.
    grouped = statement.add_columns(column.label("counted_code"), number).group_by("counted_code")
    return Counter({code or NOT_KNOWN: count for code, count in session.execute(grouped)})


def cases_with(
    session: Session, within: Within, table: str, column: Column[Any], *which: ColumnElement[bool]
) -> tuple[Counter[str], int, int]:
    """How many cases have a row with each code, among those rows of the table; of how many none is known; how many there
    are."""
    known = (column.is_not(None), *which)
    cases = within.cases(func.count(), file=False)
    # Not counted as distinct cases of such rows: that would read the rows of every case, and they are long.
    some = cases.where(STATE.case_id.in_(select(TABLES[table].c.case_id).where(*known)))
    total = session.scalar(cases) or 0
    rows = within.rows(table, FILE.registered_on).where(*known)
    counts = by_code(session, rows, column, func.count(STATE.case_id.distinct()))
    return counts, total - (session.scalar(some) or 0), total


def in_order(counts: Mapping[str, int], codes: Iterable[str]) -> tuple[Row, ...]:
    """Rows for every code of a list, in its order, and for those it does not know, if there are any."""
    listed = tuple(codes)
    others = sorted(code for code in counts if code not in listed)
    return tuple(Row(code, (counts.get(code, 0),)) for code in (*listed, *others))


def median(counts: Counter[int]) -> float | None:
    """The middle of what was counted: of `{3: 2, 9: 1}` it is 3."""
    values = sorted(counts.elements())
    middle = len(values) // 2
    if not values:
        return None
    return float(values[middle]) if len(values) % 2 else (values[middle - 1] + values[middle]) / 2
