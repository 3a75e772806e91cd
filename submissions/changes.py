"""What differs between two versions of a submission, question by question.

The two may be of different form versions. Instances of a repeat are matched by the question that tells them apart
where the mapping names one (`service.service_id`), so that one put in front does not make all others differ; otherwise
by their position. Instances that hold the same key twice, or none, are matched in their order.
"""

from collections import deque
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import Literal

from submissions.reading import plan
from submissions.record import Answer, Record
from xlsforms.schema import Form, behind_gate

Kind = Literal["added", "removed", "changed"]
Row = tuple[int, ...]
Keys = Mapping[str, str]
"""Path of a repeat → path of the question that tells its instances apart (`binding.row_keys`)."""


@dataclass(frozen=True, slots=True)
class Change:
    """One answer that is not the same in both versions; `before` or `after` is None where there is none. `path` is
    the question's, without positions."""

    path: str
    before: Answer | None
    after: Answer | None

    @property
    def kind(self) -> Kind:
        if self.before is None:
            return "added"
        return "changed" if self.after is not None else "removed"

    @property
    def reversed(self) -> "Change":
        """The same change seen from the other version."""
        return Change(self.path, self.after, self.before)


@dataclass(frozen=True, slots=True)
class Version:
    """One of the two that are compared: what was said, the form it was read by, and the keys of its repeats."""

    said: Record
    form: Form
    keys: Keys


def between(before: Version, after: Version) -> tuple[Change, ...]:
    """The changes, in the order of the later form, with what only the earlier one asks at the end.

    The ids of the versions themselves are no answers. If consent was refused in one of the two, what stands behind
    the gate is compared in neither: the other version must not tell it.
    """
    places = _Places(before, after)
    theirs, ours = _by_place(before.said, places.of_before), _by_place(after.said, places.of_after)
    left_out, ranked = _LeftOut(before, after), _ranked(before.form) | _ranked(after.form)
    found = []
    for path, place in theirs.keys() | ours.keys():
        if path in left_out:
            continue
        for old, new in zip_longest(theirs.get((path, place), ()), ours.get((path, place), ())):
            if not _same(old, new, in_order=path in ranked) and not left_out.covers(old, new):
                found.append((places.order(path, place), path, place, Change(path, old, new)))
    return tuple(change for *_, change in sorted(found, key=lambda one: one[:3]))


class _Places:
    """Where each instance of a repeat is compared: a row of numbers, one for each repeat around, that the two
    instances share which belong together. Those of the later version are numbered in their order, then those that
    only the earlier one has."""

    def __init__(self, before: Version, after: Version) -> None:
        self.of_before: dict[tuple[str, Row], Row] = {}
        self.of_after: dict[tuple[str, Row], Row] = {}
        both = before.keys.keys() & after.keys.keys()
        old, new = _Instances(before, both), _Instances(after, both)
        for repeat in sorted(old.rows.keys() | new.rows.keys()):  # a path sorts after those around it
            self._match(repeat, old, new)
        self._around = old.around | new.around
        paths = (node.path for form in (after.form, before.form) for node in form.nodes())
        self._number = {path: number for number, path in enumerate(dict.fromkeys(paths))}

    def _match(self, repeat: str, old: "_Instances", new: "_Instances") -> None:
        """Match the instances of one repeat, those around it being matched already."""
        groups: dict[Row, tuple[list[Row], list[Row]]] = {}
        for side, (instances, places) in enumerate(((old, self.of_before), (new, self.of_after))):
            for row in instances.rows.get(repeat, ()):
                outer = instances.around[repeat]
                within = places[outer[-1], row[:-1]] if outer else ()
                groups.setdefault(within, ([], []))[side].append(row)
        for within, (theirs, ours) in groups.items():
            pairs = _partners(
                [old.tag(repeat, row) for row in theirs], [new.tag(repeat, row) for row in ours]
            )
            for number, (their, our) in enumerate(pairs, 1):
                if their is not None:
                    self.of_before[repeat, theirs[their]] = (*within, number)
                if our is not None:
                    self.of_after[repeat, ours[our]] = (*within, number)

    def order(self, path: str, place: Row) -> tuple[tuple[int, int], ...]:
        """What changes are sorted by: as the form asks, an instance after the other. What no form knows comes
        last."""
        last = len(self._number)
        around = zip(self._around.get(path, ()), place, strict=False)
        steps = [(self._number.get(repeat, last), number) for repeat, number in around]
        return (*steps, (self._number.get(path, last), 0))


class _Instances:
    """The instances of a record's repeats, in their order, and the key each is known by, empty if it has none."""

    def __init__(self, version: Version, keyed: Collection[str]) -> None:
        self.around = version.form.all_enclosing()
        self.rows: dict[str, list[Row]] = {}
        for path, row in version.said.rows:
            self.rows.setdefault(path, []).append(row)
        wanted = {version.keys[repeat]: repeat for repeat in keyed}
        self._tags = {
            (wanted[one.path], one.row): one.text.strip()
            for one in version.said.answers
            if one.path in wanted
        }

    def tag(self, repeat: str, row: Row) -> str:
        return self._tags.get((repeat, row), "")


def _partners(theirs: Sequence[str], ours: Sequence[str]) -> Iterator[tuple[int | None, int | None]]:
    """Pairs of places: each of ours with the next of theirs that has its tag, or alone; then theirs that are
    left."""
    waiting: dict[str, deque[int]] = {}
    for place, tag in enumerate(theirs):
        waiting.setdefault(tag, deque()).append(place)
    for place, tag in enumerate(ours):
        yield (waiting[tag].popleft() if waiting.get(tag) else None), place
    for place in sorted(place for places in waiting.values() for place in places):
        yield place, None


def _by_place(said: Record, places: Mapping[tuple[str, Row], Row]) -> dict[tuple[str, Row], list[Answer]]:
    """The answers to each question at each place; more than one only where a submission says a thing twice."""
    found: dict[tuple[str, Row], list[Answer]] = {}
    for answer in said.answers:
        found.setdefault((answer.path, _place(answer, places)), []).append(answer)
    return found


def _place(answer: Answer, places: Mapping[tuple[str, Row], Row]) -> Row:
    """The place of the innermost instance around an answer."""
    path = answer.path if answer.row else ""
    while path:
        path = path.rpartition("/")[0]
        if (place := places.get((path, answer.row))) is not None:
            return place
    return answer.row


def _same(old: Answer | None, new: Answer | None, *, in_order: bool) -> bool:
    """Whether two answers say the same, in the same words or not: `41` and `41.0`, choices ticked in another
    order."""
    if old is None or new is None:
        return False
    if old.text == new.text:
        return True
    mine, other = old.value, new.value
    if isinstance(mine, tuple) and isinstance(other, tuple) and not in_order:
        return frozenset(mine) == frozenset(other)
    return mine is not None and type(mine) is type(other) and mine == other


def _ranked(form: Form) -> frozenset[str]:
    return frozenset(question.path for question in form.questions() if question.type == "rank")


class _LeftOut:
    """What is not compared."""

    def __init__(self, before: Version, after: Version) -> None:
        self._ids: set[str] = set()
        self._behind: frozenset[str] = frozenset()
        for one in (before, after):
            special = plan(one.form).special
            self._ids |= {path for path, what in special.items() if what in ("instance_id", "deprecated_id")}
            self._behind |= behind_gate(one.form)
        self._shut = False in (before.said.consent_ok, after.said.consent_ok)

    def __contains__(self, path: str) -> bool:
        return path in self._ids or (self._shut and path in self._behind)

    def covers(self, *answers: Answer | None) -> bool:
        """Nobody can say where a question stands that the form does not have."""
        return self._shut and any(one is not None and not one.known for one in answers)
