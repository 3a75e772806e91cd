"""Home: what came in, and what needs attention."""

from dataclasses import dataclass

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from app import auth, policy
from app.auth import needs
from app.db import db
from app.services import demo
from app.services import home as home_service
from app.services import missions as missions_service
from app.state import state
from app.ui import frame, words
from app.ui.filters import plural

bp = Blueprint("home", __name__)


@dataclass(frozen=True, slots=True)
class Todo:
    """A line of what needs attention, and the list it leads to."""

    count: int
    words: str
    why: str
    kind: str
    url: str


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
        todos=[_todo(one, project_id) for one in home.attention],
        can_demo=demo.available() and _is_demo(project_id) and policy.may(actor, "demo.fill", project_id),
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
        flash(f"{plural(filled, 'fictional interview')} came in.", "success")
    else:
        flash("The demo interviews are here already.", "info")
    return redirect(url_for("ui.home.mission", project_id=project_id))


def _is_demo(project_id: int) -> bool:
    return missions_service.get(db.session, project_id).demo


def _todo(one: home_service.Attention, project_id: int) -> Todo:
    said = words.ATTENTION[one.kind]
    listing = "ui.cases.listing" if one.on == "case" else "ui.submissions.listing"
    if one.kind == "finding":
        noun = ("case " if one.count == 1 else "cases ") if one.on == "case" else ""
        noun = noun or ("submission " if one.count == 1 else "submissions ")
    else:
        noun = ""
    return Todo(
        count=one.count,
        words=noun + (said.one if one.count == 1 else said.many),
        why=said.why,
        kind=said.kind,
        url=url_for(listing, project_id=project_id, attention=one.kind),
    )
