"""Cases that other missions ask this one to take."""

import uuid

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from app import auth
from app.auth import needs
from app.db import db
from app.language import _
from app.problems import Problem
from app.services import cases
from app.services import transfers as service
from app.state import state

bp = Blueprint("transfers", __name__, url_prefix="/projects/<int:project_id>/cases/transfers")


@bp.get("")
@needs("case.decide")
def listing(project_id: int) -> str:
    """What is proposed, without a name, and the answer to each."""
    return _listing(project_id)


@bp.post("/<uuid:case_id>")
@needs("case.decide")
def answer(project_id: int, case_id: uuid.UUID) -> Response | tuple[str, int]:
    """Take a case, or do not."""
    take = request.form.get("take") == "yes"
    try:
        service.answer(
            db.session,
            keyring=state().keyring,
            actor=auth.actor(),
            mission_id=project_id,
            case_id=case_id,
            take=take,
            reason=request.form.get("reason", ""),
        )
    except Problem as problem:
        if problem.status not in (409, 422):
            raise
        db.session.rollback()
        return _listing(project_id, wrong=problem.message), problem.status
    db.session.commit()
    if not take:
        flash(_("The case stays where it is; the other mission sees your reason."), "success")
        return redirect(url_for("ui.transfers.listing", project_id=project_id))
    flash(_("The case is this mission’s now. Assign it, so that a phone lists it."), "success")
    return redirect(url_for("ui.cases.one", project_id=project_id, case_id=case_id))


def _listing(project_id: int, *, wrong: str = "") -> str:
    found = cases.proposed(db.session, actor=auth.actor(), mission_id=project_id)
    return render_template(
        "cases/transfers.html",
        proposed=[(line, service.why(db.session, line.case_id)) for line in found],
        wrong=wrong,
    )
