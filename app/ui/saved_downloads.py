"""Saved downloads: made by the worker, now or by the calendar, and fetched here."""

import uuid
from collections.abc import Sequence

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as Redirect

from app import auth, headers, policy, problems
from app.auth import needs
from app.db import db, writing
from app.language import N_, _
from app.problems import Problem
from app.services import export, formats
from app.services import saved_downloads as service
from app.services.reveal import need_reason
from app.services.wanted import HTCDS, Wanted
from app.state import state
from app.ui import downloads
from xlsforms import dictionary

bp = Blueprint("saved_downloads", __name__, url_prefix="/projects/<int:project_id>/download/saved")

SCHEDULES = {
    "": N_("When I ask"),
    "daily": N_("Every day"),
    "weekly": N_("Every Monday"),
    "monthly": N_("On the first of a month"),
}


@bp.get("")
@needs("submission.export")
def listing(project_id: int) -> str:
    """One's own saved downloads, and a form for another."""
    lines = service.listing(db.session, actor=auth.actor(), mission_id=project_id)
    page = _page(project_id, lines)
    failed = [
        line.saved.id for line in lines if any(one.state == "failed" and not one.seen for one in line.made)
    ]
    if failed:
        with writing(db.session):
            service.note_seen(db.session, failed)
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
                wanted=downloads.cases()
                if said.get("format") == HTCDS
                else Wanted(said.get("format", ""), said.get("form", ""), downloads.filters()),
                reason=need_reason(said.get("reason")),
                schedule=said.get("schedule", ""),
                password=said.get("password", "") if protection == "password" else "",
                recipient=said.get("recipient", "") if protection == "key" else "",
                keyring=state().keyring,
                blobs=state().blobs,
            )
    except Problem as problem:
        if problem.status not in (409, 422):
            raise
        lines = service.listing(db.session, actor=auth.actor(), mission_id=project_id)
        return _page(project_id, lines, wrong=problem.message), problem.status
    flash(_("Saved. It is being made; look again in a moment."), "success")
    return _back(project_id)


@bp.post("/<uuid:saved_id>/make")
@needs("submission.export")
def make(project_id: int, saved_id: uuid.UUID) -> Redirect:
    """Have it made now."""
    with writing(db.session):
        saved = service.get(db.session, actor=auth.actor(), mission_id=project_id, saved_id=saved_id)
        service.ask(db.session, actor=auth.actor(), saved=saved)
    flash(_("It is being made; look again in a moment."), "success")
    return _back(project_id)


@bp.post("/<uuid:saved_id>/delete")
@needs("submission.export")
def delete(project_id: int, saved_id: uuid.UUID) -> Redirect:
    """Delete it, with what was made of it."""
    with writing(db.session):
        saved = service.get(db.session, actor=auth.actor(), mission_id=project_id, saved_id=saved_id)
        once = saved.once
        service.remove(db.session, actor=auth.actor(), saved=saved)
    flash(_("Deleted, with what was made of it."), "success")
    return redirect(url_for("ui.downloads.choose", project_id=project_id)) if once else _back(project_id)


@bp.get("/<uuid:saved_id>/<uuid:made_id>")
@needs("submission.export")
def fetch(project_id: int, saved_id: uuid.UUID, made_id: uuid.UUID) -> Response:
    """The file, as it was made, or the range of it that somebody lacks whose connection broke. An entry of the ledger
    before its first byte leaves."""
    here, actor = state(), auth.actor()
    saved = service.get(db.session, actor=actor, mission_id=project_id, saved_id=saved_id)
    kept = service.kept(
        db.session, actor=actor, saved=saved, made_id=made_id, keyring=here.keyring, blobs=here.blobs
    )
    size = kept.content.size
    response = Response(kept.content, mimetype="application/octet-stream", direct_passthrough=True)
    response.content_length = size
    response.set_etag(kept.made_id.hex)  # what was made never changes
    response.headers.set("Content-Disposition", "attachment", filename=kept.file_name)
    response.make_conditional(request, accept_ranges=headers.asks_for_a_range(), complete_length=size)
    response.accept_ranges = "bytes"
    if response.status_code == 412:
        raise problems.of_status(412)
    if request.method == "GET" and response.status_code in (200, 206):
        start = response.content_range.start or 0
        with writing(db.session):
            saved = service.get(db.session, actor=actor, mission_id=project_id, saved_id=saved_id)
            service.note_fetched(db.session, actor=actor, saved=saved, made_id=made_id, start=start)
    return response


def _back(project_id: int) -> Redirect:
    return redirect(url_for("ui.saved_downloads.listing", project_id=project_id))


def _page(project_id: int, lines: Sequence[service.Line], *, wrong: str = "") -> str:
    return render_template(
        "saved_downloads.html",
        lines=lines,
        pending=any(one.state in service.PENDING for line in lines for one in line.made),
        names={line.saved.id: downloads.named(line.saved) for line in lines},
        forms=(choices := export.choices(db.session, actor=auth.actor(), mission_id=project_id)),
        languages=list(dict.fromkeys(one for each in choices for one in each.languages)),
        states=downloads.STATES,
        cases=policy.may(auth.actor(), "case.read", project_id),
        statuses=list(dictionary.load().code_lists["case_status"]),
        formats=formats.FORMATS,
        schedules=SCHEDULES,
        kept=service.KEPT.days,
        shortest=service.SHORTEST_PASSWORD,
        sent=request.form,
        wrong=wrong,
    )
