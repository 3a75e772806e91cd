"""Problems as pages: what happened, where, and how to mend it. To a script of a page that asks for it, as JSON."""

from typing import Final

from flask import Response, current_app, json, make_response, render_template, request

from app.language import N_, _
from app.problems import Problem

_WORDS: Final = {
    400: (
        N_("The server could not read what the browser sent."),
        N_("Load the page again and repeat what you did."),
    ),
    404: (N_("There is no such page."), N_("Check the address, or begin at the home page.")),
    405: (N_("This address takes no such request."), N_("Begin at the home page.")),
    413: (N_("What was sent is larger than this server takes."), N_("Send a smaller file.")),
    429: (N_("That was too often in too short a time."), N_("Wait a minute, then try again.")),
}
"""What happened and how to mend it, where the framework said no more than a status."""
_JSON: Final = "application/problem+json"


def render(problem: Problem) -> Response:
    """A page for a Problem. If the page itself cannot be made, a bare text says the same."""
    if request.headers.get("Accept") == _JSON:
        body = {
            "title": problem.title,
            "problem": problem.code,
            "message": problem.message,
            **problem.details,
        }
        return Response(json.dumps(body), problem.status, mimetype=_JSON)
    onward = request.full_path.rstrip("?") if request.method == "GET" else "/"
    try:
        detail, mend = _WORDS.get(problem.status, ("", ""))
        page = render_template(
            "error.html",
            problem=problem,
            detail=problem.detail or _(detail),
            mend=problem.mend or _(mend),
            next=onward,
        )
    except Exception:  # noqa: BLE001 -- an error page that fails (no database, say) must not hide the error
        current_app.logger.warning("the error page could not be rendered")
        response = make_response(f"{problem.title}. {problem.message}\n", problem.status)
        response.mimetype = "text/plain"
        return response
    return make_response(page, problem.status)
