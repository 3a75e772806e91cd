"""The language SAIF speaks to whoever asks: gettext, with the texts of `app/translations/*.po`.

A message is written in English where it is said, `_("Sent by %(name)s", name=name)`, and what it is in another
language stands in the catalogue of that language. A message without a translation stays English. `%` in a message
is written `%%`, in templates too: there `_`, `ngettext` and `pgettext` are `MARKED`, whose messages may hold HTML.
"""

import functools
import io
from collections.abc import Callable, Iterable, Iterator, Mapping
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
from markupsafe import Markup, escape

from xlsforms.marked import N_ as N_


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


def _(message: str, **values: Any) -> str:
    """The message in the language spoken now, with its values."""
    return gettext(message) % values


def gettext(message: str) -> str:
    """As it stands in the catalogue, values not yet put in. The empty message is empty in every language."""
    return catalogue(current()).gettext(message) if message else ""


def ngettext(one: str, many: str, number: int, **values: Any) -> str:
    """The message for this number of things, which it calls `%(num)s`."""
    return catalogue(current()).ngettext(one, many, number) % {"num": number, **values}


def alternatives(names: Iterable[str]) -> str:
    """`a`, `a or b`, `a, b, or c`, as it is written in the language spoken now."""
    return format_list(list(names), "or", current())


def _marked(message: str, /, **values: Any) -> Markup:
    return _put(gettext(message), values) if values else _fixed(current(), message)


def _nmarked(one: str, many: str, number: int, /, **values: Any) -> Markup:
    return _put(catalogue(current()).ngettext(one, many, number), {"num": number, **values})


def _pmarked(context: str, message: str, /, **values: Any) -> Markup:
    return _put(str(catalogue(current()).pgettext(context, message)), values)


def _put(message: str, values: Mapping[str, Any]) -> Markup:
    said = message % {name: escape(value) for name, value in values.items()}
    return Markup(said)  # noqa: S704 -- the message is ours or a translator's, and every value is escaped


@functools.lru_cache(maxsize=8192)
def _fixed(language: str, message: str) -> Markup:
    """A message without values, put in once: many are said hundreds of times on one page."""
    return _put(catalogue(language).gettext(message) if message else "", {})


MARKED: Final[Mapping[str, Callable[..., Markup]]] = {
    "_": _marked,
    "ngettext": _nmarked,
    "pgettext": _pmarked,
}
"""By the name templates call them: what is put into a message is escaped, the message itself is not."""


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
