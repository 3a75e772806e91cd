"""Your account: who one is, one's password, and the access tokens one gave to programs."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from app import auth, language
from app.auth import identity, needs
from app.db import db, writing
from app.language import N_, _
from app.models import User
from app.policy import Actor, role_name, scopes
from app.problems import Problem
from app.services import access_tokens, users
from app.state import state
from app.ui import frame

bp = Blueprint("account", __name__, url_prefix="/account")

LASTS = {7: N_("a week"), 30: N_("a month"), 90: N_("three months"), 365: N_("a year")}


@bp.get("")
@needs("signed_in")
def show() -> str:
    """The account of whoever asks."""
    return _page()


@bp.post("/language")
@needs("signed_in")
def choose_language() -> Response:
    """The language one reads pages in."""
    with writing(db.session):
        users.set_locale(db.session, user=_me(), locale=request.form.get("language", ""))
    language.speak(_me().locale)
    flash(_("Pages are in English now."), "success")
    return redirect(url_for("ui.account.show"))


@bp.post("/tokens")
@needs("signed_in")
def create_token() -> str | tuple[str, int]:
    """Make an access token, and show it: this once."""
    missions = request.form.getlist("mission", type=int)
    try:
        with writing(db.session):
            made = access_tokens.create(
                db.session,
                actor=auth.actor(),
                name=request.form.get("name", ""),
                chosen=request.form.getlist("scope"),
                missions=missions or None,
                days=request.form.get("days", 0, type=int),
                keyring=state().keyring,
            )
    except Problem as problem:
        if problem.status not in (409, 422):
            raise
        return _page(wrong=problem.message), problem.status
    return _page(made=made)


@bp.post("/tokens/<int:token_id>/revoke")
@needs("signed_in")
def revoke_token(token_id: int) -> Response:
    """End an access token at once."""
    with writing(db.session):
        access_tokens.revoke(db.session, actor=auth.actor(), token_id=token_id)
    flash(_("The token is revoked. What used it is let in no more."), "success")
    return redirect(url_for("ui.account.show"))


@bp.post("/password")
@needs("signed_in")
def change_password() -> Response | tuple[str, int]:
    """Change one's password, after the present one; all other sessions and all access tokens end."""
    email, new = _me().email, request.form.get("new", "")
    try:
        # Counted as signing in is, so that nobody guesses at a desk somebody left.
        identity.prove(email, request.form.get("present", ""))
        with writing(db.session):
            users.set_password(db.session, actor=auth.actor(), user=_me(), password=new)
    except Problem as problem:
        if problem.status not in (401, 422, 429):
            raise
        return _page(wrong_password=problem.message), 422 if problem.status == 401 else problem.status
    auth.sign_in(email, new)
    flash(
        _("Your password is changed. Other browsers are signed out, and your access tokens are revoked."),
        "success",
    )
    return redirect(url_for("ui.account.show"))


def _me() -> User:
    user = auth.user()
    assert user is not None, "the guard let nobody else in"
    return user


def _page(*, made: str = "", wrong: str = "", wrong_password: str = "") -> str:
    actor = auth.actor()
    tokens = access_tokens.listing(db.session, _me().id)
    return render_template(
        "account.html",
        made=made,
        languages=language.LANGUAGES,
        wrong=wrong,
        wrong_password=wrong_password,
        roles=_roles(actor),
        tokens=[(one, access_tokens.in_force(one)) for one in tokens],
        offered=access_tokens.offered(actor),
        labels={name: scope.label for name, scope in scopes.SCOPES.items()},
        names={one.id: one.name for one in frame.missions()},
        lasts=LASTS,
        least=users.MIN_PASSWORD,
        base=state().config.url or request.url_root.rstrip("/"),
    )


def _role(role: str) -> str:
    name = role_name(role)
    return name[:1].upper() + name[1:]


def _roles(actor: Actor) -> list[tuple[str, str]]:
    """The roles somebody holds, and where."""
    names = {one.id: one.name for one in frame.missions()}
    return [
        (
            _role(held.role),
            _("all missions")
            if held.mission_id is None
            else names.get(held.mission_id, _("a closed mission")),
        )
        for held in actor.grants
    ]
