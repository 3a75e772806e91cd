"""Who is asking, and whether they may: between the doors and the services.

`identity` knows people by their session, `reader` the language they read, `phones` the phones that have a user name,
`browsers` the browsers that are devices, `guard` refuses every request that no action of `app.policy` allows.
"""

from flask import Flask

from app.auth import guard, reader
from app.auth.guard import BROWSERS, PHONES, action_of, csrf_token, needs
from app.auth.identity import actor, safe_next, sign_in, sign_out, user

__all__ = [
    "BROWSERS",
    "PHONES",
    "action_of",
    "actor",
    "csrf_token",
    "init_app",
    "needs",
    "safe_next",
    "sign_in",
    "sign_out",
    "user",
]


def init_app(app: Flask) -> None:
    """Know who asks before any door is entered, and guard the doors."""
    reader.init_app(app)
    guard.init_app(app)
