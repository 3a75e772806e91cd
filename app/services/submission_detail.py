"""One submission: its answers under the questions of its own form version, what was found, its versions and
files.

Identifiers and free text (class P3) are masked unless revealed with a reason. What stands behind a shut
consent gate is not here at all: only the XML as sent holds it, and that takes breaking glass.
"""

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from sqlalchemy import Table, func, select
from sqlalchemy.orm import Session

from app import ledger, policy, problems
from app.blobs import BlobStore
from app.db import writing
from app.keys import Keyring
from app.models import Conflict, Form, Submission
from app.services import answers, chains, files, logs, plans, stored
from app.services.answers import Answered, Section
from app.services.reveal import Reveal, grant, need_reason
from app.services.submission_list import SubmissionLine, lines, select_lines
from submissions import record
from submissions.record import Record

_TABLE = cast("Table", Submission.__table__)
FILES = ("image", "audio", "video", "file", "audit", "background-audio")
"""Types of questions whose answer is the name of a file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionLine:
    """One version of a submission."""

    id: uuid.UUID
    instance_id: str
    deprecated_id: str | None
    received_at: datetime
    state: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FileLine:
    """A file of a submission. `present`: it has arrived; phones may send files later. `carried`: it came with an
    earlier version and is still named by this one."""

    name: str
    content_type: str
    size: int
    received_at: datetime | None
    present: bool
    carried: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class FileContent:
    """A file's plain content, piece by piece."""

    name: str
    content_type: str
    size: int
    chunks: Iterator[bytes]


@dataclass(frozen=True, slots=True, kw_only=True)
class SubmissionDetail:
    """One version of a submission. `nodes` are in the order of the form and hold only what was answered; they
    are empty if the form version is unknown. `encrypted`:
    it came so, and was opened."""

    line: SubmissionLine
    languages: tuple[str, ...]
    language: str
    nodes: tuple[Section | Answered, ...]
    versions: tuple[VersionLine, ...]
    files: tuple[FileLine, ...]
    conflicts: int
    consent_ok: bool | None
    encrypted: bool
    revealed: bool


def read_submission(
    session: Session,
    *,
    keyring: Keyring,
    actor: policy.Actor,
    mission_id: int,
    instance_id: str,
    xml_form_id: str | None = None,
    language: str = "",
    reveal: Reveal | None = None,
) -> SubmissionDetail:
    """The version of a submission that has this instanceID. Raises Problem: not_found, reason_needed,
    not_allowed."""
    row = find(session, actor, mission_id, instance_id, xml_form_id)
    if reveal is not None:
        grant(session, reveal, actor=actor, object_=f"submission:{row.id}", mission_id=mission_id)
    line = lines(session, session.execute(select_lines([Submission.id == row.id])).all())[0]
    plan, said = read_record(session, keyring, row)
    languages = plan.form.languages if plan is not None else ()
    language = language if language in languages else (plan.form.default_language if plan is not None else "")
    named = file_names(plan, said) if said is not None else set()
    mine = files.belonging(files.at_hand(session, [row.id])[row.id], named, keyring)
    have = {files.name(file, keyring): file for file in mine}
    return SubmissionDetail(
        line=line,
        languages=languages,
        language=language,
        nodes=answers.shown(plan, said, language, reveal) if plan is not None and said is not None else (),
        versions=versions_of(session, row),
        files=_file_lines(have, named, said),
        conflicts=session.scalar(
            select(func.count()).select_from(Conflict).where(Conflict.submission_id == row.id)
        )
        or 0,
        consent_ok=said.consent_ok if said is not None else None,
        encrypted=row.plain is not None,
        revealed=reveal is not None,
    )


def read_xml(
    session: Session,
    *,
    keyring: Keyring,
    actor: policy.Actor,
    mission_id: int,
    instance_id: str,
    xml_form_id: str | None = None,
    reason: str | None = None,
    as_sent: bool = False,
) -> bytes:
    """The XML exactly as the phone wrote it; `as_sent`: of one that it encrypted, what it sent. The ledger says who
    read it; where consent was refused, that is breaking glass and takes a reason. Raises Problem:
    not_found, not_allowed, reason_needed."""
    row = find(session, actor, mission_id, instance_id, xml_form_id)
    policy.require(actor, "submission.raw", mission_id)
    _, said = read_record(session, keyring, row)
    shut = said is not None and said.consent_ok is False
    enter(session, actor, row, "submission.break_glass" if shut else "submission.raw", reason)
    return keyring.open(row.xml, f"submission:{row.id}") if as_sent else stored.xml(row, keyring)


def read_file(
    session: Session,
    *,
    keyring: Keyring,
    blobs: BlobStore,
    actor: policy.Actor,
    mission_id: int,
    instance_id: str,
    name: str,
    xml_form_id: str | None = None,
    reason: str | None = None,
) -> FileContent:
    """A file of a submission, as the phone sent it: with this version, or with an earlier one if an answer of this
    one still names it. A phone's log comes without places unless they are allowed. A file no answer names, where
    consent was refused, is behind the gate: breaking glass. Raises Problem: not_found, not_allowed,
    reason_needed."""
    row = find(session, actor, mission_id, instance_id, xml_form_id)
    policy.require(actor, "submission.raw", mission_id)
    digest = files.digest(name, keyring)
    file = files.at_hand(session, [row.id], name_digest=digest)[row.id].get(digest)
    plan, said = read_record(session, keyring, row)
    named = said is not None and name in file_names(plan, said)
    if file is None or (file.age and not named):
        raise problems.not_found("file")
    shut = said is not None and said.consent_ok is False and not named
    enter(session, actor, row, "submission.break_glass" if shut else "submission.file", reason)
    chunks, size = files.content(file, keyring, blobs), file.size
    if logs.may_hold_places(name, plan, said) and not logs.places_allowed(session, mission_id, plan):
        clean = b"".join(logs.cleaned(chunks))
        chunks, size = iter((clean,)), len(clean)
    return FileContent(name=name, content_type=file.content_type, size=size, chunks=chunks)


def file_names(plan: plans.Plan | None, said: Record) -> set[str]:
    """Names of the files that the answers of a record speak of."""
    if plan is None:
        return set()
    asking = {path for path, question in plan.questions.items() if question.type in FILES}
    return {answer.text for answer in said.answers if answer.path in asking}


# --- within -------------------------------------------------------------------------------------------------


def find(
    session: Session, actor: policy.Actor, mission_id: int, instance_id: str, xml_form_id: str | None
) -> Any:
    """The row of a submission the actor may read. Raises the Problem `not_found`."""
    if not policy.may(actor, "submission.read", mission_id):
        raise problems.not_found("submission")
    # By form id too, which the index wants: an instanceID is unique in a form of a mission.
    form_ids = [xml_form_id] if xml_form_id is not None else select(Form.xml_form_id)
    statement = select(_TABLE).where(
        Submission.mission_id == mission_id,
        Submission.xml_form_id.in_(form_ids),
        Submission.instance_id == instance_id,
        Submission.state != "deleted",
    )
    row = session.execute(statement.order_by(Submission.id).limit(1)).first()
    if row is None:
        raise problems.not_found("submission")
    return row


def read_record(session: Session, keyring: Keyring, row: Any) -> tuple[plans.Plan | None, Record | None]:
    """The answers, read by the form version the submission names; (None, None) if there is none, (plan, None) if
    they cannot be read. Of a version that was replaced, only what the one that counts consents to."""
    plan, said = _read(session, keyring, row)
    if plan is None or said is None or row.state != "superseded" or said.consent_ok is False:
        return plan, said
    present = chains.present(
        chains.versions(
            session, mission_id=row.mission_id, xml_form_id=row.xml_form_id, instance_id=row.instance_id
        )
    )
    counts = session.execute(select(_TABLE).where(Submission.id == present.id)).one() if present else row
    _, last = _read(session, keyring, counts)
    withdrawn = last is not None and last.consent_ok is False
    return plan, record.without_consent(said, plan.form) if withdrawn else said


def _read(session: Session, keyring: Keyring, row: Any) -> tuple[plans.Plan | None, Record | None]:
    plan = (
        plans.get(session, row.version_id)
        if row.version_id is not None
        else plans.find(session, mission_id=row.mission_id, form_id=row.xml_form_id, version=row.form_version)
    )
    if plan is None:
        return None, None
    try:
        return plan, record.read(stored.xml(row, keyring), plan.form)
    except record.RecordError:
        return plan, None


def enter(session: Session, actor: policy.Actor, row: Any, action: str, reason: str | None) -> None:
    """Write down that what a phone sent is read, before it is."""
    if action == "submission.break_glass":
        policy.require(actor, action, row.mission_id)
        reason = need_reason(reason)
    with writing(session):
        ledger.write(
            session,
            actor=actor.ref,
            action=action,
            mission_id=row.mission_id,
            object=f"submission:{row.id}",
            reason=reason,
        )


def _file_lines(have: dict[str, Any], named: set[str], said: Record | None) -> tuple[FileLine, ...]:
    if said is not None and said.consent_ok is False:
        have = {name: file for name, file in have.items() if name in named}
    return tuple(
        FileLine(
            name=name,
            content_type=have[name].content_type if name in have else "",
            size=have[name].size if name in have else 0,
            received_at=have[name].received_at if name in have else None,
            present=name in have,
            carried=name in have and have[name].age > 0,
        )
        for name in sorted(have.keys() | named)
    )


def versions_of(session: Session, row: Any) -> tuple[VersionLine, ...]:
    """The versions of the same submission, the newest to arrive first."""
    found = chains.versions(
        session, mission_id=row.mission_id, xml_form_id=row.xml_form_id, instance_id=row.instance_id
    )
    return tuple(
        VersionLine(
            id=one.id,
            instance_id=one.instance_id,
            deprecated_id=one.deprecated_id,
            received_at=one.received_at,
            state=one.state,
        )
        for one in reversed(found)
    )
