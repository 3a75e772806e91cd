"""The list of submissions: what came in, what became of it, what needs attention."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, and_, func, not_, or_, select, true
from sqlalchemy.orm import Session

from app import policy, problems
from app.models import (
    TABLES,
    CaseState,
    Conflict,
    Device,
    Form,
    FormVersion,
    Interviewer,
    Mission,
    Submission,
)
from app.services import chains, paging
from app.services.paging import Page
from xlsforms.finding import Finding

_FILE = TABLES["case_file"].c
MOST_TYPED: Final = 200
"""Characters of a search that are looked at."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SubmissionLine:
    """A submission in a list: the version that stands, and nothing it says. `received_at` is the arrival of
    its first version, `updated_at` that of the edit that stands."""

    id: uuid.UUID
    mission_id: int
    mission_code: str
    xml_form_id: str
    form_title: str | None
    form_version: str
    instance_id: str
    root_instance_id: str | None
    state: str
    review_state: str | None
    received_at: datetime
    updated_at: datetime | None
    held_on: str | None
    device_id: int | None
    device_name: str | None
    user_id: int | None
    case_id: uuid.UUID | None
    case_ref: str | None
    findings: tuple[Finding, ...]


def list_submissions(
    session: Session,
    *,
    actor: policy.Actor,
    cursor: str | None = None,
    limit: int = 50,
    oldest_first: bool = False,
    **filters: Any,
) -> Page[SubmissionLine]:
    """Submissions the actor may read, the newest first. Filters as in `matching`."""
    limit = paging.size(limit)
    statement = select_lines(matching(actor, **filters))
    if cursor:
        last = paging.read_cursor(cursor)[1]
        statement = statement.where(Submission.id > last if oldest_first else Submission.id < last)
    statement = statement.order_by(Submission.id.asc() if oldest_first else Submission.id.desc())
    rows = session.execute(statement.limit(limit + 1)).all()
    page = paging.cut(rows, limit, lambda row: (row.received_at, row.id))
    return Page(lines(session, page.items), page.next)


def read_line(session: Session, *, actor: policy.Actor, submission_id: uuid.UUID) -> SubmissionLine:
    """One version of a submission as it stands in a list, deleted or replaced ones too. Raises the Problem
    `not_found`."""
    where = [policy.within(actor, "submission.read", Submission.mission_id), Submission.id == submission_id]
    found = lines(session, session.execute(select_lines(where)).all())
    if not found:
        raise problems.not_found("submission")
    return found[0]


def count_submissions(session: Session, *, actor: policy.Actor, **filters: Any) -> int:
    """How many submissions a list with these filters has."""
    return (
        session.scalar(select(func.count()).select_from(Submission).where(*matching(actor, **filters))) or 0
    )


def matching(
    actor: policy.Actor,
    *,
    mission_id: int | None = None,
    xml_form_id: str | None = None,
    state: str | None = None,
    attention: str | None = None,
    device_id: int | None = None,
    interviewer_id: int | None = None,
    search: str = "",
    superseded: bool = False,
    received_from: datetime | None = None,
    received_to: datetime | None = None,
) -> list[ColumnElement[bool]]:
    """What a list is narrowed to. Replaced versions are left out unless `superseded`, deleted ones unless
    asked for by `state`. `search`: the beginning of a case reference, a part of a device's name, or an interviewer's
    code. `attention`: failed, waiting, conflict or finding; what was approved needs none."""
    found = [policy.within(actor, "submission.read", Submission.mission_id, mission_id)]
    if attention in ("failed", "waiting"):
        state = attention
    if state is not None:
        found.append(Submission.state == state)
    else:
        found.append(Submission.state.not_in(("deleted",) if superseded else ("deleted", "superseded")))
        if not superseded:
            found.append(not_(chains.outdated()))
    for column, wanted in (
        (Submission.xml_form_id, xml_form_id),
        (Submission.device_id, device_id),
        (Submission.interviewer_id, interviewer_id),
    ):
        if wanted is not None:
            found.append(column == wanted)
    if search:
        found.append(_named(actor, search, mission_id))
    if received_from is not None:
        # The id begins with the instant it was made at: its index finds the rows that are new enough.
        found += [Submission.received_at >= received_from, Submission.id >= _earliest_id(received_from)]
    if received_to is not None:
        found.append(Submission.received_at < received_to)
    if attention is not None:
        found.append(or_(Submission.review_state.is_(None), Submission.review_state != "approved"))
    if attention == "conflict":
        found.append(Submission.id.in_(select(Conflict.submission_id)))
    if attention == "finding":
        found.append(Submission.flagged == true())
    return found


def of_case(actor: policy.Actor, typed: str, mission_id: int | None) -> ColumnElement[bool]:
    """Whether a submission is of a case whose reference begins as was typed. As the line, this says nothing of a case
    that went to another mission."""
    begins = func.lower(_FILE.case_ref).startswith(_clean(typed), autoescape=True)
    cases = (
        select(_FILE.case_id)
        .join(CaseState, CaseState.case_id == _FILE.case_id)
        .where(policy.within(actor, "case.read", CaseState.mission_id, mission_id), begins)
    )
    return Submission.case_id.in_(cases)


def _named(actor: policy.Actor, typed: str, mission_id: int | None) -> ColumnElement[bool]:
    words = _clean(typed)
    named = func.lower(Device.display_name).contains(words, autoescape=True)
    return or_(
        of_case(actor, typed, mission_id),
        Submission.device_id.in_(select(Device.id).where(named)),
        Submission.interviewer_id.in_(select(Interviewer.id).where(func.lower(Interviewer.code) == words)),
    )


def _clean(typed: str) -> str:
    return typed.replace("\0", "").strip()[:MOST_TYPED].lower()


def _earliest_id(at: datetime) -> uuid.UUID:
    """A UUIDv7 below those of what was received from then on; ids are made a moment before."""
    milliseconds = int((at.timestamp() - 60) * 1000)
    return uuid.UUID(int=max(milliseconds, 0) << 80)


def select_lines(where: list[ColumnElement[bool]]) -> Select[*tuple[Any, ...]]:
    """The columns of a line, for the rows that match."""
    return (
        select(
            Submission.id,
            Submission.mission_id,
            Mission.code.label("mission_code"),
            Submission.xml_form_id,
            # A rendition's version string is the server's; the form's own is what people know.
            func.coalesce(FormVersion.version, Submission.form_version).label("form_version"),
            Submission.instance_id,
            Submission.root_instance_id,
            Submission.deprecated_id,
            Submission.state,
            Submission.review_state,
            Submission.received_at,
            Submission.held_on,
            Submission.device_id,
            Device.display_name.label("device_name"),
            Submission.user_id,
            CaseState.case_id,
            _FILE.case_ref,
            Submission.findings,
            Submission.version_id,
        )
        .join(Mission, Mission.id == Submission.mission_id)
        .outerjoin(Device, Device.id == Submission.device_id)
        .outerjoin(FormVersion, FormVersion.id == Submission.version_id)
        # What is of a case that went to another mission no longer says whose it is.
        .outerjoin(
            CaseState,
            and_(CaseState.case_id == Submission.case_id, CaseState.mission_id == Submission.mission_id),
        )
        .outerjoin(TABLES["case_file"], _FILE.case_id == CaseState.case_id)
        .where(*where)
    )


def lines(session: Session, rows: Sequence[Any]) -> tuple[SubmissionLine, ...]:
    """Lines out of rows."""
    roots = {row.root_instance_id for row in rows if row.deprecated_id and row.root_instance_id}
    first: dict[tuple[int, str, str | None], datetime] = {}
    if roots:
        found = session.execute(
            select(
                Submission.mission_id,
                Submission.xml_form_id,
                Submission.root_instance_id,
                func.min(Submission.received_at),
            )
            .where(Submission.root_instance_id.in_(roots))
            .group_by(Submission.mission_id, Submission.xml_form_id, Submission.root_instance_id)
        )
        first = {(mission, form, root): at for mission, form, root, at in found}
    titles = _titles(session, {row.xml_form_id for row in rows})
    return tuple(
        SubmissionLine(
            id=row.id,
            mission_id=row.mission_id,
            mission_code=row.mission_code,
            xml_form_id=row.xml_form_id,
            form_title=titles.get((row.xml_form_id, row.mission_id)) or titles.get((row.xml_form_id, None)),
            form_version=row.form_version,
            instance_id=row.instance_id,
            root_instance_id=chains.key(session, row) if row.deprecated_id else row.root_instance_id,
            state=row.state,
            review_state=row.review_state,
            received_at=first.get((row.mission_id, row.xml_form_id, row.root_instance_id), row.received_at),
            updated_at=row.received_at if row.deprecated_id else None,
            held_on=row.held_on,
            device_id=row.device_id,
            device_name=row.device_name,
            user_id=row.user_id,
            case_id=row.case_id,
            case_ref=row.case_ref,
            findings=tuple(Finding.from_json(one) for one in row.findings),
        )
        for row in rows
    )


def _titles(session: Session, form_ids: set[str]) -> dict[tuple[str, int | None], str]:
    """The newest title of each form, by its id and the mission that owns it."""
    found = session.execute(
        select(Form.xml_form_id, Form.mission_id, FormVersion.title)
        .join(FormVersion, FormVersion.form_id == Form.id)
        .where(Form.xml_form_id.in_(form_ids), FormVersion.published.is_(True))
        .order_by(FormVersion.published_at)
    )
    return {(form_id, mission): title for form_id, mission, title in found}
