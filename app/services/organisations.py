"""Organisations that refer, receive or help, and from when to when there is an agreement with each. They are the same
for all missions: an organisation is its name."""

import uuid
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from app import ledger, policy, problems
from app.language import _
from app.models import Organisation
from app.policy import Actor
from app.services import naming
from submissions import conversion
from xlsforms import dictionary

MOST = 500
"""Organisations of one list."""


def listing(session: Session, *, name: str = "") -> list[Organisation]:
    """Organisations by name, those whose name has `name` in it; at most MOST."""
    statement = select(Organisation)
    if wanted := conversion.normalised(name):
        statement = statement.where(Organisation.name_norm.contains(wanted, autoescape=True))
    return list(session.scalars(statement.order_by(Organisation.name_norm).limit(MOST)))


def get(session: Session, organisation_id: uuid.UUID) -> Organisation:
    """An organisation. Raises the Problem `not_found`."""
    found = session.get(Organisation, organisation_id)
    if found is None:
        raise problems.not_found("organisation")
    return found


def add(session: Session, *, actor: Actor, mission_id: int, name: str) -> Organisation:
    """Name an organisation. One that interviews named already is that one, and now known to the office."""
    policy.require(actor, "organisation.change", mission_id)
    name = naming.clean(name, what="An organisation")
    key = uuid.UUID(conversion.organisation_id(name))
    found = session.get(Organisation, key)
    if found is not None and found.confirmed:
        raise problems.conflict(_("There is an organisation of this name already."), _("Change that one."))
    if found is None:
        found = Organisation(id=key, name=name, name_norm=conversion.normalised(name) or name)
        session.add(found)
    found.confirmed = True
    session.flush()
    _write(session, actor, mission_id, "organisation.create", found)
    return found


def change(
    session: Session,
    *,
    actor: Actor,
    mission_id: int,
    organisation: Organisation,
    name: str,
    type: str | None = None,  # noqa: A002  (the dictionary calls it so)
    country: str | None = None,
    agreement: tuple[date | None, date | None] = (None, None),
) -> None:
    """What the office knows of it. `agreement`: its first and last day; it is in force only with a last day."""
    policy.require(actor, "organisation.change", mission_id)
    lists = dictionary.load().code_lists
    if (type and type not in lists["org_type"]) or (country and country not in lists["country"]):
        raise problems.invalid(_("The kind or the country is not one of its list."))
    first, last = agreement
    if first and not last:
        raise problems.invalid(_("The agreement has no last day."), _("Write until when it holds."))
    if first and last and last < first:
        raise problems.invalid(_("The agreement ends before it begins."), _("Look at the two dates."))
    organisation.name = naming.clean(name, what="An organisation")
    organisation.type, organisation.country, organisation.confirmed = type or None, country or None, True
    organisation.sharing_agreement_from, organisation.sharing_agreement_until = first, last
    session.flush()
    _write(session, actor, mission_id, "organisation.update", organisation)


def in_force(organisation: Organisation, day: date) -> bool:
    """Whether there is an agreement with it on a day."""
    first, last = organisation.sharing_agreement_from, organisation.sharing_agreement_until
    return last is not None and day <= last and (first is None or first <= day)


def _write(session: Session, actor: Actor, mission_id: int, action: str, one: Organisation) -> None:
    until = one.sharing_agreement_until
    ledger.write(
        session,
        actor=actor.ref,
        action=action,
        mission_id=mission_id,
        object=f"organisation:{one.id}",
        detail={"agreement_until": until.isoformat() if until else None},
    )
