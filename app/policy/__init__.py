"""Who may do what, asked in one place. `permissions` is the data; this is how it is read.

Everything is denied that no grant allows. The same grants answer three questions: may this be done (`may`,
`require`), in which missions (`missions`, `within`, for lists), and which privacy classes may be shown
(`sees`, `reveals`).
"""

from dataclasses import replace
from typing import Any

from sqlalchemy import ColumnElement, false, true

from app import problems
from app.language import _, alternatives
from app.policy.actor import COMMAND, NOBODY, Actor, Held, Limits, device
from app.policy.permissions import ACTIONS, DEVICE, ROLE_NAMES, ROLES, SIGHT, Action

__all__ = [
    "COMMAND", "NOBODY", "Actor", "Held", "Limits",
    "device", "explain", "may", "missions", "require", "reveals", "role_name", "sees", "within",
]  # fmt: skip


def missions(actor: Actor, action: str) -> frozenset[int] | None:
    """The missions in which the actor may do this; None means in all there are and will be.

    Raises KeyError for an action that is not in the table: a fault of the caller, not of the actor.
    """
    rule = ACTIONS[action]
    if actor.kind == "command" or rule.scope == "anybody":
        return None
    if actor.limits is not None:
        return _limited(actor, actor.limits, action)
    if rule.scope == "signed_in":
        return None if actor.kind == "user" and actor.id is not None else frozenset()
    held = [grant.mission_id for grant in actor.grants if grant.role in rule.roles]
    if None in held:
        return None
    return frozenset() if rule.scope == "everywhere" else frozenset(one for one in held if one is not None)


def may(actor: Actor, action: str, mission_id: int | None = None) -> bool:
    """Whether the actor may do this in a mission; without one, whether they may do it anywhere at all."""
    reach = missions(actor, action)
    return reach is None or (bool(reach) if mission_id is None else mission_id in reach)


def require(actor: Actor, action: str, mission_id: int | None = None) -> None:
    """Raise the Problem `not_allowed` (HTTP 403) unless the actor may."""
    if not may(actor, action, mission_id):
        raise problems.not_allowed(explain(actor, action, mission_id))


def within(actor: Actor, action: str, column: Any, mission_id: int | None = None) -> ColumnElement[bool]:
    """A condition for `.where(...)`: the mission in this column is one where the actor may do this; with `mission_id`,
    that one. Said once like this, and not as two conditions, it lets a database take the index of one mission."""
    reach = missions(actor, action)
    if mission_id is not None:
        here: ColumnElement[bool] = column == mission_id
        return here if reach is None or mission_id in reach else false()
    if reach is None:
        return true()
    condition: ColumnElement[bool] = column.in_(sorted(reach)) if reach else false()
    return condition


def sees(actor: Actor, mission_id: int) -> frozenset[str]:
    """Privacy classes the actor is shown in a mission as a matter of course."""
    return _classes(actor, mission_id, revealed=False)


def reveals(actor: Actor, mission_id: int) -> frozenset[str]:
    """Privacy classes the actor can be shown in a mission once they have said why, those of `sees`
    included."""
    return _classes(actor, mission_id, revealed=True)


def explain(actor: Actor, action: str, mission_id: int | None = None) -> str:
    """Why the answer is what it is, in a sentence that names roles but no person."""
    rule = ACTIONS[action]
    said = {"words": _(rule.words), "roles": _needed(rule)}
    if actor.limits is not None and may(replace(actor, limits=None), action, mission_id):
        return (
            _("The access token was not made to %(words)s.", **said)
            if mission_id is None
            else _("The access token was not made to %(words)s in this mission.", **said)
        )
    if may(actor, action, mission_id):
        if mission_id is None:
            return _("You may %(words)s.", **said)
        return _("You may %(words)s in this mission.", **said)
    if rule.scope == "signed_in":
        return _("Only somebody who signed in may %(words)s.", **said)
    if rule.scope == "everywhere":
        return _("To %(words)s takes the role %(roles)s, given for all missions.", **said)
    if mission_id is None:
        return _("To %(words)s takes the role %(roles)s.", **said)
    return _("To %(words)s takes the role %(roles)s in this mission.", **said)


def role_name(role: str) -> str:
    """What a role is called in a sentence."""
    return _(ROLE_NAMES[role])


def _needed(rule: Action) -> str:
    roles = sorted(rule.roles & ROLES.keys()) or [DEVICE]
    return alternatives(map(role_name, roles))


def _limited(actor: Actor, limits: Limits, action: str) -> frozenset[int] | None:
    """As `missions`, for somebody who asks with less than they may."""
    reach = missions(replace(actor, limits=None), action)
    if action not in limits.actions:
        return frozenset()
    if limits.missions is None or ACTIONS[action].scope == "signed_in":
        return reach
    return limits.missions if reach is None else reach & limits.missions


def _classes(actor: Actor, mission_id: int, *, revealed: bool) -> frozenset[str]:
    if actor.kind == "command":
        return frozenset({"P0", "P1", "P2", "P3"})
    seen: frozenset[str] = frozenset()
    for grant in actor.grants:
        if grant.role in SIGHT and grant.mission_id in (None, mission_id):
            sight = SIGHT[grant.role]
            seen |= sight.shown | (sight.on_reveal if revealed else frozenset())
    limited = actor.limits is not None and "case.reveal" not in actor.limits.actions
    return seen - {"P3"} if limited else seen
