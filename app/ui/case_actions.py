"""The forms of what can be done with a case: what will happen, what is asked, the reason; then the deed."""

import uuid
from collections.abc import Mapping
from typing import Final

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response

from app import auth, problems
from app.auth import needs
from app.db import db
from app.language import _
from app.problems import Problem
from app.services import cases
from app.state import state
from app.ui import acts, office_acts
from app.ui.act import Act, Asked

bp = Blueprint("case_actions", __name__, url_prefix="/projects/<int:project_id>/cases/<uuid:case_id>/act")

ACTS: Final[Mapping[str, Act]] = {**office_acts.ACTS, **acts.ACTS}
"""By the last part of its address, in the order in which they are offered."""


@bp.get("/<name>")
@needs("case.decide")
def ask(project_id: int, case_id: uuid.UUID, name: str) -> str:
    """The form of an act."""
    act = _act(name)
    return _form(name, act, _asked(project_id, case_id, request.args))


@bp.post("/<name>")
@needs("case.decide")
def do(project_id: int, case_id: uuid.UUID, name: str) -> Response | str | tuple[str, int]:
    """Do it; where that is refused, the form again with what was answered and how to mend it. With `look`, the form with
    what was looked for: what is typed there stands in no address."""
    act = _act(name)
    asked = _asked(project_id, case_id, request.form)
    if "look" in request.form:
        return _form(name, act, asked)
    try:
        if refused := act.refused(asked):
            raise problems.conflict(refused, _("Look at the case again."))
        act.run(asked)
    except Problem as problem:
        if problem.status not in (409, 422):
            raise
        db.session.rollback()
        asked = _asked(project_id, case_id, request.form)
        return _form(name, act, asked, wrong=problem.message), problem.status
    db.session.commit()
    flash(_(act.done), "success")
    return redirect(_after(project_id, case_id))


def _after(project_id: int, case_id: uuid.UUID) -> str:
    """The page of the case, or, if nothing is left of it, the list."""
    try:
        found = _read(project_id, case_id).case_id
    except Problem:
        return url_for("ui.cases.listing", project_id=project_id)
    return url_for("ui.cases.one", project_id=project_id, case_id=found)


def _act(name: str) -> Act:
    if name not in ACTS:
        raise problems.not_found("page")
    return ACTS[name]


def _asked(project_id: int, case_id: uuid.UUID, given: MultiDict[str, str]) -> Asked:
    return Asked(project_id, _read(project_id, case_id), given, about=given.get("about", ""))


def _read(project_id: int, case_id: uuid.UUID) -> cases.CaseDetail:
    return cases.read_case(
        db.session, keyring=state().keyring, actor=auth.actor(), case_id=case_id, mission_id=project_id
    )


def _form(name: str, act: Act, asked: Asked, *, wrong: str = "") -> str:
    refused = act.refused(asked)
    return render_template(
        "cases/action.html",
        name=name,
        act=act,
        case=asked.case,
        line=asked.case.line,
        about=asked.about,
        refused=refused,
        happens=() if refused else act.happens(asked),
        inputs=() if refused else act.inputs(asked),
        reason=asked.given.get("reason", ""),
        wrong=wrong,
    )
