"""Uploading a form: the page to drop it on, how far the check of it or of its translations is, and what came of it."""

import re
import uuid
from datetime import timedelta
from typing import Any, Final

from flask import Blueprint, flash, redirect, render_template, request, session, url_for
from werkzeug.datastructures import FileStorage
from werkzeug.wrappers import Response

from app import auth, problems
from app.auth import needs
from app.db import db, writing
from app.language import N_, _, ngettext
from app.models import Form, FormVersion, Upload, now
from app.services import originals
from app.services import uploads as service
from app.services.checked import MAX_UPLOAD
from app.services.form_media import Attached
from app.ui import findings, frame
from xlsforms.finding import Finding
from xlsforms.workbook import Workbook

bp = Blueprint("uploads", __name__, url_prefix="/projects/<int:project_id>/forms")

STEPS: Final = (
    ("", N_("Wait for its turn"), N_("wait for its turn")),
    ("reading", N_("Open the file"), N_("open the file")),
    ("converting", N_("Convert it to a form"), N_("convert it to a form")),
    ("checking", N_("Check every cell"), N_("check every cell")),
)
"""The steps of a check: as the worker names them, as a line of the list, and within a sentence."""
TEXT_STEPS: Final = (
    STEPS[0],
    ("placing", N_("Put the texts into their cells"), N_("put the texts into their cells")),
    *STEPS[1:],
)
_LATE: Final = timedelta(seconds=20)
"""After which a check that has not begun, with none before it, means that no worker is there."""


@bp.get("/new")
@needs("form.upload")
def new(project_id: int) -> str:  # noqa: ARG001 -- the frame of the page reads the mission from the URL
    """The page to upload a form with its files."""
    return render_template("forms/new.html", largest=MAX_UPLOAD)


@bp.post("/new")
@needs("form.upload")
def upload(project_id: int) -> Response:
    """Keep what was sent, and show how its check goes on."""
    files = [received(one) for one in request.files.getlist("workbook") if one.filename]
    if not files:
        raise problems.invalid(_("No file was chosen."), _("Choose a workbook and upload it again."))
    with writing(db.session):
        upload_id = service.store(
            db.session,
            files,
            actor=auth.actor(),
            mission_id=project_id,
            note=request.form.get("note", ""),
            earlier=_earlier(request.form.get("earlier", "")),
        )
    return redirect(url_for("ui.uploads.one", project_id=project_id, upload_id=upload_id), 303)


def received(file: FileStorage) -> Attached:
    """A file that was sent, under the last part of its name, and read as far as it may be long."""
    name = re.split(r"[/\\]", file.filename or "")[-1]
    return Attached(name, file.stream.read(MAX_UPLOAD + 1), file.mimetype or None)


@bp.get("/uploads/<uuid:upload_id>")
@needs("form.upload")
def one(project_id: int, upload_id: uuid.UUID) -> str | Response:
    """How far the check is; after it the draft, or what is to be mended."""
    found = service.get(db.session, project_id, upload_id)
    if found.version_id is not None:
        return _done(project_id, found)
    if found.state == "refused":
        workbook = Workbook.unpacked(found.cells)
        return render_template(
            "forms/refused.html",
            upload=found,
            found=findings.table([Finding.from_json(each) for each in found.findings], workbook),
            has_cells=bool(workbook.sheets),
            translated=_translated(found),
            files=service.file_names(db.session, found),
            largest=MAX_UPLOAD,
        )
    waiting = found.state == "waiting"
    before = service.before(db.session, found) if waiting else 0
    return render_template(
        "forms/checking.html",
        upload=found,
        before=before,
        late=waiting and not before and now() - found.created_at > _LATE,
        seconds=int((now() - found.created_at).total_seconds()),
        steps=TEXT_STEPS if found.translates else STEPS,
    )


@bp.get("/uploads/<uuid:upload_id>/original")
@needs("form.upload")
def original(project_id: int, upload_id: uuid.UUID) -> Response:
    """What was uploaded and refused, byte for byte."""
    file = originals.of_upload(service.get(db.session, project_id, upload_id))
    return frame.download(file.content, file.name)


@bp.get("/uploads/<uuid:upload_id>/annotated")
@needs("form.upload")
def annotated(project_id: int, upload_id: uuid.UUID) -> Response:
    """The workbook that was refused, with its findings as comments."""
    found = service.get(db.session, project_id, upload_id)
    file, said = originals.of_upload(found), [Finding.from_json(each) for each in found.findings]
    db.session.rollback()  # it takes seconds: no transaction stays open meanwhile
    made = originals.annotated(file, said)
    return frame.download(made.content, made.name)


def _translated(found: Upload) -> dict[str, Any] | None:
    """Where the page of the texts is that a file was to translate, and whose they are."""
    version = db.session.get(FormVersion, found.translates) if found.translates else None
    if version is None:
        return None
    form_id = db.session.get_one(Form, version.form_id).xml_form_id
    return {"title": version.title, "form_id": form_id, "version_id": version.id}


def _done(project_id: int, found: Upload) -> Response:
    version = db.session.get(FormVersion, found.version_id)
    if version is None:
        raise problems.not_found("draft; it was thrown away")
    form_id = db.session.get_one(Form, version.form_id).xml_form_id
    page = url_for("ui.forms.one", project_id=project_id, form_id=form_id, version=version.id)
    if found.translates is not None:
        said = _said_of_texts(found, version.title)
        if not found.written:
            page = url_for("ui.texts.one", project_id=project_id, form_id=form_id, version_id=version.id)
    elif found.state == "published":
        said = (
            "info",
            _(
                "This is the version of %(form)s that is published already. Nothing was changed.",
                form=version.title,
            ),
        )
    else:
        said = (
            "success",
            _("%(form)s is a draft now. Read its findings, then publish it.", form=version.title),
        )
    # The script that watches comes here first, and keeps the message in its cookie for the page that comes after it.
    if said not in map(tuple, session.get("_flashes", ())):
        flash(said[1], said[0])
    return redirect(page, 303)


def _said_of_texts(found: Upload, title: str) -> tuple[str, str]:
    warnings = sum(one["severity"] == "warning" for one in found.findings)
    if found.written:
        kind = "success"
        said = ngettext(
            "%(num)s text is in the draft of %(form)s now.",
            "%(num)s texts are in the draft of %(form)s now.",
            found.written,
            form=title,
        )
    else:
        kind = "info"
        said = _("No text of %(form)s changed. What was said of stale translations is kept.", form=title)
    if not warnings:
        return kind, said
    more = ngettext(
        "%(num)s finding says what was left out or is to be looked at.",
        "%(num)s findings say what was left out or is to be looked at.",
        warnings,
    )
    return kind, f"{said} {more}"


def _earlier(text: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(text)
    except ValueError:
        return None
