"""Devices: phones of a mission, how they are set up, and the sheet for those who interview."""

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from markupsafe import Markup
from werkzeug.wrappers import Response

from app import auth, ledger
from app.auth import BROWSERS, browsers, needs
from app.db import db, writing
from app.language import _
from app.models import Device
from app.problems import Problem
from app.services import collect, missions
from app.services import devices as service
from app.state import state
from app.ui import device_groups
from app.ui.sheet import SHEETS

bp = Blueprint("devices", __name__, url_prefix="/projects/<int:project_id>/devices")
bp.register_blueprint(device_groups.bp)


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
            device, _secret = service.create(
                db.session,
                actor=auth.actor(),
                mission_id=project_id,
                by_name=request.form.get("access") == "user",
                keyring=state().keyring,
                **_described(),
            )
            device_id, name = device.id, device.display_name
    except Problem as problem:
        if problem.status != 422:
            raise
        return _listing(project_id, wrong=problem.message), problem.status
    flash(_("%(name)s is added. Scan the code below with ODK Collect.", name=name), "success")
    return redirect(url_for("ui.devices.set_up", project_id=project_id, device_id=device_id))


@bp.get("/<int:device_id>")
@needs("device.show")
def set_up(project_id: int, device_id: int) -> str:
    """The code that sets up ODK Collect, and what a coordinator must know of the phone."""
    line = service.line(db.session, project_id, device_id)
    if line.device.revoked_at:
        return render_template("devices/one.html", device=line.device, line=line, settings=None)
    settings = _settings(project_id, line.device)
    line = service.line(db.session, project_id, device_id)
    browser = f"{_base()}{BROWSERS}"
    if line.device.username is None:
        browser += f"#{browsers.link(line.device)}"  # which browsers send to nobody
    return render_template(
        "devices/one.html",
        browser=browser,
        device=line.device,
        line=line,
        settings=settings,
        code=_drawn(settings),
        language=SHEETS[line.device.language].name,
    )


@bp.get("/<int:device_id>/sheet")
@needs("device.show")
def sheet(project_id: int, device_id: int) -> str | Response:
    """The page to print: the code and three steps, in the interviewer's language."""
    device = service.get(db.session, project_id, device_id)
    if device.revoked_at:
        return redirect(url_for("ui.devices.set_up", project_id=project_id, device_id=device_id))
    settings = _settings(project_id, device)
    line = service.line(db.session, project_id, device_id)
    return render_template(
        "devices/sheet.html",
        line=line,
        code=_drawn(settings),
        words=SHEETS[line.device.language],
        page_language=line.device.language,
        page_direction=SHEETS[line.device.language].direction,
        project=settings["project"],
    )


@bp.get("/<int:device_id>/edit")
@needs("device.update")
def change(project_id: int, device_id: int) -> str:
    """What can be changed about a device."""
    return _form(project_id, service.get(db.session, project_id, device_id))


@bp.post("/<int:device_id>/edit")
@needs("device.update")
def edit(project_id: int, device_id: int) -> Response | tuple[str, int]:
    """Rename a device, or give it to somebody else."""
    try:
        with writing(db.session):
            device = service.get(db.session, project_id, device_id)
            service.edit(db.session, actor=auth.actor(), device=device, **_described())
    except Problem as problem:
        if problem.status != 422:
            raise
        device = service.get(db.session, project_id, device_id)
        return _form(project_id, device, wrong=problem.message), problem.status
    flash(_("Changed. Language and forms change on the phone when its code is scanned again."), "success")
    return redirect(url_for("ui.devices.listing", project_id=project_id))


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
    flash(_("%(name)s is cut off. What it sent stays.", name=name), "success")
    return redirect(url_for("ui.devices.listing", project_id=project_id))


@bp.post("/<int:device_id>/rotate")
@needs("device.revoke")
def rotate(project_id: int, device_id: int) -> Response:
    """Give a device a new code: the old one ends at once."""
    with writing(db.session):
        device = service.get(db.session, project_id, device_id)
        service.rotate(db.session, actor=auth.actor(), device=device, keyring=state().keyring)
    flash(_("The code is new; the old one no longer works. Scan it with ODK Collect."), "success")
    return redirect(url_for("ui.devices.set_up", project_id=project_id, device_id=device_id))


# --- within ------------------------------------------------------------------------------------------------------


def _described() -> dict[str, Any]:
    """What a form says about a device."""
    return {
        "display_name": request.form.get("name", ""),
        "interviewer_id": request.form.get("interviewer", type=int),
        "group_id": request.form.get("group", type=int),
        "language": request.form.get("language", "en"),
        "managed": request.form.get("forms") != "manual",
    }


def _settings(project_id: int, device: Device) -> dict[str, Any]:
    """What the device's code holds. That it was shown is an entry of the ledger."""
    here = state()
    settings = collect.of_device(
        device,
        missions.get(db.session, project_id),
        base=_base(),
        secret=service.token(device, here.keyring),
        keyring=here.keyring,
    )
    with writing(db.session):
        ledger.write(
            db.session,
            actor=auth.actor().ref,
            action="device.show",
            mission_id=project_id,
            object=f"device:{device.id}",
        )
    return settings


def _base() -> str:
    return state().config.url or request.url_root.rstrip("/")


def _drawn(settings: dict[str, Any]) -> Markup:
    return Markup(collect.qr(settings).decode())  # noqa: S704 -- an SVG made by segno


def _choices(project_id: int) -> dict[str, Any]:
    return {
        "interviewers": missions.interviewers(db.session, project_id),
        "groups": missions.groups(db.session, project_id),
        "languages": {code: sheet.name for code, sheet in SHEETS.items()},
    }


def _listing(project_id: int, *, wrong: str = "") -> str:
    lines = service.listing(db.session, project_id)
    # A form that was refused comes back as it was filled in.
    given = {"managed": True} | (_described() if request.method == "POST" else {})
    return render_template(
        "devices/list.html", devices=lines, given=given, wrong=wrong, **_choices(project_id)
    )


def _form(project_id: int, device: Device, *, wrong: str = "") -> str:
    given = _described() if wrong else device
    return render_template(
        "devices/edit.html", device=device, given=given, wrong=wrong, **_choices(project_id)
    )
