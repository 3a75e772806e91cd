"""What coordinators write to each other about one submission, on a page of its own: reading it is an entry of the
ledger."""

import uuid
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from app import auth
from app.auth import needs
from app.db import db
from app.services import comments
from app.state import state
from app.ui.submissions import submission_of

bp = Blueprint(
    "comments", __name__, url_prefix="/projects/<int:project_id>/submissions/<uuid:submission_id>/comments"
)


@bp.get("")
@needs("submission.comments")
def listing(project_id: int, submission_id: uuid.UUID) -> str:
    """The comments on all versions of a submission, the newest first."""
    about = _about(project_id, submission_id)
    found = comments.listing(db.session, **about)
    return render_template(
        "submissions/comments.html",
        id=submission_id,
        comments=found,
        writers=comments.writers(db.session, found),
    )


@bp.post("")
@needs("submission.comment")
def write(project_id: int, submission_id: uuid.UUID) -> Response:
    """Add one."""
    comments.write(db.session, **_about(project_id, submission_id), body=request.form.get("body", ""))
    flash("The comment is kept with the submission.", "success")
    return redirect(url_for("ui.comments.listing", project_id=project_id, submission_id=submission_id))


def _about(project_id: int, submission_id: uuid.UUID) -> dict[str, Any]:
    found = submission_of(project_id, submission_id)
    return {
        "keyring": state().keyring,
        "actor": auth.actor(),
        "mission_id": project_id,
        "xml_form_id": found.xml_form_id,
        "instance_id": found.instance_id,
    }
