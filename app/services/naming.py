"""Names people give to things: trimmed, printable, not endless."""

from typing import Final

from app import problems
from app.language import N_, _

NAMED: Final = (
    *(N_("A person"), N_("A mission"), N_("An interviewer"), N_("A group"), N_("A device"), N_("A view")),
    *(N_("A token"), N_("A download"), N_("An organisation")),
)
"""What has a name."""


def clean(name: str, *, what: str, longest: int = 100) -> str:
    """The name of one of `NAMED` as it is kept. Raises the Problem `invalid` if it is empty, too long or not
    printable."""
    name = name.strip()
    if not name or len(name) > longest or not name.isprintable():
        raise problems.invalid(
            _(
                "%(what)s needs a name of at most %(longest)s characters, all of them visible.",
                what=_(what),
                longest=longest,
            )
        )
    return name
