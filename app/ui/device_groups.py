"""Groups of devices: named sets of phones, to put a form on some phones of a mission only."""

from collections import defaultdict

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from app import auth
from app.auth import needs
from app.db import db, writing
from app.language import _
from app.problems import Problem
from app.services import devices, missions
from app.services.devices import DeviceLine

bp = Blueprint("groups", __name__, url_prefix="/groups")


@bp.get("")
@needs("device.list")
def listing(project_id: int) -> str:
    """The groups, and who is in them."""
    return _listing(project_id)


@bp.post("")
@needs("device.update")
def create(project_id: int) -> Response | tuple[str, int]:
    """Make a group."""
    try:
        with writing(db.session):
            missions.add_group(db.session, actor=auth.actor(), mission_id=project_id, name=_name())
    except Problem as problem:
        return _refused(project_id, problem)
    return _back(project_id, _("The group is made. Put phones in it by changing them."))


@bp.post("/<int:group_id>")
@needs("device.update")
def rename(project_id: int, group_id: int) -> Response | tuple[str, int]:
    """Give a group another name."""
    try:
        with writing(db.session):
            group = missions.group(db.session, project_id, group_id)
            missions.rename_group(db.session, actor=auth.actor(), group=group, name=_name())
    except Problem as problem:
        return _refused(project_id, problem)
    return _back(project_id, _("Renamed."))


@bp.post("/<int:group_id>/delete")
@needs("device.update")
def delete(project_id: int, group_id: int) -> Response | tuple[str, int]:
    """Delete a group that nothing belongs to."""
    try:
        with writing(db.session):
            group = missions.group(db.session, project_id, group_id)
            missions.delete_group(db.session, actor=auth.actor(), group=group)
    except Problem as problem:
        return _refused(project_id, problem)
    return _back(project_id, _("The group is deleted."))


def _name() -> str:
    return request.form.get("name", "")


def _back(project_id: int, said: str) -> Response:
    flash(said, "success")
    return redirect(url_for("ui.devices.groups.listing", project_id=project_id))


def _refused(project_id: int, problem: Problem) -> tuple[str, int]:
    """What is not so is said on the page itself; what is not there, or not allowed, is not."""
    if problem.status not in (409, 422):
        raise problem
    return _listing(project_id, wrong=problem.message), problem.status


def _listing(project_id: int, *, wrong: str = "") -> str:
    members: dict[int | None, list[DeviceLine]] = defaultdict(list)
    for line in devices.listing(db.session, project_id):
        members[line.device.group_id].append(line)
    groups = [(group, members[group.id]) for group in missions.groups(db.session, project_id)]
    return render_template("devices/groups.html", groups=groups, wrong=wrong)
