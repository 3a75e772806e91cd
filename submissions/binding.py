"""A form and its mapping made ready: for each question the rows and columns its answers go to.

Made once for a form, a mapping and a dictionary, and kept: a worker reads thousands of submissions by the
same few forms, and everything that can be settled before the first of them is settled here.
"""

from collections.abc import Callable
from functools import partial

from submissions import conversion
from submissions.made import once
from submissions.record import instance_path
from submissions.values import Value
from xlsforms.dictionary import Dictionary, Field, Table
from xlsforms.mapping import Mapping as FormMapping
from xlsforms.mapping import Target
from xlsforms.schema import Form


class MappedRepeat:
    """A mapped repeat made ready: its instances are rows of a table."""

    __slots__ = ("around", "keys", "parent", "path", "table", "uid")

    def __init__(self, path: str, target: Target, form: Form) -> None:
        self.path = path
        self.table = target.table
        self.keys = dict(target.keys)
        self.around = (*form.enclosing(path), path)
        """Paths of the repeats on the way, its own last: one position each."""
        self.parent: MappedRepeat | None = None
        """The repeat around it whose rows these hang from."""
        self.uid: str | None = None
        """Path of the question that tells its rows apart."""

    def instance(self, row: tuple[int, ...]) -> tuple[str, tuple[int, ...]]:
        """The instance of this repeat that a node at these positions stands in."""
        return self.path, row[: len(self.around)]

    def xpath(self, row: tuple[int, ...]) -> str:
        return instance_path(self.around, row)


class Binding:
    """One target of one question made ready: what makes its value, and in which row the value stands."""

    __slots__ = (
        "after", "array", "before", "beside", "column", "convert", "general", "home", "keyed", "keys",
        "list_name", "name", "parent", "rows_apart", "table",
    )  # fmt: skip

    def __init__(self, target: Target, table: Table, field: Field, dictionary: Dictionary) -> None:
        self.table = table
        self.column = field.column
        self.name = field.name
        self.keys = dict(target.keys)
        self.array = field.type == "array"
        self.list_name = field.list_for(self.keys) or field.type
        self.home: MappedRepeat | None = None
        """The repeat whose row takes the value."""
        self.parent: MappedRepeat | None = None
        """The repeat whose row the value's row hangs from."""
        self.beside: str | None = None
        """The column next to it that takes the text as typed."""
        self.convert: Callable[[str, str], Value]
        match target.converter:
            case "birth_year_from_age":
                self.convert = conversion.birth_year_from_age
            case "organisation_by_name":
                self.convert = lambda said, _held_on: conversion.organisation_id(said)
                self.beside = f"{field.column.removesuffix('_id')}_name"
            case "country_by_name":
                self.convert = lambda said, _held_on: conversion.country_by_name(said, dictionary)
            case "precision_from_known":
                self.convert = lambda said, _held_on: conversion.precision_from_known(said)
            case None if field.code_lists:
                codes = conversion.codes_of(field, self.keys, dictionary)
                self.convert = partial(_code, codes, dict(target.codes))
            case None:
                self.convert = partial(_plain, conversion.BY_TYPE[field.type], dict(target.codes))
            case other:
                raise ValueError(f"no converter is called {other}")

        known = {**self.keys, self.column: "\0"}
        needs = table.row_key if table.row_key != ("uid",) else tuple(self.keys)
        template = "|".join(f"{column}={known[column]}" for column in needs if column in known)
        self.before, self.keyed, self.after = template.partition("\0")
        """The own key of the row, around the value if the value is part of it."""
        self.general = not self.keyed and any(column not in known for column in needs)
        """Whether the value holds for every row of its table."""
        self.rows_apart = table.row_key == ("uid",)
        """Whether codes ticked together make rows of their own though no key column tells them apart."""

    def key(self, value: Value, *, several: bool) -> str:
        """Own key of the row this value stands in."""
        if self.keyed:
            return f"{self.before}{value}{self.after}"
        if several and self.rows_apart:
            return f"{self.before}|{self.column}={value}" if self.before else f"{self.column}={value}"
        return self.before


def _code(codes: frozenset[str], translate: dict[str, str], said: str, _held_on: str) -> Value:
    code = said.strip()
    code = translate.get(code, code)
    if code not in codes:
        raise conversion.UnknownCodeError(code)
    return code


def _plain(read: Callable[[str], Value], translate: dict[str, str], said: str, _held_on: str) -> Value:
    return read(translate.get(said, said))


class Plan:
    """A form and its mapping made ready. Made once for each and kept."""

    __slots__ = ("bindings", "case_mapped", "dictionary", "heads", "repeats")

    def __init__(self, form: Form, mapping: FormMapping, dictionary: Dictionary) -> None:
        self.dictionary = dictionary
        self.repeats = {
            repeat.path: MappedRepeat(repeat.path, mapping.repeats[repeat.path], form)
            for repeat in form.repeats()
            if repeat.path in mapping.repeats and _of_case(dictionary, mapping.repeats[repeat.path].table)
        }
        self.bindings: dict[str, list[Binding]] = {}
        self.heads: dict[str, str] = {}
        """Path of a question → what of the intake's head it says."""
        for repeat in self.repeats.values():
            repeat.parent = self.nearest(repeat.path, dictionary.tables[repeat.table].parent)
        for path, targets in mapping.bindings.items():
            for target in targets:
                self.bind(path, target)
        for question in form.questions():
            if question.type == "today":
                self.heads.setdefault(question.path, "today")
        self.case_mapped = "case_uid" in self.heads.values()

    def bind(self, path: str, target: Target) -> None:
        if not _of_case(self.dictionary, target.table):
            return
        table = self.dictionary.tables[target.table]
        if (field := table.fields.get(target.column)) is None:
            return
        binding = Binding(target, table, field, self.dictionary)
        binding.home = self.nearest(path, table.name)
        binding.parent = None if binding.home else self.nearest(path, table.parent)
        if binding.home is not None and field.column == table.id_column:
            binding.home.uid = path
        if (what := _HEADS.get(field.name)) is not None:
            self.heads[path] = what
        self.bindings.setdefault(path, []).append(binding)

    @property
    def row_keys(self) -> dict[str, str]:
        """Path of a mapped repeat → path of the question that tells its instances apart, where one does."""
        return {repeat.path: repeat.uid for repeat in self.repeats.values() if repeat.uid is not None}

    def nearest(self, path: str, table: str | None) -> MappedRepeat | None:
        """The innermost repeat around a node whose rows are of this table."""
        around = [
            one for one in self.repeats.values() if one.table == table and path.startswith(one.path + "/")
        ]
        return max(around, key=lambda one: len(one.path), default=None)


_HEADS = {"case_file.case_id": "case_uid", "case_file.case_ref": "case_ref", "interview.held_on": "held_on"}


def _of_case(dictionary: Dictionary, table: str) -> bool:
    return table in dictionary.tables and dictionary.tables[table].scope == "case"


plan = once(Plan)
