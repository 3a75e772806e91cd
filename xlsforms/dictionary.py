"""The dictionary: the words a form may map to.

Every table and field of the case store, every code list, how codes are called in other standards, the named
converters and the weights of the indicators are rows of `xlsforms/dictionary/*.csv`. This module only reads
them; what they mean is written in their `note` and `purpose` columns.
"""

import csv
import io
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from xlsforms.schema import Label

LANGUAGES = ("en", "fr", "es")
"""Languages of the code lists."""


@dataclass(frozen=True, slots=True)
class Field:
    """A column of a table of the case store.

    `type`: text code integer decimal boolean date instant country language uuid array (of codes).
    `code_lists` pairs each list with the columns of the row it depends on; `code_list` is the list when it
    depends on none. `privacy` P0 to P3; `merge` is the table's unless the column has its own. `origin`:
    form (an answer may map to it), derived, office, system. `htcds` and `ctdc` are its names in those
    standards.
    """

    table: str
    column: str
    type: str
    code_lists: tuple[tuple[str, Mapping[str, str]], ...]
    privacy: str
    merge: str
    htcds: tuple[str, ...]
    ctdc: str
    origin: str
    note: str

    @property
    def name(self) -> str:
        return f"{self.table}.{self.column}"

    @property
    def code_list(self) -> str | None:
        return self.list_for({})

    def list_for(self, row: Mapping[str, str]) -> str | None:
        """The code list that holds in a row with these columns (`{"facet": "sector"}`), or None."""
        return next(
            (
                name
                for name, depends in self.code_lists
                if all(row.get(key) == value for key, value in depends.items())
            ),
            None,
        )


@dataclass(frozen=True, slots=True)
class Table:
    """A table of the case store. `parent` is the table its rows hang from (None: the case); `row_key` the
    columns that tell its rows apart inside their parent, `("uid",)` if every row has a uid of its own in
    `id_column`."""

    name: str
    parent: str | None
    scope: str
    merge: str
    row_key: tuple[str, ...]
    id_column: str
    purpose: str
    fields: Mapping[str, Field]


@dataclass(frozen=True, slots=True)
class Code:
    """One code of a code list. `retired_on`: the date (YYYY-MM-DD) from which it is no longer offered."""

    code: str
    label: Label
    retired_on: str | None


@dataclass(frozen=True, slots=True)
class CodeList:
    """A code list in its order. Iterating gives the codes; `"no" in lists["yn"]` tells whether one is
    known."""

    name: str
    codes: Mapping[str, Code]

    def __iter__(self) -> Iterator[str]:
        return iter(self.codes)

    def __contains__(self, code: object) -> bool:
        return code in self.codes


@dataclass(frozen=True, slots=True)
class OutsideCode:
    """What a code is called in an outside standard. `way`: both, out (only written), in (only read)."""

    field: str
    value: str
    way: str


@dataclass(frozen=True, slots=True)
class Converter:
    """A named way from an answer to a field of another type. Types of questions and of fields it takes."""

    name: str
    from_types: tuple[str, ...]
    to_types: tuple[str, ...]
    note: str


@dataclass(frozen=True, slots=True)
class Weight:
    """Weight of an indicator for an adult and for a child: S, M, W, or None where it does not apply."""

    adult: str | None
    child: str | None


@dataclass(frozen=True, slots=True)
class Country:
    """What is known of a country beside its name: alpha-3 code, and whether the Global Assistance Fund leaves
    it out (domain reference, section 4.2)."""

    code: str
    alpha3: str
    gaf_excluded: bool


@dataclass(frozen=True, slots=True)
class Criterion:
    """One line of a programme's criteria: the field it asks (`country.gaf_excluded` is that of the country of
    identification), the values that meet it and that fail it, and what any other, or none, comes to (yes, no, pending).
    `where` (`field=value`, or empty) says for whom the line is."""

    criterion: str
    asks: str
    where: str
    met: frozenset[str]
    failed: frozenset[str]
    otherwise: str


@dataclass(frozen=True, slots=True)
class RuleSet:
    """The criteria of a programme. `valid_from`: the first day (YYYY-MM-DD) whose interviews they may judge;
    `default`: they propose where nobody chose others."""

    name: str
    programme: str
    valid_from: str
    default: bool
    title: str
    criteria: tuple[Criterion, ...]


@dataclass(frozen=True, slots=True)
class HtcdsField:
    """A field of HTCDS 2.0 and the mapping a question of that name has; empty where the store keeps no
    such thing, for the reason in `note`."""

    name: str
    target: str
    note: str


@dataclass(frozen=True, slots=True)
class HtcdsColumn:
    """A column of a case written as HTCDS 2.0: where its value is from, in the grammar of targets (none: nothing is
    kept for it), and whether it takes `all` rows, the `first`, the `last`, or the `least` value."""

    name: str
    sources: tuple[str, ...]
    take: str


@dataclass(frozen=True, slots=True)
class Dictionary:
    """All of it. `code_map[standard][list][code]` are the names of a code in an outside standard (htcds_2_0,
    ctdc_kanon, ctdc_synthetic, ...); `htcds[name]` is the HTCDS field of a name or known misspelling in
    lower case; `htcds_export` the columns of a case written by that standard, in its order."""

    tables: Mapping[str, Table]
    code_lists: Mapping[str, CodeList]
    code_map: Mapping[str, Mapping[str, Mapping[str, tuple[OutsideCode, ...]]]]
    converters: Mapping[str, Converter]
    indicators: Mapping[str, Mapping[str, Weight]]
    countries: Mapping[str, Country]
    rule_sets: Mapping[str, RuleSet]
    htcds: Mapping[str, HtcdsField]
    htcds_export: tuple[HtcdsColumn, ...]

    def field(self, name: str) -> Field | None:
        """The field called `table.column`, or None."""
        table, _, column = name.partition(".")
        return self.tables[table].fields.get(column) if table in self.tables else None

    def fields(self) -> Iterator[Field]:
        """Every field of every table, in the dictionary's order."""
        return (one for table in self.tables.values() for one in table.fields.values())

    def code_as(self, standard: str, *, field: str, code_list: str, code: str) -> str | None:
        """What a code is called in a field of an outside standard; None where it has no name there."""
        names = self.code_map.get(standard, {}).get(code_list, {}).get(code, ())
        return next((one.value for one in names if one.field == field and one.way != "in"), None)

    def codes_from(self, standard: str, code_list: str) -> dict[str, str]:
        """Value of an outside standard → our code, for one list: what is read, not what is only written."""
        return {
            one.value: code
            for code, names in self.code_map.get(standard, {}).get(code_list, {}).items()
            for one in names
            if one.way != "out"
        }


@cache
def load() -> Dictionary:
    """The dictionary that comes with this package. Read once per process; raises KeyError on a file without a
    needed column."""
    fields: dict[str, dict[str, Field]] = {}
    tables_rows = list(_rows("tables.csv"))
    merges = {row["table"]: row["merge"] for row in tables_rows}
    for row in _rows("fields.csv"):
        one = Field(
            table=row["table"],
            column=row["column"],
            type=row["type"],
            code_lists=_lists(row["code_list"]),
            privacy=row["privacy"],
            merge=row["merge"] or merges[row["table"]],
            htcds=_words(row["htcds"]),
            ctdc=row["ctdc"],
            origin=row["origin"],
            note=row["note"],
        )
        fields.setdefault(one.table, {})[one.column] = one
    return Dictionary(
        tables={
            row["table"]: Table(
                name=row["table"],
                parent=row["parent"] or None,
                scope=row["scope"],
                merge=row["merge"],
                row_key=tuple(part.strip() for part in row["row_key"].split("+") if part.strip()),
                id_column=row["id_column"],
                purpose=row["purpose"],
                fields=fields.get(row["table"], {}),
            )
            for row in tables_rows
        },
        code_lists=_code_lists(),
        code_map=_code_map(),
        converters={
            row["name"]: Converter(
                row["name"], _words(row["from_types"]), _words(row["to_types"]), row.get("note", "")
            )
            for row in _rows("converters.csv")
        },
        indicators=_indicators(),
        countries={
            row["code"]: Country(
                row["code"], row["alpha3"], row["gaf_excluded"].lower() in ("1", "true", "yes")
            )
            for row in _rows("countries.csv")
        },
        rule_sets=_rule_sets(),
        htcds=_htcds(),
        htcds_export=tuple(
            HtcdsColumn(
                row["field"], tuple(one.strip() for one in row["source"].split(";") if one), row["take"]
            )
            for row in _rows("htcds_export.csv")
        ),
    )


def _rule_sets() -> dict[str, RuleSet]:
    criteria: dict[str, list[Criterion]] = {}
    for row in _rows("criteria.csv"):
        criteria.setdefault(row["rules"], []).append(
            Criterion(
                row["criterion"],
                row["asks"],
                row["where"],
                frozenset(row["met"].split()),
                frozenset(row["failed"].split()),
                row["otherwise"],
            )
        )
    return {
        row["rules"]: RuleSet(
            row["rules"],
            row["programme"],
            row["valid_from"],
            row["default"] == "1",
            row["title"],
            tuple(criteria[row["rules"]]),
        )
        for row in _rows("rule_sets.csv")
    }


def _code_lists() -> dict[str, CodeList]:
    lists: dict[str, dict[str, Code]] = {}
    for row in sorted(_rows("code_lists.csv"), key=lambda row: int(row["order"] or 0)):
        labels = {
            language: row[f"label_{language}"] for language in LANGUAGES if row.get(f"label_{language}")
        }
        lists.setdefault(row["list"], {})[row["code"]] = Code(
            row["code"], labels, row.get("retired_on") or None
        )
    return {name: CodeList(name, codes) for name, codes in lists.items()}


def _code_map() -> dict[str, dict[str, dict[str, tuple[OutsideCode, ...]]]]:
    maps: dict[str, dict[str, dict[str, tuple[OutsideCode, ...]]]] = {}
    for row in _rows("code_map.csv"):
        codes = maps.setdefault(row["standard"], {}).setdefault(row["list"], {})
        one = OutsideCode(row["field"], row["value"], row["way"])
        codes[row["code"]] = (*codes.get(row["code"], ()), one)
    return maps


def _htcds() -> dict[str, HtcdsField]:
    named: dict[str, HtcdsField] = {}
    for row in _rows("htcds.csv"):
        one = HtcdsField(row["field"], row["target"], row["note"])
        named |= {name.lower(): one for name in (one.name, *_words(row["aliases"]))}
    return named


def _indicators() -> dict[str, dict[str, Weight]]:
    weights: dict[str, dict[str, Weight]] = {}
    for row in _rows("indicators.csv"):
        weight = Weight(row["adult"] or None, row["child"] or None)
        weights.setdefault(row["list"], {})[row["code"]] = weight
    return weights


def _rows(name: str) -> Iterator[dict[str, str]]:
    text = (files("xlsforms") / "dictionary" / name).read_text(encoding="utf-8-sig")
    yield from csv.DictReader(io.StringIO(text, newline=""))


def _words(cell: str) -> tuple[str, ...]:
    """Names in a cell, separated by blanks, commas or semicolons."""
    return tuple(cell.replace(",", " ").replace(";", " ").split())


def _lists(cell: str) -> tuple[tuple[str, Mapping[str, str]], ...]:
    """`labour_sector[facet='sector'] …` → (("labour_sector", {"facet": "sector"}), …)."""
    found = re.findall(r"(\w+)(?:\[(\w+)='([^']*)'\])?", cell)
    return tuple((name, {key: value} if key else {}) for name, key, value in found)
