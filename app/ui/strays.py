"""Submissions that found no case: the queue, with the cases each may belong to and one click to attach it."""

from flask import Blueprint, render_template, request

from app import auth
from app.auth import needs
from app.db import db
from app.services import strays
from app.state import state
from app.ui import frame

bp = Blueprint("strays", __name__, url_prefix="/projects/<int:project_id>/strays")

PAGE = 10


@bp.get("")
@needs("case.read")
def listing(project_id: int) -> str:
    """What waits, the newest first, a page at a time."""
    page = strays.list_strays(
        db.session,
        keyring=state().keyring,
        actor=auth.actor(),
        mission_id=project_id,
        cursor=request.args.get("after"),
        limit=PAGE,
    )
    return render_template(
        "strays/list.html", page=page, pages=frame.pages("ui.strays.listing", project_id, page.next)
    )
