"""What a file that came with a submission is called.

Collect gives a part the same name twice: as the part's name, which has to match an element of the submission
(docs.getodk.org/openrosa-form-submission), and as the file's. Other clients write a general word in one of the two
places, send a path, or the same letters in another Unicode form. The submission decides: a file goes by the name that
an answer gives it.
"""

import re
import unicodedata
from collections.abc import Collection, Iterator
from typing import Final
from xml.sax.saxutils import unescape

from app.services.receive import MAX_NAME

_TEXT: Final = re.compile(rb">([^<>]{1,4000})<")
_QUOTED: Final = re.compile(r'(?:^|;)\s*(name|filename)\s*=\s*"((?:[^"\\]|\\.)*)"', re.IGNORECASE | re.DOTALL)
_LONGEST: Final = 3 * MAX_NAME
"""Characters of a head that are looked at: names twice, and an allowance for escapes. What is longer costs no time."""


def texts(xml: bytes) -> frozenset[str]:
    """Every text an element of a submission holds, as it would name a file."""
    found = {text.strip() for text in _TEXT.findall(xml)}
    return frozenset(unescape(text.decode("utf-8", "replace")) for text in found if text)


def unescaped(disposition: str) -> dict[str, str]:
    """`name` and `filename` of a Content-Disposition as HTML forms and OkHttp, Collect's HTTP library, write them: a
    backslash is a backslash, where RFC 9110 has it escape what follows."""
    if len(disposition) > _LONGEST:
        return {}
    return {
        key.lower(): value.replace('\\"', '"').replace("%22", '"')
        for key, value in _QUOTED.findall(disposition)
    }


def possible(*said: str | None) -> list[str]:
    """The names a file may go by, the likeliest first, from what its part says; empty if that is nothing."""
    forms = (
        name
        for word in said
        if word and len(word) <= _LONGEST
        for name in _forms(word)
        if len(name) <= MAX_NAME
    )
    return list(dict.fromkeys(forms))


def choose(names: list[str], named: Collection[str], taken: Collection[str]) -> str:
    """The name an answer gives a file; for one that no answer names, the first that no other file has."""
    for name in names:
        if name in named:
            return name
    return next((name for name in names if name not in taken), names[0])


def _forms(word: str) -> Iterator[str]:
    yield word
    # As HTML forms and OkHttp write line breaks in a name.
    plain = word.replace("%0A", "\n").replace("%0D", "\r")
    bare = plain[max(plain.rfind("/"), plain.rfind("\\")) + 1 :]
    for name in (plain, bare):
        if name:
            yield name
            yield from (unicodedata.normalize(form, name) for form in ("NFC", "NFD"))
