"""Submissions as tables, as ODK Central writes them, and in the formats that analysts ask for."""

from typing import Any

from flask import Response

from app import auth
from app.api import door
from app.api.door import Door
from app.api.schemas.downloads import EXPORT_MANIFEST, EXPORT_QUERY, HTCDS_QUERY
from app.auth import needs
from app.db import db
from app.services import condition, export
from app.services.export import Filters
from app.services.wanted import HTCDS, Wanted
from app.state import state

bp = Door(
    "downloads",
    __name__,
    url_prefix="/v1/projects/<int:project_id>",
    description="Submissions as tables, as ODK Central writes them, and in the formats that analysts ask for.",
)

_FORM = "/forms/<form_id>"


@bp.get(f"{_FORM}/submissions.csv.zip")
@needs("submission.export")
@bp.arguments(EXPORT_QUERY, location="query")
@bp.response(200, {"type": "string"}, content_type="application/zip", description="The archive.")
def download_csv_zip(query: dict[str, Any], project_id: int, form_id: str) -> Response:
    """Download as CSV

    A table of the form and one of every repeat, as ODK Central writes them, and the files. Written into the
    ledger.
    """
    return _download(query, project_id, form_id, "csv")


@bp.get(f"{_FORM}/submissions.csv")
@needs("submission.export")
@bp.arguments(EXPORT_QUERY, location="query")
@bp.response(200, {"type": "string"}, content_type="text/csv", description="The table.")
def download_csv(query: dict[str, Any], project_id: int, form_id: str) -> Response:
    """Download the root table only

    As the first table of the archive. Written into the ledger.
    """
    return _download(query, project_id, form_id, "csv_root")


@bp.get(f"{_FORM}/submissions.geojson")
@needs("submission.export")
@bp.arguments(EXPORT_QUERY, location="query")
@bp.response(200, {"type": "object"}, content_type="application/geo+json", description="The features.")
def download_geojson(query: dict[str, Any], project_id: int, form_id: str) -> Response:
    """Download places as GeoJSON

    A feature for each place that a submission tells. Written into the ledger.
    """
    return _download(query, project_id, form_id, "geojson")


@bp.get(f"{_FORM}/download/<format_name>")
@needs("submission.export")
@bp.arguments(EXPORT_QUERY, location="query")
@bp.response(
    200, {"type": "string"}, content_type="application/octet-stream", description="The file or archive."
)
def download_format(query: dict[str, Any], project_id: int, form_id: str, format_name: str) -> Response:
    """Download in a format

    One of csv, csv_root, xlsx, spss, stata, parquet, jsonl, geojson, files. Streamed, and written into the ledger; the
    header `X-Download-Id` is what its manifest is asked for by.
    """
    return _download(query, project_id, form_id, format_name)


@bp.get("/cases.htcds.csv")
@needs("submission.export")
@bp.arguments(HTCDS_QUERY, location="query")
@bp.response(200, {"type": "string"}, content_type="text/csv", description="The table.")
def download_htcds(query: dict[str, Any], project_id: int) -> Response:
    """Download cases by HTCDS

    A row for each case that you may read, under the names and codes of IOM's Human Trafficking Case Data Standard 2.0.
    Streamed, and written into the ledger; the header `X-Download-Id` is what its manifest is asked for by.
    """
    door.project(project_id)
    chosen = Filters(identifiers=query["identifiers"])
    return _handed_out(query, project_id, Wanted(HTCDS, filters=chosen, status=query["status"] or ""))


@bp.get("/downloads/<uuid:download_id>/manifest")
@needs("submission.export")
@bp.response(200, EXPORT_MANIFEST)
def get_manifest(project_id: int, download_id: Any) -> dict[str, Any]:
    """Manifest of a download

    What it was made of and what was handed out: who, when, form versions, filters, rows of each table, SHA-256.
    """
    return export.manifest(db.session, actor=auth.actor(), mission_id=project_id, download_id=download_id)


def _download(query: dict[str, Any], project_id: int, form_id: str, format_name: str) -> Response:
    return _handed_out(query, project_id, Wanted(format_name, form_id, _filters(query)))


def _handed_out(query: dict[str, Any], project_id: int, wanted: Wanted) -> Response:
    made = wanted.prepare(
        db.session,
        keyring=state().keyring,
        blobs=state().blobs,
        actor=auth.actor(),
        mission_id=project_id,
        reason=query["reason"],
    ).begin()
    response = Response(made.chunks, content_type=made.content_type)
    response.headers.set("Content-Disposition", "attachment", filename=made.file_name)
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["X-Download-Id"] = str(made.id)
    return response


def _filters(query: dict[str, Any]) -> Filters:
    return Filters(
        condition=condition.read(query["$filter"]),
        attachments=query["attachments"],
        group_paths=query["groupPaths"],
        split_select_multiples=query["splitSelectMultiples"],
        deleted_fields=query["deletedFields"],
        identifiers=query["identifiers"],
        language=query["language"] or "",
    )
