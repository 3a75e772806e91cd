"""Possible duplicates: pairs of cases that may be about one person. To decide of one is to decide about its cases."""

from typing import Any

from app import auth
from app.api import cases, door
from app.api.door import Door
from app.api.schemas.desk import PAGE_QUERY, PAIR_PAGE
from app.auth import needs
from app.db import db
from app.services import twin_desk

bp = Door(
    "duplicates",
    __name__,
    url_prefix="/v1/projects/<int:project_id>/duplicates",
    description="Pairs of cases that may be about one person.",
)


@bp.get("")
@needs("case.read")
@bp.arguments(PAGE_QUERY, location="query")
@bp.response(200, PAIR_PAGE)
def list_duplicates(query: dict[str, Any], project_id: int) -> dict[str, Any]:
    """List possible duplicates

    The pairs that wait for somebody. `merge` one of the two into the other, or say by `distinct` that they are two
    people: decisions about a case.
    """
    door.project(project_id)
    page = twin_desk.list_pairs(
        db.session,
        actor=auth.actor(),
        mission_id=project_id,
        cursor=query["after"],
        limit=query["limit"],
    )
    return {
        "items": [
            {
                "cases": [cases.shown(pair.one), cases.shown(pair.other)],
                "score": pair.score,
                "reasons": list(pair.reasons),
            }
            for pair in page.items
        ],
        "next": page.next,
    }
