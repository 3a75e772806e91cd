"""A case arranged for reading: sections of facts, each with its sources. It decides order and words; what
`app.services.cases` masked stays masked."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Final, Protocol

from app.language import _
from app.services.cases import Interview, Row, Value
from app.ui import questions
from app.ui.words.codes import code_label
from app.ui.words.columns import column_label
from app.ui.words.sections import (
    DECIDED,
    DIGEST,
    DUE,
    HIDDEN,
    ROW_ACTS,
    ROWS,
    SECTIONS,
    SETS,
    TITLED_BY,
    SectionWords,
    table_title,
)
from xlsforms import dictionary

_YES_NO: Final = {True: "yes", False: "no"}


@dataclass(frozen=True, slots=True)
class Source:
    """Where a value came from: a question of an interview, by name and label; a decision; or a rule.
    `text` is empty where it is masked; `told` is the interview in words."""

    text: str
    answer: str
    masked: bool
    held_on: str
    interview: Interview | None
    told: str
    question: str
    label: str
    decision: str
    rule: str

    @property
    def as_written(self) -> str:
        """The answer as the form has it, where that says more than the text."""
        return "" if self.masked or self.answer == self.text else self.answer


@dataclass(frozen=True, slots=True)
class Place:
    """Where a value stands in its case: a table, the id of a row, a column. A correction names it."""

    table: str
    row: str
    column: str

    @property
    def path(self) -> str:
        """As addresses have it."""
        return f"{self.table}/{self.row}/{self.column}"


@dataclass(frozen=True, slots=True)
class Line:
    """A label and what is known beside it: the texts now, where they came from, and what was said before. `place`
    is that of a value that can be corrected."""

    label: str
    texts: tuple[str, ...]
    masked: bool
    revealed: bool
    sources: tuple[Source, ...]
    earlier: tuple[Source, ...]
    place: Place | None = None

    @property
    def text(self) -> str:
        """All of them in one."""
        return self.texts[0] if len(self.texts) == 1 else _("; ").join(self.texts)


@dataclass(frozen=True, slots=True)
class Block:
    """A row of a table with what hangs from it; or, untitled, lines that need no heading. `digest`
    says in few words what a row of many is about, so that it can be folded. `act` is what can be done with the row
    `row`; `overdue`: its day has passed."""

    title: str
    lines: tuple[Line, ...]
    blocks: tuple["Block", ...] = ()
    digest: str = ""
    act: str = ""
    row: str = ""
    overdue: bool = False


@dataclass(frozen=True, slots=True)
class Group:
    """Blocks of one interview, or, without one, of the case as it stands."""

    interview: Interview | None
    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True)
class Section:
    """A part of the page. `fields` are those masked in it, for a reveal of no more than this section."""

    key: str
    title: str
    groups: tuple[Group, ...]
    earlier: tuple[Block, ...]
    fields: frozenset[str]

    @property
    def masked(self) -> bool:
        """Whether something is hidden here."""
        return bool(self.fields)


class Folded(Protocol):
    """What a case is shown from: its interviews, and its rows by table."""

    @property
    def interviews(self) -> tuple[Interview, ...]: ...

    @property
    def rows(self) -> Mapping[str, tuple[Row, ...]]: ...


def sections(
    case: Folded, *, locale: str, labels: Mapping[str, questions.Labels] | None = None, today: str = ""
) -> tuple[Section, ...]:
    """The sections of a case that hold anything, in the order of the interviews' forms.

    `labels` are those of the questions, by the instanceID of their submission; `today` tells what is overdue;
    without it nothing is, as in a closed case.
    """
    view = _View(case.interviews, locale, labels or {}, today)
    shown = {table for part in SECTIONS for table in part.tables}
    parts = [replace(one, title=_(one.title)) for one in SECTIONS]
    parts += [
        SectionWords(table.replace("_", "-"), table_title(table), (table,))
        for table in case.rows
        if table not in shown
    ]
    made = (view.section(part, case.rows) for part in parts)
    return tuple(section for section in made if section.groups or section.earlier)


def text_of(value: object, code_list: str | None, locale: str) -> str:
    """A value in words: codes by their labels in the reader's language, numbers and dates as they are."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return code_label("yn", _YES_NO[value], locale)
    if isinstance(value, list | tuple):
        return _("; ").join(code_label(code_list, str(one), locale) for one in value)
    return code_label(code_list, str(value), locale)


def interview_words(interview: Interview, locale: str) -> str:
    """An interview by its kind and, where that is known, its day."""
    kind = code_label("interview_form", interview.kind, locale)
    if not interview.held_on:
        return kind
    return _("%(interview)s, %(day)s", interview=kind, day=interview.held_on)


def said_of(label: str, text: str) -> str:
    """A label and what stands beside it, in one line."""
    return _("%(label)s: %(text)s", label=label, text=text)


def line(
    case: Folded, label: str, value: Value, row: Row, *, locale: str, labels: Mapping[str, questions.Labels]
) -> Line:
    """One value of a row of a case beside a label, with its sources."""
    return _View(case.interviews, locale, labels, "").line(label, value, row)


def blocks(
    case: Folded, table: str, rows: Sequence[Row], *, locale: str, labels: Mapping[str, questions.Labels]
) -> list[Block]:
    """Some rows of a table of a case."""
    return _View(case.interviews, locale, labels, "").blocks(table, rows)


class _View:
    """What every step needs: the interviews by id and by submission, and the reader's language."""

    def __init__(
        self,
        interviews: Iterable[Interview],
        locale: str,
        labels: Mapping[str, questions.Labels],
        today: str,
    ) -> None:
        self.labels, self.today = labels, today
        self.interviews = tuple(interviews)
        self.by_id = {str(one.interview_id): one for one in self.interviews}
        self.by_instance = {one.instance_id: one for one in self.interviews}
        self.told = {one.instance_id: interview_words(one, locale) for one in self.interviews}
        self.locale = locale
        self.tables = dictionary.load().tables

    def section(self, part: SectionWords, rows: Mapping[str, Sequence[Row]]) -> Section:
        current: dict[str, list[Block]] = {}
        earlier: list[Block] = []
        for table in part.tables:
            each = rows.get(table, ())
            for interview_id, found in self._by_interview(table, [row for row in each if not row.earlier]):
                current.setdefault(interview_id, []).extend(self.blocks(table, found))
            earlier += self.blocks(table, [row for row in each if row.earlier])
        order = {str(one.interview_id): place for place, one in enumerate(self.interviews, start=1)}
        groups = tuple(
            Group(self.by_id.get(interview_id), tuple(blocks))
            for interview_id, blocks in sorted(current.items(), key=lambda item: -order.get(item[0], 10**6))
            if blocks
        )
        every = (row for table in part.tables for row in rows.get(table, ()))
        return Section(part.key, part.title, groups, tuple(earlier), frozenset(_masked(every)))

    def _by_interview(self, table: str, rows: Sequence[Row]) -> list[tuple[str, list[Row]]]:
        known = self.tables.get(table)
        if known is not None and known.merge not in ("per_interview", "append"):
            return [("", list(rows))]
        ordered = sorted(rows, key=lambda row: row.interview_id or "")
        return [(key, list(found)) for key, found in groupby(ordered, key=lambda row: row.interview_id or "")]

    def blocks(self, table: str, rows: Sequence[Row]) -> list[Block]:
        if not rows:
            return []
        if table in SETS:
            lines = self.set_lines(table, rows)
            return [Block("", lines)] if lines else []
        numbered = table in ROWS and table not in TITLED_BY and len(rows) > 1
        made = (
            self.block(table, row, number if numbered else None) for number, row in enumerate(rows, start=1)
        )
        return [block for block in made if block.lines or block.blocks]

    def block(self, table: str, row: Row, number: int | None) -> Block:
        heading = _(ROWS.get(table, ""))
        titled_by = TITLED_BY.get(table)
        if titled_by and (by := next((one for one in row.fields if one.column == titled_by), None)):
            said = self.text(by)
            heading = said_of(heading, said) if said else heading
        if number is not None:
            heading = _("%(row)s %(number)s", row=heading, number=number)
        lines = tuple(
            self.line(column_label(table, value.column), value, row)
            for value in row.fields
            if f"{table}.{value.column}" not in HIDDEN
            and value.type != "uuid"
            and (value.masked or value.value not in (None, "", []) or value.earlier)
        )
        sets = tuple(
            line
            for child, rows in row.children.items()
            if child in SETS
            for line in self.set_lines(child, rows)
        )
        children = tuple(
            block
            for child, rows in row.children.items()
            if child not in SETS
            for block in self.blocks(child, rows)
        )
        digested = DIGEST.get(table, ())
        texts = {value.column: self.text(value) for value in row.fields if value.column in digested}
        digest = " · ".join(texts[one] for one in digested if texts.get(one))
        act = "" if row.earlier else ROW_ACTS.get(table, "")
        return Block(heading, lines + sets, children, digest, act, row.id, self.overdue(row))

    def overdue(self, row: Row) -> bool:
        """Whether what is planned in a row has not happened by its day."""
        due = DUE.get(row.table)
        values = {value.column: value.value for value in row.fields}
        if due is None or row.earlier or values.get("status") not in due.while_:
            return False
        return bool(values.get(due.column)) and str(values[due.column]) < self.today

    def set_lines(self, table: str, rows: Sequence[Row]) -> tuple[Line, ...]:
        """One line for each list of ticks: rows that share every key but the last."""
        known = self.tables.get(table)
        keys = known.row_key if known else ()
        tick = keys[-1] if keys else "name"
        lists: dict[tuple[str, ...], list[tuple[Value, Row]]] = {}
        for row in rows:
            values = {value.column: value for value in row.fields}
            kind = tuple(self.text(values[key]) for key in keys[:-1] if key in values)
            if tick in values:
                lists.setdefault(kind, []).append((values[tick], row))
        title = _(SETS[table])
        made = []
        for kind, ticks in lists.items():
            label = said_of(title, _(", ").join(part.lower() for part in kind)) if kind else title
            texts = tuple(self.tick_text(value, row) for value, row in ticks)
            made.append(
                Line(
                    label,
                    tuple(text for text in texts if text),
                    masked=any(value.masked for value, _row in ticks),
                    revealed=any(value.privacy == "P3" and not value.masked for value, _row in ticks),
                    sources=tuple(self.source(value) for value, row in ticks),
                    earlier=tuple(self.source(old) for value, row in ticks for old in value.earlier),
                )
            )
        return tuple(made)

    def tick_text(self, value: Value, row: Row) -> str:
        """The tick's label; for an indicator with its weight: strong, medium or weak."""
        said = self.text(value)
        weight = next((one for one in row.fields if one.column == "weight" and one.value), None)
        if weight is None or not said:
            return said
        return _("%(said)s (%(weight)s)", said=said, weight=self.text(weight).lower())

    def line(self, label: str, value: Value, row: Row) -> Line:
        source = self.source(value)
        fixed = row.earlier or f"{row.table}.{value.column}" in DECIDED
        return Line(
            label,
            (source.text,) if source.text else (),
            masked=value.masked,
            revealed=value.privacy == "P3" and not value.masked,
            sources=(source,),
            earlier=tuple(self.source(old) for old in value.earlier),
            place=None if fixed else Place(row.table, row.id, value.column),
        )

    def source(self, value: Value) -> Source:
        instance_id = value.instance_id or ""
        return Source(
            text=self.text(value),
            answer=value.answer or "",
            masked=value.masked,
            held_on=value.held_on or "",
            interview=self.by_instance.get(instance_id),
            told=self.told.get(instance_id, ""),
            question=value.question or "",
            label=self.labels.get(instance_id, {}).get(questions.plain(value.question or ""), ""),
            decision=value.decision or "",
            rule=value.rule or "",
        )

    def text(self, value: Value) -> str:
        return "" if value.masked else text_of(value.value, value.code_list, self.locale)


def _masked(rows: Iterable[Row]) -> Iterable[str]:
    for row in rows:
        for value in row.fields:
            if value.masked or any(old.masked for old in value.earlier):
                yield f"{row.table}.{value.column}"
        for children in row.children.values():
            yield from _masked(children)
