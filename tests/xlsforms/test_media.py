"""Files beside a form: named and absent, present and not named."""

import pytest

TABLE = """
| survey  |
|         | type                           | name   | label | calculation                        | image    |
|         | note                           | n      | N     |                                    | logo.png |
|         | select_one_from_file towns.csv | town   | Town  |                                    |          |
|         | csv-external                   | rates  |       |                                    |          |
|         | calculate                      | q      |       | pulldata('prices', 'a', 'b', '1')  |          |
|         | select_one l                   | c      | C     |                                    |          |
| choices |
|         | list_name | name | label | audio   |
|         | l         | x    | X     | yes.mp3 |
"""
ALL = {"logo.png", "towns.csv", "rates.csv", "prices.csv", "yes.mp3"}


@pytest.fixture
def media(compiled):
    """A function from names of files to what is said about files."""

    def told(beside):
        form = compiled(TABLE, beside=beside)
        assert form.schema is not None
        return [one for one in form.findings if one.code.startswith("media_")]

    return told


def test_a_form_with_all_its_files_lacks_none(media):
    assert media(ALL) == []


def test_nothing_is_said_of_files_before_they_are_known(media):
    assert media(None) == []


@pytest.mark.parametrize(
    ("name", "sheet", "row", "column"),
    [
        ("logo.png", "survey", 2, "image"), ("towns.csv", "survey", 3, "type"), ("rates.csv", "survey", 4, "name"),
        ("prices.csv", "survey", 5, "calculation"), ("yes.mp3", "choices", 2, "audio"),
    ],
)  # fmt: skip
def test_a_file_that_is_not_there_is_told_where_it_is_named(name, sheet, row, column, media):
    (told,) = media(ALL - {name})
    assert (told.code, told.sheet, told.row, told.column) == ("media_missing", sheet, row, column)
    assert name in told.message


def test_a_file_under_another_name_is_meant_and_not_named(media):
    missing, unused = sorted(media(ALL - {"logo.png"} | {"Logo.PNG", "logo1.png"}), key=lambda one: one.code)[
        :2
    ]
    assert (missing.code, unused.code, unused.row) == ("media_missing", "media_unused", None)
    assert "logo1.png" in missing.mend
