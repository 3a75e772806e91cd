"""What needs attention, in words."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from app.language import N_, _


@dataclass(frozen=True, slots=True)
class AttentionWords:
    """What needs attention: one and many of it, why it matters, and how it is coloured."""

    one: str
    many: str
    why: str
    kind: str


ATTENTION: Final[Mapping[str, AttentionWords]] = {
    "imminent_danger": AttentionWords(
        N_("Case in imminent danger"),
        N_("Cases in imminent danger"),
        N_("Act now: the last interview says so."),
        "bad",
    ),
    "self_harm": AttentionWords(
        N_("Risk of self-harm"),
        N_("Risks of self-harm"),
        N_("The interviewer noted it in the last interview."),
        "bad",
    ),
    "unaccompanied_child": AttentionWords(
        N_("Child without a guardian"),
        N_("Children without a guardian"),
        N_("Find a guardian before anything else."),
        "bad",
    ),
    "guardian_conflict": AttentionWords(
        N_("Conflict with a guardian"),
        N_("Conflicts with a guardian"),
        N_("The guardian may not act in the child's interest."),
        "bad",
    ),
    "override": AttentionWords(
        N_("Decision against the suggestion"),
        N_("Decisions against the suggestion"),
        N_("Read the grounds; then correct the determination, or confirm it by setting it to what it is."),
        "warn",
    ),
    "eligibility_pending": AttentionWords(
        N_("Eligibility to decide"),
        N_("Eligibilities to decide"),
        N_("The programme's criteria were applied; decide."),
        "warn",
    ),
    "eligibility_changed": AttentionWords(
        N_("Eligibility decided on other facts"),
        N_("Eligibilities decided on other facts"),
        N_("A criterion comes out otherwise than when it was decided."),
        "warn",
    ),
    "second_screening": AttentionWords(
        N_("Second screening due"),
        N_("Second screenings due"),
        N_("The first left open whether this is trafficking, and two weeks are over."),
        "warn",
    ),
    "plan_item": AttentionWords(
        N_("Case with a step of its plan due"),
        N_("Cases with a step of their plan due"),
        N_("The date set for it has come, or is past."),
        "warn",
    ),
    "contact": AttentionWords(
        N_("Contact due"),
        N_("Contacts due"),
        N_("The date agreed with the person has come, or is past."),
        "warn",
    ),
    "possible_duplicate": AttentionWords(
        N_("Possible duplicate"),
        N_("Possible duplicates"),
        N_("Two cases may be about one person. Merge them, or say that they are two."),
        "warn",
    ),
    "waiting": AttentionWords(
        N_("Submission waits"),
        N_("Submissions wait"),
        N_("For their form, or for the case they belong to. Nothing is lost."),
        "warn",
    ),
    "failed": AttentionWords(
        N_("Submission not readable"),
        N_("Submissions not readable"),
        N_("Kept as sent. The findings say why."),
        "bad",
    ),
    "conflict": AttentionWords(
        N_("Interview sent twice, differently"),
        N_("Interviews sent twice, differently"),
        N_("The first stands; the other is kept aside."),
        "warn",
    ),
    "finding": AttentionWords(
        N_("With findings"), N_("With findings"), N_("Read what the checks have to say."), "info"
    ),
}
"""By kind, as `app.services.todo` counts them."""
FINDINGS: Final[Mapping[str, tuple[str, str]]] = {
    "case": (N_("Case with findings"), N_("Cases with findings")),
    "submission": (N_("Submission with findings"), N_("Submissions with findings")),
}
"""One and many of what has findings, where cases and submissions stand together."""

COMING: Final[Mapping[str, str]] = {
    "second_screening": N_("Second screening"),
    "contact": N_("Contact"),
    "plan_item": N_("Step of the plan"),
}
"""What will be due, by kind of attention."""


def reasons(kinds: Iterable[str]) -> list[tuple[str, str]]:
    """Kinds with what many of them are called, to choose from."""
    return [(kind, _(ATTENTION[kind].many)) for kind in kinds]
