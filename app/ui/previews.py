"""The preview of a form version: filled in by the engine of the browser, and sent nowhere."""

import uuid
from typing import Any, Final

from flask import Blueprint, render_template, request, url_for
from werkzeug.wrappers import Response

from app import auth, headers
from app.auth import needs
from app.db import db
from app.models import FormVersion
from app.services import forms, preview
from app.state import state
from app.ui.forms import version_of
from xlsforms import browser, schema

bp = Blueprint(
    "previews", __name__, url_prefix="/projects/<int:project_id>/forms/<form_id>/<uuid:version_id>/preview"
)

LONG: Final = 2000
"""Questions from which on a browser stands still for more than half a minute before it shows a form."""

NAME: Final = "FILE"
"""Stands in the page for the name of a file, which the script puts in its place."""


@bp.get("")
@needs("form.read")
def one(project_id: int, form_id: str, version_id: uuid.UUID) -> Response:
    """The form as the engine shows it, in a page of its own: neither's style sheet touches the other."""
    version = version_of(project_id, form_id, version_id)
    return shown("forms/preview.html", version, project_id=project_id, form_id=form_id, script="preview.js")


def shown(template: str, version: FormVersion, *, project_id: int, form_id: str, script: str) -> Response:
    """A page with the engine, the version's form in it, and what it wants as the preview has it: with nobody real. A
    long form is opened only if somebody asks for it (`?whole`)."""
    form = schema.Form.from_json(version.schema)
    questions = sum(1 for _ in form.questions())
    place: dict[str, Any] = {"project_id": project_id, "form_id": form_id, "version_id": version.id}
    page = render_template(
        template,
        script=script if questions <= LONG or "whole" in request.args else "",
        questions=questions,
        form_id=form_id,
        version=version,
        lacks=browser.lacking(form),
        missing=[line.name for line in forms.media(db.session, version, project_id) if not line.present],
        back=url_for("ui.forms.one", project_id=project_id, form_id=form_id, version=version.id),
        xform=url_for("ui.forms.xform", **place),
        file=url_for("ui.previews.file", name=NAME, **place),
        outline=url_for("ui.outlines.one", **place),
    )
    return headers.with_engine(page)


@bp.get("/<name>")
@needs("form.read")
def file(project_id: int, form_id: str, version_id: uuid.UUID, name: str) -> Response:
    """A file the form wants: pictures, lists, and in place of cases fiction."""
    version = version_of(project_id, form_id, version_id)
    found = preview.file(
        db.session,
        actor=auth.actor(),
        keyring=state().keyring,
        mission_id=project_id,
        version=version,
        name=name,
    )
    response = Response(found.content, content_type=found.content_type)
    # The script reads it; as a page of its own it is never shown: it may hold scripts.
    response.headers.set("Content-Disposition", "attachment", filename=name)
    return response
