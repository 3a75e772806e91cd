"""Versions of a submission: one of them, what differs between them, and how the interview went."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Final

from flask import Response, jsonify
from sqlalchemy import Row

from app import auth, problems
from app.api.door import Door
from app.api.schemas.submissions import REASON_QUERY, REVEAL_QUERY, SUBMISSION_VERSION
from app.api.schemas.timelines import TIMELINE
from app.auth import needs
from app.db import db
from app.services import chains, differences, submissions, timing
from app.services.differences import Comparison, Difference
from app.services.reveal import Reveal
from app.services.timing import Timing
from app.state import state
from submissions.audit import Timeline

bp = Door(
    "versions",
    __name__,
    url_prefix="/v1/projects/<int:project_id>/forms/<form_id>/submissions/<instance_id>",
    description="Edits of what phones sent, and how interviews went.",
)

_STEP: Final = re.compile(r"([^/\[]+)(?:\[(\d+)\])?")


@bp.get("/versions/<version_id>")
@needs("submission.read")
@bp.response(200, SUBMISSION_VERSION)
def get_version(project_id: int, form_id: str, instance_id: str, version_id: str) -> dict[str, Any]:
    """One version"""
    one = _version(project_id, form_id, instance_id, version_id)
    present = chains.present(_versions(project_id, form_id, instance_id))
    current = present is not None and present.id == one.id
    return {"instanceId": one.instance_id, "current": current, "createdAt": one.received_at}


@bp.get("/versions/<version_id>.xml")
@needs("submission.raw")
@bp.arguments(REASON_QUERY, location="query")
@bp.response(200, {"type": "string"}, content_type="application/xml", description="The XML.")
def get_version_xml(
    query: dict[str, Any], project_id: int, form_id: str, instance_id: str, version_id: str
) -> Response:
    """XML of a version

    Written into the ledger. Where consent was refused it takes a reason.
    """
    xml = submissions.read_xml(
        db.session,
        keyring=state().keyring,
        actor=auth.actor(),
        mission_id=project_id,
        instance_id=_version(project_id, form_id, instance_id, version_id).instance_id,
        xml_form_id=form_id,
        reason=query["reason"],
    )
    db.session.commit()
    return Response(xml, mimetype="application/xml", headers={"X-Content-Type-Options": "nosniff"})


@bp.get("/diffs")
@needs("submission.read")
@bp.arguments(REVEAL_QUERY, location="query")
@bp.response(
    200, {"type": "object"}, description="instanceID of each edit → its changes: `path`, `old`, `new`."
)
def get_diffs(query: dict[str, Any], project_id: int, form_id: str, instance_id: str) -> Response:
    """What each edit changed

    An object as ODK Central's: for every version that replaced another one, a change for each answer: `old` or `new`
    is absent where there is no answer, a repeat in a `path` is a pair of its name and its position from 0.
    Identifiers and free text (class P3) are null and `masked` unless `reveal` gives a reason, which goes into the
    ledger.
    """
    found = differences.chain(
        db.session,
        keyring=state().keyring,
        actor=auth.actor(),
        mission_id=project_id,
        xml_form_id=form_id,
        instance_id=instance_id,
        reveal=Reveal(query["reveal"]) if query["reveal"] is not None else None,
    )
    shown = {one.after.instance_id: _changes(one) for one in found}
    db.session.commit()
    return jsonify(shown)


@bp.get("/timeline")
@needs("submission.read")
@bp.response(200, TIMELINE)
def get_timeline(project_id: int, form_id: str, instance_id: str) -> dict[str, Any]:
    """How the interview went

    By the log the phone kept, if the form asks for one: seconds for each section, pauses, questions somebody came
    back to or whose answer was replaced. Never what was answered, and never where.
    """
    present = chains.present(_versions(project_id, form_id, instance_id))
    if present is None:
        raise problems.not_found("submission")
    found = timing.read_timing(
        db.session,
        keyring=state().keyring,
        blobs=state().blobs,
        actor=auth.actor(),
        mission_id=project_id,
        instance_id=present.instance_id,
        xml_form_id=form_id,
    )
    if found.timeline is None:
        raise problems.not_found("log of this interview")
    return _timeline(found, found.timeline)


# --- within ------------------------------------------------------------------------------------------------------


def _versions(project_id: int, form_id: str, instance_id: str) -> Sequence[Row[Any]]:
    return chains.versions(db.session, mission_id=project_id, xml_form_id=form_id, instance_id=instance_id)


def _version(project_id: int, form_id: str, instance_id: str, version_id: str) -> Row[Any]:
    """A version of this submission. Raises the Problem `not_found`."""
    for one in _versions(project_id, form_id, instance_id):
        if one.instance_id == version_id and one.state != "deleted":
            return one
    raise problems.not_found("version of this submission")


def _timeline(found: Timing, timeline: Timeline) -> dict[str, Any]:
    return {
        "active": timeline.active // 1000,
        "saves": timeline.saves,
        "finalised": timeline.finalised,
        "sessions": [
            {
                "startedAt": _instant(one.started_at),
                "endedAt": _instant(one.ended_at),
                "active": one.active // 1000,
                "saved": one.saved,
                "finalised": one.finalised,
            }
            for one in timeline.sessions
        ],
        "sections": [
            {
                "path": one.path,
                "label": one.label,
                "active": one.active // 1000,
                "questions": one.questions,
                "visits": one.visits,
            }
            for one in found.sections
        ],
        "returns": [{"path": one.path, "times": one.times} for one in found.returns],
        "edits": [{"path": one.path, "times": one.times} for one in found.edited],
        "pauses": [pause // 1000 for pause in timeline.pauses],
        "findings": timeline.findings,
    }


def _instant(milliseconds: int) -> datetime:
    return datetime.fromtimestamp(milliseconds / 1000, UTC)


def _changes(one: Comparison) -> list[dict[str, Any]]:
    """The ids first, as Central has them."""
    ids = {"path": ["meta", "instanceID"], "old": one.before.instance_id, "new": one.after.instance_id}
    replaced = {"path": ["meta", "deprecatedID"], "new": one.before.instance_id}
    if one.before.deprecated_id:
        replaced["old"] = one.before.deprecated_id
    return [ids, replaced, *(_change(difference) for difference in one.differences or ())]


def _change(difference: Difference) -> dict[str, Any]:
    shown: dict[str, Any] = {"path": _path(difference.question.path)}
    for name, answered in (("old", difference.before), ("new", difference.after)):
        if answered is not None:
            shown[name] = None if answered.masked else answered.text
            if answered.masked:
                shown["masked"] = True
    return shown


def _path(xpath: str) -> list[Any]:
    """`/data/child[2]/name` → `[["child", 1], "name"]`."""
    steps = _STEP.findall(xpath)[1:]
    return [[name, int(position) - 1] if position else name for name, position in steps]
