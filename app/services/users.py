"""People who sign in: who they are, their passwords and their roles. Sessions are in `sign_in`."""

import secrets
from dataclasses import dataclass
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import bindparam, delete, select, update
from sqlalchemy.orm import Session

from app import ledger, problems
from app.language import LANGUAGES, _, ngettext
from app.models import AccessToken, Grant, Mission, User, UserSession, now
from app.policy import Actor, Held
from app.policy.permissions import ROLES
from app.services import naming

MIN_PASSWORD = 10
MAX_PASSWORD = 500  # Argon2 would hash megabytes too, at our expense
LOCALES = tuple(LANGUAGES)

# RFC 9106, second recommended option: 64 MiB, three passes, about 50 ms.
_hasher = PasswordHasher()
# Every page asks this: to make the statement anew would take as long as its answer.
_HELD: Final = (
    select(Grant.role, Grant.mission_id).where(Grant.user_id == bindparam("user_id")).order_by(Grant.id)
)


@dataclass(frozen=True, slots=True)
class UserLine:
    """A person in the list of people, with the roles they hold."""

    user: User
    grants: tuple[Held, ...]


def create(
    session: Session,
    *,
    actor: Actor,
    email: str,
    display_name: str,
    password: str | None = None,
    locale: str = "en",
) -> tuple[User, str]:
    """Add a person without any role. Returns them and their password, a random one if none is given.

    Raises Problem for an address that is none or is taken, and for a password that is too short.
    """
    address = email.strip().lower()
    if not 3 <= len(address) <= 254 or address.count("@") != 1 or not address.isprintable() or " " in address:
        raise problems.invalid(_("That is not an email address."), _("Write it like name@example.org."))
    if find(session, address) is not None:
        raise problems.conflict(
            _("Somebody with this email address is already here."), _("Give them another role instead.")
        )
    if locale not in LOCALES:
        raise problems.invalid(
            _("SAIF does not speak that language."), _("Choose one of %(these)s.", these=", ".join(LOCALES))
        )
    password = _acceptable(password)
    user = User(
        email=address,
        display_name=naming.clean(display_name or address, what="A person", longest=254),
        password_hash=_hasher.hash(password),
        locale=locale,
    )
    session.add(user)
    session.flush()
    ledger.write(session, actor=actor.ref, action="user.create", object=f"user:{user.id}")
    return user, password


def find(session: Session, email: str) -> User | None:
    """The person with this email address, however it is capitalised."""
    address = email.strip().lower()
    # What a database refuses to compare, such as a NUL, is nobody's address.
    return session.scalar(select(User).where(User.email == address)) if address.isprintable() else None


def get(session: Session, user_id: int) -> User:
    """The person with this id. Raises the Problem `not_found`."""
    user = session.get(User, user_id)
    if user is None:
        raise problems.not_found("person")
    return user


def listing(session: Session) -> list[UserLine]:
    """Everybody, by name, with their roles."""
    held: dict[int, list[Held]] = {}
    for grant in session.scalars(select(Grant).order_by(Grant.role, Grant.mission_id)):
        held.setdefault(grant.user_id, []).append(Held(grant.role, grant.mission_id))
    people = session.scalars(select(User).order_by(User.display_name, User.id))
    return [UserLine(user, tuple(held.get(user.id, ()))) for user in people]


def actor_of(session: Session, user: User) -> Actor:
    """The person as somebody who acts. One who is not active holds nothing."""
    if not user.active:
        return Actor("user", user.id)
    held = session.execute(_HELD, {"user_id": user.id})
    return Actor("user", user.id, tuple(Held(role, mission_id) for role, mission_id in held))


def grant(session: Session, *, actor: Actor, user: User, role: str, mission_id: int | None = None) -> None:
    """Give a role in a mission, or everywhere. Giving it again changes nothing."""
    if role not in ROLES:
        raise problems.invalid(
            _("There is no such role."), _("Choose one of %(these)s.", these=", ".join(ROLES))
        )
    if mission_id is not None and session.get(Mission, mission_id) is None:
        raise problems.not_found("mission")
    if _held(session, user, role, mission_id) is None:
        session.add(Grant(user_id=user.id, role=role, mission_id=mission_id))
        session.flush()
        _write_grant(session, actor, "user.grant", user=user, role=role, mission_id=mission_id)


def withdraw(session: Session, *, actor: Actor, user: User, role: str, mission_id: int | None = None) -> None:
    """Take a role away again. Taking what was not given changes nothing.

    The last administrator of everything stays: nobody could make another one through the pages.
    """
    held = _held(session, user, role, mission_id)
    if held is None:
        return
    if role == "administrator" and mission_id is None:
        _keep_one_administrator(session, user)
    session.delete(held)
    session.flush()
    _write_grant(session, actor, "user.withdraw", user=user, role=role, mission_id=mission_id)


def set_password(session: Session, *, actor: Actor, user: User, password: str | None = None) -> str:
    """Set a password, a random one if none is given, and end all sessions and access tokens of the person. Returns
    it."""
    password = _acceptable(password)
    user.password_hash = _hasher.hash(password)
    _end_sessions(session, user)
    ledger.write(session, actor=actor.ref, action="user.password", object=f"user:{user.id}")
    return password


def set_active(session: Session, *, actor: Actor, user: User, active: bool) -> None:
    """Let somebody in again, or shut them out at once: their sessions and access tokens end."""
    if user.active == active:
        return
    if not active:
        _keep_one_administrator(session, user)
        _end_sessions(session, user)
    user.active = active
    session.flush()
    ledger.write(
        session,
        actor=actor.ref,
        action="user.activate" if active else "user.deactivate",
        object=f"user:{user.id}",
    )


def set_locale(session: Session, *, user: User, locale: str) -> None:
    """The language a person reads pages in."""
    if locale not in LOCALES:
        raise problems.invalid(
            _("SAIF does not speak that language."), _("Choose one of %(these)s.", these=", ".join(LOCALES))
        )
    user.locale = locale
    session.flush()


def check_password(user: User | None, password: str) -> bool:
    """Whether the password is this person's.

    For nobody the same work is done, so that the time does not tell who is here.
    """
    plain = password[:MAX_PASSWORD].encode("utf-8", "surrogatepass")
    if user is None:
        _hasher.hash(plain)
        return False
    try:
        return _hasher.verify(user.password_hash, plain)
    except (VerificationError, InvalidHashError):
        return False


def _acceptable(password: str | None) -> str:
    if password is None:
        return secrets.token_urlsafe(12)
    if not MIN_PASSWORD <= len(password) <= MAX_PASSWORD:
        raise problems.invalid(
            ngettext(
                "A password has at least %(num)s character.",
                "A password has at least %(num)s characters.",
                MIN_PASSWORD,
            ),
            _("Take a few words that do not belong together; length counts for more than signs."),
        )
    return password


def _held(session: Session, user: User, role: str, mission_id: int | None) -> Grant | None:
    return session.scalar(
        select(Grant).where(
            Grant.user_id == user.id, Grant.role == role, Grant.mission_id.is_not_distinct_from(mission_id)
        )
    )


def _keep_one_administrator(session: Session, user: User) -> None:
    administrators = (
        select(Grant.user_id)
        .join(User, User.id == Grant.user_id)
        .where(Grant.role == "administrator", Grant.mission_id.is_(None), User.active)
    )
    if set(session.scalars(administrators)) == {user.id}:
        raise problems.conflict(
            _("This is the last administrator of all missions."), _("Make somebody else administrator first.")
        )


def _end_sessions(session: Session, user: User) -> None:
    session.execute(delete(UserSession).where(UserSession.user_id == user.id))
    ours = (AccessToken.user_id == user.id, AccessToken.revoked_at.is_(None))
    session.execute(update(AccessToken).where(*ours).values(revoked_at=now()))


def _write_grant(
    session: Session, actor: Actor, action: str, *, user: User, role: str, mission_id: int | None
) -> None:
    ledger.write(
        session,
        actor=actor.ref,
        action=action,
        mission_id=mission_id,
        object=f"user:{user.id}",
        detail={"role": role},
    )
