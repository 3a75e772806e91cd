"""The guard in front of every door: no route without an action, no action without a role that holds it."""

import hmac
from collections.abc import Callable
from typing import Any, Final, TypeVar
from urllib.parse import urlsplit

from flask import Flask, current_app, redirect, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.wrappers import Response

from app import ledger, policy, problems
from app.auth import identity
from app.db import db, writing
from app.language import _
from app.policy.permissions import ACTIONS, DEVICE
from app.services.sign_in import Resumed
from app.state import state

F = TypeVar("F", bound=Callable[..., Any])

PHONES: Final = ("/v1/key/", "/v1/phone/")
"""Where phones come in: with a token in the address, or with a user name."""
BROWSERS: Final = "/fill"
"""Where a browser comes in that is a device, as a phone is."""
_ACTION: Final = "saif_action"
_SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})


def needs(action: str) -> Callable[[F], F]:
    """Mark a view function, or a method of a MethodView, with the action it takes to get there.

    The mission is the `project_id` of the URL; without one it takes the action anywhere, and the view
    filters.
    """
    if action not in ACTIONS:
        raise KeyError(f"app.policy knows no action {action}")

    def mark(view: F) -> F:
        setattr(view, _ACTION, action)
        return view

    return mark


def action_of(app: Flask, endpoint: str, method: str) -> str | None:
    """The action a route is marked with; None for one that somebody forgot."""
    view: Any = app.view_functions[endpoint]
    if hasattr(view, "view_class"):
        name = "get" if method == "HEAD" and not hasattr(view.view_class, "head") else method.lower()
        view = getattr(view.view_class, name, None)
    action: str | None = getattr(view, _ACTION, None)
    return action


def init_app(app: Flask) -> None:
    """Put the guard in front of the application, and what templates ask it into them."""
    app.before_request(_guard)
    app.after_request(_note_denial)
    if "static" in app.view_functions:
        needs("public")(app.view_functions["static"])
    app.jinja_env.globals.update(
        csrf_token=csrf_token,
        current_user=identity.user,
        may=lambda action, project_id=None: policy.may(identity.actor(), action, project_id),
    )


def csrf_token() -> str:
    """What every form of a page carries back; empty for somebody who did not sign in."""
    session = identity.resumed()
    return session.session.csrf if isinstance(session, Resumed) else ""


def _guard() -> ResponseReturnValue | None:
    if request.endpoint is None or request.url_rule is None:
        return None  # no such page, or not this method: said by the application
    if request.method == "OPTIONS" and getattr(request.url_rule, "provide_automatic_options", False):
        return None  # answered by Flask itself, without the view
    action = action_of(current_app, request.endpoint, request.method)
    if action is None:
        raise problems.not_allowed(_("Nobody said who may come in here, so nobody may."))
    rule = ACTIONS[action]
    of_devices = rule.roles == {DEVICE}
    if of_devices and not request.path.startswith(BROWSERS):
        return None  # the token or the user name is checked by the door of the phones
    if request.method not in _SAFE and not identity.by_bearer():
        _refuse_forgery(public=of_devices or rule.scope == "anybody")
    if of_devices or rule.scope == "anybody":
        return None
    actor = identity.actor()
    if actor is policy.NOBODY:
        return _ask_to_sign_in()
    policy.require(actor, action, (request.view_args or {}).get("project_id"))
    return None


def _refuse_forgery(*, public: bool) -> None:
    """Another site must not make a browser act here: neither with its session nor by signing it in."""
    site = request.headers.get("Sec-Fetch-Site")
    origin = request.headers.get("Origin")
    if site is not None:
        ours = site in ("same-origin", "none")
    elif origin is not None:
        hosts = {request.host, urlsplit(state().config.url or "").netloc}
        ours = urlsplit(origin).netloc in hosts - {""}
    else:
        ours = True  # no browser of the last years, or no browser
    if not ours:
        raise problems.bad_csrf()
    if public or not (expected := csrf_token()):
        return
    sent = request.headers.get("X-CSRF-Token") or request.form.get("csrf_token") or ""
    if not hmac.compare_digest(sent.encode("utf-8", "surrogatepass"), expected.encode()):
        raise problems.bad_csrf()


def _ask_to_sign_in() -> ResponseReturnValue:
    by_script = request.headers.get("Accept") == "application/problem+json"
    if by_script or identity.by_bearer() or "ui.sign_in" not in current_app.view_functions:
        raise problems.sign_in_needed()
    if request.headers.get("HX-Request"):
        # htmx would put the sign-in page into a corner of this one.
        problem = problems.sign_in_needed()
        problem.headers["HX-Redirect"] = url_for("ui.sign_in")
        raise problem
    back = request.full_path.rstrip("?") if request.method in _SAFE else None
    return redirect(url_for("ui.sign_in", next=back))


def _note_denial(response: Response) -> Response:
    """A refusal of somebody we know is an entry of the ledger, whoever refused: guard or service."""
    if response.status_code == 403 and request.endpoint is not None:
        session = identity.resumed() if not request.path.startswith((*PHONES, BROWSERS)) else None
        if session is not None:
            with writing(db.session):
                ledger.write(
                    db.session,
                    actor=session.actor.ref,
                    action="deny",
                    mission_id=(request.view_args or {}).get("project_id"),
                    detail={"action": action_of(current_app, request.endpoint, request.method) or ""},
                )
    return response
