"""The switch that has phones encrypt what they send of a form."""

from typing import Any, Final

from flask import Blueprint, flash, redirect, request, url_for
from werkzeug.wrappers import Response

from app import auth, problems
from app.auth import needs
from app.db import db, writing
from app.language import N_, _
from app.services import form_keys, forms
from app.state import state

bp = Blueprint("form_keys", __name__, url_prefix="/projects/<int:project_id>/forms/<form_id>/encryption")

DONE: Final = {
    "on": N_("Phones encrypt this form from the next time they fetch it."),
    "new": N_("Phones get the new key the next time they are online. The old one still opens what comes in."),
    "off": N_("Phones send this form unencrypted from the next time they fetch it."),
}


@bp.post("")
@needs("form.encrypt")
def switch(project_id: int, form_id: str) -> Response:
    """Turn it on or off, or make a new key."""
    wanted = request.form.get("switch", "")
    if wanted not in DONE:
        raise problems.invalid(
            _("It can be turned on or off, or get a new key."), _("Use the buttons of the page.")
        )
    with writing(db.session):
        asked: dict[str, Any] = {
            "actor": auth.actor(),
            "form": forms.get(db.session, project_id, form_id).form,
            "mission_id": project_id,
        }
        if wanted == "on":
            form_keys.turn_on(db.session, keyring=state().keyring, **asked)
        elif wanted == "new":
            form_keys.make_key(db.session, keyring=state().keyring, **asked)
        else:
            form_keys.turn_off(db.session, **asked)
    flash(_(DONE[wanted]), "success")
    return redirect(url_for("ui.forms.one", project_id=project_id, form_id=form_id, _anchor="encryption"))
