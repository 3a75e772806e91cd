"""Problems as the page for interviews gets them: a code for its script, and words for the person in front of it."""

from collections.abc import Mapping
from typing import Final

from flask import Response, jsonify

from app.problems import Problem

KEEP: Final = "It stays in this browser; show this message to your coordinator."

_IN_A_BROWSER: Final[Mapping[str, tuple[str, str]]] = {
    "sign_in_needed": ("", "Open a new link of the device, or sign in with its user name and password."),
    "wrong_credentials": (
        "The user name or the password is wrong.",
        "Write them exactly as your coordinator gave them to you.",
    ),
    "unknown_device": (
        "The server does not accept this browser: its access was never given, or was withdrawn.",
        "Nothing that was not sent is lost. Ask your coordinator for a new link.",
    ),
    "not_found": ("The server has nothing at the address this page asked for.", KEEP),
    "too_large": ("", f"{KEEP} The server can be set to take more."),
    "internal": (
        "Something went wrong on the server. Nothing is lost.",
        "Send the interview again later; if this comes back, tell your coordinator the time.",
    ),
}


def render(problem: Problem) -> Response:
    """A Problem as JSON: `code` and `message`."""
    # What a phone's holder is told to do with it is nothing to somebody who has none.
    mend = KEEP if "phone" in problem.mend else problem.mend or KEEP
    what, mend = _IN_A_BROWSER.get(problem.code, ("", mend))
    response = jsonify(code=problem.code, message=f"{what or problem.detail or f'{problem.title}.'} {mend}")
    response.status_code = problem.status
    return response
