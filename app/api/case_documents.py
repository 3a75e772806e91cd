"""Documents of cases: which there are; what one holds, for a reason."""

from typing import Any
from uuid import UUID

from flask import Response

from app import auth
from app.api.door import Door
from app.api.schemas.cases import CASE_DOCUMENT
from app.api.schemas.submissions import REASON_QUERY
from app.auth import needs
from app.db import db
from app.services import documents
from app.services.documents import DocumentLine
from app.state import state

bp = Door(
    "case_documents",
    __name__,
    url_prefix="/v1/projects/<int:project_id>/cases/<uuid:case_id>/documents",
    description="Papers, pictures and recordings that are kept with a case.",
)


@bp.get("")
@needs("case.read")
@bp.response(200, CASE_DOCUMENT(many=True))
def list_case_documents(project_id: int, case_id: UUID) -> list[dict[str, Any]]:
    """List documents of a case

    Newest first, without their names, which may name somebody.
    """
    found = documents.listing(db.session, actor=auth.actor(), mission_id=project_id, case_id=case_id)
    return [_shown(one) for one in found]


@bp.get("/<uuid:document_id>")
@needs("case.documents")
@bp.arguments(REASON_QUERY, location="query")
@bp.response(200, {"type": "string"}, content_type="application/octet-stream", description="The file.")
def get_case_document(query: dict[str, Any], project_id: int, case_id: UUID, document_id: UUID) -> Response:
    """A document of a case

    Only with a `reason`, which goes into the ledger. No access token opens it.
    """
    found = documents.read(
        db.session,
        keyring=state().keyring,
        blobs=state().blobs,
        actor=auth.actor(),
        mission_id=project_id,
        case_id=case_id,
        document_id=document_id,
        reason=query["reason"] or "",
    )
    response = Response(found.chunks, content_type="application/octet-stream")
    response.headers.set("Content-Disposition", "attachment", filename=found.name)
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response


def _shown(line: DocumentLine) -> dict[str, Any]:
    return {
        "id": line.id,
        "kind": line.kind,
        "datedOn": line.dated_on,
        "mediaType": line.media_type,
        "size": line.size,
        "addedBy": line.added_by,
        "addedAt": line.added_at,
    }
