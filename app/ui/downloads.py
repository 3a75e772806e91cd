"""Downloads: a form's submissions in the formats that analysts ask for."""

import uuid
from datetime import date, timedelta
from typing import Any, Final

from flask import Blueprint, Response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as Redirect

from app import auth, problems
from app.auth import needs
from app.db import db, writing
from app.language import N_, _
from app.models import SavedDownload, now
from app.problems import Problem
from app.services import condition, export, formats, saved_downloads
from app.services.reveal import need_reason
from app.services.wanted import HTCDS, Wanted
from app.state import state
from xlsforms import dictionary

bp = Blueprint("downloads", __name__, url_prefix="/projects/<int:project_id>/download")

STATES = {
    "approved": N_("Approved"),
    "hasIssues": N_("Has issues"),
    "rejected": N_("Rejected"),
    "edited": N_("Edited"),
    "null": N_("Not reviewed"),
}
"""Review state as a filter says it → in words."""
_LATE: Final = timedelta(seconds=20)
"""After which a download that has not begun, with none before it, means that no worker is there."""

Answer = Response | Redirect | tuple[str, int]


@bp.get("")
@needs("submission.export")
def choose(project_id: int) -> str:
    """Which form, what of it, and what for."""
    return _page(project_id)


@bp.post("")
@needs("submission.export")
def fetch(project_id: int) -> Answer:
    """Hand out the submissions of a form, or have them made if that takes longer than somebody waits."""
    try:
        asked = Wanted(request.form.get("format", "csv"), request.form.get("form", ""), filters())
        return _given(project_id, asked)
    except Problem as problem:
        if problem.status not in (409, 422):
            raise
        return _page(project_id, problem=problem), problem.status


@bp.post("/htcds")
@needs("submission.export")
def fetch_htcds(project_id: int) -> Answer:
    """Hand out the cases by the HTCDS, or have them made."""
    try:
        return _given(project_id, cases())
    except Problem as problem:
        if problem.status not in (409, 422):
            raise
        return _page(project_id, cases_problem=problem), problem.status


def _given(project_id: int, asked: Wanted) -> Response | Redirect:
    """What takes less than a second is streamed: an entry of the ledger before its first byte leaves. All else is made
    by the worker, and a page shows how far it is."""
    here, actor, reason = state(), auth.actor(), need_reason(request.form.get("reason"))
    prepared = asked.prepare(
        db.session,
        keyring=here.keyring,
        blobs=here.blobs,
        actor=actor,
        mission_id=project_id,
        reason=reason,
    )
    if prepared.quick:
        download = prepared.begin()
        response = Response(download.chunks, content_type=download.content_type)
        response.headers.set("Content-Disposition", "attachment", filename=download.file_name)
        return response
    with writing(db.session):
        saved = saved_downloads.ask_once(
            db.session, actor=actor, mission_id=project_id, wanted=asked, reason=reason, keyring=here.keyring
        )
        page = url_for("ui.downloads.prepared", project_id=project_id, saved_id=saved.id)
    return redirect(page, 303)


@bp.get("/<uuid:saved_id>")
@needs("submission.export")
def prepared(project_id: int, saved_id: uuid.UUID) -> str | Redirect:
    """How far one is that was asked for once; then the file, or why there is none."""
    saved = saved_downloads.get(db.session, actor=auth.actor(), mission_id=project_id, saved_id=saved_id)
    if not saved.once:
        return redirect(url_for("ui.saved_downloads.listing", project_id=project_id))
    (made,) = saved_downloads.made(db.session, saved)
    before = saved_downloads.before(db.session, made) if made.state == "waiting" else 0
    page = render_template(
        "prepared.html",
        saved=saved,
        made=made,
        what=named(saved),
        before=before,
        late=made.state == "waiting" and not before and now() - made.asked_at > _LATE,
    )
    if made.state == "failed" and not made.seen:
        with writing(db.session):
            saved_downloads.note_seen(db.session, [saved_id])
    return page


def named(saved: SavedDownload) -> str:
    """A download that has no name of its own, in words."""
    if saved.format == HTCDS:
        return _("Cases by the HTCDS")
    kind = formats.FORMATS[saved.format].title if saved.format in formats.FORMATS else saved.format
    return f"{saved.xml_form_id}, {_(kind)}"


def filters() -> export.Filters:
    """What goes in, as the form on the page says it. Raises the Problem `invalid`."""
    sent = request.form
    return export.Filters(
        condition=condition.read(" and ".join(_terms())),
        identifiers="identifiers" in sent,
        attachments="attachments" in sent,
        group_paths="names" not in sent,
        split_select_multiples="split" in sent,
        deleted_fields="deleted" in sent,
        spreadsheet_safe="spreadsheet" in sent,
        language=sent.get("language", ""),
    )


def cases() -> Wanted:
    """Cases by the HTCDS, as the form on the page says it."""
    sent = request.form
    chosen = export.Filters(identifiers="identifiers" in sent, spreadsheet_safe="spreadsheet" in sent)
    return Wanted(HTCDS, filters=chosen, status=sent.get("status", ""))


def _terms() -> list[str]:
    """Dates, review state, and what else was written, as conditions. Raises the Problem `invalid`."""
    terms = []
    for name, operator in (("from", "ge"), ("until", "lt")):
        if said := request.form.get(name):
            try:
                day = date.fromisoformat(said)
                day = day if name == "from" else date.fromordinal(day.toordinal() + 1)
            except (ValueError, OverflowError):
                raise problems.invalid(_("A date is none."), _("Write it as 2026-11-22.")) from None
            terms.append(f"__system/submissionDate {operator} {day.isoformat()}T00:00:00Z")
    reviewed = request.form.get("state", "")
    if reviewed in STATES:
        terms.append(f"__system/reviewState eq {reviewed if reviewed == 'null' else repr(reviewed)}")
    further = request.form.get("filter", "").strip()
    if further:
        condition.read(further)  # for itself, so that a parenthesis too many is told
        terms.append(f"({further})")
    return terms


def _page(project_id: int, *, problem: Problem | None = None, cases_problem: Problem | None = None) -> str:
    sent: Any = request.form if request.method == "POST" else request.args
    return render_template(
        "download.html",
        forms=export.choices(db.session, actor=auth.actor(), mission_id=project_id),
        formats=[one for one in formats.FORMATS.values() if one.name != "csv_root"],
        states=STATES,
        sent={} if cases_problem else sent,
        problem=problem,
        cases_sent=request.form if cases_problem else {},
        cases_problem=cases_problem,
        prepared=[
            (line.saved, line.made[0], named(line.saved))
            for line in saved_downloads.listing(
                db.session, actor=auth.actor(), mission_id=project_id, once=True
            )
        ],
        statuses=list(dictionary.load().code_lists["case_status"]),
    )
