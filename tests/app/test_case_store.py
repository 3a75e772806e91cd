"""The case store's tables are the dictionary's."""

import uuid
from datetime import UTC, date, datetime

import pytest
from sqlalchemy import LargeBinary, insert, select

from app.models.case_store import TABLES, p3_context, to_column
from xlsforms.dictionary import load


def test_every_table_of_the_dictionary_that_the_fold_writes_is_there():
    assert list(TABLES) == [table.name for table in load().tables.values() if table.scope == "case"]


def test_every_field_has_a_column_and_an_identifier_is_closed():
    for table in load().tables.values():
        if table.scope != "case":
            continue
        columns = TABLES[table.name].columns
        assert columns[table.id_column].primary_key
        assert "case_id" in columns
        for field in table.fields.values():
            is_binary = isinstance(columns[field.column].type, LargeBinary)
            assert is_binary == (field.privacy == "P3"), field.name


def test_a_parent_stands_before_its_children():
    seen = set()
    for name in TABLES:
        parent = load().tables[name].parent
        assert parent is None or parent in seen
        seen.add(name)


SAID = {
    "text": "Ωραία",
    "code": "yes",
    "country": "MD",
    "language": "ron",
    "integer": 3,
    "decimal": "12.50",
    "boolean": True,
    "date": "2026-11-22",
    "instant": "2026-11-22T08:32:00+03:00",
    "uuid": "6f1e3f0a-8d55-4b55-9d5e-0d2f6a3c1b7e",
    "array": ["a", "b"],
}
READ = SAID | {
    "decimal": 12.5,
    "date": date(2026, 11, 22),
    "instant": datetime(2026, 11, 22, 5, 32, tzinfo=UTC),
    "uuid": uuid.UUID(SAID["uuid"]),
}


def test_a_row_of_every_table_can_be_written_and_read(engine):
    with engine.begin() as connection:
        for table in load().tables.values():
            if table.scope != "case":
                continue
            row = {
                column.name: uuid.uuid4()
                for column in TABLES[table.name].columns
                if column.name.endswith("_id")
            }
            row = {
                name: value
                for name, value in row.items()
                if name not in table.fields or table.fields[name].type == "uuid"
            }
            for field in table.fields.values():
                row[field.column] = b"sealed" if field.privacy == "P3" else to_column(field, SAID[field.type])
            connection.execute(insert(TABLES[table.name]), row)
            read = connection.execute(select(TABLES[table.name])).mappings().one()
            for field in table.fields.values():
                expected = b"sealed" if field.privacy == "P3" else READ[field.type]
                assert read[field.column] == expected, field.name
            assert read["updated_at"].tzinfo is not None


def test_a_value_of_another_type_is_refused():
    fields = {field.type: field for field in load().fields() if field.privacy != "P3"}
    for kind, value in [
        ("date", "soon"),
        ("uuid", "x"),
        ("decimal", "much"),
        ("instant", "now"),
        ("integer", 1 << 63),
    ]:
        with pytest.raises(ValueError, match=r"."):
            to_column(fields[kind], value)
    assert to_column(fields["date"], None) is None


def test_an_identifier_is_bound_to_its_place():
    row = uuid.UUID(SAID["uuid"])
    assert p3_context("person", "family_name", row) == f"person.family_name:{row}"
