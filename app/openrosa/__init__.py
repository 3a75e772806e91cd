"""The door for phones: OpenRosa as ODK Collect speaks it. Which phone it is, a secret token in the URL says, or a user
name with its password; a browser that is a device shows a ticket."""

from contextlib import ExitStack, suppress
from typing import Final
from uuid import UUID

from flask import Blueprint, Flask, Response, request
from sqlalchemy.exc import DBAPIError

from app import multipart
from app.auth import BROWSERS, PHONES, browsers, needs
from app.auth import phones as named
from app.db import connect_to_glance, db
from app.openrosa import documents, errors
from app.openrosa.downloads import file, stream, xml
from app.services import devices, phones, receive
from app.services.receive import Sender
from app.state import state

bp = Blueprint("openrosa", __name__)

# Collect knows this very text and shows it in the person's language.
_SUCCESS: Final = "full submission upload was successful!"
_PIECE: Final = 64 * 1024
_MAX_IDS: Final = 10_000
_BROWSER: Final = "browser"


def init_app(app: Flask) -> None:
    """Open the door: three times the same, with a token in the address and twice without."""
    app.register_blueprint(bp, url_prefix="/v1/key/<token>/projects/<int:project_id>")
    app.register_blueprint(
        bp, name="named", url_prefix="/v1/phone/projects/<int:project_id>", url_defaults={"token": None}
    )
    app.register_blueprint(
        bp,
        name=_BROWSER,
        url_prefix=f"{BROWSERS}/projects/<int:project_id>",
        url_defaults={"token": None},
    )
    app.after_request(_with_headers)
    app.after_request(_read_out)


def _with_headers(response: Response) -> Response:
    """Also on what Flask answers by itself below a phone's address."""
    return errors.with_headers(response) if request.path.startswith(PHONES) else response


def _read_out(response: Response) -> Response:
    """Read what is left of a body that is refused. Otherwise the connection is closed while the phone still sends, and
    what it shows is an error of the network instead of our words."""
    if (
        response.status_code >= 400
        and request.method == "POST"
        and request.path.startswith((*PHONES, BROWSERS))
    ):
        # It may be too large to be read to the end, or have broken off, which is another error with each server.
        with suppress(Exception):
            while request.stream.read(_PIECE):
                pass
    return response


@bp.get("/formList")
@needs("phone.list")
def form_list(token: str | None, project_id: int) -> Response:
    """The forms this phone gets."""
    sender = _sender(token, project_id)
    offers = phones.offers(
        db.session,
        sender,
        xml_form_id=request.args.get("formID"),
        every_version=request.args.get("listAllVersions") == "true",
    )
    _note_call(sender)
    verbose = request.args.get("verbose") == "true"
    return xml(documents.form_list(offers, _base(token, project_id), verbose=verbose))


@bp.get("/forms/<uuid:version_id>.xml")
@needs("phone.form")
def form(token: str | None, project_id: int, version_id: UUID) -> Response:
    """A form, byte for byte as its hash was listed."""
    return file(phones.xform(db.session, _sender(token, project_id), version_id))


@bp.get("/forms/<uuid:version_id>/manifest")
@needs("phone.form")
def manifest(token: str | None, project_id: int, version_id: UUID) -> Response:
    """The files a form wants."""
    files = phones.manifest(db.session, _sender(token, project_id), version_id)
    base = _base(token, project_id)
    urls = {one.name: f"{base}/{one.path(version_id)}" for one in files}
    return xml(documents.manifest(files, urls))


@bp.get("/forms/<uuid:version_id>/media/<path:name>")
@needs("phone.form")
def media(token: str | None, project_id: int, version_id: UUID, name: str) -> Response:
    """A file that was uploaded with a form."""
    return file(phones.media(db.session, _sender(token, project_id), version_id, name))


@bp.get(f"/{phones.MISSION}")
@needs("phone.form")
def mission_list(token: str | None, project_id: int) -> Response:
    """The mission, as the forms read it."""
    return file(phones.mission_list(db.session, _sender(token, project_id)))


@bp.get(f"/{phones.CASES}")
@needs("phone.form")
def case_list(token: str | None, project_id: int) -> Response:
    """The cases this phone may continue."""
    sender = _sender(token, project_id)
    return stream(phones.case_tag(db.session, sender), phones.case_list(db.session, sender), phones.CSV)


@bp.get("/cases/integrity")
@needs("phone.form")
def integrity(token: str | None, project_id: int) -> Response:
    """Which of its cases this phone should drop."""
    sender = _sender(token, project_id)
    return xml(documents.integrity(phones.deleted_cases(db.session, sender, _ids())))


@bp.get("/lists/<name>.csv")
@needs("phone.form")
def entity_list(token: str | None, project_id: int, name: str) -> Response:
    """Entities to choose from, and to change."""
    found = phones.entity_list(db.session, _sender(token, project_id), state().keyring, name)
    return stream(found.tag, found.pieces, phones.CSV)


@bp.get("/lists/<name>/integrity")
@needs("phone.form")
def entity_integrity(token: str | None, project_id: int, name: str) -> Response:
    """Which of its entities this phone should drop."""
    sender = _sender(token, project_id)
    return xml(documents.integrity(phones.deleted_entities(db.session, sender, name, _ids())))


@bp.route("/submission", methods=["HEAD"])
@needs("phone.submit")
def before_submission(token: str | None, project_id: int) -> Response:
    """Asked once before a batch: whether this is the place, and how large a request may be."""
    _sender(token, project_id)
    return Response(status=204)


@bp.post("/submission")
@needs("phone.submit")
def submission(token: str | None, project_id: int) -> Response:
    """Take an interview in. 201 once it is stored; a repeat is a success too."""
    sender = _sender(token, project_id)
    with ExitStack() as opened:
        sent = multipart.of_request(opened)
        state().inbox.receive(sender, xml=sent.xml, files=sent.files, phone=request.args.get("deviceID"))
    return errors.message(_SUCCESS, nature="submit_success", status=201)


# --- within ------------------------------------------------------------------------------------------------------


def _sender(token: str | None, project_id: int) -> Sender:
    """The phone that asks. On a connection that is given back at once: bodies are long, connections few."""
    if request.blueprint == _BROWSER:
        return browsers.sender(project_id)
    if token is None:
        return named.sender(project_id)
    with connect_to_glance(state().engine) as connection:
        return receive.admit(connection, token=token, mission_id=project_id, keyring=state().keyring)


def _note_call(sender: Sender) -> None:
    """For the list of devices. A database that cannot be written to must not keep a phone from its forms."""
    assert sender.device_id is not None
    with suppress(DBAPIError):
        devices.note_call(state().engine, sender.device_id, sender.called_at)


def _base(token: str | None, project_id: int) -> str:
    """The phone's server URL as the world outside sees it, without the deviceID that phones add everywhere."""
    root = state().config.url or request.url_root.rstrip("/")
    if request.blueprint == _BROWSER:
        return f"{root}{BROWSERS}/projects/{project_id}"
    return devices.server_url(root, project_id, token)


def _ids() -> list[UUID]:
    """What a phone asks about. An id that is no UUID is none of ours."""
    ids = []
    for text in request.args.get("id", "").split(",")[:_MAX_IDS]:
        with suppress(ValueError):
            ids.append(UUID(text.strip()))
    return ids
