"""Comments on submissions."""

from typing import Any

from app import auth
from app.api.door import Door
from app.api.schemas.submissions import COMMENT, NEW_COMMENT
from app.auth import needs
from app.db import db
from app.services import comments
from app.services.comments import CommentLine, OfSubmission
from app.state import state

bp = Door(
    "comments",
    __name__,
    url_prefix="/v1/projects/<int:project_id>/forms/<form_id>/submissions/<instance_id>/comments",
    description="What coordinators write about a submission.",
)


@bp.get("")
@needs("submission.comments")
@bp.response(200, COMMENT(many=True))
def list_comments(project_id: int, form_id: str, instance_id: str) -> list[dict[str, Any]]:
    """List comments

    Newest first. Written into the ledger: they are free text.
    """
    found = comments.listing(
        db.session,
        keyring=state().keyring,
        actor=auth.actor(),
        about=OfSubmission(project_id, form_id, instance_id),
    )
    return [shown(one) for one in found]


@bp.post("")
@needs("submission.comment")
@bp.arguments(NEW_COMMENT)
@bp.response(200, COMMENT)
def create_comment(wanted: dict[str, Any], project_id: int, form_id: str, instance_id: str) -> dict[str, Any]:
    """Comment on a submission

    On all of it, whichever version is present. Who reads comments of the project and is named in it as `@name` is told.
    """
    made = comments.write(
        db.session,
        keyring=state().keyring,
        actor=auth.actor(),
        about=OfSubmission(project_id, form_id, instance_id),
        body=wanted["body"],
    )
    return shown(made)


def shown(one: CommentLine) -> dict[str, Any]:
    return {"body": one.body, "actorId": one.user_id or 0, "createdAt": one.made_at}
