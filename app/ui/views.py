"""Views that somebody keeps: of the table of a form, and filters of the list of cases."""

from typing import Any

from flask import Blueprint, flash, redirect, request, url_for
from werkzeug.wrappers import Response

from app import auth
from app.auth import needs
from app.db import db
from app.language import _
from app.models import SavedView
from app.services import saved_views

bp = Blueprint("views", __name__, url_prefix="/projects/<int:project_id>")


def listed(project_id: int, xml_form_id: str = "") -> list[tuple[SavedView, str, str]]:
    """The reader's views and those shared, of a form or of the list of cases: each with its address, and with the one at
    which it is changed, empty if it is somebody else's."""
    mine = auth.actor().user_id
    change = "ui.views.change" if xml_form_id else "ui.views.change_of_cases"
    return [
        (
            one,
            _address(one),
            url_for(change, project_id=project_id, view_id=one.id) if one.user_id == mine else "",
        )
        for one in saved_views.listing(
            db.session, actor=auth.actor(), mission_id=project_id, xml_form_id=xml_form_id
        )
    ]


@bp.post("/submissions/views")
@needs("submission.read")
def save(project_id: int) -> Response:
    """Keep the table of a form as it is under a name."""
    return _save(project_id, request.form.get("form", ""))


@bp.post("/submissions/views/<int:view_id>")
@needs("submission.read")
def change(project_id: int, view_id: int) -> Response:
    """Rename one's own view, or delete it."""
    return _change(project_id, view_id)


@bp.post("/cases/views")
@needs("case.read")
def save_of_cases(project_id: int) -> Response:
    """Keep the filters and the order of the list of cases under a name."""
    return _save(project_id, "")


@bp.post("/cases/views/<int:view_id>")
@needs("case.read")
def change_of_cases(project_id: int, view_id: int) -> Response:
    """Rename one's own view, or delete it."""
    return _change(project_id, view_id)


def _save(project_id: int, xml_form_id: str) -> Response:
    made = saved_views.save(
        db.session,
        actor=auth.actor(),
        mission_id=project_id,
        xml_form_id=xml_form_id,
        name=request.form.get("name", ""),
        query=request.form.get("back", ""),
        shared="shared" in request.form,
    )
    flash(_("The view is kept."), "success")
    return redirect(_address(made))


def _change(project_id: int, view_id: int) -> Response:
    which: dict[str, Any] = {"actor": auth.actor(), "mission_id": project_id, "view_id": view_id}
    if "delete" in request.form:
        form_id = saved_views.delete(db.session, **which)
        flash(_("The view is deleted."), "success")
        return redirect(_list(project_id, form_id))
    found = saved_views.rename(db.session, **which, name=request.form.get("name", ""))
    flash(_("The view has another name now."), "success")
    return redirect(_address(found))


def _address(view: SavedView) -> str:
    here = _list(view.mission_id, view.xml_form_id)
    return f"{here}{'&' if '?' in here else '?'}{view.query}" if view.query else here


def _list(project_id: int, xml_form_id: str) -> str:
    if not xml_form_id:
        return url_for("ui.cases.listing", project_id=project_id)
    return url_for("ui.submissions.listing", project_id=project_id, form=xml_form_id)
