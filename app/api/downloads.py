"""Submissions as tables, as ODK Central writes them."""

from typing import Any

from flask import Response

from app import auth
from app.api.door import Door
from app.api.schemas.downloads import EXPORT_QUERY
from app.auth import needs
from app.db import db
from app.services import condition, export
from app.services.export import Download, Filters
from app.state import state

bp = Door(
    "downloads",
    __name__,
    url_prefix="/v1/projects/<int:project_id>/forms/<form_id>",
    description="Submissions as tables, as ODK Central writes them.",
)


@bp.get("/submissions.csv.zip")
@needs("submission.export")
@bp.arguments(EXPORT_QUERY, location="query")
@bp.response(200, {"type": "string"}, content_type="application/zip", description="The archive.")
def download_csv_zip(query: dict[str, Any], project_id: int, form_id: str) -> Response:
    """Download as CSV

    A table of the form and one of every repeat, as ODK Central writes them, and the files. Written into the
    ledger.
    """
    return _download(
        export.csv_zip(
            db.session,
            keyring=state().keyring,
            blobs=state().blobs,
            actor=auth.actor(),
            mission_id=project_id,
            xml_form_id=form_id,
            filters=_filters(query),
            reason=query["reason"],
        )
    )


@bp.get("/submissions.csv")
@needs("submission.export")
@bp.arguments(EXPORT_QUERY, location="query")
@bp.response(200, {"type": "string"}, content_type="text/csv", description="The table.")
def download_csv(query: dict[str, Any], project_id: int, form_id: str) -> Response:
    """Download the root table only

    As the first table of the archive. Written into the ledger.
    """
    return _download(
        export.root_csv(
            db.session,
            keyring=state().keyring,
            actor=auth.actor(),
            mission_id=project_id,
            xml_form_id=form_id,
            filters=_filters(query),
            reason=query["reason"],
        )
    )


def _download(made: Download) -> Response:
    response = Response(made.chunks, content_type=made.content_type)
    response.headers.set("Content-Disposition", "attachment", filename=made.file_name)
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response


def _filters(query: dict[str, Any]) -> Filters:
    return Filters(
        condition=condition.read(query["$filter"]),
        attachments=query["attachments"],
        group_paths=query["groupPaths"],
        split_select_multiples=query["splitSelectMultiples"],
        deleted_fields=query["deletedFields"],
        identifiers=query["identifiers"],
    )
