"""What formats hold, and that more than that is refused and never cut off."""

from dataclasses import replace

import pytest

from app.exports import csv_zip, parquet, statistics, xlsx
from app.exports.content import Content
from app.problems import Problem
from submissions import tables


def test_names_are_shortened_the_same_whatever_stands_beside_them():
    columns = [tables.Column(name) for name in ("if", "1st", "a-b", "a_b", "x" * 40, "x" * 39 + "y")]
    names = statistics.short_names(tables.Table("f.csv", "/f", tuple(columns)), 27)
    assert names[:3] == ["if_", "v_1st", "a_b"]
    assert len({name.casefold() for name in names}) == len(names)
    assert all(len(name) <= 27 for name in names)
    alone = statistics.short_names(tables.Table("f.csv", "/f", (columns[4],)), 27)
    assert alone[0] == names[4]


def wide(columns):
    made = tuple(tables.Column(f"c{number}") for number in range(columns))
    table = tables.Table("f.csv", "/f", (*made, tables.Column("KEY")))
    return tables.Layout((table,), notes_unknown=False)


@pytest.mark.parametrize(
    ("write", "columns", "expected"),
    [
        (xlsx.write, xlsx.MAX_COLUMNS, 1),
        (xlsx.write, 1, xlsx.MAX_ROWS),
        (lambda content: statistics.write(content, statistics.SPSS), 99, statistics.MAX_CELLS // 100 + 1),
    ],
)
def test_what_is_too_much_is_refused_before_the_first_byte(write, columns, expected):
    with pytest.raises(Problem, match="download_limit"):
        write(Content(layout=wide(columns), submissions=(), expected=expected))


def test_rows_beyond_a_sheet_are_refused_and_not_cut_off(monkeypatch):
    monkeypatch.setattr(xlsx, "MAX_ROWS", 3)
    content = Content(layout=wide(1), submissions=([(0, ["a", "k"])] for _ in range(3)), expected=2)
    with pytest.raises(Problem, match="download_limit"):
        list(xlsx.write(content))
    fine = replace(content, submissions=([(0, ["a", "k"])] for _ in range(2)))
    assert list(xlsx.write(fine))


@pytest.mark.parametrize("write", [csv_zip.write, xlsx.write, parquet.write])
def test_something_is_handed_out_before_the_first_row_is_read(write):
    def rows():
        pytest.fail("a row was read")
        yield ()

    made = write(Content(layout=wide(1), submissions=rows(), expected=1))
    assert next(made)
    made.close()
