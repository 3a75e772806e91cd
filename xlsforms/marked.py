"""Texts of these packages that the pages show in their reader's language: written in English, and marked.

A text with values is `worded("Row %(row)s is empty.", row=3)`: its English words, with the message and its values beside
them, so that whoever shows it can say it anew. A text without values is marked by `N_`, and is its own message.
"""

from collections.abc import Iterable, Mapping
from functools import reduce
from typing import Any


def N_(message: str) -> str:  # noqa: N802 -- gettext's name for it
    """The text as it is; what collects texts for translators finds it by this name."""
    return message


class Worded(str):
    """A text in English that knows how it was made: `message` % `values`."""

    __slots__ = ("message", "values")

    message: str
    values: Mapping[str, str]

    def __new__(cls, message: str, values: Mapping[str, str]) -> "Worded":
        made = super().__new__(cls, message % values if values else message)
        made.message, made.values = message, values
        return made

    def __reduce__(self) -> tuple[Any, ...]:
        return Worded, (self.message, self.values)

    def to_json(self) -> dict[str, Any]:
        """`message`, and `values` by name: texts, or such objects."""
        values = {
            name: one.to_json() if isinstance(one, Worded) else one for name, one in self.values.items()
        }
        return {"message": self.message, "values": values}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "Worded":
        values = {
            name: one if isinstance(one, str) else cls.from_json(one) for name, one in data["values"].items()
        }
        return cls(data["message"], values)


def worded(message: str, /, **values: Any) -> Worded:
    """The message with its values put in, `%(name)s`; a percent sign beside them is `%%`. A value may be such a text
    itself: `worded(one)` of a text marked by `N_`."""
    if isinstance(message, Worded) and not values:
        return message
    return Worded(
        message, {name: one if isinstance(one, Worded) else str(one) for name, one in values.items()}
    )


def every(names: Iterable[str]) -> str:
    """`a`, `a and b`, `a and b and c`."""
    return reduce(lambda one, other: worded("%(one)s and %(other)s", one=one, other=other), names)


def either(names: Iterable[str]) -> str:
    """`a`, `a or b`, `a or b or c`."""
    return reduce(lambda one, other: worded("%(one)s or %(other)s", one=one, other=other), names)
