"""Problems as pages: what happened, where, and how to mend it. To a script of a page that asks for it, as JSON."""

from typing import Final

from flask import Response, current_app, json, make_response, render_template, request

from app.problems import Problem

_WORDS: Final = {
    400: ("The server could not read what the browser sent.", "Load the page again and repeat what you did."),
    404: ("There is no such page.", "Check the address, or begin at the home page."),
    405: ("This address takes no such request.", "Begin at the home page."),
    413: ("What was sent is larger than this server takes.", "Send a smaller file."),
    429: ("That was too often in too short a time.", "Wait a minute, then try again."),
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
            detail=problem.detail or detail,
            mend=problem.mend or mend,
            next=onward,
        )
    except Exception:  # noqa: BLE001 -- an error page that fails (no database, say) must not hide the error
        current_app.logger.warning("the error page could not be rendered")
        response = make_response(f"{problem.title}. {problem.message}\n", problem.status)
        response.mimetype = "text/plain"
        return response
    return make_response(page, problem.status)
