"""What is made once for a form, a mapping, a dictionary, and kept: a worker reads thousands of submissions
by the same few."""

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

_LIMIT = 256

Made = TypeVar("Made")


def once(make: Callable[..., Made]) -> Callable[..., Made]:
    """Keep what `make` gives for the very objects it was given: by identity, because to hash or compare a
    whole form would cost more than to make it anew."""
    kept: dict[tuple[int, ...], tuple[tuple[Any, ...], Made]] = {}

    @wraps(make)
    def made(*of: Any) -> Made:
        key = tuple(map(id, of))
        if (found := kept.get(key)) is None:
            if len(kept) >= _LIMIT:
                kept.clear()
            found = kept[key] = (of, make(*of))  # holding on to the objects keeps their identities theirs
        return found[1]

    return made
