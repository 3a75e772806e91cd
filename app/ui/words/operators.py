"""How a column of the table of submissions is narrowed, in words."""

from collections.abc import Mapping
from typing import Final

from app.language import N_, _

_OPERATORS: Final[Mapping[str, str]] = {
    "is": N_("is"),
    "not": N_("is not"),
    "ge": N_("is at least"),
    "le": N_("is at most"),
    "begins": N_("begins with"),
    "contains": N_("contains"),
    "empty": N_("has no answer"),
    "filled": N_("has an answer"),
}


def operator_words(operator: str) -> str:
    """How a column is compared with a value."""
    return _(_OPERATORS[operator])
