"""Problems as the page for interviews gets them: a code for its script, and words for the person in front of it."""

from collections.abc import Mapping
from typing import Final

from flask import Response, jsonify

from app.language import N_, _
from app.problems import Problem
from submissions.envelope import CODES

KEEP: Final = N_("It stays in this browser; show this message to your coordinator.")

_IN_A_BROWSER: Final[Mapping[str, tuple[str, str]]] = {
    "sign_in_needed": ("", N_("Open a new link of the device, or sign in with its user name and password.")),
    "wrong_credentials": (
        N_("The user name or the password is wrong."),
        N_("Write them exactly as your coordinator gave them to you."),
    ),
    "unknown_device": (
        N_("The server does not accept this browser: its access was never given, or was withdrawn."),
        N_("Nothing that was not sent is lost. Ask your coordinator for a new link."),
    ),
    "not_found": (N_("The server has nothing at the address this page asked for."), KEEP),
    "too_large": (
        "",
        N_(
            "It stays in this browser; show this message to your coordinator. The server can be set to take more."
        ),
    ),
    "internal": (
        N_("Something went wrong on the server. Nothing is lost."),
        N_("Send the interview again later; if this comes back, tell your coordinator the time."),
    ),
}

_KEPT: Final = CODES | {"unknown_form"}
"""Problems that tell somebody who holds a phone what to do with it."""


def render(problem: Problem) -> Response:
    """A Problem as JSON: `code` and `message`."""
    what, mend = map(_, _IN_A_BROWSER.get(problem.code, ("", "")))
    what = what or problem.detail or f"{problem.title}."
    if not mend:
        mend = _(KEEP) if problem.code in _KEPT else problem.mend or _(KEEP)
    response = jsonify(code=problem.code, message=f"{what} {mend}")
    response.status_code = problem.status
    return response
