"""Signing in: sessions, and slowing down whoever guesses.

Guesses are counted in the ledger, where failures stand anyway: so the count is one for all processes and
survives a restart. Nobody can lock somebody else out. A source (a browser that signed in here before, else a
network address) has a few attempts at an account; all unknown sources together have more, but a browser that
signed in to the account before does not count among them (the "device cookies" of OWASP).

A sign-in has two halves, so that hashing the password, slow on purpose, never holds a transaction open:
`attempt` reads and hashes, `settle` writes.
"""

import hashlib
import hmac
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import bindparam, delete, select
from sqlalchemy.orm import Session

from app import ledger, problems
from app.keys import Keyring
from app.models import LedgerEntry, User, UserSession, now
from app.policy import Actor
from app.services import users

IDLE: Final = timedelta(hours=24)
"""A session ends this long after it was last used."""
LONGEST: Final = timedelta(days=7)
"""A session ends this long after it began, however it is used."""
WINDOW: Final = timedelta(minutes=15)
"""How long a failure counts."""
PER_SOURCE: Final = 5
PER_ACCOUNT: Final = 50

_EXTEND_AFTER: Final = timedelta(minutes=10)  # one write in ten minutes, not one in every request
_FAILED: Final = "session.fail"
# Every page asks this: to make the statement anew would take as long as its answer.
_SESSION: Final = (
    select(UserSession, User)
    .join(User, User.id == UserSession.user_id)
    .where(UserSession.token_digest == bindparam("digest"))
)


@dataclass(frozen=True, slots=True)
class Source:
    """Where an attempt comes from. `known` is set for a browser that signed in to this very account
    before."""

    name: str
    known: bool


@dataclass(frozen=True, slots=True)
class Attempt:
    """An attempt whose password was checked, not yet answered."""

    account: str
    source: Source
    user_id: int | None
    right: bool


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A new session. The token is shown to its owner once; the database keeps its hash."""

    user: User
    token: str
    csrf: str
    created_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Resumed:
    """A session that goes on: whose it is, what they may do, and whether `extend` is due."""

    user: User
    actor: Actor
    session: UserSession
    due: bool


def attempt(
    session: Session, *, email: str, password: str, address: str, browser: str | None, keyring: Keyring
) -> Attempt:
    """Check a password, taking as long for a right one as for a wrong one or an unknown address.

    `address` is the network address, `browser` what `browser_mark` gave to this browser, if anything. Raises
    the Problem `too_many_attempts`.
    """
    email = email.strip().lower()
    account = f"sign-in:{keyring.digest(b'account:' + _bytes(email)).hex()[:32]}"
    known = browser is not None and _is_mark(browser, email, keyring)
    said = f"browser:{browser}" if known else f"address:{address}"
    source = Source(keyring.digest(_bytes(said)).hex()[:32], known)
    slow_down(session, account, source)
    user = users.find(session, email)
    right = users.check_password(user, password)
    active = user is not None and user.active
    return Attempt(account, source, user.id if user is not None and active else None, right and active)


def settle(session: Session, attempt: Attempt) -> SignedIn | None:
    """Begin a session, or write the failure down and return None. Call it in a transaction to be committed.

    The failures are counted once more: of many attempts at the same time no more than the limit get an
    answer, not even a right one. Raises the Problem `too_many_attempts`.
    """
    slow_down(session, attempt.account, attempt.source)
    user = session.get(User, attempt.user_id) if attempt.right and attempt.user_id is not None else None
    if user is None or not user.active:
        fail(session, attempt.account, attempt.source)
        return None
    return begin(session, user)


def begin(session: Session, user: User) -> SignedIn:
    """Begin a session of somebody who proved who they are; their sessions that ended are forgotten."""
    at = now()
    session.execute(delete(UserSession).where(UserSession.user_id == user.id, UserSession.expires_at <= at))
    token, csrf = secrets.token_urlsafe(48), secrets.token_urlsafe(32)
    row = UserSession(
        token_digest=_digest(token), user_id=user.id, csrf=csrf, created_at=at, expires_at=at + IDLE
    )
    session.add(row)
    session.flush()
    ledger.write(session, actor=f"user:{user.id}", action="session.create", object=f"user:{user.id}")
    return SignedIn(user, token, csrf, at, row.expires_at)


def resume(session: Session, token: str) -> Resumed | None:
    """The session a token belongs to, unless it has ended or its owner was shut out."""
    found = session.execute(_SESSION, {"digest": _digest(token)}).one_or_none()
    if found is None:
        return None
    row, user = found
    at = now()
    if row.expires_at <= at or not user.active:
        return None
    end = min(at + IDLE, row.created_at + LONGEST)
    return Resumed(user, users.actor_of(session, user), row, end - row.expires_at > _EXTEND_AFTER)


def extend(session: Session, token: str) -> None:
    """Let a session that is in use go on, up to its longest."""
    row = session.get(UserSession, _digest(token))
    if row is not None:
        row.expires_at = min(now() + IDLE, row.created_at + LONGEST)


def sign_out(session: Session, token: str) -> None:
    """End the session of a token; nothing happens if there is none."""
    row = session.get(UserSession, _digest(token))
    if row is not None:
        session.delete(row)
        session.flush()
        actor = f"user:{row.user_id}"
        ledger.write(session, actor=actor, action="session.delete", object=actor)


def browser_mark(email: str, keyring: Keyring) -> str:
    """What a browser keeps to be known as one that signed in to this account. It opens nothing."""
    nonce = secrets.token_urlsafe(12)
    return f"{nonce}.{_signature(nonce, email.strip().lower(), keyring)}"


def _is_mark(mark: str, email: str, keyring: Keyring) -> bool:
    nonce, _, signature = mark[:200].partition(".")
    return hmac.compare_digest(_bytes(signature), _bytes(_signature(nonce, email, keyring)))


def _signature(nonce: str, email: str, keyring: Keyring) -> str:
    return keyring.token_digest(f"browser:{nonce}:{email}").hex()


def fail(session: Session, account: str, source: Source) -> None:
    """Count a failure."""
    detail = {"source": source.name, "known": source.known}
    ledger.write(session, actor="nobody", action=_FAILED, object=account, detail=detail)


def slow_down(session: Session, account: str, source: Source) -> None:
    """Raise the Problem `too_many_attempts` as long as there were too many failures."""
    since = now() - WINDOW
    failures = session.execute(
        select(LedgerEntry.at, LedgerEntry.detail)
        .where(LedgerEntry.object == account, LedgerEntry.action == _FAILED, LedgerEntry.at > since)
        .order_by(LedgerEntry.at)
    ).all()
    own = [failure.at for failure in failures if failure.detail.get("source") == source.name]
    strangers = [] if source.known else [one.at for one in failures if not one.detail.get("known")]
    until = max(_free_at(own, PER_SOURCE), _free_at(strangers, PER_ACCOUNT))
    if until > 0:
        raise problems.too_many_attempts(until)


def _free_at(failures: Sequence[datetime], limit: int) -> int:
    """Seconds until fewer than `limit` of the failures count; 0 if that is so already."""
    if len(failures) < limit:
        return 0
    return max(1, int((failures[-limit] + WINDOW - now()).total_seconds()) + 1)


def _digest(token: str) -> bytes:
    # The token is random and long: there is nothing to guess that a slow or keyed hash would keep from a
    # thief.
    return hashlib.sha256(_bytes(token)).digest()


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")
