"""The desk of a settling: submissions that hang together, with their intakes, decisions and merged cases.

It loads no more than what is asked for and what belongs to it, in a number of queries that does not depend on
how many submissions there are.
"""

import uuid
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

from sqlalchemy import ColumnElement, Connection, Row, Table, or_, select

from app.keys import Keyring
from app.models import CaseAlias, CaseHint, CaseState, Decision, Submission
from app.services import chains, placing, stored
from app.services.decryption import Opened
from submissions import decision
from submissions.entities import EntityAction
from submissions.normalise import Intake
from xlsforms.finding import Finding

_SUBMISSION = cast("Table", Submission.__table__).c
_STATE = cast("Table", CaseState.__table__)
_HINT = cast("Table", CaseHint.__table__).c
_DECISION = cast("Table", Decision.__table__)
_ALIAS = cast("Table", CaseAlias.__table__).c


@dataclass(frozen=True, slots=True)
class Reading:
    """What reading one submission gave. Without an intake, `state` says why: waiting, opaque or failed. `opened`:
    what became of it if it came encrypted. `actions` are those on entity lists other than `cases`."""

    id: uuid.UUID
    mission_id: int
    intake: Intake | None
    findings: tuple[Finding, ...]
    version_id: uuid.UUID | None
    state: str = "normalised"
    opened: Opened | None = None
    actions: tuple[EntityAction, ...] = ()


@dataclass(slots=True)
class Version:
    """One version of a submission: its row, what it says, and what becomes of it. `placed` are findings about
    its place, `hint` the case uid or the blind reference by which its case is looked for."""

    row: Row[Any]
    intake: Intake | None
    findings: tuple[Finding, ...]
    version_id: uuid.UUID | None
    state: str
    root: str
    case_id: uuid.UUID | None = None
    placed: list[Finding] = field(default_factory=list)
    hint: tuple[uuid.UUID | None, bytes | None] | None = None

    def wait(self, finding: Finding) -> None:
        """Leave it to a coordinator, saying why."""
        self.state, self.case_id = "waiting", None
        self.placed.append(finding)


class Desk:
    """What is loaded. `standing` holds the version that counts of each submission, `others` those that are in
    no case: replaced, unread, deleted."""

    def __init__(
        self, connection: Connection, keyring: Keyring, readings: Mapping[uuid.UUID, Reading]
    ) -> None:
        self.connection = connection
        self.keyring = keyring
        self.readings = readings
        self.rows: dict[uuid.UUID, Row[Any]] = {}
        self.standing: list[Version] = []
        self.others: list[Version] = []
        self.aliases: dict[uuid.UUID, uuid.UUID] = {}
        self.states: dict[uuid.UUID, Row[Any]] = {}
        self.missions: dict[uuid.UUID, int] = {}
        """Whose each case is, once it is known who is in it."""
        self._decisions: dict[uuid.UUID, Row[Any]] = {}

    # ---- what is asked for

    def take(self, submissions: Collection[uuid.UUID]) -> None:
        """Load submissions with the other versions of theirs, and find the one that counts of each."""
        self._load(_SUBMISSION.id.in_(submissions))
        self._load_relatives()
        forms: dict[tuple[int, str], list[Row[Any]]] = defaultdict(list)
        for row in self.rows.values():
            forms[row.mission_id, row.xml_form_id].append(row)
        for rows in forms.values():
            roots = chains.roots({row.instance_id: row.deprecated_id for row in rows})
            versions: dict[str, list[Version]] = defaultdict(list)
            for row in rows:
                root = roots[row.instance_id]
                versions[root].append(self._version(row, root, placing.PLACING | placing.CHAINING))
            for chain in versions.values():
                self._choose(chain)
        self._load_decisions(_DECISION.c.instance_id.in_([one.root for one in self.standing]))
        self._learn(_ALIAS.case_id.in_([uid for one in self.standing if (uid := _named(one)) is not None]))

    def join(self, cases: Collection[uuid.UUID]) -> list[Version]:
        """Load what else is about these cases: what is in them, what names them and waits, what was
        decided."""
        merged = self._learn(_ALIAS.target_id.in_(cases))
        names = {*cases, *merged}
        hinted = select(_HINT.submission_id).where(_HINT.case_uid.in_(names))
        rows = self._load(_SUBMISSION.case_id.in_(cases))
        rows += self._load(_SUBMISSION.id.in_(hinted), _SUBMISSION.state == "waiting")
        joining = [self._version(row, row.root_instance_id, placing.PLACING) for row in rows]
        self._load_decisions(
            _DECISION.c.case_id.in_(names), _DECISION.c.instance_id.in_([one.root for one in joining])
        )
        self.standing += joining
        found = self.connection.execute(select(_STATE).where(_STATE.c.case_id.in_(cases)))
        self.states |= {row.case_id: row for row in found}
        return joining

    # ---- what is known

    def meaning(self, uid: uuid.UUID) -> uuid.UUID:
        """The case that a uid means, after merges."""
        return self.aliases.get(uid, uid)

    def decided(self, submission: str) -> Row[Any] | None:
        """The last decision to attach or detach a submission."""
        found = [
            row
            for row in self._decisions.values()
            if row.instance_id == submission and row.kind in ("attach", "detach")
        ]
        return max(found, key=lambda row: (row.made_at, row.id), default=None)

    def about(self, case_id: uuid.UUID, *kinds: str) -> list[decision.Decision]:
        """The decisions about a case and about those merged into it: all, or those of some kinds."""
        return [
            stored.decision(row, self.keyring)
            for row in self._decisions.values()
            if self.meaning(row.case_id) == case_id and (not kinds or row.kind in kinds)
        ]

    def assigned(self, case_id: uuid.UUID) -> list[int | None]:
        """Whom a case was given to by decision, the last one last. Who takes it into another mission takes it from
        whom it was with."""
        given = decision.in_order(self.about(case_id, "assign", "transfer"))
        return [one.body.get("owner_id") for one in given if one.body.get("state") in (None, "accepted")]

    def way(self, case_id: uuid.UUID) -> decision.Way:
        """How a case went from mission to mission."""
        return decision.way(str(case_id), self.about(case_id, "transfer"))

    # ---- loading

    def _load(self, *where: ColumnElement[bool]) -> list[Row[Any]]:
        """Rows that are not on the desk yet."""
        found = self.connection.execute(select(*stored.COLUMNS).where(*where))
        new = [row for row in found if row.id not in self.rows]
        self.rows |= {row.id: row for row in new}
        return new

    def _load_relatives(self) -> None:
        """The other versions of what is on the desk. A version in the queue is left to its own turn."""
        settled = _SUBMISSION.state != "received"
        frontier = list(self.rows.values())
        while frontier:
            found = self._load(_SUBMISSION.deprecated_id.in_([row.instance_id for row in frontier]), settled)
            replaced: dict[tuple[int, str], list[str]] = defaultdict(list)
            for row in frontier:
                if row.deprecated_id:
                    replaced[row.mission_id, row.xml_form_id].append(row.deprecated_id)
            for (mission, form), ids in replaced.items():
                found += self._load(
                    _SUBMISSION.mission_id == mission,
                    _SUBMISSION.xml_form_id == form,
                    _SUBMISSION.instance_id.in_(ids),
                    settled,
                )
            frontier = found

    def _load_decisions(self, *where: ColumnElement[bool]) -> None:
        for row in self.connection.execute(select(_DECISION).where(or_(*where))):
            self._decisions[row.id] = row

    def _learn(self, where: ColumnElement[bool]) -> list[uuid.UUID]:
        found = self.connection.execute(select(_ALIAS.case_id, _ALIAS.target_id).where(where)).all()
        self.aliases |= {row.case_id: row.target_id for row in found}
        return [row.case_id for row in found]

    # ---- versions

    def _version(self, row: Row[Any], root: str, anew: frozenset[str]) -> Version:
        """A row with its intake: as it was just read, or as it was kept but for the findings that are made
        anew."""
        if (reading := self.readings.get(row.id)) is not None:
            intake = placing.rooted(reading.intake, root) if reading.intake else None
            return Version(row, intake, reading.findings, reading.version_id, reading.state, root)
        intake = stored.intake(row, self.keyring, root=root) if row.intake is not None else None
        kept = (Finding.from_json(one) for one in row.findings)
        findings = tuple(finding for finding in kept if finding.code not in anew)
        return Version(row, intake, findings, row.version_id, row.state, root)

    def _choose(self, versions: Sequence[Version]) -> None:
        """One chain of edits: which version counts, and what becomes of the others.

        It is the newest that can be read: an edit on an unknown form version does not hide what was there.
        """
        if any(one.row.state == "deleted" for one in versions):
            for one in versions:
                if one.row.state != "deleted":
                    one.wait(placing.edit_of_deleted())
            self.others += versions
            return
        readable = {one.intake.instance_id: one for one in versions if one.intake is not None}
        if readable:
            last, branched = decision.current(
                [one.intake for one in readable.values() if one.intake is not None]
            )
            counts = readable[last.instance_id]
            counts.placed += [placing.branched()] if branched else []
            self.standing.append(counts)
            for one in readable.values():
                if one is not counts:
                    one.state = "superseded"
                    self.others.append(one)
        self.others += [one for one in versions if one.intake is None]


def _named(version: Version) -> uuid.UUID | None:
    return placing.asked(version.intake).uid if version.intake is not None else None
