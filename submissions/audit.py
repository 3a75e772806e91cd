"""The log that a form may ask the phone to keep of itself, `audit.csv`: how the interview went, as a timeline.

ODK XForms client audit logs: https://getodk.github.io/xforms-spec/ (client-audit-logs). Columns are found by their
names; an event has a kind, mostly a node (an XPath with positions on repeats), a start and mostly an end, in
milliseconds since 1970 UTC, and where the form asks for it what an answer was before and after.

A log says where somebody was only if the form asks for locations. Nothing here reads those columns, and
`without_locations` writes a log again without them. What a log says of answers is as personal as the answers.

Logs come from outside: a damaged one gives what can be read of it, and findings; no log makes this slow or large.
"""

import csv
import io
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from xlsforms.finding import Finding, info, warning
from xlsforms.marked import N_

MAX_BYTES: Final = 4_000_000
"""What is read of a log: a hundred times that of a long interview."""
MAX_ROWS: Final = 100_000
_SPAN: Final = 200
"""Lines of one row: answers may have line breaks. Beyond it a quotation mark was not closed."""
PAUSE: Final = 5 * 60_000
"""Milliseconds without anything happening that make a pause."""
LONGEST: Final = 24 * 3600_000
"""Milliseconds a question may be open; beyond it the clock of the phone was set."""
_EARLIEST, _LATEST = 946_684_800_000, 4_102_444_800_000  # 2000 and 2100: what a clock may say
MAX_EDITS: Final = 500
"""Edits of which the values are kept."""

COLUMNS: Final = ("event", "node", "start", "end", "old-value", "new-value", "user", "change-reason")
"""What is read of a log and handed out. Not where the phone was: latitude, longitude, accuracy."""
_LOOKS: Final = {
    "event": re.compile(r"[A-Za-z -]+"),
    "node": re.compile(r"/[^,;\s]*|"),
    "start": re.compile(r"[0-9]+"),
    "end": re.compile(r"[0-9]+"),
}
"""What the cells of a column look like. The others hold what somebody wrote."""
VISITS: Final = frozenset({"question", "group questions"})
EVENTS: Final = frozenset(
    {
        "form start", "form exit", "form resume", "form save", "form finalize", "question", "group questions",
        "add repeat", "delete repeat", "jump", "hierarchy", "end screen", "beginning of form", "save error",
        "finalize error", "constraint error", "change reason", "background audio enabled",
        "background audio disabled", "location tracking enabled", "location tracking disabled",
        "location providers enabled", "location providers disabled", "location permissions granted",
        "location permissions not granted", "google play services not available",
    }
)  # fmt: skip
"""Events that are known."""


@dataclass(frozen=True, slots=True)
class Event:
    """One row. `start` and `end` are None where the log has none that can be."""

    kind: str
    node: str
    start: int | None
    end: int | None
    old: str
    new: str
    reason: str


@dataclass(frozen=True, slots=True)
class Session:
    """The form was open once: from when to when, how long questions were on the screen, what was done in the end.
    Milliseconds."""

    started_at: int
    ended_at: int
    active: int
    saved: bool
    finalised: bool


@dataclass(frozen=True, slots=True)
class Part:
    """The questions of one section: `path` is that of the group right below the form's root, or of the root for
    questions in no group. `active` in milliseconds; `questions` were visited `visits` times."""

    path: str
    active: int
    questions: int
    visits: int


@dataclass(frozen=True, slots=True)
class Edit:
    """An answer that was replaced by another one, at `at` (None if the log does not say), and why if that was
    asked. Personal."""

    node: str
    at: int | None
    old: str
    new: str
    reason: str


@dataclass(frozen=True, slots=True)
class Timeline:
    """How an interview went. Durations are in milliseconds.

    `active`: some question was on the screen. `parts` are in the order in which they were first entered. `returns`:
    node → how often somebody came back to it after another question. `edited`: node → how often its answer was
    replaced; `edits` are the first of those. `pauses`: how long each was, those between two sessions included.
    `counts`: how often each known event happened.
    """

    sessions: tuple[Session, ...]
    active: int
    parts: tuple[Part, ...]
    returns: Mapping[str, int]
    edited: Mapping[str, int]
    edits: tuple[Edit, ...]
    pauses: tuple[int, ...]
    counts: Mapping[str, int]
    findings: tuple[Finding, ...]

    @property
    def finalised(self) -> bool:
        return any(session.finalised for session in self.sessions)

    @property
    def saves(self) -> int:
        return self.counts.get("form save", 0)


# --- reading -----------------------------------------------------------------------------------------------------


def read(content: Iterable[bytes]) -> Timeline:
    """The timeline of a log, given piece by piece. Never raises for what it holds: see `findings`."""
    log = _Log(content)
    events = list(log.events())
    return _timeline(events, log.findings())


def without_locations(content: Iterable[bytes]) -> bytes:
    """The log with the columns alone that tell no place, up to the limits of what is read. Rows that cannot be read
    are left out, and cells that do not hold what their column does: there a place might have slipped in."""
    log = _Log(content)
    names = [name for name in COLUMNS if name in log.columns] or list(COLUMNS[:4])
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(names)
    for row in log.rows():
        writer.writerow([log.cell(row, name) for name in names])
    return out.getvalue().encode()


class _Log:
    """The rows of a log that can be read, and what is wrong with the others."""

    def __init__(self, content: Iterable[bytes]) -> None:
        taken, self.cut = _take(content)
        text = taken.decode("utf-8", "replace").removeprefix("\ufeff")
        self._lines = text.replace("\r", "").split("\n")
        self.broken = 0
        self.times = 0
        self.unknown = 0
        self.columns: dict[str, int] = {}
        self._at = 0
        for row in self._split():  # the first line that is one
            for place, name in enumerate(row):
                self.columns.setdefault(name.strip().lower(), place)
            break
        self.headed = {"event", "start"} <= self.columns.keys()
        if not self.headed:
            self.columns, self._at = {}, len(self._lines)

    def rows(self) -> Iterator[Sequence[str]]:
        for number, row in enumerate(self._split()):
            if number >= MAX_ROWS:
                self.cut = True
                return
            yield row

    def _split(self) -> Iterator[Sequence[str]]:
        """RFC 4180, but a row that breaks it costs its own line only."""
        lines = self._lines
        while self._at < len(lines):
            line = lines[self._at]
            if not line:
                self._at += 1
            elif '"' not in line:
                self._at += 1
                yield line.split(",")
            else:
                # Not one reader for all: it would take what follows an open quotation mark into one cell.
                reader = csv.reader((f"{one}\n" for one in lines[self._at : self._at + _SPAN]), strict=True)
                try:
                    row = next(reader)
                except csv.Error:
                    self.broken += 1
                    self._at += 1
                    continue
                self._at += reader.line_num
                yield row

    def events(self) -> Iterator[Event]:
        for row in self.rows():
            kind = self.cell(row, "event")
            if kind not in EVENTS:
                self.unknown += 1
                continue
            start, end = self._span(row)
            old, new, reason = (self.cell(row, name) for name in ("old-value", "new-value", "change-reason"))
            yield Event(kind, self.cell(row, "node"), start, end, old, new, reason)

    def cell(self, row: Sequence[str], name: str) -> str:
        """What a row has in a column; nothing, if it is not what that column holds."""
        place = self.columns.get(name)
        cell = row[place] if place is not None and place < len(row) else ""
        looks = _LOOKS.get(name)
        return cell if looks is None or looks.fullmatch(cell) else ""

    def _span(self, row: Sequence[str]) -> tuple[int | None, int | None]:
        """Start and end, as far as they can be."""
        start, end = _time(self.cell(row, "start")), _time(self.cell(row, "end"))
        backwards = start is not None and end is not None and not 0 <= end - start <= LONGEST
        place = self.columns.get("end", len(row))
        if start is None or backwards or (end is None and any(row[place : place + 1])):
            self.times += 1
        return start, None if backwards else end

    def findings(self) -> tuple[Finding, ...]:
        said = (
            (
                warning,
                not self.headed,
                "audit_unreadable",
                N_("The phone's log of this interview is none: its first line is not that of a log."),
            ),
            (
                warning,
                self.broken,
                "audit_damaged",
                N_("The phone's log of this interview is damaged; what can be read of it is shown."),
            ),
            (
                warning,
                self.cut,
                "audit_too_long",
                N_(
                    "The phone's log of this interview is longer than any interview makes it; its beginning is shown."
                ),
            ),
            (
                info,
                self.times,
                "audit_times",
                N_("The phone's log of this interview has times that cannot be; they count for nothing."),
            ),
            (
                info,
                self.unknown,
                "audit_events",
                N_("The phone's log of this interview tells of events that are not known here."),
            ),
        )
        mend = N_(
            "The answers are not concerned. If it happens again, tell the administrator which phone it is."
        )
        return tuple(make(code, what, mend) for make, there, code, what in said if there)


def _time(said: str) -> int | None:
    """Milliseconds since 1970, if a clock may say so."""
    return int(said) if 0 < len(said) <= 13 and _EARLIEST <= int(said) <= _LATEST else None


def _take(content: Iterable[bytes]) -> tuple[bytes, bool]:
    """The first MAX_BYTES, up to the end of a line if that is not all, and whether there was more."""
    taken = bytearray()
    for piece in content:
        taken += piece
        if len(taken) > MAX_BYTES:
            end = taken.rfind(b"\n", 0, MAX_BYTES)
            return bytes(taken[: max(end, 0)]), True
    return bytes(taken), False


# --- the timeline ------------------------------------------------------------------------------------------------


def _timeline(events: Sequence[Event], findings: tuple[Finding, ...]) -> Timeline:
    visits = [one for one in events if one.kind in VISITS]
    sessions, between = _sessions(events)
    edits = [
        Edit(one.node, one.end or one.start, one.old, one.new, one.reason)
        for one in visits
        if one.old and one.old != one.new
    ]
    return Timeline(
        sessions=tuple(sessions),
        active=_covered(visits),
        parts=tuple(_parts(visits)),
        returns=_returns(visits),
        edited=Counter(edit.node for edit in edits),
        edits=tuple(edits[:MAX_EDITS]),
        pauses=tuple(between),
        counts=Counter(one.kind for one in events),
        findings=findings,
    )


def _sessions(events: Iterable[Event]) -> tuple[list[Session], list[int]]:
    """The sessions, and the pauses in and between them. A start ends the session before it: a phone that was switched
    off writes no exit, and one that finalises writes it before the last event."""
    sessions: list[Session] = []
    pauses: list[int] = []
    open_: list[Event] = []
    last: int | None = None

    def close() -> None:
        times = [time for one in open_ for time in (one.start, one.end) if time is not None]
        if times:
            kinds = {one.kind for one in open_}
            active = _covered(one for one in open_ if one.kind in VISITS)
            sessions.append(
                Session(min(times), max(times), active, "form save" in kinds, "form finalize" in kinds)
            )
        open_.clear()

    for one in events:
        if one.kind in ("form start", "form resume"):
            close()
        open_.append(one)
        if one.start is not None:
            if last is not None and one.start - last >= PAUSE:
                pauses.append(one.start - last)
            last = max(last or 0, one.start, one.end or 0)
    close()
    return sessions, pauses


def _parts(visits: Iterable[Event]) -> Iterator[Part]:
    by_part: dict[str, list[Event]] = {}
    for one in visits:
        by_part.setdefault(_part(one), []).append(one)
    for path, inside in by_part.items():
        yield Part(path, _covered(inside), len({one.node for one in inside}), len(inside))


def _part(visit: Event) -> str:
    """`/data/person/family_name` → `/data/person`; a question right below the root → `/data`. Without positions."""
    steps = visit.node.split("/", 4)
    deep = len(steps) > 3 or visit.kind == "group questions"
    return without_positions("/".join(steps[: 3 if deep else 2]))


def without_positions(node: str) -> str:
    """`/data/child[2]/name` → `/data/child/name`: the path of the question."""
    return "/".join(step.partition("[")[0] for step in node.split("/"))


def _returns(visits: Iterable[Event]) -> dict[str, int]:
    seen: set[str] = set()
    before = ""
    found: Counter[str] = Counter()
    for one in visits:
        if one.node in seen and one.node != before:
            found[one.node] += 1
        seen.add(one.node)
        before = one.node
    return dict(found)


def _covered(visits: Iterable[Event]) -> int:
    """Milliseconds in which any of them was on the screen: questions shown together count once."""
    spans = sorted((one.start, one.end) for one in visits if one.start is not None and one.end is not None)
    total, reached = 0, 0
    for start, end in spans:
        total += max(0, end - max(start, reached))
        reached = max(reached, end)
    return total
