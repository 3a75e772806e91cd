"""Personal access tokens: what somebody gives to Excel or a script instead of a password.

A token is shown once; the database keeps its keyed hash. It opens what its scopes say, in the missions it names, for as
long as it lasts (a year at most), and never more than its owner may do at that moment.
"""

import secrets
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from app import ledger, policy, problems
from app.keys import Keyring
from app.language import _, ngettext
from app.models import AccessToken, User, now
from app.policy import Actor, Limits, scopes
from app.services import naming, sign_in, users

PREFIX: Final = "saif_"
"""What a token begins with: so that people, and programs that look for secrets, know one."""
LONGEST: Final = 365
"""Days."""
MOST: Final = 50
"""Tokens of one person that are in force."""
_NOTED: Final = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Used:
    """A token that is in force: its owner, what they may with it, and whether `note_use` is due."""

    user: User
    actor: Actor
    token_id: int
    due: bool


def create(
    session: Session,
    *,
    actor: Actor,
    name: str,
    chosen: Sequence[str],
    missions: Collection[int] | None,
    days: int,
    keyring: Keyring,
) -> str:
    """Make a token for the person who asks. Returns it: it is not kept.

    `chosen` are keys of `scopes.SCOPES`; `missions` None: wherever the person may. Raises the Problems `invalid`, and
    `not_allowed` for somebody who is no person or acts by a token.
    """
    if actor.user_id is None or actor.limits is not None:
        raise problems.not_allowed(_("Only a person who signed in makes tokens."))
    if not chosen or not set(chosen) <= set(offered(actor)):
        raise problems.invalid(_("Say what the token may do."), _("Choose at least one of what is offered."))
    if missions is not None and (
        not missions or not all(policy.may(actor, "mission.read", one) for one in missions)
    ):
        raise problems.invalid(_("Say for which missions the token is."), _("Choose among your missions."))
    if not 1 <= days <= LONGEST:
        raise problems.invalid(_("A token lasts from one day to a year."), _("Choose how long it is needed."))
    if len([one for one in listing(session, actor.user_id) if in_force(one)]) >= MOST:
        raise problems.conflict(
            ngettext("You have %(num)s token.", "You have %(num)s tokens.", MOST),
            _("Revoke those that are no longer used."),
        )
    text = PREFIX + secrets.token_urlsafe(32)
    row = AccessToken(
        user_id=actor.user_id,
        name=naming.clean(name, what="A token", longest=100),
        digest=keyring.token_digest(text),
        scopes=sorted(chosen),
        missions=None if missions is None else sorted(missions),
        expires_at=now() + timedelta(days=days),
    )
    session.add(row)
    session.flush()
    detail = {"scopes": row.scopes, "missions": row.missions, "days": days}
    ledger.write(session, actor=actor.ref, action="token.create", object=f"token:{row.id}", detail=detail)
    return text


def offered(actor: Actor) -> dict[str, scopes.Scope]:
    """The scopes in which there is something the person may do."""
    return {
        name: scope
        for name, scope in scopes.SCOPES.items()
        if any(policy.may(actor, action) for action in scope.actions)
    }


def listing(session: Session, user_id: int) -> Sequence[AccessToken]:
    """A person's tokens, the newest first, also those that ended."""
    return session.scalars(
        select(AccessToken).where(AccessToken.user_id == user_id).order_by(AccessToken.id.desc())
    ).all()


def in_force(token: AccessToken, at: datetime | None = None) -> bool:
    """Whether a token opens anything."""
    return token.revoked_at is None and token.expires_at > (at or now())


def revoke(session: Session, *, actor: Actor, token_id: int) -> None:
    """End one of one's own tokens. Raises the Problem `not_found`."""
    row = session.get(AccessToken, token_id)
    if row is None or row.user_id != actor.user_id:
        raise problems.not_found("token")
    if row.revoked_at is None:
        row.revoked_at = now()
        session.flush()
        ledger.write(session, actor=actor.ref, action="token.revoke", object=f"token:{row.id}")


def resume(session: Session, text: str, keyring: Keyring) -> Used | None:
    """Whose token it is, unless it has ended or its owner was shut out."""
    found = session.execute(
        select(AccessToken, User)
        .join(User, User.id == AccessToken.user_id)
        .where(AccessToken.digest == keyring.token_digest(text))
    ).one_or_none()
    if found is None or not in_force(found[0]) or not found[1].active:
        return None
    row, user = found
    reach = None if row.missions is None else frozenset(row.missions)
    actor = replace(users.actor_of(session, user), limits=Limits(scopes.actions(row.scopes), reach))
    due = row.last_used_at is None or now() - row.last_used_at >= _NOTED
    return Used(user, actor, row.id, due)


def note_use(session: Session, used: Used) -> None:
    """Keep when a token was last used: once an hour, and so in the ledger."""
    row = session.get(AccessToken, used.token_id)
    if row is not None:
        row.last_used_at = now()
        ledger.write(session, actor=used.actor.ref, action="token.use", object=f"token:{row.id}")


def refuse(session: Session, *, address: str, keyring: Keyring) -> None:
    """Count that a token was shown from a network address that opens nothing. Raises the Problem `too_many_attempts`
    once that happened too often: what opens something is let in all the same."""
    name = keyring.digest(f"token:{address}".encode("utf-8", "surrogatepass")).hex()[:32]
    source = sign_in.Source(name, known=False)
    sign_in.slow_down(session, f"token shown:{name}", source)
    sign_in.fail(session, f"token shown:{name}", source)
