"""Editing a submission in the office, with the form engine of the browser: a new version of the same submission.

Names and raw XML go to the browser on one page only, which is never kept by it and has no address of its own.
"""

import uuid
from contextlib import ExitStack
from typing import Any, Final
from urllib.parse import unquote

from flask import Blueprint, render_template, request, url_for
from werkzeug.wrappers import Response

from app import auth, headers, multipart
from app.auth import needs
from app.db import db, writing
from app.models import Submission
from app.problems import Problem
from app.services import chains, editing, forms
from app.services.editing import Editable
from app.state import state
from app.ui import frame
from app.ui.previews import NAME
from app.ui.submissions import submission_of
from xlsforms import browser

bp = Blueprint(
    "edits", __name__, url_prefix="/projects/<int:project_id>/submissions/<uuid:submission_id>/edit"
)

_REASON: Final = "X-Reason"
"""Percent-encoded, because it may hold any letter."""


@bp.get("")
@needs("submission.edit")
def ask(project_id: int, submission_id: uuid.UUID) -> str:
    """What the browser lacks for this form, and the question for a reason."""
    submission = submission_of(project_id, submission_id)
    return _asking(submission, _editable(submission))


@bp.post("")
@needs("submission.edit")
def one(project_id: int, submission_id: uuid.UUID) -> Response | tuple[str, int]:
    """The form with its answers, for a reason that goes into the ledger. What it shows has no address of its own."""
    submission = submission_of(project_id, submission_id)
    reason = request.form.get("reason", "").strip()
    editable = _editable(submission)
    try:
        with writing(db.session):
            xml = editing.opened(
                db.session, editable, keyring=state().keyring, actor=auth.actor(), reason=reason
            )
    except Problem as problem:
        if problem.code != "reason_needed":
            raise
        return _asking(submission, editable, problem.message), problem.status
    place: dict[str, Any] = {"project_id": project_id, "submission_id": submission_id}
    page = render_template(
        "submissions/edit.html",
        script="edit.js",
        submission=submission,
        version=editable.version,
        instance=xml.decode("utf-8", "replace"),
        files=editable.files,
        reason=reason,
        xform=url_for(
            "ui.forms.xform",
            project_id=project_id,
            form_id=submission.xml_form_id,
            version_id=editable.version.id,
        ),
        file=url_for("ui.edits.file", name=NAME, **place),
        **_told(editable),
    )
    return headers.with_engine(page)


@bp.get("/files/<name>")
@needs("submission.edit")
def file(project_id: int, submission_id: uuid.UUID, name: str) -> Response:
    """A file the form wants, with the lists of the mission."""
    editable = _editable(submission_of(project_id, submission_id))
    wanted = editing.file(db.session, editable, keyring=state().keyring, actor=auth.actor(), name=name)
    response = Response(wanted.content, content_type=wanted.content_type)
    response.headers.set("Content-Disposition", "attachment", filename=name)
    return response


@bp.post("/send")
@needs("submission.edit")
def send(project_id: int, submission_id: uuid.UUID) -> Response:
    """Take the new version in, and say where it is: next to what it replaced, or to what somebody else made of that."""
    submission = submission_of(project_id, submission_id)
    form_id, instance_id = submission.xml_form_id, submission.instance_id
    beside = "beside" in request.args
    theirs = _present(project_id, form_id, instance_id)
    db.session.rollback()
    with ExitStack() as opened:
        sent = multipart.of_request(opened)
        try:
            receipt = editing.send(
                db.session,
                inbox=state().inbox,
                keyring=state().keyring,
                actor=auth.actor(),
                mission_id=project_id,
                xml_form_id=form_id,
                instance_id=instance_id,
                xml=sent.xml,
                files=sent.files,
                reason=unquote(request.headers.get(_REASON, "")),
                beside=beside,
            )
        except Problem as problem:
            if problem.code == "outdated_edit":
                problem.details["page"] = _page(project_id, _present(project_id, form_id, instance_id))
            raise
    if beside and theirs != receipt.submission_id:
        return frame.taken(
            _page(project_id, receipt.submission_id, before=theirs, after=receipt.submission_id)
        )
    return frame.taken(_page(project_id, receipt.submission_id))


# --- within ------------------------------------------------------------------------------------------------------


def _editable(submission: Submission) -> Editable:
    return editing.editable(
        db.session,
        keyring=state().keyring,
        actor=auth.actor(),
        mission_id=submission.mission_id,
        xml_form_id=submission.xml_form_id,
        instance_id=submission.instance_id,
    )


def _asking(submission: Submission, editable: Editable, wrong: str = "") -> str:
    return render_template(
        "submissions/edit_reason.html",
        id=submission.id,
        version=editable.version,
        wrong=wrong,
        **_told(editable),
    )


def _told(editable: Editable) -> dict[str, Any]:
    """What is said before somebody begins."""
    mission_id = editable.row.mission_id
    missing = [
        line.name for line in forms.media(db.session, editable.version, mission_id) if not line.present
    ]
    return {
        "lacks": browser.lacking(editable.plan.form),
        "missing": missing,
        "not_kept": list(dict.fromkeys((one.question or "").rpartition("/")[2] for one in editable.not_kept)),
    }


def _present(project_id: int, form_id: str, instance_id: str) -> uuid.UUID | None:
    """The id of the version that stands now."""
    versions = chains.versions(
        db.session, mission_id=project_id, xml_form_id=form_id, instance_id=instance_id
    )
    present = chains.present(versions)
    return present.id if present else None


def _page(project_id: int, submission_id: uuid.UUID | None, **compared: Any) -> str:
    return url_for(
        "ui.submissions.one",
        project_id=project_id,
        submission_id=submission_id,
        _anchor="changes",
        **compared,
    )
