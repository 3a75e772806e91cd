"""The row of a finding as a small table."""

from xlsforms.excerpt import excerpt
from xlsforms.finding import error
from xlsforms.workbook import Sheet, Workbook

BOOK = Workbook(
    {
        "survey": Sheet(
            "survey",
            ("type", "name", "label::English (en)", "hint"),
            ({"type": "text", "name": "town"}, {}, {"type": "text", "name": "n" * 100, "hint": "=1+1 " * 30}),
        )
    }
)


def cells(**where):
    found = excerpt(BOOK, error("code", "Message", sheet="survey", **where))
    return found and [(one.header, one.text, one.faulty) for one in found.cells]


def test_the_row_has_its_filled_cells_in_the_order_of_the_sheet_and_the_faulty_one_marked():
    assert cells(row=2, column="name") == [("type", "text", False), ("name", "town", True)]


def test_an_empty_cell_at_fault_stands_in_its_place_by_its_plain_name_too():
    expected = [("type", "text", False), ("name", "town", False), ("label::English (en)", "", True)]
    assert cells(row=2, column="label::English (en)") == expected
    assert cells(row=2, column="label") == expected


def test_a_column_that_is_not_there_is_shown_where_it_would_be():
    assert cells(row=2, column="constraint_message")[-1] == ("constraint_message", "", True)


def test_neighbours_are_shortened_and_the_cell_at_fault_is_not():
    (_, name, hint) = cells(row=4, column="hint")
    assert (len(name[1]), name[1][-1]) == (36, "…")
    assert hint[1] == ("=1+1 " * 30).strip()


def test_the_first_row_is_that_of_the_headers():
    assert ("hint", "hint", True) in cells(row=1, column="hint")


def test_a_finding_about_no_row_or_one_beyond_the_sheet_has_none():
    assert cells() is None
    assert cells(row=9, column="type") is None
    assert excerpt(BOOK, error("code", "Message", sheet="choices", row=2)) is None
    assert excerpt(Workbook({}), error("code", "Message", sheet="survey", row=2)) is None
