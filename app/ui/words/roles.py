"""What the roles are called."""

from collections.abc import Mapping
from typing import Final

from app.language import N_, _

ROLE_NAMES: Final[Mapping[str, str]] = {
    "form_designer": N_("form designer"),
    "coordinator": N_("coordinator"),
    "administrator": N_("administrator"),
}


def role_name(role: str) -> str:
    """A role, as one says it in a sentence."""
    return _(ROLE_NAMES[role])
