"""The dictionary's files hang together."""

import csv
from importlib.resources import files

import pytest

from xlsforms.dictionary import load
from xlsforms.mapping import parse_cell

TYPES = {
    "text",
    "code",
    "integer",
    "decimal",
    "boolean",
    "date",
    "instant",
    "country",
    "language",
    "uuid",
    "array",
}


def rows(name):
    with (files("xlsforms") / "dictionary" / name).open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def test_tables_name_parents_keys_and_policies_that_exist():
    tables = {row["table"]: row for row in rows("tables.csv")}
    columns = {(row["table"], row["column"]) for row in rows("fields.csv")}
    for name, table in tables.items():
        assert table["scope"] in ("case", "office", "system")
        assert table["purpose"]
        assert not table["parent"] or table["parent"] in tables
        if table["scope"] != "case":
            continue
        assert table["merge"] in ("latest", "per_interview", "append", "by_key", "replace")
        for key in filter(None, table["row_key"].split("+")):
            assert (name, table["id_column"] if key == "uid" else key) in columns, (name, key)


def test_fields_have_a_type_a_privacy_class_and_a_code_list_where_they_are_coded():
    words = load()
    for field in rows("fields.csv"):
        name = f"{field['table']}.{field['column']}"
        assert field["type"] in TYPES, name
        assert field["privacy"] in ("P0", "P1", "P2", "P3"), name
        assert field["merge"] in ("", "first", "given"), name
        assert field["origin"] in ("form", "derived", "office", "system"), name
        for code_list, depends in words.field(name).code_lists:
            assert code_list in words.code_lists, name
            assert all(words.field(f"{field['table']}.{key}") for key in depends), name
        coded = field["type"] in ("code", "country", "language", "array")
        if words.tables[field["table"]].scope == "case":
            assert bool(field["code_list"]) == coded, name


def test_identifiers_and_free_text_are_p3():
    words = load()
    for name in (
        "person.family_name",
        "person.first_name",
        "person.birthdate",
        "person.contact_phone",
        "person.contact_email",
        "person_name.name",
        "person_address.place",
        "interview.narrative",
        "screening.decision_grounds",
        "assessment.safety_plan",
        "case_file.closure_details",
        "referral.details",
    ):
        assert words.field(name).privacy == "P3", name


def test_codes_are_unique_ordered_and_labelled_in_three_languages():
    seen = {}
    for row in rows("code_lists.csv"):
        assert row["label_en"], row
        assert row["label_fr"], row
        assert row["label_es"], row
        assert " " not in row["code"]
        seen.setdefault(row["list"], []).append((int(row["order"]), row["code"]))
    for name, codes in seen.items():
        assert [order for order, _ in codes] == list(range(1, len(codes) + 1)), name
        assert len({code for _, code in codes}) == len(codes), name


def test_countries_are_iso_3166_with_stateless_and_unknown():
    countries = rows("countries.csv")
    assert len(countries) == 251
    assert [row["code"] for row in countries] == list(load().code_lists["country"])
    alpha3 = [row["alpha3"] for row in countries if row["alpha3"]]
    assert len(alpha3) == len(set(alpha3)) == 249
    by_code = {row["code"]: row for row in countries}
    assert (by_code["MD"]["alpha3"], by_code["CH"]["alpha3"], by_code["XX"]["alpha3"]) == ("MDA", "CHE", "")


def test_the_fund_excludes_europe_northern_america_japan_australia_and_new_zealand():
    """Domain reference, section 4.2: AU NZ JP, five of Northern America, 51 of M49 Europe, and CY."""
    excluded = {row["code"] for row in rows("countries.csv") if row["gaf_excluded"] == "1"}
    assert {"AU", "NZ", "JP", "US", "CA", "MD", "RU", "CY", "VA"} <= excluded
    assert not {"MX", "TR", "GE", "GF", "RE", "PR", "KH", "XX", "ZZ"} & excluded
    assert len(excluded) == 3 + 5 + 51 + 1


def test_the_indicators_are_67_with_a_weight_for_each_profile():
    counts = {name: len(codes) for name, codes in load().indicators.items()}
    assert counts == {
        "ind_deception": 10,
        "ind_coercion_rec": 10,
        "ind_vulnerability_rec": 16,
        "ind_exploitation": 9,
        "ind_coercion_dest": 15,
        "ind_vulnerability_dest": 7,
    }
    for name, weights in load().indicators.items():
        assert list(weights) == list(load().code_lists[name])


def test_outside_values_are_of_known_codes_and_are_read_as_one_code_each():
    words = load()
    read = {}
    for row in rows("code_map.csv"):
        assert row["code"] in words.code_lists[row["list"]], row
        assert row["way"] in ("both", "out", "in"), row
        if row["way"] != "out":
            read.setdefault((row["standard"], row["list"], row["field"], row["value"]), []).append(
                row["code"]
            )
    assert [value for value, codes in read.items() if len(codes) > 1] == []
    assert read["htcds_2_0", "exploitation_type", "vic_TypeOfExploitation", "Servitude"] == [
        "domestic_servitude"
    ]


def test_htcds_fields_go_to_fields_that_forms_may_fill():
    words = load()
    names = [row["field"] for row in rows("htcds.csv")]
    assert len(names) == len(set(names))
    for row in rows("htcds.csv"):
        assert row["target"] or row["note"], row["field"]
        for target in parse_cell(row["target"]):
            assert words.field(target.name), row["field"]
            assert target.converter is None or target.converter in words.converters


@pytest.mark.parametrize(
    "name",
    [
        "tables",
        "fields",
        "code_lists",
        "countries",
        "code_map",
        "converters",
        "indicators",
        "htcds",
        "htcds_export",
    ],
)
def test_the_readme_describes_each_file(name):
    assert f"`{name}.csv`" in (files("xlsforms") / "dictionary" / "README.md").read_text(encoding="utf-8")
