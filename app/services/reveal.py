"""The reasoned reveal: identifiers and free text (class P3) are shown to those who say why, and the ledger
keeps it."""

from dataclasses import dataclass

from sqlalchemy.orm import Session

from app import ledger, policy, problems
from app.db import writing
from app.language import _

SHORTEST = 8
"""Characters of the shortest reason: a word that says something, not a dot."""


@dataclass(frozen=True, slots=True)
class Reveal:
    """Why somebody wants to see P3 values. `fields` narrows it to some: `person.family_name` of a case,
    question paths of a submission; None means all there are."""

    reason: str
    fields: frozenset[str] | None = None

    def covers(self, *names: str) -> bool:
        """Whether a value known by any of these names is asked for."""
        return self.fields is None or not self.fields.isdisjoint(names)


def need_reason(reason: str | None) -> str:
    """The reason, trimmed. Raises Problem `reason_needed`."""
    reason = (reason or "").replace("\0", "").strip()  # which PostgreSQL keeps in no text
    if len(reason) < SHORTEST:
        raise problems.Problem(
            "reason_needed",
            422,
            _("A reason is needed"),
            detail=_("What you ask for is shown, or done, only with a reason."),
            mend=_("Say in a few words what you need it for."),
        )
    return reason


def grant(session: Session, reveal: Reveal, *, actor: policy.Actor, object_: str, mission_id: int) -> None:
    """Let the actor see, and write it down before they do. Raises Problem if they may not, or gave no
    reason."""
    policy.require(actor, "case.reveal", mission_id)
    reason = need_reason(reveal.reason)
    with writing(session):
        ledger.write(
            session,
            actor=actor.ref,
            action="reveal",
            mission_id=mission_id,
            object=object_,
            reason=reason,
            detail={"fields": sorted(reveal.fields) if reveal.fields is not None else "all"},
        )
