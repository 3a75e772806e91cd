"""The known word nearest to one that is not known, found in bounded time: words come from uploaded files."""

from collections.abc import Iterable
from difflib import get_close_matches
from itertools import islice

_LONGEST = 80
_CANDIDATES = 50


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The nearest of the known words, None if none is near. Only words of about the same length that begin
    or end alike are compared letter by letter, and not more than 50 of them."""
    if not word or len(word) > _LONGEST:
        return None
    alike = (
        one
        for one in known
        if abs(len(one) - len(word)) <= 3 + len(word) // 3 and (one[:1] == word[:1] or one[-1:] == word[-1:])
    )
    return next(iter(get_close_matches(word, list(islice(alike, _CANDIDATES)), n=1)), None)
