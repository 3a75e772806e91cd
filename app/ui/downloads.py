"""Downloads: a form's submissions in the formats that analysts ask for."""

from datetime import date
from typing import Any

from flask import Blueprint, Response, render_template, request

from app import auth, problems
from app.auth import needs
from app.db import db
from app.problems import Problem
from app.services import condition, export, formats, htcds
from app.services.reveal import need_reason
from app.state import state
from xlsforms import dictionary

bp = Blueprint("downloads", __name__, url_prefix="/projects/<int:project_id>/download")

STATES = {
    "approved": "Approved",
    "hasIssues": "Has issues",
    "rejected": "Rejected",
    "edited": "Edited",
    "null": "Not reviewed",
}
"""Review state as a filter says it → in words."""


@bp.get("")
@needs("submission.export")
def choose(project_id: int) -> str:
    """Which form, what of it, and what for."""
    return _page(project_id)


@bp.post("")
@needs("submission.export")
def fetch(project_id: int) -> Response | tuple[str, int]:
    """Stream the download. It is an entry of the ledger before its first byte leaves."""
    here = state()
    try:
        download = export.download(
            db.session,
            keyring=here.keyring,
            blobs=here.blobs,
            actor=auth.actor(),
            mission_id=project_id,
            xml_form_id=request.form.get("form", ""),
            format_name=request.form.get("format", "csv"),
            filters=_filters(),
            reason=need_reason(request.form.get("reason")),
        )
    except Problem as problem:
        if problem.status != 422:
            raise
        return _page(project_id, problem=problem), problem.status
    return _handed_out(download)


@bp.post("/htcds")
@needs("submission.export")
def fetch_htcds(project_id: int) -> Response | tuple[str, int]:
    """Stream the cases by HTCDS. It is an entry of the ledger before its first byte leaves."""
    sent = request.form
    try:
        download = htcds.download(
            db.session,
            keyring=state().keyring,
            actor=auth.actor(),
            mission_id=project_id,
            status=sent.get("status") or None,
            identifiers="identifiers" in sent,
            spreadsheet_safe="spreadsheet" in sent,
            reason=need_reason(sent.get("reason")),
        )
    except Problem as problem:
        if problem.status != 422:
            raise
        return _page(project_id, cases_problem=problem), problem.status
    return _handed_out(download)


def _handed_out(download: export.Download) -> Response:
    response = Response(download.chunks, content_type=download.content_type)
    response.headers.set("Content-Disposition", "attachment", filename=download.file_name)
    return response


def _filters() -> export.Filters:
    sent = request.form
    return export.Filters(
        condition=condition.read(_asked()),
        identifiers="identifiers" in sent,
        attachments="attachments" in sent,
        group_paths="names" not in sent,
        split_select_multiples="split" in sent,
        deleted_fields="deleted" in sent,
        spreadsheet_safe="spreadsheet" in sent,
        language=sent.get("language", ""),
    )


def _asked() -> str:
    """Dates and review state as a condition. Raises the Problem `invalid`."""
    terms = []
    for name, operator in (("from", "ge"), ("until", "lt")):
        if said := request.form.get(name):
            try:
                day = date.fromisoformat(said)
                day = day if name == "from" else date.fromordinal(day.toordinal() + 1)
            except (ValueError, OverflowError):
                raise problems.invalid("A date is none.", "Write it as 2026-11-22.") from None
            terms.append(f"__system/submissionDate {operator} {day.isoformat()}T00:00:00Z")
    reviewed = request.form.get("state", "")
    if reviewed in STATES:
        terms.append(f"__system/reviewState eq {reviewed if reviewed == 'null' else repr(reviewed)}")
    return " and ".join(terms)


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
        statuses=list(dictionary.load().code_lists["case_status"]),
    )
