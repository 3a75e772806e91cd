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

_SENTENCES: Final[Mapping[str, str]] = {
    "is": N_("%(question)s is %(value)s"),
    "not": N_("%(question)s is not %(value)s"),
    "ge": N_("%(question)s is at least %(value)s"),
    "le": N_("%(question)s is at most %(value)s"),
    "begins": N_("%(question)s begins with %(value)s"),
    "contains": N_("%(question)s contains %(value)s"),
    "empty": N_("%(question)s has no answer"),
    "filled": N_("%(question)s has an answer"),
}
"""A filter by an answer as a sentence, by its operator."""


def operator_words(operator: str) -> str:
    """How a column is compared with a value."""
    return _(_OPERATORS[operator])


def filter_words(operator: str, *, question: str, value: str) -> str:
    """What a filter by an answer keeps: `Age is at least 18`."""
    return _(_SENTENCES[operator], question=question, value=value)
