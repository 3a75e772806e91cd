"""Reading trials: what came in from test devices and browsers, and how it would stand in the case store.

Nothing of it is stored: answers are read by the draft as it is now, and folded by the functions that fold cases, so a
designer who changes the draft sees the same trial anew. A trial is fiction, so nothing is masked.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, cast
from uuid import UUID

import structlog
from sqlalchemy import Table, func, select
from sqlalchemy.orm import Session

from app import problems
from app.blobs import BlobStore
from app.keys import Keyring
from app.log import describe
from app.models import Device, Form, Trial, TrialFile, User
from app.services import answers, case_detail, forms, placing, plans, trials
from app.services.answers import Answered, Section
from app.services.case_detail import Interview, Row
from app.services.reveal import Reveal
from app.services.submissions import FileContent, FileLine
from submissions import case, record
from submissions import normalise as interview
from submissions.record import Record
from xlsforms import dictionary, schema
from xlsforms.finding import Finding, warning
from xlsforms.marked import N_

_FILE: Final = cast("Table", TrialFile.__table__)
_EVERYTHING: Final = Reveal("fiction")
LATEST: Final = 50
"""Trials listed: what a test is about is among the last."""

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialLine:
    """A trial in the list, and nothing it says."""

    id: UUID
    received_at: datetime
    form_version: str
    device_name: str
    """Of the test device; in the browser, of the person."""
    in_browser: bool
    files: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialDetail:
    """A trial read by the draft. `rows` and `interviews` are those of the case it would make; `form` is
    what it was read by. `nodes` and `rows` are empty where it cannot be read, and `findings` say why."""

    line: TrialLine
    form: schema.Form
    language: str
    nodes: tuple[Section | Answered, ...]
    files: tuple[FileLine, ...]
    consent_ok: bool | None
    findings: tuple[Finding, ...]
    interviews: tuple[Interview, ...]
    rows: Mapping[str, tuple[Row, ...]]
    instance_id: str


def listing(session: Session, mission_id: int, form: Form) -> list[TrialLine]:
    """The trials of a form in a mission that came last, the newest first; at most `LATEST`."""
    statement = _lines().where(Trial.mission_id == mission_id, Trial.form_id == form.id)
    rows = session.execute(statement.order_by(Trial.received_at.desc(), Trial.id.desc()).limit(LATEST))
    return [TrialLine(**row._mapping) for row in rows]


def read(
    session: Session,
    *,
    keyring: Keyring,
    mission_id: int,
    form: Form,
    trial_id: UUID,
    language: str = "",
    locale: str = "en",
) -> TrialDetail:
    """One trial, in a language of the form: the one asked for, else the reader's own. Raises the Problem `not_found`,
    also where the draft it tried is gone."""
    trial = _get(session, mission_id, form, trial_id)
    draft = forms.draft(session, form)
    if draft is None:
        raise problems.not_found("draft of this form")
    plan = plans.of_draft(draft)
    if language not in plan.form.languages:
        own = (one for one in plan.form.languages if one.endswith(f"({locale})"))
        language = next(own, plan.form.default_language)
    xml = keyring.open(trial.xml, trials.sealed_to(form.id, trial.instance_id))
    said, state, findings = _read(plan, xml, trial)
    return TrialDetail(
        line=TrialLine(**session.execute(_lines().where(Trial.id == trial.id)).one()._mapping),
        form=plan.form,
        language=language,
        nodes=answers.shown(plan, said, language, _EVERYTHING) if said is not None else (),
        files=_files(session, keyring, trial.id),
        consent_ok=said.consent_ok if said is not None else None,
        findings=findings,
        interviews=tuple(_interview(head, trial) for head in state.interviews),
        rows=case_detail.rows(state, _EVERYTHING),
        instance_id=trial.instance_id,
    )


def read_file(
    session: Session,
    *,
    keyring: Keyring,
    blobs: BlobStore,
    mission_id: int,
    form: Form,
    trial_id: UUID,
    name: str,
) -> FileContent:
    """A file of a trial, as the phone sent it. Raises the Problem `not_found`."""
    trial = _get(session, mission_id, form, trial_id)
    digest = keyring.digest(name.encode("utf-8", "surrogatepass"))
    file = session.get(TrialFile, (trial.id, digest))
    if file is None:
        raise problems.not_found("file")
    chunks = keyring.open_file(blobs.open(file.blob), f"file:{file.blob}")
    return FileContent(name=name, content_type=file.content_type, size=file.size, chunks=chunks)


# --- within ------------------------------------------------------------------------------------------------------


def _get(session: Session, mission_id: int, form: Form, trial_id: UUID) -> Trial:
    trial = session.get(Trial, trial_id)
    if trial is None or (trial.mission_id, trial.form_id) != (mission_id, form.id):
        raise problems.not_found("trial")
    return trial


def _lines() -> Any:
    files = (
        select(func.count()).where(TrialFile.trial_id == Trial.id).correlate(Trial).scalar_subquery()
    ).label("files")
    return (
        select(
            Trial.id,
            Trial.received_at,
            Trial.form_version,
            func.coalesce(Device.display_name, User.display_name).label("device_name"),
            Trial.device_id.is_(None).label("in_browser"),
            files,
        )
        .outerjoin(Device, Device.id == Trial.device_id)
        .outerjoin(User, User.id == Trial.user_id)
    )


def _read(
    plan: plans.Plan, xml: bytes, trial: Trial
) -> tuple[Record | None, case.CaseState, tuple[Finding, ...]]:
    """What a trial says, and the case it would make, by the functions that read submissions and fold cases. What they
    cannot read is a finding."""
    nothing = case.fold(str(trial.id), [])
    try:
        said = record.read(xml, plan.form)
        intake = interview.normalise(
            said, plan.mapping, dictionary.load(), form=plan.form, submission=trial.instance_id
        )
        # Under the uid it names; without one the worker would let it wait, but a designer wants to see it.
        state = case.fold(intake.case_uid or str(trial.id), [intake]) if intake.rows else nothing
    except record.RecordError:
        return None, nothing, (_opaque(),)
    except Exception as error:  # noqa: BLE001 -- as in the worker: whatever a phone sent, it can be looked at
        _log.error("a trial could not be read", trial_id=str(trial.id), exception=describe(error))
        return None, nothing, (placing.unreadable(),)
    return said, state, (*plan.findings, *intake.findings, *state.findings)


def _opaque() -> Finding:
    return warning(
        "trial_opaque",
        N_(
            "The phone encrypted this test interview with a key of the form's own, so nothing of it can be shown."
        ),
        N_("To see what a draft says, try it without base64RsaPublicKey or the setting public_key."),
    )


def _interview(head: case.Head, trial: Trial) -> Interview:
    return Interview(
        interview_id=head.id,
        submission=head.submission,
        instance_id=head.instance_id,
        submission_id=trial.id,
        mission_id=trial.mission_id,
        xml_form_id=head.form_id,
        form_version=head.form_version,
        kind=head.kind,
        held_on=head.held_on or None,
        ended_at=head.ended_at or None,
        consent_ok=head.consent_ok,
        interviewer_code=None,
        state="trial",
    )


def _files(session: Session, keyring: Keyring, trial_id: UUID) -> tuple[FileLine, ...]:
    rows = session.execute(
        select(_FILE.c.name, _FILE.c.content_type, _FILE.c.size).where(_FILE.c.trial_id == trial_id)
    )
    found = [
        FileLine(
            name=keyring.open(row.name, f"file-name:{trial_id}").decode(),
            content_type=row.content_type,
            size=row.size,
            received_at=None,
            present=True,
            carried=False,
        )
        for row in rows
    ]
    return tuple(sorted(found, key=lambda file: file.name))
