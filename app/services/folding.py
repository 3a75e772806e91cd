"""Folding cases into their tables: what differs from what stands there is written, and nothing else.

`case_state.manifest` keeps a keyed hash of every row a case has, so the difference is found without reading
the rows, and a replay that changes nothing touches nothing.
"""

import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Executable, and_, bindparam, delete, insert, update
from sqlalchemy import Table as SqlTable

from app.keys import Keyring
from app.models import TABLES
from app.models.case_store import p3_context, to_column
from submissions.case import CaseRow, CaseState
from xlsforms import dictionary
from xlsforms.finding import Finding, warning
from xlsforms.marked import N_, worded

Manifest = dict[str, dict[str, Any]]
"""Table → row id → keyed hash of the row."""

_HASH = 12  # bytes kept of a row's hash: it tells whether a row changed, among the rows of one case


@dataclass(slots=True)
class Writes:
    """Rows to insert, update and delete, by table, over many cases: each table is written once for all of
    them."""

    inserts: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    updates: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    deletes: dict[str, list[dict[str, Any]]] = field(default_factory=dict)

    def statements(self) -> Iterator[tuple[Executable, list[dict[str, Any]]]]:
        """What writes them. Deletes come first: a row may move from one case to another under the same id."""
        for name, rows in self.deletes.items():
            yield _plans[name].delete, rows
        for name, rows in self.inserts.items():
            yield _plans[name].insert, rows
        for name, rows in self.updates.items():
            yield _plans[name].update, rows


class _TablePlan:
    """A table of the case store made ready: what of a row goes to which column, and its statements."""

    def __init__(self, table: dictionary.Table, sql: SqlTable) -> None:
        self.id_column = table.id_column
        self.is_case = table.id_column == "case_id"
        self.parent = dictionary.load().tables[table.parent].id_column if table.parent else None
        self.per_interview = "interview_id" in sql.c and table.id_column != "interview_id"
        self.fields = [
            one for one in table.fields.values() if one.column in sql.c and one.column not in sql.primary_key
        ]
        self.columns = tuple(one.column for one in self.fields)
        this = and_(sql.c.case_id == bindparam("of_case"), sql.c[table.id_column] == bindparam("of_row"))
        names = [column.name for column in sql.columns if not column.primary_key]
        self.insert = insert(sql)
        self.delete = delete(sql).where(this)
        self.update = update(sql).where(this).values({name: bindparam(name) for name in names})


_plans: Mapping[str, _TablePlan] = {
    name: _TablePlan(dictionary.load().tables[name], sql) for name, sql in TABLES.items()
}


def difference(
    state: CaseState | None,
    manifest: Manifest,
    *,
    case_id: uuid.UUID,
    keyring: Keyring,
    at: datetime,
    writes: Writes,
) -> tuple[Manifest, list[Finding]]:
    """Add to `writes` what brings the tables of a case from `manifest` to `state` (None: the case is no
    more).

    Returns the new manifest and findings about values that no column takes.
    """
    new: Manifest = {}
    findings: list[Finding] = []
    for name, rows in (state.rows if state else {}).items():
        plan, known = _plans[name], manifest.get(name, {})
        hashes = new[name] = {}
        for row in rows:
            row_id = str(case_id) if plan.is_case else row.id
            columns = row.columns
            said = [(one, columns[one].value) for one in plan.columns if one in columns]
            # ASCII, because it says the same in every version of Python, and it is quick.
            content = ascii((row.parent_id, row.interview_id, said)).encode()
            hashes[row_id] = digest = keyring.digest(content)[:_HASH].hex()
            if known.get(row_id) == digest:
                continue
            key = uuid.UUID(row_id)
            values = _values(plan, row, dict(said), key, keyring, findings)
            values["updated_at"] = at
            if row_id in known:
                writes.updates.setdefault(name, []).append({"of_case": case_id, "of_row": key, **values})
            else:
                writes.inserts.setdefault(name, []).append(
                    {"case_id": case_id, plan.id_column: key, **values}
                )
    for name, known in manifest.items():
        if name in _plans and (gone := known.keys() - new.get(name, {}).keys()):
            keys = [{"of_case": case_id, "of_row": uuid.UUID(row_id)} for row_id in sorted(gone)]
            writes.deletes.setdefault(name, []).extend(keys)
    return {name: hashes for name, hashes in new.items() if hashes}, findings


def _values(
    plan: _TablePlan,
    row: CaseRow,
    said: Mapping[str, Any],
    row_id: uuid.UUID,
    keyring: Keyring,
    findings: list[Finding],
) -> dict[str, Any]:
    """A row as its table takes it but for its key, every column named so that rows of one table share one
    statement."""
    values: dict[str, Any] = {}
    if plan.parent is not None:
        values[plan.parent] = uuid.UUID(row.parent_id)
    if plan.per_interview:
        values["interview_id"] = uuid.UUID(row.interview_id) if row.interview_id else None
    for one in plan.fields:
        value = said.get(one.column)
        if value is None:
            values[one.column] = None
        elif one.privacy == "P3":
            values[one.column] = keyring.encrypt(
                str(value).encode(), p3_context(one.table, one.column, row_id)
            )
        else:
            try:
                values[one.column] = to_column(one, value)
            except (ValueError, TypeError):
                values[one.column] = None
                findings.append(
                    warning(
                        "value_not_stored",
                        worded(
                            "A value of %(name)s is not of its type and is missing in lists and exports of "
                            "cases.",
                            name=one.name,
                        ),
                        N_("Correct the value in the case."),
                        question=row.columns[one.column].question,
                    )
                )
    return values
