"""Comments on cases."""

from typing import Any
from uuid import UUID

from app import auth
from app.api.comments import shown
from app.api.door import Door
from app.api.schemas.submissions import COMMENT, NEW_COMMENT
from app.auth import needs
from app.db import db
from app.services import comments
from app.services.comments import OfCase
from app.state import state

bp = Door(
    "case_comments",
    __name__,
    url_prefix="/v1/projects/<int:project_id>/cases/<uuid:case_id>/comments",
    description="What coordinators write about a case.",
)


@bp.get("")
@needs("case.comments")
@bp.response(200, COMMENT(many=True))
def list_case_comments(project_id: int, case_id: UUID) -> list[dict[str, Any]]:
    """List comments on a case

    Newest first. Written into the ledger: they are free text.
    """
    about = OfCase(project_id, case_id)
    found = comments.listing(db.session, keyring=state().keyring, actor=auth.actor(), about=about)
    return [shown(one) for one in found]


@bp.post("")
@needs("case.comment")
@bp.arguments(NEW_COMMENT)
@bp.response(200, COMMENT)
def create_case_comment(wanted: dict[str, Any], project_id: int, case_id: UUID) -> dict[str, Any]:
    """Comment on a case

    Who reads comments of the project and is named in it as `@name` is told.
    """
    made = comments.write(
        db.session,
        keyring=state().keyring,
        actor=auth.actor(),
        about=OfCase(project_id, case_id),
        body=wanted["body"],
    )
    return shown(made)
