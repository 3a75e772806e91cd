"""Webhooks of a mission: added, deleted, and what became of what was sent to them."""

import re
import uuid
from typing import Final

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from app import auth
from app.auth import needs
from app.db import db, writing
from app.language import N_, _
from app.models import Webhook
from app.problems import Problem
from app.services import webhooks as service
from app.state import state

bp = Blueprint("webhooks", __name__, url_prefix="/projects/<int:project_id>/webhooks")

STATES: Final = {"waiting": N_("waiting"), "delivered": N_("delivered"), "failed": N_("failed")}
"""How a delivery stands."""
_NO_ANSWER: Final = re.compile(r"no answer \((\w+)\)")


@bp.get("")
@needs("webhook.keep")
def listing(project_id: int) -> str:
    """The webhooks, their last deliveries, and a form for another."""
    return _page(project_id)


@bp.post("")
@needs("webhook.keep")
def create(project_id: int) -> str | tuple[str, int]:
    """Add one, and show its secret: this once."""
    here = state()
    try:
        with writing(db.session):
            secret = service.create(
                db.session,
                actor=auth.actor(),
                mission_id=project_id,
                url=request.form.get("url", ""),
                events=request.form.getlist("event"),
                private=here.config.webhooks_private,
                keyring=here.keyring,
            )
    except Problem as problem:
        if problem.status not in (409, 422):
            raise
        return _page(project_id, wrong=problem.message), problem.status
    return _page(project_id, secret=secret)


@bp.post("/<uuid:webhook_id>/delete")
@needs("webhook.keep")
def delete(project_id: int, webhook_id: uuid.UUID) -> Response:
    """Delete one, with what was to be sent to it."""
    with writing(db.session):
        service.remove(db.session, actor=auth.actor(), webhook=_one(project_id, webhook_id))
    flash(_("Deleted. Nothing more is sent to that address."), "success")
    return _back(project_id)


@bp.post("/<uuid:webhook_id>/enable")
@needs("webhook.keep")
def enable(project_id: int, webhook_id: uuid.UUID) -> Response:
    """Send to one again that was disabled."""
    with writing(db.session):
        service.enable(db.session, actor=auth.actor(), webhook=_one(project_id, webhook_id))
    flash(_("It is told again of what happens from now on."), "success")
    return _back(project_id)


@bp.post("/<uuid:webhook_id>/deliveries/<uuid:delivery_id>")
@needs("webhook.keep")
def send_again(project_id: int, webhook_id: uuid.UUID, delivery_id: uuid.UUID) -> Response:
    """Send a delivery once more."""
    with writing(db.session):
        webhook = _one(project_id, webhook_id)
        service.send_again(db.session, actor=auth.actor(), webhook=webhook, delivery_id=delivery_id)
    flash(_("It is sent again in a moment."), "success")
    return _back(project_id)


def _one(project_id: int, webhook_id: uuid.UUID) -> Webhook:
    return service.get(db.session, actor=auth.actor(), mission_id=project_id, webhook_id=webhook_id)


def _back(project_id: int) -> Response:
    return redirect(url_for("ui.webhooks.listing", project_id=project_id))


def _told(outcome: str) -> str:
    """What the last attempt came to: kept in English, as `app.services.telling` wrote it."""
    silent = _NO_ANSWER.fullmatch(outcome)
    return _("no answer (%(error)s)", error=silent[1]) if silent else _(outcome)


def _page(project_id: int, *, wrong: str = "", secret: str = "") -> str:
    return render_template(
        "webhooks.html",
        lines=service.listing(db.session, actor=auth.actor(), mission_id=project_id),
        events=service.EVENTS,
        states=STATES,
        told=_told,
        sent=request.form,
        chosen=request.form.getlist("event"),
        wrong=wrong,
        secret=secret,
    )
