"""Submissions as tables, as ODK Central writes them."""

import re
from datetime import UTC, datetime
from typing import Any, Final

from flask import Response

from app import auth, problems
from app.api.door import Door
from app.api.schemas import EXPORT_QUERY
from app.auth import needs
from app.db import db
from app.services import export
from app.services.export import Download, Filters
from app.state import state

bp = Door(
    "downloads",
    __name__,
    url_prefix="/v1/projects/<int:project_id>/forms/<form_id>",
    description="Submissions as tables, as ODK Central writes them.",
)

_CLAUSE: Final = re.compile(
    r"__system/(?:submissionDate (?P<than>ge|lt) (?P<at>\S+)|reviewState eq (?P<state>null|'\w+'))"
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
            blobs=state().blobs,
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
    """The filter of the query. Of OData's grammar: comparisons joined by `and`, states joined by `or`."""
    said: dict[str, Any] = {}
    states: list[str | None] = []
    text = (query["$filter"] or "").strip()
    for clause in text.split(" and ") if text else ():
        found = [_CLAUSE.fullmatch(part.strip(" ()")) for part in clause.split(" or ")]
        if None in found or (len(found) > 1 and any(one and one["than"] for one in found)):
            raise problems.invalid(
                "The filter says something this server does not know.",
                "Compare __system/submissionDate (ge, lt) or __system/reviewState (eq), joined by `and`.",
            )
        for one in found:
            assert one is not None
            if one["than"]:
                said["received_from" if one["than"] == "ge" else "received_to"] = _instant(one["at"])
            else:
                states.append(None if one["state"] == "null" else one["state"].strip("'"))
    return Filters(
        **said,
        review_states=tuple(states) or None,
        attachments=query["attachments"],
        group_paths=query["groupPaths"],
        split_select_multiples=query["splitSelectMultiples"],
        deleted_fields=query["deletedFields"],
        identifiers=query["identifiers"],
    )


def _instant(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise problems.invalid("The filter holds no date.", "Write it like 2026-11-22T00:00:00Z.") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
