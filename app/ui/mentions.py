"""Comments by which somebody told the reader of a case or a submission."""

from flask import Blueprint, render_template, request

from app import auth
from app.auth import needs
from app.db import db
from app.services import mentions
from app.ui import frame

bp = Blueprint("mentions", __name__, url_prefix="/projects/<int:project_id>/mentions")


@bp.get("")
@needs("home.read")
def listing(project_id: int) -> str:
    """All of them, read or not, of all missions, a page at a time."""
    page = mentions.listing(db.session, actor=auth.actor(), cursor=request.args.get("after"))
    return render_template(
        "mentions.html", page=page, pages=frame.pages("ui.mentions.listing", project_id, page.next)
    )
