"""What coordinators write to each other about one submission or one case, on a page of its own: reading it is an entry
of the ledger."""

import uuid

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from app import auth, problems
from app.auth import needs
from app.db import db
from app.language import _
from app.services import cases, comments, mentions
from app.services.comments import About, OfCase, OfSubmission
from app.state import state
from app.ui.filters import instant_text
from app.ui.submissions import submission_of

bp = Blueprint("comments", __name__, url_prefix="/projects/<int:project_id>")


@bp.get("/submissions/<uuid:submission_id>/comments")
@needs("submission.comments")
def listing(project_id: int, submission_id: uuid.UUID) -> str:
    """The comments on all versions of a submission, the newest first."""
    found = submission_of(project_id, submission_id)
    trail = [
        (_("Submissions"), url_for("ui.submissions.listing", project_id=project_id)),
        (
            instant_text(found.received_at),
            url_for("ui.submissions.one", project_id=project_id, submission_id=submission_id),
        ),
    ]
    return _page(_submission(project_id, submission_id), trail)


@bp.post("/submissions/<uuid:submission_id>/comments")
@needs("submission.comment")
def write(project_id: int, submission_id: uuid.UUID) -> Response:
    """Add one."""
    _write(_submission(project_id, submission_id))
    return redirect(url_for("ui.comments.listing", project_id=project_id, submission_id=submission_id))


@bp.get("/cases/<uuid:case_id>/comments")
@needs("case.comments")
def of_case(project_id: int, case_id: uuid.UUID) -> str:
    """The comments on a case and what was merged into it, the newest first."""
    line = cases.read_line(db.session, actor=auth.actor(), case_id=case_id, mission_id=project_id)
    trail = [
        (_("Cases"), url_for("ui.cases.listing", project_id=project_id)),
        (
            line.case_ref or _("Case without a reference"),
            url_for("ui.cases.one", project_id=project_id, case_id=line.case_id),
        ),
    ]
    return _page(OfCase(project_id, line.case_id), trail)


@bp.post("/cases/<uuid:case_id>/comments")
@needs("case.comment")
def write_on_case(project_id: int, case_id: uuid.UUID) -> Response:
    """Add one."""
    _write(OfCase(project_id, case_id))
    return redirect(url_for("ui.comments.of_case", project_id=project_id, case_id=case_id))


def _submission(project_id: int, submission_id: uuid.UUID) -> OfSubmission:
    found = submission_of(project_id, submission_id)
    return OfSubmission(project_id, found.xml_form_id, found.instance_id)


def _page(about: About, trail: list[tuple[str, str]]) -> str:
    actor = auth.actor()
    found = comments.listing(db.session, keyring=state().keyring, actor=actor, about=about)
    names = comments.people(db.session, found)
    return render_template(
        "comments.html",
        about=about,
        trail=trail,
        comments=[
            (one, names.get(one.user_id), ", ".join(names[told] for told in one.told)) for one in found
        ],
        colleagues=mentions.people(
            db.session,
            mission_id=about.mission_id,
            action=f"{about.kind}.comments",
            but=actor.user_id,
        ),
    )


def _write(about: About) -> None:
    chosen = request.form.getlist("tell")
    if not all(one.isascii() and one.isdecimal() and len(one) < 10 for one in chosen):
        raise problems.bad_request(_("Who is to be told is said by number."))
    made = comments.write(
        db.session,
        keyring=state().keyring,
        actor=auth.actor(),
        about=about,
        body=request.form.get("body", ""),
        tell=[int(one) for one in chosen],
    )
    if made.told:
        names = comments.people(db.session, [made])
        told = ", ".join(names[one] for one in made.told)
        flash(_("The comment is kept. On their home page it is told to: %(names)s.", names=told), "success")
    else:
        flash(_("The comment is kept."), "success")
