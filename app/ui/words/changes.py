"""What a change between two versions of a form is called on the pages."""

from collections.abc import Mapping
from typing import Final

from app.language import N_

EFFECTS: Final[Mapping[str, str]] = {
    "safe": N_("safe"),
    "widening": N_("widening"),
    "narrowing": N_("narrowing"),
    "lossy": N_("lossy"),
}
"""What it does to answers already collected (`xlsforms.diff`)."""
KINDS: Final[Mapping[str, str]] = {
    "form": N_("form"),
    "question": N_("question"),
    "choice": N_("choice"),
    "label": N_("label"),
    "logic": N_("logic"),
    "mapping": N_("mapping"),
}
"""What it is about."""
