"""Devices: phones of a mission, and the page that sets one up."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from markupsafe import Markup
from werkzeug.wrappers import Response

from app import auth, ledger
from app.auth import needs
from app.db import db, writing
from app.problems import Problem
from app.services import collect, missions
from app.services import devices as service
from app.state import state

bp = Blueprint("devices", __name__, url_prefix="/projects/<int:project_id>/devices")


@bp.get("")
@needs("device.list")
def listing(project_id: int) -> str:
    """The phones of a mission, and a form to add one."""
    return _listing(project_id)


@bp.post("")
@needs("device.create")
def create(project_id: int) -> Response | tuple[str, int]:
    """Add a device, and show how to set it up."""
    try:
        with writing(db.session):
            device, _ = service.create(
                db.session,
                actor=auth.actor(),
                mission_id=project_id,
                display_name=request.form.get("name", ""),
                interviewer_id=request.form.get("interviewer", type=int),
                keyring=state().keyring,
            )
            device_id, name = device.id, device.display_name
    except Problem as problem:
        if problem.status != 422:
            raise
        return _listing(project_id, wrong=problem.message), problem.status
    flash(f"{name} is added. Scan the code below with ODK Collect.", "success")
    return redirect(url_for("ui.devices.set_up", project_id=project_id, device_id=device_id))


@bp.get("/<int:device_id>")
@needs("device.show")
def set_up(project_id: int, device_id: int) -> str:
    """The printable page with the code that sets up ODK Collect. Showing it is an entry of the ledger."""
    here = state()
    mission = missions.get(db.session, project_id)
    device = service.get(db.session, project_id, device_id)
    if device.revoked_at:
        return render_template("devices/one.html", device=device, code=None)
    base = here.config.url or request.url_root.rstrip("/")
    secret = service.token(device, here.keyring)
    settings = collect.of_device(device, mission, base=base, secret=secret, keyring=here.keyring)
    url = settings["general"]["server_url"]
    code = collect.qr(settings).decode()
    with writing(db.session):
        ledger.write(
            db.session,
            actor=auth.actor().ref,
            action="device.show",
            mission_id=project_id,
            object=f"device:{device_id}",
        )
    device = service.get(db.session, project_id, device_id)
    return render_template("devices/one.html", device=device, code=Markup(code), url=url)  # noqa: S704 -- an SVG made by segno


@bp.get("/<int:device_id>/revoke")
@needs("device.revoke")
def ask(project_id: int, device_id: int) -> str:
    """The question whether a device is to be cut off, as a page of its own."""
    return render_template("devices/revoke.html", device=service.get(db.session, project_id, device_id))


@bp.post("/<int:device_id>/revoke")
@needs("device.revoke")
def revoke(project_id: int, device_id: int) -> Response:
    """Cut a device off."""
    with writing(db.session):
        device = service.get(db.session, project_id, device_id)
        name = device.display_name
        service.revoke(db.session, actor=auth.actor(), device=device)
    flash(f"{name} is cut off. What it sent stays.", "success")
    return redirect(url_for("ui.devices.listing", project_id=project_id))


@bp.post("/<int:device_id>/rotate")
@needs("device.revoke")
def rotate(project_id: int, device_id: int) -> Response:
    """Give a device a new code: the old one ends at once."""
    with writing(db.session):
        device = service.get(db.session, project_id, device_id)
        service.rotate(db.session, actor=auth.actor(), device=device, keyring=state().keyring)
    flash("The code is new; the old one no longer works. Scan it with ODK Collect.", "success")
    return redirect(url_for("ui.devices.set_up", project_id=project_id, device_id=device_id))


def _listing(project_id: int, *, wrong: str = "") -> str:
    return render_template(
        "devices/list.html",
        devices=service.listing(db.session, project_id),
        interviewers=missions.interviewers(db.session, project_id),
        wrong=wrong,
        name=request.form.get("name", ""),
    )
