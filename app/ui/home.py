"""Home: what came in, and what needs attention."""

from dataclasses import dataclass
from typing import Final

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from app import auth, policy
from app.auth import needs
from app.db import db
from app.language import _, ngettext
from app.services import demo, mentions, todo
from app.services import home as home_service
from app.services import missions as missions_service
from app.state import state
from app.ui import figures, frame
from app.ui.words.attention import ATTENTION, COMING, FINDINGS

bp = Blueprint("home", __name__)


PAGE: Final = 50
_LISTS: Final = {
    "possible_duplicate": "ui.twins.listing",
    "waiting": "ui.strays.listing",
    "eligibility_pending": "ui.fund.listing",
}
"""Reasons whose list is a page of its own, where they are also decided."""


@dataclass(frozen=True, slots=True)
class Reason:
    """One reason for attention in words: `colour` is that of its count, `url` the list of all it concerns."""

    words: str
    why: str
    colour: str
    url: str
    desk: bool = False
    """Whether that list is where they are also decided."""


@bp.get("/")
@needs("signed_in")
def start() -> Response | str:
    """The first mission one works in; a page that says so where there is none."""
    mine = frame.missions()
    if mine:
        return redirect(url_for("ui.home.mission", project_id=mine[0].id))
    return render_template("no_mission.html")


@bp.get("/switch")
@needs("signed_in")
def switch() -> Response:
    """Go to another mission: the target of the list of missions in the rail."""
    project_id = request.args.get("mission", type=int)
    if project_id is None:
        return redirect(url_for("ui.home.start"))
    return redirect(url_for("ui.home.mission", project_id=project_id))


@bp.get("/projects/<int:project_id>")
@needs("home.read")
def mission(project_id: int) -> str:
    """The home page of a mission."""
    actor = auth.actor()
    home = home_service.home(db.session, actor=actor, mission_id=project_id)
    return render_template(
        "home.html",
        home=home,
        mentions=mentions.listing(db.session, actor=actor, unread=True, limit=home_service.LATEST),
        todos=[(one, _reason(project_id, one.on, one.kind, one.count)) for one in home.todos],
        coming={kind: _(said) for kind, said in COMING.items()},
        charts=figures.home(project_id) if policy.may(actor, "case.read", project_id) else [],
        can_demo=demo.available() and _is_demo(project_id) and policy.may(actor, "demo.fill", project_id),
    )


@bp.get("/projects/<int:project_id>/attention/<on>/<kind>")
@needs("home.read")
def attention(project_id: int, on: str, kind: str) -> str:
    """All cases or submissions that ask for somebody for one reason, a page at a time."""
    after = request.args.get("after")
    page = todo.listing(
        db.session, actor=auth.actor(), mission_id=project_id, on=on, kind=kind, cursor=after, limit=PAGE
    )
    return render_template(
        "attention.html",
        page=page,
        on=on,
        reason=_reason(project_id, on, kind, 0),
        pages=frame.pages("ui.home.attention", project_id, page.next, on=on, kind=kind),
    )


@bp.post("/projects/<int:project_id>/demo")
@needs("demo.fill")
def fill(project_id: int) -> Response:
    """Fill the demo mission with fictional interviews."""
    here = state()
    filled = demo.fill(
        db.session,
        inbox=here.inbox,
        mission=missions_service.get(db.session, project_id),
        actor=auth.actor(),
    )
    if filled:
        came = ngettext(
            "%(num)s fictional interview came in.", "%(num)s fictional interviews came in.", filled
        )
        flash(came, "success")
    else:
        flash(_("The demo interviews are here already."), "info")
    return redirect(url_for("ui.home.mission", project_id=project_id))


def _is_demo(project_id: int) -> bool:
    return missions_service.get(db.session, project_id).demo


def _reason(project_id: int, on: str, kind: str, count: int) -> Reason:
    said = ATTENTION[kind]
    one, many = FINDINGS[on] if kind == "finding" else (said.one, said.many)
    return Reason(
        words=_(one if count == 1 else many),
        why=_(said.why),
        colour=said.kind,
        url=url_for(_LISTS[kind], project_id=project_id)
        if kind in _LISTS
        else url_for("ui.home.attention", project_id=project_id, on=on, kind=kind),
        desk=kind in _LISTS,
    )
