"""A picture, recording or film of a submission, for the page that shows it."""

import uuid

from flask import Blueprint, request
from werkzeug.wrappers import Response

from app import auth, problems
from app.auth import needs
from app.db import db
from app.services import shown_files
from app.state import state
from app.ui.submissions import submission_of

bp = Blueprint(
    "media", __name__, url_prefix="/projects/<int:project_id>/submissions/<uuid:submission_id>/media"
)


@bp.get("/<name_digest>")
@needs("submission.raw")
def shown(project_id: int, submission_id: uuid.UUID, name_digest: str) -> Response:
    """The file a ticket of this session opens, or the range of it that is asked for. Whatever it is, opened by itself it
    runs nothing and fetches nothing."""
    found = submission_of(project_id, submission_id)
    until = request.args.get("until", type=int)
    if until is None:
        raise problems.not_found("file")
    file = shown_files.open_shown(
        db.session,
        keyring=state().keyring,
        blobs=state().blobs,
        actor=auth.actor(),
        mission_id=project_id,
        instance_id=found.instance_id,
        xml_form_id=found.xml_form_id,
        name_digest=name_digest,
        until=until,
        ticket=request.args.get("ticket", ""),
        holder=auth.csrf_token(),
    )
    response = Response(file.chunks, mimetype=file.type.name)
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response.headers["Content-Disposition"] = "inline"
    # Players ask for parts, some of them for nothing else.
    return response.make_conditional(request.environ, accept_ranges=True, complete_length=file.size)
