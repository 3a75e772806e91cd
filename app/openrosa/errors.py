"""What a phone is told: OpenRosa's transactional response, for success and for every error."""

from collections.abc import Mapping
from typing import Final
from xml.sax.saxutils import escape

from flask import Response

from app.problems import Problem
from app.state import state

XML: Final = "text/xml; charset=utf-8"
KEEP: Final = "Keep your interviews on the phone and show this message to your coordinator."
"""What to do where the problem itself does not say: whoever holds the phone can mend nothing, and must lose nothing."""

# Said to a person in the field, who sees neither addresses nor status codes, and cannot shrink a finished picture: what
# happened, where the problem's own words are for others, and what to do.
_IN_THE_FIELD: Final[Mapping[str, tuple[str, str]]] = {
    "not_found": ("The server has nothing at the address this phone asked for.", KEEP),
    "method_not_allowed": ("The phone asked the server for something it does not do.", KEEP),
    "too_large": ("", f"{KEEP} The server can be set to take more."),
    "internal": (
        "Something went wrong on the server. Nothing is lost.",
        "Keep the interview on the phone and send it again later; if this comes back, tell your coordinator the time.",
    ),
}


def message(text: str, *, nature: str, status: int) -> Response:
    """An OpenRosaResponse. Collect shows its text to the person, whatever the status."""
    return Response(document(text, nature=nature, items=int(status == 201)), status, content_type=XML)


def document(text: str, *, nature: str, items: int = 0) -> bytes:
    """The XML of an OpenRosaResponse (docs.getodk.org/openrosa-form-submission)."""
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<OpenRosaResponse xmlns="http://openrosa.org/http/response" items="{items}">'
        f'<message nature="{nature}">{escape(text)}</message></OpenRosaResponse>\n'
    ).encode()


def render(problem: Problem) -> Response:
    """A Problem as the person who holds the phone sees it."""
    return message(words(problem), nature="error", status=problem.status)


def words(problem: Problem) -> str:
    """What happened, and what to do about it."""
    what, mend = _IN_THE_FIELD.get(problem.code, ("", problem.mend or KEEP))
    return f"{what or problem.detail or f'{problem.title}.'} {mend}"


def with_headers(response: Response) -> Response:
    """The headers OpenRosa wants on every answer, errors included. An error is never kept in a cache."""
    response.headers.update(headers(state().config.max_request))
    response.headers.setdefault(
        "Cache-Control", "private, no-cache" if response.status_code < 400 else "no-store"
    )
    return response


def headers(max_request: int) -> dict[str, str]:
    """The version of OpenRosa that is spoken, and the bytes a phone is asked to keep a request under."""
    return {"X-OpenRosa-Version": "1.0", "X-OpenRosa-Accept-Content-Length": str(max_request)}
