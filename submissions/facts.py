"""A case as it is folded: facts with their sources, rows, interviews, and the state they make."""

import hashlib
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from submissions.values import Value
from xlsforms.finding import Finding

ROWS = uuid.UUID("3d0b5f0a-6a55-5b0e-8d0c-0f1f8a4f6f7d")
"""Namespace of folded rows."""


class Fact(NamedTuple):
    """The value of a field, and where it comes from. A named tuple because a case has hundreds of them.

    `answer` is the text as the phone wrote it, `question` an XPath with positions in the submission
    `instance_id`, whose first version is `submission`. A value that a person decided names the `decision`;
    one that the server computed has no question and names the version of the `rule`. `value` is None where
    a decision or a rule took a value away. `earlier` holds what was said before or besides, the newest
    first.
    """

    value: Value
    answer: str = ""
    submission: str = ""
    instance_id: str = ""
    question: str = ""
    held_on: str = ""
    decision: str | None = None
    rule: str = ""
    earlier: tuple["Fact", ...] = ()


@dataclass(frozen=True, slots=True)
class CaseRow:
    """One row of a case table. `id` is the UUIDv5 of case, table and `key`; the key tells the row apart
    inside its table whatever the case is called, so corrections name it. `interview_id` is None in rows
    that belong to the case, not to an interview."""

    table: str
    id: str
    key: str
    parent_id: str | None
    interview_id: str | None
    columns: Mapping[str, Fact]

    def value(self, column: str) -> Value:
        fact = self.columns.get(column)
        return None if fact is None else fact.value


@dataclass(frozen=True, slots=True)
class Head:
    """One interview of the case: its current version."""

    id: str
    submission: str
    instance_id: str
    form_id: str
    form_version: str
    kind: str
    held_on: str
    ended_at: str
    consent_ok: bool | None


@dataclass(frozen=True, slots=True)
class CaseState:
    """The case. `rows` by table, in the order of the interviews; `earlier_rows` those that a policy or a
    decision took out of the present, with all their values. `interviews` the oldest first."""

    case_uid: str
    rows: Mapping[str, tuple[CaseRow, ...]]
    earlier_rows: Mapping[str, tuple[CaseRow, ...]]
    interviews: tuple[Head, ...]
    findings: tuple[Finding, ...]

    def one(self, table: str) -> CaseRow | None:
        """The single row of a table such as `case_file` or `person`, or None."""
        rows = self.rows.get(table, ())
        return rows[0] if rows else None

    def consents(self, purpose: str) -> bool:
        """Whether the person's last word on a purpose is yes."""
        said = (row for row in self.rows.get("consent", ()) if row.value("purpose") == purpose)
        return any(row.value("granted") is True and row.value("superseded_by") is None for row in said)

    def value(self, table: str, column: str) -> Value:
        row = self.one(table)
        return None if row is None else row.value(column)


def row_id(case_uid: str, table: str, key: str) -> str:
    """UUIDv5 of (case uid, table, row key), as text."""
    # What uuid.uuid5 does, without the object: a fold makes a hundred of them.
    name = f"{case_uid}/{table}/{key}".encode()
    number = int.from_bytes(hashlib.sha1(_ROWS + name, usedforsecurity=False).digest()[:16])
    text = f"{number & _CLEAR | _VERSION_5:032x}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


_ROWS = ROWS.bytes
_CLEAR = ~(0xF000_C000 << 48 & (1 << 128) - 1) & ((1 << 128) - 1)
_VERSION_5 = 0x5000_8000 << 48
