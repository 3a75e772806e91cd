"""Targets: where an answer goes in the case store, and the grammar they are written in.

person.family_name                              the column of a table
consent[purpose='research'].granted             ... where rows of one table are told apart by codes
vulnerability_factor[level='individual' and polarity='risk'].factor
birth_year_from_age: person.birth_year_estimate         through a named converter of the dictionary
screening.trafficking_status; case_file.trafficking_status      several targets in one cell
service                                         on a repeat: the table its rows are
"""

import re
from collections.abc import Mapping as MappingABC
from dataclasses import dataclass, field
from typing import Any

from xlsforms.marked import worded

_TARGET = re.compile(
    r"""\s*(?:(?P<converter>[a-z][a-z0-9_]*)\s*:\s*)?
        (?P<table>[a-z][a-z0-9_]*)
        (?P<keys>(?:\s*\[[^\]]*\])*)
        (?:\s*\.\s*(?P<column>[a-z][a-z0-9_]*))?\s*""",
    re.VERBOSE,
)
_KEY = re.compile(r"""\s*([a-z][a-z0-9_]*)\s*=\s*(?:'([^']*)'|"([^"]*)")\s*""")
_KEYS = re.compile(rf"{_KEY.pattern}(?:(?:\band\b|,){_KEY.pattern})*")


@dataclass(frozen=True, slots=True)
class Target:
    """Where an answer goes. `column` is empty for a repeat's table. `keys` are the codes that tell the row
    apart. `codes` translates the form's choice names to the codes of the field's list, where they differ."""

    table: str
    column: str
    keys: MappingABC[str, str] = field(default_factory=dict)
    converter: str | None = None
    codes: MappingABC[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """`table.column`, or the table alone."""
        return f"{self.table}.{self.column}" if self.column else self.table

    def __str__(self) -> str:
        keys = " and ".join(f"{key}='{value}'" for key, value in self.keys.items())
        return "".join(
            [
                f"{self.converter}: " if self.converter else "",
                self.table,
                f"[{keys}]" if keys else "",
                f".{self.column}" if self.column else "",
            ]
        )


@dataclass(frozen=True, slots=True)
class Mapping:
    """A form's mapping. Keys are paths without positions, of questions and of repeats."""

    bindings: MappingABC[str, tuple[Target, ...]] = field(default_factory=dict)
    repeats: MappingABC[str, Target] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        return {
            "bindings": {path: [_plain(target) for target in to] for path, to in self.bindings.items()},
            "repeats": {path: _plain(target) for path, target in self.repeats.items()},
        }

    @classmethod
    def from_json(cls, data: MappingABC[str, Any]) -> "Mapping":
        return cls(
            bindings={path: tuple(Target(**one) for one in to) for path, to in data["bindings"].items()},
            repeats={path: Target(**one) for path, one in data["repeats"].items()},
        )


def parse(text: str) -> Target:
    """One target. Raises ValueError, with the reason in words, on what the grammar does not know."""
    if not (match := _TARGET.fullmatch(text)):
        raise ValueError(worded("“%(text)s” is not of the form table.column", text=text.strip()))
    keys: dict[str, str] = {}
    for bracket in re.findall(r"\[([^\]]*)\]", match["keys"]):
        if not _KEYS.fullmatch(bracket):
            raise ValueError(worded("“[%(bracket)s]” is not of the form [column='code']", bracket=bracket))
        keys |= {key[1]: key[2] if key[2] is not None else key[3] for key in _KEY.finditer(bracket)}
    return Target(match["table"], match["column"] or "", keys, match["converter"])


def parse_cell(text: str) -> tuple[Target, ...]:
    """All targets of a cell, separated by semicolons. Raises ValueError like `parse`."""
    return tuple(parse(part) for part in text.split(";") if part.strip())


def _plain(target: Target) -> dict[str, Any]:
    named = {
        "table": target.table,
        "column": target.column,
        "keys": dict(target.keys),
        "converter": target.converter,
        "codes": dict(target.codes),
    }
    return {name: value for name, value in named.items() if value or name == "column"}
