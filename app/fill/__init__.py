"""The door for browsers that are devices: the page on which interviews are filled in, also without a network.

What it downloads and sends goes through the door of the phones, below the same address. This one shows the page, says
which device the browser is, and lists its forms in one answer.
"""

import base64
import json
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from flask import Blueprint, Flask, Response, current_app, jsonify, render_template, request, url_for
from sqlalchemy.exc import DBAPIError

from app import headers, problems
from app.auth import BROWSERS, browsers, needs
from app.db import db
from app.fill import errors
from app.services import devices, filling
from app.services.senders import Sender
from app.state import state

__all__ = ["errors", "init_app"]

bp = Blueprint("fill", __name__, url_prefix=BROWSERS)

_LONGEST: Final = 1000
"""Of what a browser shows to become a device, in characters."""
_MODULES: Final = (
    "interview.js", "fill/interviews.js", "fill/opened.js", "fill/page.js", "fill/server.js", "fill/store.js",
    "fill/vault.js", "fill/views.js", "said.js",
)  # fmt: skip
"""The scripts of the page, which name each other without a digest."""
_ASSETS: Final = ("favicon.svg", "engine.css", "fill/page.css", "fill/page.js", "odk/web-forms.js")


def init_app(app: Flask) -> None:
    """Open the door."""
    app.jinja_env.globals["asset"] = headers.asset
    app.register_blueprint(bp)
    app.after_request(_hardened)


def _hardened(response: Response) -> Response:
    """Nothing from here is kept by the browser itself: it may be about people. The page keeps it sealed."""
    if request.path.startswith(BROWSERS) or request.endpoint == "static":
        headers.harden(response)
    return response


@bp.get("")
@needs("public")
def page() -> Response:
    """The page: the same for everybody. Who it is for, its script finds out."""
    return headers.with_engine(render_template("fill/page.html", root=_root()))


@bp.get("/worker.js")
@needs("public")
def worker() -> Response:
    """The service worker, which keeps the page for when there is no network: another text with every new version of
    anything it keeps, so that browsers notice."""
    modules = [url_for("static", filename=name) for name in _MODULES]
    kept = [_root(), *map(headers.asset, _ASSETS), *modules, url_for("fill.manifest")]
    version = headers.version([*_ASSETS, *_MODULES], render_template("fill/page.html", root=_root()))
    script = Path(str(current_app.static_folder), "fill/worker.js").read_text()
    text = f"const VERSION = {json.dumps(version)};\nconst KEPT = {json.dumps(kept)};\n{script}"
    response = Response(text, mimetype="text/javascript")
    response.headers["Service-Worker-Allowed"] = _root()
    return response


@bp.get("/manifest.webmanifest")
@needs("public")
def manifest() -> Response:
    """What a browser needs to put the page among its apps."""
    icon = {"src": headers.asset("favicon.svg"), "sizes": "any", "type": "image/svg+xml"}
    said = {
        "name": "SAIF interviews",
        "short_name": "SAIF",
        "start_url": _root(),
        "scope": _root(),
        "display": "standalone",
        "background_color": "#f4f6f4",
        "theme_color": "#0b5e5a",
        "icons": [icon],
    }
    return Response(json.dumps(said), mimetype="application/manifest+json")


@bp.post("/session")
@needs("public")
def begin() -> Response:
    """Become a device: by its link, by its user name and password, or by the ticket that was given for either."""
    said = request.get_json(silent=True)
    texts = said.values() if isinstance(said, dict) else ()
    if not all(isinstance(text, str) and len(text) <= _LONGEST for text in texts):
        said = None
    match said:
        case {"link": link}:
            sender, ticket = browsers.by_link(link)
        case {"ticket": kept}:
            sender, ticket = browsers.by_ticket(kept)
        case {"username": username, "password": password}:
            sender, ticket = browsers.by_name(username, password)
        case _:
            raise problems.bad_request("The request names no device.", "Open the link of the device again.")
    return browsers.remember(jsonify(_described(sender) | {"ticket": ticket}), ticket)


@bp.get("/session")
@needs("public")
def session() -> Response:
    """Which device this browser is, and what it keeps its unsent interviews under; 204 if it is none."""
    if not browsers.carried():
        return Response(status=204)
    return browsers.renew(jsonify(_described(browsers.sender())))


@bp.delete("/session")
@needs("public")
def end() -> Response:
    """Be no device any more. Nothing is asked, so that a page can always lock itself."""
    return browsers.forget(Response(status=204))


@bp.get("/projects/<int:project_id>/blanks")
@needs("phone.list")
def blanks(project_id: int) -> Response:
    """The forms of the device, in one list."""
    sender = browsers.sender(project_id)
    assert sender.device_id is not None
    listed = [_blank(blank) for blank in filling.blanks(db.session, sender)]
    # A database that cannot be written to must not keep anybody from the forms.
    with suppress(DBAPIError):
        devices.note_call(state().engine, sender.device_id, sender.called_at)
    return jsonify(listed)


# --- within ------------------------------------------------------------------------------------------------------


def _root() -> str:
    """The address of the page, as the browser has it: no slash at its end."""
    return f"{request.script_root}{BROWSERS}"


def _described(sender: Sender) -> dict[str, Any]:
    device, mission = filling.place(db.session, sender)
    config = state().config
    return {
        "device": device.id,
        "name": device.display_name,
        # As Collect fills it in: the name it signs in with.
        "username": device.username or "",
        "mission": mission.name,
        "server": f"{_root()}/projects/{mission.id}",
        "secret": base64.b64encode(filling.secret(sender, state().keyring)).decode(),
        "test": sender.test_form_id is not None,
        "request": config.max_request,
        "largest": config.max_submission,
    }


def _blank(blank: filling.Blank) -> dict[str, Any]:
    offer = blank.offer
    return {
        "id": offer.file,
        "form": offer.xml_form_id,
        "version": offer.version,
        "title": offer.title.strip() or offer.xml_form_id,
        "md5": offer.md5,
        "encrypted": blank.encrypted,
        "lacks": [{"words": lack.words, "questions": lack.questions} for lack in blank.lacks],
        "xform": f"forms/{offer.file}.xml",
        "files": [{"name": one.name, "md5": one.md5, "path": one.path(offer.id)} for one in blank.files],
    }
