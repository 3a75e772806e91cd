"""The ledger: who did what, newest first."""

import uuid
from typing import Final

from flask import Blueprint, render_template, request
from sqlalchemy import select

from app import problems
from app.auth import needs
from app.db import db
from app.language import N_, _
from app.models import LedgerEntry, User
from app.ui import frame

bp = Blueprint("ledger", __name__, url_prefix="/projects/<int:project_id>/ledger")

PAGE: Final = 100
ACTORS: Final = {"people": "user:%", "phones": "device:%", "worker": "worker"}
"""Who acts, as the ledger names them: patterns of SQL's LIKE."""
LABELS: Final = {"people": N_("People"), "phones": N_("Phones"), "worker": N_("Worker")}


@bp.get("")
@needs("ledger.read")
def listing(project_id: int) -> str:
    """The entries of a mission, newest first, a page at a time. Ids are made in order of time."""
    statement = select(LedgerEntry).where(LedgerEntry.mission_id == project_id)
    who = frame.one_of("who", ACTORS)
    if who is not None:
        statement = statement.where(LedgerEntry.actor.like(ACTORS[who]))
    if after := request.args.get("after"):
        try:
            statement = statement.where(LedgerEntry.id < uuid.UUID(after))
        except ValueError:
            raise problems.invalid(
                _("The page marker is not one of this list."), _("Begin again at the first page.")
            ) from None
    entries = db.session.scalars(statement.order_by(LedgerEntry.id.desc()).limit(PAGE + 1)).all()
    people = {f"user:{user.id}": user.display_name for user in db.session.scalars(select(User))}
    following = str(entries[PAGE - 1].id) if len(entries) > PAGE else None
    return render_template(
        "ledger.html",
        entries=entries[:PAGE],
        people=people,
        who=who,
        actors=[(name, _(label)) for name, label in LABELS.items()],
        pages=frame.pages("ui.ledger.listing", project_id, following),
    )
