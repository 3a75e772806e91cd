"""Submissions as OData feeds, in the shape of ODK Central's: for pyODK, ruODK, Excel and Power BI."""

import re
from typing import Any
from urllib.parse import urlencode

from flask import Response, jsonify, request

from app import auth
from app.api.door import Door
from app.api.schemas.odata import ODATA_QUERY, ODATA_SERVICE, ODATA_TABLE
from app.auth import needs
from app.db import db
from app.services import condition, ordering
from app.services.feed import Options, Service
from app.state import state

bp = Door(
    "odata",
    __name__,
    url_prefix="/v1/projects/<int:project_id>/forms/<form_id>.svc",
    description="Submissions as OData 4.0 feeds.",
)

_VERSION = {"OData-Version": "4.0"}
_PAGE = re.compile(r"(?:odata\.)?maxpagesize\s*=\s*(?P<size>[1-9]\d{0,8})(?!\d)")


@bp.get("")
@needs("submission.export")
@bp.arguments(ODATA_QUERY, location="query")
@bp.response(200, ODATA_SERVICE)
def get_service(query: dict[str, Any], project_id: int, form_id: str) -> Response:
    """Tables of the feed

    The service document: `Submissions`, and a table for every repeat.
    """
    response = jsonify(_service(query, project_id, form_id).document())
    response.headers.update(_VERSION)
    return response


@bp.get("/$metadata")
@needs("submission.export")
@bp.arguments(ODATA_QUERY, location="query")
@bp.response(200, {"type": "string"}, content_type="application/xml", description="CSDL.")
def get_metadata(query: dict[str, Any], project_id: int, form_id: str) -> Response:
    """What the tables hold

    The metadata document (CSDL in XML).
    """
    content = _service(query, project_id, form_id).metadata()
    return Response(content, content_type="application/xml", headers=_VERSION)


@bp.get("/<path:table>")
@needs("submission.export")
@bp.arguments(ODATA_QUERY, location="query")
@bp.response(200, ODATA_TABLE)
def get_table(query: dict[str, Any], project_id: int, form_id: str, table: str) -> Response:
    """A table of the feed

    `Submissions`, or `Submissions.home.child` of a repeat; of one submission only, `Submissions('uuid:…')` and
    `Submissions('uuid:…')/home/child`. Newest first, streamed. Pages have `$top` rows, or as many as the header
    `Prefer: odata.maxpagesize=…` says; `@odata.nextLink` leads on. Written into the ledger.
    """
    here = f"{_root()}{request.path}"
    asked = {name: value for name, value in request.args.items() if name not in ("$skip", "$skiptoken")}

    def following(token: str) -> str:
        return f"{here}?{urlencode({**asked, '$skiptoken': token})}"

    preferred = _PAGE.search(request.headers.get("Prefer", ""))
    headers = dict(_VERSION)
    if query["$top"] is None and preferred:
        query["$top"] = int(preferred["size"])
        headers["Preference-Applied"] = f"odata.maxpagesize={query['$top']}"
    made = _service(query, project_id, form_id).table(db.session, table, next_link=following)
    return Response(made.chunks, content_type=made.content_type, headers=headers)


def _service(query: dict[str, Any], project_id: int, form_id: str) -> Service:
    select = [name.strip() for name in (query["$select"] or "*").split(",")]
    return Service(
        db.session,
        keyring=state().keyring,
        actor=auth.actor(),
        mission_id=project_id,
        xml_form_id=form_id,
        url=f"{_root()}{request.path.rpartition('.svc')[0]}.svc",
        options=Options(
            select=None if "*" in select else tuple(select),
            expand=query["$expand"] is not None,
            wkt=query["$wkt"],
            skip=query["$skip"],
            skip_token=query["$skiptoken"],
            top=query["$top"],
            count=query["$count"],
            order=ordering.read(query["$orderby"]),
            condition=condition.read(query["$filter"]),
            identifiers=query["identifiers"],
        ),
        reason=query["reason"],
    )


def _root() -> str:
    return state().config.url or request.url_root.rstrip("/")
