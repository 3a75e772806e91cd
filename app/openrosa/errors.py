"""What a phone is told: OpenRosa's transactional response, for success and for every error."""

from typing import Final
from xml.sax.saxutils import escape

from flask import Response

from app.problems import Problem
from app.state import state

XML: Final = "text/xml; charset=utf-8"


def message(text: str, *, nature: str, status: int) -> Response:
    """An OpenRosaResponse. Collect shows its text to the person, whatever the status."""
    body = (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<OpenRosaResponse xmlns="http://openrosa.org/http/response" items="{1 if status == 201 else 0}">'
        f'<message nature="{nature}">{escape(text)}</message></OpenRosaResponse>\n'
    )
    return with_headers(Response(body, status, content_type=XML))


def render(problem: Problem) -> Response:
    """A Problem as the person who holds the phone sees it."""
    return message(problem.message, nature="error", status=problem.status)


def with_headers(response: Response) -> Response:
    """The headers OpenRosa wants on every answer, errors included."""
    response.headers["X-OpenRosa-Version"] = "1.0"
    response.headers["X-OpenRosa-Accept-Content-Length"] = str(state().config.max_request)
    response.headers.setdefault("Cache-Control", "no-cache")
    return response
