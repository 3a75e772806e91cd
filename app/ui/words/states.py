"""How things stand: submissions, forms, reviews, versions, risks; and how that is coloured."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from app.language import N_, _

STATES: Final[Mapping[str, tuple[str, str]]] = {
    "received": (N_("Being read"), "info"),
    "normalised": (N_("In a case"), "good"),
    "waiting": (N_("Waiting"), "warn"),
    "opaque": (N_("Kept encrypted"), ""),
    "superseded": (N_("Edited since"), ""),
    "failed": (N_("Not readable"), "bad"),
    "deleted": (N_("Deleted"), ""),
}
"""State of a submission: in words, and how it is coloured."""

REVIEWS: Final[Mapping[str, tuple[str, str]]] = {
    "received": (N_("Not reviewed"), ""),
    "edited": (N_("Edited"), "info"),
    "hasIssues": (N_("Has issues"), "warn"),
    "approved": (N_("Approved"), "good"),
    "rejected": (N_("Rejected"), "bad"),
}
"""What a coordinator thinks of a submission, as Central says it."""

PENDING: Final[Mapping[str, str]] = {
    "approval": N_("waits for the submission to be approved"),
    "predecessor": N_("waits for an earlier change of its phone, five days at most"),
    "unknown": N_("waits for the submission that makes the entity"),
    "exists": N_("would make an entity that is there already"),
    "deleted": N_("would change an entity that was deleted"),
    "label": N_("would make an entity without a label"),
}
"""Why an action on an entity was not done, or not yet."""

VALIDATE: Final[Mapping[str | None, str]] = {
    None: N_("ODK Validate was not asked about this version."),
    "waiting": N_(
        "ODK Validate, which thinks as phones do, is still to look at it. What it objects to will stand here."
    ),
    "absent": N_(
        "ODK Validate was not run: this server has no Java. The converter and SAIF’s own checks were."
    ),
    "done": N_("ODK Validate looked at it, too."),
}
"""What became of ODK Validate, by the state of a version."""

RISK: Final[Mapping[str, str]] = {"low": "good", "medium": "warn", "high": "bad", "imminent": "bad"}
"""How a risk level is coloured."""


@dataclass(frozen=True, slots=True)
class FormStateWords:
    """How a form stands with phones: in a word, how it is coloured, and what it means for all and for a group."""

    word: str
    kind: str
    everybody: str
    group: str


FORM_STATES: Final[Mapping[str, FormStateWords]] = {
    "open": FormStateWords(
        N_("Open"),
        "good",
        N_("Every phone gets the form, and what it sends is taken."),
        N_("The phones of the group get the form, and what they send is taken."),
    ),
    "closing": FormStateWords(
        N_("Closing"),
        "warn",
        N_(
            "No new downloads: phones put the form away when they next look, finish what was begun, and what they "
            "hold is taken."
        ),
        N_(
            "No new downloads: the phones of the group put the form away, finish what was begun, and what they hold "
            "is taken."
        ),
    ),
    "closed": FormStateWords(
        N_("Closed"),
        "",
        N_(
            "Phones put the form away, and no new interview is taken: it stays on the phone until the form opens "
            "again. Repeats, late files and edits of what is here are taken."
        ),
        N_("The group gets nothing beyond what every phone gets."),
    ),
}
"""By the state of an assignment, the most open first."""


def form_states() -> dict[str, FormStateWords]:
    """All of them in the reader's language."""
    return {
        state: FormStateWords(_(said.word), said.kind, _(said.everybody), _(said.group))
        for state, said in FORM_STATES.items()
    }
