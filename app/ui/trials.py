"""Trying a draft: in the browser and on test devices, and what came from them. Every page says that it is fiction."""

import uuid
from contextlib import ExitStack

from flask import Blueprint, flash, redirect, render_template, request, url_for
from markupsafe import Markup
from werkzeug.wrappers import Response

from app import auth, ledger, multipart
from app.auth import needs
from app.db import db, writing
from app.language import _, ngettext
from app.models import Form
from app.services import (
    collect,
    devices,
    disposal,
    forms,
    missions,
    sending,
    trial_detail,
    trial_devices,
    trials,
)
from app.state import state
from app.ui import facts, frame, previews, questions
from app.ui.forms import draft_of

bp = Blueprint("trials", __name__, url_prefix="/projects/<int:project_id>/forms/<form_id>/trials")


@bp.post("/devices")
@needs("form.try")
def create_device(project_id: int, form_id: str) -> Response:
    """Make a test device, and show its code."""
    with writing(db.session):
        device = trial_devices.create(
            db.session,
            actor=auth.actor(),
            mission_id=project_id,
            form=_form(project_id, form_id),
            display_name=request.form.get("name", ""),
            keyring=state().keyring,
        )[0]
        device_id = device.id
    return redirect(url_for("ui.trials.set_up", project_id=project_id, form_id=form_id, device_id=device_id))


@bp.get("/devices/<int:device_id>")
@needs("form.try")
def set_up(project_id: int, form_id: str, device_id: int) -> str:
    """The page with the code that sets Collect up for tests. Showing it is an entry of the ledger."""
    here = state()
    line = forms.get(db.session, project_id, form_id)
    device = trial_devices.get(db.session, project_id, line.form, device_id)
    base = here.config.url or request.url_root.rstrip("/")
    url = devices.server_url(base, project_id, devices.token(device, here.keyring))
    title = line.current.title
    settings = trial_devices.collect_settings(url, missions.get(db.session, project_id), title)
    shown = {"form_id": form_id, "title": title, "name": device.display_name, "device_id": device_id}
    with writing(db.session):
        ledger.write(
            db.session,
            actor=auth.actor().ref,
            action="device.show",
            mission_id=project_id,
            object=f"device:{device_id}",
        )
    return render_template(
        "forms/test_device.html",
        **shown,
        url=url,
        project=settings["project"],
        code=Markup(collect.qr(settings).decode()),  # noqa: S704 -- an SVG made by segno
    )


@bp.post("/devices/<int:device_id>/revoke")
@needs("form.try")
def revoke(project_id: int, form_id: str, device_id: int) -> Response:
    """Cut a test device off."""
    with writing(db.session):
        device = trial_devices.get(db.session, project_id, _form(project_id, form_id), device_id)
        name = device.display_name
        devices.revoke(db.session, actor=auth.actor(), device=device)
    flash(_("%(name)s is cut off.", name=name), "success")
    return _back(project_id, form_id)


@bp.get("/new")
@needs("form.try")
def fill(project_id: int, form_id: str) -> Response:
    """The draft, to be filled in here: a test device without a device."""
    return previews.shown(
        "forms/try.html",
        draft_of(project_id, form_id),
        project_id=project_id,
        form_id=form_id,
        script="try.js",
    )


@bp.post("/new")
@needs("form.try")
def receive(project_id: int, form_id: str) -> Response:
    """Take in what was filled in here, as what a test device sends is taken. Says where it can be seen."""
    with ExitStack() as opened:
        sent = multipart.of_request(opened)
        receipt = sending.send_trial(
            db.session,
            inbox=state().inbox,
            actor=auth.actor(),
            mission_id=project_id,
            xml_form_id=form_id,
            xml=sent.xml,
            files=sent.files,
        )
    page = url_for("ui.trials.one", project_id=project_id, form_id=form_id, trial_id=receipt.submission_id)
    return frame.taken(page)


@bp.get("/<uuid:trial_id>")
@needs("form.try")
def one(project_id: int, form_id: str, trial_id: uuid.UUID) -> str:
    """A trial: its answers, and beside them the case it would make."""
    line = forms.get(db.session, project_id, form_id)
    trial = trial_detail.read(
        db.session,
        keyring=state().keyring,
        mission_id=project_id,
        form=line.form,
        trial_id=trial_id,
        language=request.args.get("language", ""),
        locale=frame.locale(),
    )
    return render_template(
        "forms/trial.html",
        form_id=form_id,
        title=(line.draft or line.current).title,
        trial=trial,
        sections=facts.sections(
            trial,
            locale=frame.locale(),
            labels={trial.instance_id: questions.of_form(trial.form, frame.locale())},
        ),
        decisions={},
    )


@bp.post("/<uuid:trial_id>/file")
@needs("form.try")
def file(project_id: int, form_id: str, trial_id: uuid.UUID) -> Response:
    """A file of a trial. Its name stands in what is sent, not in the URL."""
    content = trial_detail.read_file(
        db.session,
        keyring=state().keyring,
        blobs=state().blobs,
        mission_id=project_id,
        form=_form(project_id, form_id),
        trial_id=trial_id,
        name=request.form.get("name", ""),
    )
    response = Response(content.chunks, mimetype=content.content_type)
    # Never shown by the browser: what a phone sent may be a page with scripts.
    response.headers.set("Content-Disposition", "attachment", filename=content.name)
    return response


@bp.post("/throw-away")
@needs("form.try")
def throw_away(project_id: int, form_id: str) -> Response:
    """Delete what came from test devices in this mission, files and all."""
    with writing(db.session):
        count = trials.throw_away(
            db.session,
            actor=auth.actor().ref,
            form_id=_form(project_id, form_id).id,
            mission_id=project_id,
        )
    disposal.sweep(state().engine, state().blobs)
    flash(
        ngettext("%(num)s test interview thrown away.", "%(num)s test interviews thrown away.", count)
        if count
        else _("No test interviews thrown away."),
        "success",
    )
    return _back(project_id, form_id)


def _form(project_id: int, form_id: str) -> Form:
    return forms.get(db.session, project_id, form_id).form


def _back(project_id: int, form_id: str) -> Response:
    return redirect(url_for("ui.forms.one", project_id=project_id, form_id=form_id, _anchor="try"))
