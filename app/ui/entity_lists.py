"""Entity lists: what each holds, its entities, their versions, and conflicts that somebody must look at."""

import uuid

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from app import auth
from app.auth import needs
from app.db import db, writing
from app.language import _
from app.problems import Problem
from app.services import entity_actions, entity_desk, missions
from app.services import entity_lists as service
from app.state import state
from app.ui import frame

bp = Blueprint("entity_lists", __name__, url_prefix="/projects/<int:project_id>/lists")


@bp.get("")
@needs("entity_list.read")
def listing(project_id: int) -> str:
    """The entity lists of a mission, and a form to add one."""
    return _listing(project_id)


@bp.post("")
@needs("entity_list.change")
def create(project_id: int) -> Response | tuple[str, int]:
    """Add a list."""
    missions.get(db.session, project_id)
    try:
        with writing(db.session):
            name = service.create(
                db.session,
                actor=auth.actor(),
                mission_id=project_id,
                name=request.form.get("name", "").strip(),
                approval_required="approval" in request.form,
            ).name
    except Problem as problem:
        if problem.status not in (409, 422):
            raise
        return _listing(project_id, wrong=problem.message), problem.status
    flash(_("The list %(name)s is added.", name=name), "success")
    return redirect(url_for("ui.entity_lists.one", project_id=project_id, name=name))


@bp.get("/<name>")
@needs("entity.read")
def one(project_id: int, name: str) -> str:
    """The entities of a list, those in conflict apart, and what was not done."""
    entity_list = service.get(db.session, project_id, name)
    page = entity_desk.page(
        db.session,
        state().keyring,
        actor=auth.actor(),
        entity_list=entity_list,
        cursor=request.args.get("after"),
        conflicts=request.args.get("show") == "conflicts",
    )
    return render_template(
        "entity_lists/one.html",
        list=entity_list,
        properties=service.properties(db.session, entity_list.id),
        saving=service.saving(db.session, entity_list),
        counts=service.counts(db.session, project_id)[entity_list.id],
        pending=entity_actions.left(db.session, entity_list.id),
        page=page,
        conflicts=request.args.get("show") == "conflicts",
        pages=frame.pages("ui.entity_lists.one", project_id, page.next, name=name),
    )


@bp.get("/<name>/<uuid:entity_id>")
@needs("entity.read")
def entity(project_id: int, name: str, entity_id: uuid.UUID) -> str:
    """One entity with all its versions."""
    entity_list = service.get(db.session, project_id, name)
    found, versions = entity_desk.read(
        db.session, state().keyring, actor=auth.actor(), entity_list=entity_list, entity_id=entity_id
    )
    return render_template(
        "entity_lists/entity.html",
        list=entity_list,
        entity=found.entity,
        properties=service.properties(db.session, entity_list.id),
        versions=[(version, entity_desk.conflicting(version, versions)) for version in reversed(versions)],
    )


@bp.post("/<name>/<uuid:entity_id>/resolve")
@needs("entity.change")
def resolve(project_id: int, name: str, entity_id: uuid.UUID) -> Response:
    """Say that an entity is right as it is."""
    entity_desk.resolve(
        db.session,
        state().keyring,
        actor=auth.actor(),
        entity_list=service.get(db.session, project_id, name),
        entity_id=entity_id,
    )
    flash(_("The conflict is settled: the entity stays as it is."), "success")
    return redirect(url_for("ui.entity_lists.entity", project_id=project_id, name=name, entity_id=entity_id))


def _listing(project_id: int, *, wrong: str = "") -> str:
    return render_template(
        "entity_lists/list.html",
        lists=service.listing(db.session, project_id),
        counts=service.counts(db.session, project_id),
        name=request.form.get("name", ""),
        wrong=wrong,
    )
