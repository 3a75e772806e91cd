"""What a decision about a case did, and what was recorded of it."""

from collections.abc import Mapping
from typing import Final

from app.language import N_

DECISIONS: Final[Mapping[str, str]] = {
    "attach": N_("Interview attached"),
    "detach": N_("Interview taken out"),
    "merge": N_("Merged into another case"),
    "unmerge": N_("Merge undone"),
    "correct": N_("Corrected"),
    "assign": N_("Given to an interviewer"),
    "close": N_("Closed"),
    "reopen": N_("Opened again"),
    "transfer": N_("Handed to another mission"),
    "eligibility": N_("Eligibility decided"),
    "record": N_("Recorded"),
    "distinct": N_("Held to be two people"),
    "undistinct": N_("Not held to be two people any more"),
}
"""What a decision did."""

TRANSFERS: Final[Mapping[str, str]] = {
    "proposed": N_("Proposed to another mission"),
    "accepted": N_("Handed to another mission"),
    "declined": N_("Not taken by the other mission"),
    "revoked": N_("Proposal taken back"),
}
"""What a decision about a transfer did, by its state."""

RECORDED: Final[Mapping[str, tuple[str, str]]] = {
    "case_file": (N_("Next contact"), N_("Next contact")),
    "plan_item": (N_("Planned"), N_("Plan changed")),
    "service": (N_("Assistance recorded"), N_("Assistance changed")),
    "consent": (N_("Consent recorded"), N_("Consent recorded")),
    "referral": (N_("Referral begun"), N_("Referral")),
}
"""What a record in the office was about, by table: of a new row, and of one that was there."""
