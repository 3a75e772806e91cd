"""Organisations that refer, receive or help, and the agreements with them."""

import uuid
from datetime import date

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from app import auth, problems
from app.auth import needs
from app.db import db, writing
from app.language import _
from app.models import Organisation
from app.problems import Problem
from app.services import organisations as service
from app.ui.inputs import codes

bp = Blueprint("organisations", __name__, url_prefix="/projects/<int:project_id>/organisations")


@bp.get("")
@needs("organisation.read")
def listing(project_id: int) -> str:  # noqa: ARG001 -- the mission of the page
    """Organisations by name, and a form to add one."""
    return _listing()


@bp.post("")
@needs("organisation.change")
def add(project_id: int) -> Response | tuple[str, int]:
    """Name one, and go on to what is known of it."""
    try:
        with writing(db.session):
            name = request.form.get("name", "")
            made = service.add(db.session, actor=auth.actor(), mission_id=project_id, name=name).id
    except Problem as problem:
        if problem.status not in (409, 422):
            raise
        return _listing(wrong=problem.message), problem.status
    flash(_("The organisation is added. Write here what is known of it."), "success")
    return redirect(url_for("ui.organisations.one", project_id=project_id, organisation_id=made))


@bp.get("/<uuid:organisation_id>")
@needs("organisation.read")
def one(project_id: int, organisation_id: uuid.UUID) -> str:  # noqa: ARG001 -- the mission of the page
    """What is known of one."""
    return _one(service.get(db.session, organisation_id))


@bp.post("/<uuid:organisation_id>")
@needs("organisation.change")
def change(project_id: int, organisation_id: uuid.UUID) -> Response | tuple[str, int]:
    """Change what is known of one."""
    try:
        with writing(db.session):
            service.change(
                db.session,
                actor=auth.actor(),
                mission_id=project_id,
                organisation=service.get(db.session, organisation_id),
                name=request.form.get("name", ""),
                type=request.form.get("type") or None,
                country=request.form.get("country") or None,
                agreement=(_day("from"), _day("until")),
            )
    except Problem as problem:
        if problem.status != 422:
            raise
        return _one(service.get(db.session, organisation_id), wrong=problem.message), problem.status
    flash(_("Saved."), "success")
    return redirect(url_for("ui.organisations.listing", project_id=project_id))


def _day(name: str) -> date | None:
    try:
        return date.fromisoformat(request.form[name]) if request.form.get(name) else None
    except ValueError:
        raise problems.invalid(
            _("A day of the agreement is no date."), _("Write it like 2026-11-22.")
        ) from None


def _listing(*, wrong: str = "") -> str:
    name = request.args.get("name", "")
    found = service.listing(db.session, name=name)
    return render_template(
        "organisations/list.html",
        organisations=[(one, service.in_force(one, date.today())) for one in found],  # noqa: DTZ011 -- a day, for all missions
        wanted=name,
        given=request.form.get("name", ""),
        full=len(found) == service.MOST,
        wrong=wrong,
    )


def _one(organisation: Organisation, *, wrong: str = "") -> str:
    first, last = organisation.sharing_agreement_from, organisation.sharing_agreement_until
    stands = {
        "name": organisation.name,
        "type": organisation.type or "",
        "country": organisation.country or "",
        "from": first.isoformat() if first else "",
        "until": last.isoformat() if last else "",
    }
    return render_template(
        "organisations/one.html",
        organisation=organisation,
        given=request.form if wrong else stands,
        types=codes("org_type"),
        countries=codes("country"),
        wrong=wrong,
    )
