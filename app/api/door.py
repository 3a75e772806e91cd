"""What the resources of the REST interface have in common: how a request is read and refused."""

from collections.abc import Iterator
from typing import Any, Final, NoReturn
from urllib.parse import unquote

from flask import Response, json, jsonify, request
from flask_smorest import Api, Blueprint
from flask_smorest.utils import prepare_response
from marshmallow import ValidationError
from webargs.flaskparser import FlaskParser

from app import problems
from app.api.schemas.fields import PROBLEM
from app.db import db
from app.exports.spool import Spool
from app.models import Mission
from app.services import missions

_PIECE: Final = 64 * 1024


class Parser(FlaskParser):
    """Reads parameters and bodies by a schema; what does not fit is a Problem, without what was sent."""

    DEFAULT_VALIDATION_STATUS = 400

    def handle_error(self, error: ValidationError, *_: Any, **__: Any) -> NoReturn:
        """Name the parameters at fault, never their values."""
        assert isinstance(error.messages, dict)
        by_name = {str(key): said for place in error.messages.values() for key, said in place.items()}
        problem = problems.invalid(
            f"Look at: {', '.join(sorted(by_name))}.", "Send what the interface describes."
        )
        problem.details["fields"] = by_name
        raise problem from None

    def _handle_invalid_json_error(self, *_: Any, **__: Any) -> NoReturn:
        raise problems.bad_request("The body is not JSON.") from None


class Door(Blueprint):
    """A group of resources below /v1."""

    ARGUMENTS_PARSER = Parser()


class Interface(Api):
    """The description of all of them. Errors are rendered by the application, in one format."""

    def _register_error_handlers(self) -> None:
        """Flask-smorest's own handler would drop headers such as Allow."""

    def _register_responses(self) -> None:
        for name in ("DEFAULT_ERROR", "BAD_REQUEST"):
            response = {"description": "What went wrong, and what to do about it.", "schema": PROBLEM}
            prepare_response(response, self.spec, "application/problem+json")
            self.spec.components.response(name, response, lazy=True)


def project(project_id: int) -> Mission:
    """The mission of the URL. Raises the Problem `not_found`."""
    return missions.get(db.session, project_id)


def body(limit: int) -> bytes:
    """The whole body, with a length or in chunks. Raises the Problem `too_large` beyond the limit in bytes,
    `bad_request` if it broke off."""
    if request.content_length is not None and request.content_length > limit:
        raise problems.too_large(limit)
    content = bytearray()
    for piece in pieces():
        content += piece
        if len(content) > limit:
            raise problems.too_large(limit)
    return bytes(content)


def pieces() -> Iterator[bytes]:
    """The body, piece by piece, with a length or in chunks. Raises the Problem `bad_request` if it broke off:
    the server below says so of chunks, but of a body that is shorter than its length it does not."""
    size = 0
    while piece := request.stream.read(_PIECE):
        size += len(piece)
        yield piece
    if request.content_length is not None and size < request.content_length:
        raise problems.bad_request("The body broke off on its way.", "Send it again.")


def header(name: str) -> str | None:
    """A header that clients percent-encode, because it may hold any letter."""
    value = request.headers.get(name)
    return unquote(value).strip() or None if value else None


def success() -> Response:
    """What ODK Central says when there is nothing else to say."""
    return jsonify(success=True)


def line(shown: Any) -> str:
    """One value of a streamed list."""
    return json.dumps(shown)


RAW_BODY = {
    "content": {"*/*": {"schema": {"type": "string", "format": "binary"}}},
    "required": True,
}


def spooled(pieces: Iterator[str]) -> Response:
    """A long answer in constant memory. It is made before its first byte leaves: what fails is still a problem,
    and no slow caller holds a connection to the database."""
    spool = Spool.of(piece.encode() for piece in pieces)
    response = Response(spool.drain(), mimetype="application/json")
    response.call_on_close(spool.close)
    return response


RAW_XML = {
    "content": {"application/xml": {"schema": {"type": "string", "format": "binary"}}},
    "required": True,
}
