"""A page of a table of a feed: which rows are on it, and where the next one begins.

Submissions are found by the database; their answers, and rows of repeats, only as they are read. A page opens the
submissions its rows are in, and at most one more.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from sqlalchemy.orm import Session

from app import problems
from app.services import condition_rows, ordering
from app.services.export import Export
from app.services.export_rows import Step
from app.services.ordering import By
from app.services.walk import Place, gone
from submissions import odata

MOST_OPENED: Final = 10_000
"""Submissions that one page opens to find rows of which a condition on answers is true; then it ends, short."""
MOST_SORTED: Final = 5_000
"""Submissions whose rows are sorted by their answers."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What of the rows is asked for: from a place on, without the first `skip`, `top` at most, in this order; `count`:
    with their number, whatever the page holds."""

    place: Place
    skip: int = 0
    top: int | None = None
    count: bool = False
    order: tuple[By, ...] = ()


class Page:
    """The rows of one answer. `keys` are the `__id` of the rows around them, by depth, where only theirs are asked for.
    Once `rows` is through, `next` and `total` say how it goes on and how many there are."""

    def __init__(
        self, session: Session, export: Export, view: odata.View, keys: Mapping[int, str], asked: Asked
    ) -> None:
        self.export = export
        self.view = view
        self.keys = keys
        self.asked = asked
        self.next: Place | None = None
        self.total = asked.place.total if asked.count else None
        self._check(session)

    def rows(self, session: Session) -> Iterator[Mapping[str, Any]]:
        """What the rows show."""
        asked, rows = self.asked, self.export.rows
        by_database = self.view.table.name == odata.ROOT and rows.matches is None
        if asked.count and self.total is None and (by_database or asked.place.submission is not None):
            everything = replace(asked.place, submission=None)
            self.total = (
                rows.count(session) if by_database else sum(1 for _ in self._all(session, everything))
            )
        counting = asked.count and self.total is None
        bounds = (asked.skip, None if asked.top is None else asked.top + 1) if by_database else (0, None)
        skip, seen, given = 0 if by_database else asked.skip, 0, 0
        for step, index, row in self._all(session, asked.place, *bounds, bounded=not counting):
            seen += 1
            if seen <= skip:
                continue
            if asked.top is not None and given >= asked.top:
                self.next = self.next or self._at(step, index)
                if not counting:
                    break
                continue
            given += 1
            yield self._handed_out(row)
        if counting:
            self.total = seen
        if self.next is not None:
            self.next = replace(self.next, total=self.total)

    # ---- within

    def _check(self, session: Session) -> None:
        """Whether this can be done at all, before anything is handed out. Raises the Problem `invalid`."""

    def _all(
        self, session: Session, place: Place, skip: int = 0, top: int | None = None, *, bounded: bool = False
    ) -> Iterator[tuple[Step, int, odata.Row]]:
        """The rows from a place on, each with its submission and its number in it."""
        rows, opened = self.export.rows, 0
        for step in rows.walk(session, order=self.asked.order, place=place, skip=skip, top=top):
            if bounded and rows.matches is not None and self.asked.top is not None and opened >= MOST_OPENED:
                self.next = self._at(step, 0)
                return
            opened += 1
            read = condition_rows.read(step.record, step.delivery) if rows.matches is not None else None
            for index, row in enumerate(self.view.rows(step.record, step.delivery)):
                if step.id == place.submission and index < place.row:
                    continue
                if any(row.keys[depth] != key for depth, key in self.keys.items() if depth):
                    continue
                if rows.matches is None or read is None or rows.matches(read, row):
                    yield step, index, row

    def _at(self, step: Step, index: int) -> Place:
        return Place(self.asked.place.until, step.id, index, step.values)

    def _handed_out(self, row: odata.Row) -> Mapping[str, Any]:
        counts, name = self.export.written.rows, self.view.table.name
        counts[name] = counts.get(name, 0) + 1
        return row.shown


class SortedPage(Page):
    """A page of rows sorted by their answers: all of them are read to tell which come first, so there is a limit to how
    many there may be."""

    def rows(self, session: Session) -> Iterator[Mapping[str, Any]]:
        asked = self.asked
        # The walk itself is in the order of arrival; what is equal by its answers stays in it.
        self.asked = replace(asked, order=())
        found = [
            (self._at(step, index), condition_rows.read(step.record, step.delivery), row)
            for step, index, row in self._all(session, replace(asked.place, submission=None))
        ]
        for by, column in reversed(list(zip(asked.order, self._columns, strict=True))):

            def key(one: tuple[Place, condition_rows.Read, odata.Row], read: Any = column.read) -> Any:
                value = read(one[1], one[2])
                return value is not None, value

            found.sort(key=key, reverse=by.descending)
        first = asked.skip
        if asked.place.submission is not None:
            marks = [(one.submission, one.row) for one, _, _ in found]
            if (asked.place.submission, asked.place.row) not in marks:
                raise gone()
            first += marks.index((asked.place.submission, asked.place.row))
        end = len(found) if asked.top is None else first + asked.top
        for _, _, row in found[first:end]:
            yield self._handed_out(row)
        self.total = len(found) if asked.count else None
        self.next = found[end][0] if end < len(found) else None

    def _check(self, session: Session) -> None:
        rows = self.export.rows
        table = self.view.table
        columns = condition_rows.Columns(self.export.form, table, rows.leaves_out)
        self._columns = [columns.column(by.what) for by in self.asked.order]
        if any(one.kind in ("place", "null") for one in self._columns):
            raise ordering.refused("Places have no order.")
        if rows.count(session) > MOST_SORTED:
            raise problems.invalid(
                f"More than {MOST_SORTED} submissions cannot be sorted by their answers.",
                "Ask for fewer with a $filter on __system/submissionDate, or sort what you have read.",
            )
