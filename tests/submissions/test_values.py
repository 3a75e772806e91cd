"""Types of the ODK XForms specification, as text and as values."""

import json
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from submissions import values


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        ("text", "  Ana\n", "  Ana\n"),
        ("integer", "41", 41),
        ("integer", "-3", -3),
        ("integer", "41.0", 41),
        ("decimal", "18.31", "18.31"),
        ("decimal", "1.0E10", "10000000000"),
        ("decimal", "1E-7", "0.0000001"),
        ("range", "5", 5),
        ("range", "5.5", "5.5"),
        ("date", "2026-11-22", "2026-11-22"),
        ("date", "2026-11-22T23:59:00.000+13:00", "2026-11-22"),
        ("time", "08:32:00.000+03:00", "08:32:00.000+03:00"),
        ("dateTime", "2026-11-22T08:32:00.000+03:00", "2026-11-22T08:32:00.000+03:00"),
        ("boolean", "true", True),
        ("boolean", "0", False),
        ("select_one", " yes ", "yes"),
        ("select_multiple", "a b  c", ("a", "b", "c")),
        ("select_multiple", "a a", ("a",)),
        ("rank", "c a b", ("c", "a", "b")),
        ("geopoint", "-1.28 36.82 1795 5", "-1.28 36.82 1795 5"),
        ("geopoint", "-1.28 36.82", "-1.28 36.82"),
        ("geotrace", "1 2 0 0;3 4 0 0", "1 2 0 0; 3 4 0 0"),
        ("acknowledge", "OK", "OK"),
        ("image", "1600000000000.jpg", "1600000000000.jpg"),
        ("calculate", "NaN", "NaN"),
    ],
)
def test_a_type_reads_its_text(kind, text, value):
    assert values.reader(kind)(text) == value


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("integer", "many"),
        ("integer", "1.5"),
        ("integer", "9" * 5000),
        ("integer", "٣"),
        ("decimal", "NaN"),
        ("decimal", "Infinity"),
        ("decimal", "1E999999"),
        ("decimal", "0" * 100),
        ("decimal", "1,5"),
        ("range", "x"),
        ("date", "2026-02-30"),
        ("date", "22.11.2026"),
        ("date", "20261122"),
        ("time", "25:00"),
        ("dateTime", "yesterday"),
        ("boolean", "maybe"),
        ("geopoint", "1"),
        ("geopoint", "91 0"),
        ("geopoint", "1 2 3 x"),
        ("geotrace", "1 2 0 0"),
    ],
)
def test_a_type_refuses_what_it_does_not_read(kind, text):
    with pytest.raises(ValueError, match=r"."):
        values.reader(kind)(text)


def test_an_instant_is_utc_and_a_time_without_offset_is_none():
    assert values.instant("2026-11-22T08:32:00.000+03:00") == "2026-11-22T05:32:00.000Z"
    assert values.instant("2026-11-22T08:32:00Z") == "2026-11-22T08:32:00.000Z"
    assert values.instant("2026-11-22T08:32:00") is None
    assert values.instant("soon") is None
    assert values.instant("0001-01-01T00:00:00+14:00") is None


@given(st.text(max_size=60), st.sampled_from([*values.READERS, "text"]))
def test_every_reader_gives_a_json_value_or_a_value_error(text, kind):
    try:
        value = values.reader(kind)(text)
    except ValueError:
        return
    plain = list(value) if isinstance(value, tuple) else value
    assert json.loads(json.dumps(value)) == plain


@given(st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**12), max_value=10**12, places=6))
def test_plain_notation_keeps_the_number(number):
    assert Decimal(values.decimal(str(number))) == number
