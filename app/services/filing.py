"""Writing what a settling has come to: cases into their tables, submissions into their states. Only what
differs."""

import uuid
from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, cast

from sqlalchemy import Executable, Table, bindparam, delete, insert, select, update

from app.db import insert_or
from app.models import (
    AwaitedFile,
    CaseAttention,
    CaseHint,
    CaseState,
    Organisation,
    Submission,
    SubmissionFile,
    TraceDue,
    now,
)
from app.services import attention, entities, folding, placing, reach, rules, stored
from app.services.desk import Desk, Version
from app.services.placing import Candidate
from submissions import case, conversion, likeness
from submissions.eligibility import DEFAULT_RULES

_SUBMISSION = cast("Table", Submission.__table__)
_STATE = cast("Table", CaseState.__table__)
_HINT = cast("Table", CaseHint.__table__)
_ATTENTION = cast("Table", CaseAttention.__table__)
_AWAITED = cast("Table", AwaitedFile.__table__)
_FILE = cast("Table", SubmissionFile.__table__)
_ORGANISATION = cast("Table", Organisation.__table__)
_TRACE_DUE = cast("Table", TraceDue.__table__)

_SAID = (
    "state",
    "root_instance_id",
    "version_id",
    "case_id",
    "held_on",
    "findings",
    "flagged",
    "intake",
    "normalised_at",
)
_UPDATE_SUBMISSION = (
    update(_SUBMISSION)
    .where(_SUBMISSION.c.id == bindparam("key"))
    # Whatever it says now, the index of answers says it not yet.
    .values({name: bindparam(name) for name in _SAID} | {"indexed": False})
)
_KEPT = ("mission_id", "owner_id", "manifest", "findings", "reference", "proposed_to", "updated_at")
_UPDATE_STATE = (
    update(_STATE)
    .where(_STATE.c.case_id == bindparam("key"))
    .values({name: bindparam(name) for name in _KEPT})
)
_INSERT_STATE, _DELETE_STATE = insert(_STATE), delete(_STATE).where(_STATE.c.case_id == bindparam("key"))
_INSERT_ATTENTION = insert(_ATTENTION)
_DELETE_ATTENTION = delete(_ATTENTION).where(_ATTENTION.c.case_id == bindparam("key"))
_INSERT_HINT, _DELETE_HINT = insert(_HINT), delete(_HINT).where(_HINT.c.submission_id == bindparam("key"))
_UPDATE_PLAIN = (
    update(_SUBMISSION).where(_SUBMISSION.c.id == bindparam("key")).values(plain=bindparam("plain"))
)
_MARK_OPENED = (
    update(_FILE)
    .where(_FILE.c.submission_id == bindparam("key"), _FILE.c.name_digest == bindparam("source"))
    .values(opened=True)
)
_INSERT_AWAITED = insert(_AWAITED)
_DELETE_AWAITED = delete(_AWAITED).where(
    _AWAITED.c.submission_id == bindparam("key"), _AWAITED.c.name_digest == bindparam("name")
)
_INSERT_ORGANISATION = insert(_ORGANISATION)
_ATTENDED = "case_attention"
"""Name of the attention a case has, among the tables of its manifest."""


Statement = tuple[Executable, list[dict[str, Any]]]
"""A statement and the rows it is executed with; nothing is to be done if there are none."""


class Filing:
    """What is to be written for a desk. Making it only reads, `statements` then write it in their order.

    `references` are those, by mission, that mean something else than before.
    """

    def __init__(self, desk: Desk, members: Mapping[uuid.UUID, list[Version]]) -> None:
        self.desk = desk
        self.at: datetime = now()
        self.references: dict[int, set[bytes]] = defaultdict(set)
        self._writes = folding.Writes()
        self._new: list[dict[str, Any]] = []
        self._changed: list[dict[str, Any]] = []
        self._gone: list[dict[str, Any]] = []
        self._calm: list[dict[str, Any]] = []
        self._urgent: list[dict[str, Any]] = []
        self._entities: dict[uuid.UUID, dict[str, Any] | None] = {}
        self._rules = rules.chosen(desk.connection)
        self._due: list[dict[str, Any]] = []
        self._touched: set[int] = set()
        for case_id, versions in members.items():
            if versions:
                self._fold(case_id, versions)
            elif case_id in self.desk.states:
                self._drop(case_id)
        everything = (
            *self._organisations(),
            *self._writes.statements(),
            (_DELETE_ATTENTION, self._calm),
            (_INSERT_ATTENTION, self._urgent),
            (_DELETE_STATE, self._gone),
            (_INSERT_STATE, self._new),
            (_UPDATE_STATE, self._changed),
            (insert_or(desk.connection, _TRACE_DUE).on_conflict_do_nothing(), self._due),
            *entities.changes(desk.connection, self._entities),
            entities.renewed(desk.connection, {(mission, reach.EVERY) for mission in self._touched}),
            (_UPDATE_SUBMISSION, self._submissions()),
            *self._hints(),
            *self._opened(),
        )
        self.statements: list[Statement] = [one for one in everything if one[1]]

    @property
    def rows(self) -> int:
        """How many rows are to be written."""
        return sum(len(rows) for _, rows in self.statements)

    # ---- cases

    def _fold(self, case_id: uuid.UUID, versions: list[Version]) -> None:
        before = self.desk.states.get(case_id)
        manifest = dict(before.manifest) if before is not None else {}
        reasons = manifest.pop(_ATTENDED, {})
        intakes = [one.intake for one in versions if one.intake is not None]
        state = case.fold(
            str(case_id),
            intakes,
            self.desk.about(case_id),
            rules=self._rules.get(versions[0].row.mission_id, DEFAULT_RULES),
        )
        after, findings = self._difference(case_id, state, manifest)
        mission, holder = self.desk.missions[case_id], self._holder(case_id, versions)
        self._entities[case_id] = entities.said(state, mission_id=mission, holder=holder)
        attended = attention.of(state)
        if attended != reasons or (before is not None and before.mission_id != mission):
            self._calm += [{"key": case_id}] if reasons else []
            self._urgent += [
                {"case_id": case_id, "kind": kind, "mission_id": mission, "due_on": day}
                for kind, day in attended.items()
            ]
        reference = self._reference(state, versions)
        row = {
            "mission_id": mission,
            "owner_id": holder.interviewer,
            "manifest": after | ({_ATTENDED: attended} if attended else {}),
            "findings": [finding.to_json() for finding in (*state.findings, *findings)],
            "reference": reference,
            "proposed_to": self.desk.way(case_id).proposed,
        }
        if before is None:
            self._new.append({"case_id": case_id, **row, "updated_at": self.at})
            self._touched.add(mission)
        elif any(getattr(before, name) != value for name, value in row.items()):
            self._changed.append({"key": case_id, **row, "updated_at": self.at})
            self._touched |= {before.mission_id, mission}
        same = ("mission_id", "reference")
        if (
            before is None
            or any(manifest.get(name) != after.get(name) for name in likeness.TABLES)
            or any(getattr(before, name) != row[name] for name in same)
        ):
            self._due.append({"case_id": case_id})  # others may be like it now, or no longer
        if before is not None and before.mission_id != mission:
            self._note(before.mission_id, before.reference, None)
            self._note(mission, None, reference)
        else:
            self._note(mission, before.reference if before is not None else None, reference)

    def _drop(self, case_id: uuid.UUID) -> None:
        """Nothing is in the case any more: as if it had never been, but for its entity, which phones may
        hold."""
        before = self.desk.states[case_id]
        manifest = dict(before.manifest)
        self._calm += [{"key": case_id}] if manifest.pop(_ATTENDED, None) else []
        self._difference(case_id, None, manifest)
        self._gone.append({"key": case_id})
        self._touched.add(before.mission_id)
        self._due.append({"case_id": case_id})
        self._entities[case_id] = None
        self._note(before.mission_id, before.reference, None)

    def _difference(
        self, case_id: uuid.UUID, state: case.CaseState | None, manifest: folding.Manifest
    ) -> tuple[dict[str, Any], list[Any]]:
        return folding.difference(
            state, manifest, case_id=case_id, keyring=self.desk.keyring, at=self.at, writes=self._writes
        )

    def _holder(self, case_id: uuid.UUID, versions: Iterable[Version]) -> placing.Holder:
        named = [
            Candidate(one.row.id, one.row.mission_id, one.row.interviewer_id, one.row.group_id, one.intake)
            for one in versions
            if one.intake is not None and one.intake.case_uid
        ]
        return placing.holder(named, self.desk.assigned(case_id))

    def _reference(self, state: case.CaseState, versions: Iterable[Version]) -> bytes | None:
        """What typed references are compared with. Those who only typed it do not make it mean this case."""
        row = state.one("case_file")
        fact = row.columns.get("case_ref") if row is not None else None
        if fact is not None and fact.decision is not None and fact.value:
            said = str(fact.value)
        else:
            anchors = [one.intake for one in versions if one.intake is not None and one.hint is None]
            # As the fold reads it: the reference it was given stays.
            anchors.sort(key=lambda one: (one.case_uid != state.case_uid, one.order))
            said = next((one.case_ref for one in anchors if one.case_ref), "")
        return self.desk.keyring.blind(placing.normal_reference(said)) if said else None

    def _note(self, mission: int, before: bytes | None, after: bytes | None) -> None:
        if before != after:
            self.references[mission] |= {one for one in (before, after) if one is not None}

    def _organisations(self) -> list[Statement]:
        """Organisations named in new rows, as far as they are not known."""
        named = {
            row["organisation_id"]: row["organisation_name"]
            for table in ("referral", "service")
            for kind in (self._writes.inserts, self._writes.updates)
            for row in kind.get(table, ())
            if row.get("organisation_id") and row.get("organisation_name")
        }
        if not named:
            return []
        found = select(_ORGANISATION.c.id).where(_ORGANISATION.c.id.in_(named))
        known = set(self.desk.connection.scalars(found))
        new = [
            {
                "id": key,
                "name": name,
                "name_norm": conversion.normalised(name) or name.strip(),
                "confirmed": False,
            }
            for key, name in sorted(named.items())
            if key not in known
        ]
        return [(_INSERT_ORGANISATION, new)]

    # ---- submissions

    def _submissions(self) -> list[dict[str, Any]]:
        """What became of each submission on the desk, where it differs from what stands there."""
        changed = []
        for one in (*self.desk.standing, *self.desk.others):
            said = self._said(one)
            if any(getattr(one.row, name) != value for name, value in said.items()):
                changed.append({"key": one.row.id, **said, "normalised_at": self.at})
        return changed

    def _said(self, one: Version) -> dict[str, Any]:
        sealed = one.row.intake
        if (reading := self.desk.readings.get(one.row.id)) is not None:
            # As it was read: what its chain of edits is called may change.
            said = reading.intake
            sealed = stored.seal_intake(said, one.row, self.desk.keyring) if said is not None else None
        findings = (*one.findings, *one.placed)
        return {
            "state": one.state,
            "root_instance_id": one.root,
            "version_id": one.version_id,
            "case_id": one.case_id,
            "held_on": (one.intake.held_on or None) if one.intake is not None else None,
            "findings": [finding.to_json() for finding in findings],
            "flagged": any(finding.severity != "info" for finding in findings),
            "intake": sealed,
        }

    def _hints(self) -> list[Statement]:
        desk = self.desk
        wanted = {
            one.row.id: (one.row.mission_id, *one.hint) for one in desk.standing if one.hint is not None
        }
        settled = [one.row.id for one in (*desk.standing, *desk.others) if one.row.state != "received"]
        known = {}
        if settled:
            found = desk.connection.execute(select(_HINT).where(_HINT.c.submission_id.in_(settled)))
            known = {row.submission_id: (row.mission_id, row.case_uid, row.reference) for row in found}
        stale = [{"key": key} for key, said in known.items() if wanted.get(key) != said]
        new = [
            {"submission_id": key, "mission_id": said[0], "case_uid": said[1], "reference": said[2]}
            for key, said in wanted.items()
            if known.get(key) != said
        ]
        return [(_DELETE_HINT, stale), (_INSERT_HINT, new)]

    def _opened(self) -> list[Statement]:
        """What was opened of encrypted submissions, and the files that are still awaited."""
        read = self.desk.readings.values()
        opened = {one.id: one.opened for one in read if one.opened is not None}
        # Of one whose reading failed nothing is awaited, or its files would bring it back again and again.
        waiting = {key: one.awaited for key, one in opened.items() if one.awaited is not None}
        waiting |= {one.id: frozenset() for one in read if one.state == "failed"}
        known = set()
        if waiting:
            found = self.desk.connection.execute(
                select(_AWAITED).where(_AWAITED.c.submission_id.in_(waiting))
            )
            known = {(row.submission_id, row.name_digest) for row in found}
        wanted = {(key, name) for key, names in waiting.items() for name in names}
        plain = [{"key": key, "plain": one.plain} for key, one in opened.items() if one.plain is not None]
        files = [file for one in opened.values() for file in one.files]
        sources = [{"key": key, "source": name} for key, one in opened.items() for name in one.sources]
        stale = [{"key": key, "name": name} for key, name in known - wanted]
        new = [{"submission_id": key, "name_digest": name} for key, name in wanted - known]
        return [
            (_UPDATE_PLAIN, plain),
            # One that came in clear meanwhile has the name already.
            (insert_or(self.desk.connection, _FILE).on_conflict_do_nothing(), files),
            (_MARK_OPENED, sources),
            (_DELETE_AWAITED, stale),
            (_INSERT_AWAITED, new),
        ]
