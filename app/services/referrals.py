"""Referrals by decision: out to an organisation, in from one, and where each stands. Nobody is referred out without
consent to it in the folded case, and an agreement in force with who receives."""

import uuid
from collections.abc import Mapping
from datetime import date
from typing import Any, Final

from sqlalchemy.orm import Session

from app import problems
from app.db import writing
from app.keys import Keyring
from app.language import _, current
from app.policy import Actor
from app.services import organisations
from app.services.correction import checked
from app.services.deciding import find_case, folded
from app.services.recording import find_row, here, say
from submissions.facts import CaseState as State
from xlsforms import dictionary
from xlsforms.schema import text

STEPS: Final[Mapping[str | None, tuple[str, ...]]] = {
    None: ("accepted", "declined", "done", "revoked"),
    "proposed": ("accepted", "declined", "revoked"),
    "accepted": ("done", "revoked"),
}
"""State → what may follow it. None: an interview told of the referral, and the office has not decided yet."""

DETAILS: Final = ("category", "reason", "urgency", "source_type", "details")
"""Columns of a referral that are told when it begins."""

_ENDS: Final = ("declined", "revoked")


def refer(
    session: Session,
    *,
    keyring: Keyring,
    actor: Actor,
    case_id: uuid.UUID,
    direction: str,
    organisation_id: uuid.UUID | None,
    reason: str,
    details: Mapping[str, str | None] | None = None,
) -> uuid.UUID:
    """Propose a referral `out` to an organisation, or note one that came `in`. `details`: columns of DETAILS. Raises
    Problem consent_needed, agreement_needed."""
    with writing(session):
        case = find_case(session, actor, case_id)
        state, today = folded(session, keyring, case.case_id), here(session, case)
        if direction not in ("in", "out"):
            raise problems.invalid(_("A referral goes in or out."))
        said: dict[str, Any] = {"direction": direction, "state": "proposed", "referred_on": today}
        if organisation_id is not None:
            one = organisations.get(session, organisation_id)
            said |= {"organisation_id": str(one.id), "organisation_name": one.name}
        fields = dictionary.load().tables["referral"].fields
        for column in DETAILS:
            if (value := (details or {}).get(column)) is not None:
                said[column] = checked(fields[column], {}, value)
        if direction == "out":
            _allowed(session, state, said.get("organisation_id"), today)
            said["consented"] = True
        return say(session, keyring, actor, case, "referral", said, reason, row=None)


def step(
    session: Session,
    *,
    keyring: Keyring,
    actor: Actor,
    case_id: uuid.UUID,
    row_id: str,
    to: str,
    reason: str,
) -> uuid.UUID:
    """Say where a referral stands now. What goes on takes consent and agreement as its beginning did; it can always be
    revoked."""
    with writing(session):
        case = find_case(session, actor, case_id)
        state = folded(session, keyring, case.case_id)
        row = find_row(state, "referral", row_id)
        stands = row.value("state")
        follows = STEPS.get(stands if isinstance(stands, str) else None, ())
        if to not in follows:
            raise problems.conflict(
                _("This referral is %(state)s.", state=_state(str(stands)))
                if stands
                else _("A referral cannot become that."),
                _("It can become: %(states)s.", states=_(", ").join(map(_state, follows)))
                if follows
                else _("Begin a new referral."),
            )
        if row.value("direction") == "out" and to not in _ENDS:
            _allowed(session, state, row.value("organisation_id"), here(session, case))
        return say(session, keyring, actor, case, "referral", {"state": to}, reason, row=row)


def _allowed(session: Session, state: State, organisation_id: object, today: str) -> None:
    if not state.consents("referral"):
        raise problems.consent_needed(_("that data needed for a service is shared with who gives it"))
    if not organisation_id:
        raise problems.agreement_needed(_("No organisation is named that receives the person."))
    one = organisations.get(session, uuid.UUID(str(organisation_id)))
    if not organisations.in_force(one, date.fromisoformat(today)):
        raise problems.agreement_needed(
            _("There is no agreement in force with %(organisation)s.", organisation=one.name)
        )


def _state(code: str) -> str:
    return text(dictionary.load().code_lists["referral_state"].codes[code].label, current(), "en").lower()
