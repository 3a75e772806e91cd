"""Downloads: a form's submissions as a ZIP archive of CSV tables."""

from flask import Blueprint, Response, render_template, request

from app import auth
from app.auth import needs
from app.db import db
from app.problems import Problem
from app.services import export, forms
from app.services.reveal import need_reason
from app.state import state

bp = Blueprint("downloads", __name__, url_prefix="/projects/<int:project_id>/download")


@bp.get("")
@needs("submission.export")
def choose(project_id: int) -> str:
    """Which form, what of it, and what for."""
    return _page(project_id)


@bp.post("")
@needs("submission.export")
def fetch(project_id: int) -> Response | tuple[str, int]:
    """Stream the archive. It is an entry of the ledger before its first byte leaves."""
    here = state()
    try:
        download = export.download(
            db.session,
            keyring=here.keyring,
            blobs=here.blobs,
            actor=auth.actor(),
            mission_id=project_id,
            xml_form_id=request.form.get("form", ""),
            filters=export.Filters(
                identifiers="identifiers" in request.form,
                attachments="attachments" in request.form,
                split_select_multiples="split" in request.form,
                spreadsheet_safe="spreadsheet" in request.form,
            ),
            reason=need_reason(request.form.get("reason")),
        )
    except Problem as problem:
        if problem.status != 422:
            raise
        return _page(project_id, wrong=problem.message), problem.status
    response = Response(download.chunks, mimetype=download.content_type)
    response.headers.set("Content-Disposition", "attachment", filename=download.file_name)
    return response


def _page(project_id: int, *, wrong: str = "") -> str:
    return render_template(
        "download.html",
        forms=[line for line in forms.listing(db.session, project_id) if line.published],
        sent=request.form,
        wrong=wrong,
    )
