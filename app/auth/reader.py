"""In which language somebody is answered: pages in the reader's own, programs and phones in English."""

from flask import Flask, request

from app import language
from app.auth import identity
from app.auth.guard import BROWSERS


def init_app(app: Flask) -> None:
    """Say it before anything else is said, refusals too, and give templates their `_`, `ngettext` and `pgettext`."""
    app.before_request(_speak)
    app.jinja_env.globals.update(language.MARKED, spoken=language.current, direction=language.direction)


def _speak() -> None:
    of_programs = request.path.startswith(("/v1/", "/static/"))
    language.speak("en" if of_programs else _own())


def _own() -> str:
    """The language a person chose, else the browser's; that alone where a browser is a device: it sends interviews
    there, and nobody's session is looked up for one."""
    known = None if request.path.startswith(BROWSERS) else identity.user()
    return known.locale if known else language.preferred(list(request.accept_languages.values()))
