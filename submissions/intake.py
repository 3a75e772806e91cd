"""An intake: what one interview says, in the dictionary's words; its shape, to JSON and back."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, NamedTuple

from submissions.entities import EntityAction
from submissions.values import Value
from xlsforms.finding import Finding

_FORMAT = 1


class Said(NamedTuple):
    """A value, the text the phone wrote (empty if the mapping itself gave the value) and the question, an
    XPath with positions. A named tuple because a long interview has hundreds of them."""

    value: Value
    answer: str
    question: str


@dataclass(slots=True)
class IntakeRow:
    """One row for a case table. `parent` is the key of the row it hangs from in the parent table, empty if
    the table has none. A row may come twice with the same key: what one question says of a field after
    another did."""

    table: str
    key: str
    parent: str
    values: dict[str, Said]


@dataclass(frozen=True, slots=True)
class Intake:
    """What one version of one submission says. `submission` is the instanceID of the first version of its
    chain of edits, `instance_id` that of this version, `deprecated_id` that of the version it replaces.
    `kind`: screening, assistance or other. `held_on` is the date of the interview (else the day the form
    was started), `ended_at` the moment the phone closed it, in UTC; both are empty where nothing says them.
    `case_uid` is None where the interviewer did not choose or make a case. `findings` include the
    record's. `change` is what the phone did to the case in its own list `cases`."""

    submission: str
    instance_id: str
    deprecated_id: str | None
    form_id: str
    form_version: str
    kind: str
    held_on: str
    ended_at: str
    case_uid: str | None
    case_ref: str | None
    consent_ok: bool | None
    rows: tuple[IntakeRow, ...]
    findings: tuple[Finding, ...] = ()
    change: EntityAction | None = None

    @property
    def order(self) -> tuple[str, str, str]:
        """What interviews of a case are sorted by; nothing in it depends on when they arrived."""
        return self.held_on, self.ended_at, self.instance_id

    def to_json(self) -> dict[str, Any]:
        """A compact JSON object."""
        return {
            "format": _FORMAT,
            "head": [getattr(self, name) for name in _HEAD],
            "rows": [[row.table, row.key, row.parent, row.values] for row in self.rows],
            "findings": [finding.to_json() for finding in self.findings],
            **({"change": self.change.to_json()} if self.change is not None else {}),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "Intake":
        rows = tuple(
            IntakeRow(table, key, parent, {column: _said(*said) for column, said in columns.items()})
            for table, key, parent, columns in data["rows"]
        )
        findings = tuple(Finding.from_json(finding) for finding in data["findings"])
        change = EntityAction.from_json(data["change"]) if "change" in data else None
        return cls(**dict(zip(_HEAD, data["head"], strict=True)), rows=rows, findings=findings, change=change)


_HEAD = tuple(field.name for field in fields(Intake) if field.name not in ("rows", "findings", "change"))


def _said(value: Any, answer: str, question: str) -> Said:
    return Said(tuple(value) if isinstance(value, list) else value, answer, question)
