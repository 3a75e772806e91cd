"""Saved downloads: made by the worker, now or by the calendar, and fetched here."""

import uuid

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as Redirect

from app import auth
from app.auth import needs
from app.db import db, writing
from app.problems import Problem
from app.services import condition, export, formats, forms
from app.services import saved_downloads as service
from app.services.reveal import need_reason
from app.state import state

bp = Blueprint("saved_downloads", __name__, url_prefix="/projects/<int:project_id>/download/saved")

SCHEDULES = {
    "": "When I ask",
    "daily": "Every day",
    "weekly": "Every Monday",
    "monthly": "On the first of a month",
}


@bp.get("")
@needs("submission.export")
def listing(project_id: int) -> str:
    """One's own saved downloads, and a form for another."""
    page = _page(project_id)
    with writing(db.session):
        service.note_seen(db.session, actor=auth.actor(), mission_id=project_id)
    return page


@bp.post("")
@needs("submission.export")
def create(project_id: int) -> Redirect | tuple[str, int]:
    """Save a download; it is made a first time at once."""
    said = request.form
    protection = said.get("protection", "")
    try:
        with writing(db.session):
            service.create(
                db.session,
                actor=auth.actor(),
                mission_id=project_id,
                name=said.get("name", ""),
                xml_form_id=said.get("form", ""),
                format_name=said.get("format", ""),
                filters=export.Filters(
                    condition=condition.read(said.get("filter")),
                    identifiers="identifiers" in said,
                    attachments="attachments" in said,
                    split_select_multiples="split" in said,
                    spreadsheet_safe="spreadsheet" in said,
                ),
                reason=need_reason(said.get("reason")),
                schedule=said.get("schedule", ""),
                password=said.get("password", "") if protection == "password" else "",
                recipient=said.get("recipient", "") if protection == "key" else "",
                keyring=state().keyring,
            )
    except Problem as problem:
        if problem.status not in (409, 422):
            raise
        return _page(project_id, wrong=problem.message), problem.status
    flash("Saved. It is being made; look again in a moment.", "success")
    return _back(project_id)


@bp.post("/<uuid:saved_id>/make")
@needs("submission.export")
def make(project_id: int, saved_id: uuid.UUID) -> Redirect:
    """Have it made now."""
    with writing(db.session):
        saved = service.get(db.session, actor=auth.actor(), mission_id=project_id, saved_id=saved_id)
        service.ask(db.session, actor=auth.actor(), saved=saved)
    flash("It is being made; look again in a moment.", "success")
    return _back(project_id)


@bp.post("/<uuid:saved_id>/delete")
@needs("submission.export")
def delete(project_id: int, saved_id: uuid.UUID) -> Redirect:
    """Delete it, with what was made of it."""
    with writing(db.session):
        saved = service.get(db.session, actor=auth.actor(), mission_id=project_id, saved_id=saved_id)
        service.remove(db.session, actor=auth.actor(), saved=saved)
    flash("Deleted, with what was made of it.", "success")
    return _back(project_id)


@bp.get("/<uuid:saved_id>/<uuid:made_id>")
@needs("submission.export")
def fetch(project_id: int, saved_id: uuid.UUID, made_id: uuid.UUID) -> Response:
    """The file, as it was made. An entry of the ledger before its first byte leaves."""
    here = state()
    with writing(db.session):
        saved = service.get(db.session, actor=auth.actor(), mission_id=project_id, saved_id=saved_id)
        download = service.fetch(
            db.session,
            actor=auth.actor(),
            saved=saved,
            made_id=made_id,
            keyring=here.keyring,
            blobs=here.blobs,
        )
    response = Response(download.chunks, mimetype=download.content_type)
    response.headers.set("Content-Disposition", "attachment", filename=download.file_name)
    return response


def _back(project_id: int) -> Redirect:
    return redirect(url_for("ui.saved_downloads.listing", project_id=project_id))


def _page(project_id: int, *, wrong: str = "") -> str:
    return render_template(
        "saved_downloads.html",
        lines=service.listing(db.session, actor=auth.actor(), mission_id=project_id),
        forms=[line for line in forms.listing(db.session, project_id) if line.published],
        formats=formats.FORMATS,
        schedules=SCHEDULES,
        kept=service.KEPT.days,
        shortest=service.SHORTEST_PASSWORD,
        sent=request.form,
        wrong=wrong,
    )
