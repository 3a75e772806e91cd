"""The tables of the case store, made from the dictionary: one for each table whose rows the fold writes.

Their rows are derived. They can be rebuilt from submissions and decisions at any time, so they carry no
foreign keys to each other: a fold writes them in any order, and what must hold between them is what the fold
says.
"""

import uuid
from collections.abc import Mapping
from datetime import date, datetime
from types import MappingProxyType
from typing import Any, Final

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Date,
    Double,
    Index,
    LargeBinary,
    String,
    Table,
    Text,
    Uuid,
)
from sqlalchemy.types import TypeEngine

from app.models.base import Instant, Model, now
from xlsforms.dictionary import Field, load
from xlsforms.dictionary import Table as DictionaryTable

_PER_INTERVIEW: Final = ("per_interview", "append")

_COUNTED: Final[Mapping[str, tuple[tuple[str, ...], ...]]] = {
    "case_file": (
        (
            "case_id", "status", "registered_on", "next_contact_on", "trafficking_status", "risk_level", "is_minor",
            "age_at_registration",
        ),
    ),
    "person": (("case_id", "sex"), ("sex", "case_id")),
    "interview": (("case_id", "held_on", "form"), ("held_on", "form", "case_id")),
    "episode": (("exploitation_country", "case_id"),),
    "episode_exploitation": (("facet", "code", "case_id"),),
    "eligibility": (("programme", "case_id"),),
    "service": (("case_id", "started_on", "category", "status"),),
}  # fmt: skip
"""By what many cases are counted, narrowed and sorted: read from indexes alone, because rows are long."""


def _type(field: Field) -> TypeEngine[Any]:
    if field.privacy == "P3":
        return LargeBinary()  # encrypted by the keyring, context `p3_context`
    match field.type:
        case "integer":
            return BigInteger()
        case "decimal":
            return Double()  # to compute with; the exact text stays in the submission
        case "boolean":
            return Boolean()
        case "date":
            return Date()
        case "instant":
            return Instant()
        case "uuid":
            return Uuid()
        case "array":
            return JSON()
        case "code" | "country" | "language":
            return String()
        case "text":
            return Text()
    raise ValueError(f"the dictionary gives {field.name} an unknown type: {field.type}")


def _build(said: DictionaryTable, parent: DictionaryTable | None) -> Table:
    columns: dict[str, Column[Any]] = {}

    def add(column: Column[Any]) -> None:
        columns.setdefault(column.name, column)

    add(Column("case_id", Uuid(), primary_key=True, comment="The case"))
    add(Column(said.id_column, Uuid(), primary_key=True, comment="UUIDv5 of case, table and row key"))
    if parent is not None:
        add(
            Column(
                parent.id_column, Uuid(), nullable=False, comment=f"The row of {parent.name} it hangs from"
            )
        )
    if said.merge in _PER_INTERVIEW:
        add(Column("interview_id", Uuid(), comment="The interview that said it"))
    for field in said.fields.values():
        add(Column(field.column, _type(field), comment=field.note or None))
    add(
        Column(
            "updated_at", Instant(), nullable=False, default=now, comment="When the fold last wrote the row"
        )
    )
    # The key begins with the case and holds the row itself: ids are random, and rows of one case would otherwise lie
    # all over a large file.
    made = Table(said.name, Model.metadata, *columns.values(), comment=said.purpose, sqlite_with_rowid=False)
    for number, names in enumerate(_COUNTED.get(said.name, ()), 1):
        Index(f"ix_{said.name}_counted_{number}", *(made.c[name] for name in names))
    return made


def _build_all() -> dict[str, Table]:
    tables = load().tables
    return {
        table.name: _build(table, tables[table.parent] if table.parent else None)
        for table in tables.values()
        if table.scope == "case"
    }


TABLES: Final[Mapping[str, Table]] = MappingProxyType(_build_all())
"""Every table the fold writes, in the dictionary's order: a parent stands before its children."""


def p3_context(table: str, column: str, row_id: uuid.UUID | str) -> str:
    """What an encrypted value of the case store is bound to."""
    return f"{table}.{column}:{row_id}"


def to_column(field: Field, value: Any) -> Any:
    """A value of a fact (JSON-native, submissions.values) as its column takes it. P3 stays as it is.

    Raises ValueError where the value is not of the field's type.
    """
    if value is None or field.privacy == "P3":
        return value
    match field.type:
        case "date":
            return date.fromisoformat(value)
        case "instant":
            return datetime.fromisoformat(value)
        case "uuid":
            return uuid.UUID(value)
        case "decimal":
            return float(value)
        case "array":
            return list(value)
        case "integer" if abs(value) >= 1 << 63:
            raise ValueError("a whole number beyond 64 bits")
    return value
