"""What an access token can be made for: parts of what its owner may, as data.

A token opens only the actions of its scopes, and of those only what its owner may do at that moment. What is in no
scope, no token opens: people and their roles, keys, the ledger, decisions about cases, what consent was refused for.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from app.language import N_


@dataclass(frozen=True, slots=True)
class Scope:
    """A part of what one may do. `reads` tells that nothing is changed by it."""

    label: str
    words: str
    actions: frozenset[str]
    reads: bool = True


ALWAYS: Final = frozenset({"signed_in", "mission.list", "mission.read"})
"""Whose token it is, and which missions there are: every token tells that."""

SCOPES: Final[Mapping[str, Scope]] = {
    "read": Scope(
        N_("Read forms, submissions and lists"),
        N_("Feeds for Excel, Power BI and R, downloads, pyODK. Without names and free text."),
        frozenset(
            {
                "form.list", "form.read", "submission.read", "submission.comments", "submission.export",
                "entity_list.read", "entity.read",
            }
        ),
    ),
    "cases": Scope(N_("Read cases"), N_("The cases of the missions, without names."), frozenset({"case.read"})),
    "identifiers": Scope(
        N_("With names and free text"),
        N_(
            "What is read holds identifiers and free text too, and submissions as they were sent. Only where the "
            "figures need them."
        ),
        frozenset({"case.reveal", "case.comments", "submission.raw"}),
    ),
    "submissions": Scope(
        N_("Send, edit and review submissions"),
        N_("For scripts that bring interviews in, correct or review them."),
        frozenset(
            {"form.list", "submission.read", "submission.create", "submission.edit", "submission.review",
             "submission.comment", "submission.delete"}
        ),
        reads=False,
    ),
    "forms": Scope(
        N_("Change forms and lists"),
        N_("Upload and publish forms, put them on phones, change entity lists."),
        frozenset({"form.upload", "form.publish", "form.assign", "entity_list.change", "entity.change"}),
        reads=False,
    ),
    "devices": Scope(
        N_("Manage devices"),
        N_("Add and cut off phones."),
        frozenset({"device.list", "device.create", "device.update", "device.show", "device.revoke"}),
        reads=False,
    ),
}  # fmt: skip


def actions(scopes: list[str]) -> frozenset[str]:
    """All that the scopes open; one that is no more opens nothing."""
    return ALWAYS.union(*(SCOPES[name].actions for name in scopes if name in SCOPES))
