"""The language SAIF speaks to whoever asks: gettext, with the texts of `app/translations/*.po`.

A message is written in English where it is said, `_("Sent by %(name)s", name=name)`, and what it is in another
language stands in the catalogue of that language. A message without a translation stays English. `%` in a message
is written `%%`, in templates too (there `_`, `ngettext` and `pgettext` are those of `jinja2.ext.i18n`).
"""

import functools
import io
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from babel import negotiate_locale
from babel.lists import format_list
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import NullTranslations, Translations


@dataclass(frozen=True, slots=True)
class Language:
    """A language of the pages: its own name, and how its script runs, as HTML says it."""

    name: str
    direction: str = "ltr"


LANGUAGES: Final = {
    "en": Language("English"),
    "fr": Language("Français"),
    "es": Language("Español"),
    "ar": Language("العربية", "rtl"),
}
CATALOGUES: Final = Path(__file__).parent / "translations"

_spoken: ContextVar[str] = ContextVar("language", default="en")


def current() -> str:
    """The language spoken now: a key of `LANGUAGES`."""
    return _spoken.get()


def direction() -> str:
    """How the script of the language spoken now runs, as HTML says it: ltr or rtl."""
    return LANGUAGES[current()].direction


def speak(language: str) -> None:
    """From now on in this thread. For the doors, which say it anew for every request."""
    _spoken.set(language if language in LANGUAGES else "en")


@contextmanager
def spoken(language: str) -> Iterator[None]:
    """Within this block: for what is written for somebody who does not ask just now."""
    token = _spoken.set(language if language in LANGUAGES else "en")
    try:
        yield
    finally:
        _spoken.reset(token)


def preferred(wanted: list[str]) -> str:
    """The first of the languages a browser asks for (`Accept-Language`, best first) that SAIF speaks."""
    return negotiate_locale(wanted, LANGUAGES, sep="-") or "en"


def N_(message: str) -> str:  # noqa: N802 -- gettext's name for it
    """Marks a message of a table that is translated where it is shown."""
    return message


def _(message: str, **values: Any) -> str:
    """The message in the language spoken now, with its values."""
    return gettext(message) % values


def gettext(message: str) -> str:
    """As it stands in the catalogue, values not yet put in. The empty message is empty in every language."""
    return catalogue(current()).gettext(message) if message else ""


def ngettext(one: str, many: str, number: int, **values: Any) -> str:
    """The message for this number of things, which it calls `%(num)s`."""
    return nraw(one, many, number) % {"num": number, **values}


def nraw(one: str, many: str, number: int) -> str:
    """The form of the message for this number, values not yet put in."""
    return catalogue(current()).ngettext(one, many, number)


def pgettext(context: str, message: str, **values: Any) -> str:
    """A message that means more than one thing in English, told apart by its context."""
    return praw(context, message) % values


def praw(context: str, message: str) -> str:
    """The message of this context, values not yet put in."""
    return str(catalogue(current()).pgettext(context, message))


def alternatives(names: Iterable[str]) -> str:
    """`a`, `a or b`, `a, b, or c`, as it is written in the language spoken now."""
    return format_list(list(names), "or", current())


@functools.cache
def catalogue(language: str) -> NullTranslations:
    """The texts of a language, read once a process. What a translator marked as doubtful (fuzzy) is not shown."""
    path = CATALOGUES / f"{language}.po"
    if not path.exists():
        return NullTranslations()
    with path.open("rb") as file:
        texts = read_po(file, locale=language)
    compiled = io.BytesIO()
    write_mo(compiled, texts)
    compiled.seek(0)
    return Translations(compiled)
