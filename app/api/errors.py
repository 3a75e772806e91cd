"""How the REST interface says no: a problem (RFC 9457) that is also an error as ODK Central writes them.

Central's scripts read `code` (a number whose whole part is the HTTP status), `message` and `details`; people
read `title`, `detail` and `mend`; `problem` is our own stable name of it.
"""

from collections.abc import Mapping
from typing import Any, Final

from flask import Response, json, request

from app.problems import Problem

CODES: Final[Mapping[str, float]] = {
    "bad_request": 400.1,
    "invalid": 400.8,
    "form_refused": 400.15,
    "form_warnings": 400.16,
    "reason_needed": 400.2,
    "bad_cursor": 400.8,
    "not_a_submission": 400.1,
    "sign_in_needed": 401.2,
    "wrong_credentials": 401.2,
    "not_allowed": 403.1,
    "not_found": 404.1,
    "unknown_form": 404.1,
    "other_content": 409.1,
    "closed_form": 409.2,
    "closed_mission": 409.2,
    "conflict": 409.3,
    "version_taken": 409.6,
    "outdated_edit": 409.9,
    "entity_changed": 409.15,
    "internal": 500.1,
}
"""Our code of a problem → Central's. Any other has its HTTP status for a code."""


def render(problem: Problem) -> Response:
    """The problem as a response of the REST interface."""
    code = CODES.get(problem.code, problem.status)
    status = int(code)
    body = {
        "type": "about:blank",
        "title": problem.title,
        "status": status,
        "detail": problem.detail,
        "mend": problem.mend,
        "problem": problem.code,
        "code": code,
        "message": problem.message,
        "details": _details(problem),
    }
    response = Response(json.dumps(body), status, mimetype="application/problem+json")
    if status == 401:
        response.headers["WWW-Authenticate"] = "Bearer"  # RFC 9110, section 15.5.2
        if request.method in ("GET", "HEAD"):
            # Excel shows who it is only when asked: the name of a person, and one of their access tokens.
            response.headers.add("WWW-Authenticate", 'Basic realm="SAIF", charset="UTF-8"')
    return response


def _details(problem: Problem) -> dict[str, Any]:
    """What programs read. About a form, also in the two shapes Central has for it."""
    details = dict(problem.details)
    findings: list[dict[str, Any]] = details.get("findings", [])
    if problem.code == "form_refused":
        details["error"] = " ".join(one["message"] for one in findings if one["severity"] == "error")
        details["warnings"] = [one["message"] for one in findings if one["severity"] == "warning"]
    elif problem.code == "form_warnings":
        said = [one["message"] for one in findings]
        details["warnings"] = {"xlsFormWarnings": said, "workflowWarnings": []}
    return details
