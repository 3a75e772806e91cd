"""Downloads somebody saved, or asked for once where it takes longer than somebody waits: made by the worker when they
are asked for or due, kept sealed for a while, fetched by their owner. `making` makes them."""

import calendar
import json
import uuid
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, bindparam, delete, func, select, update
from sqlalchemy.orm import Session

from app import ledger, policy, problems
from app.blobs import BlobStore
from app.exports import protection
from app.keys import Keyring
from app.language import _, ngettext
from app.models import MadeDownload, Mission, SavedDownload, new_id, now
from app.policy import Actor
from app.services import condition, disposal, naming
from app.services.handout import Download
from app.services.kept_file import KeptFile
from app.services.wanted import Wanted

KEPT: Final = timedelta(days=14)
"""How long what was made can be fetched."""
KEPT_ONCE: Final = timedelta(days=1)
"""Likewise, where it was asked for once."""
PENDING: Final = ("waiting", "making")
SCHEDULES: Final = ("", "daily", "weekly", "monthly")
SHORTEST_PASSWORD: Final = 12
MOST: Final = 30
"""Saved downloads of one person in one mission, and as many asked for once."""
SHOWN: Final = 5
"""Makings of each that its owner is shown."""
_HOUR: Final = time(5)
"""When on its day a download is due, by the mission's clock: before the office opens."""
# Every page asks this, so the statement is made once.
_UNSEEN: Final = (
    select(func.count())
    .select_from(MadeDownload)
    .join(SavedDownload, SavedDownload.id == MadeDownload.saved_id)
    .where(
        SavedDownload.user_id == bindparam("user_id"),
        SavedDownload.mission_id == bindparam("mission_id"),
        MadeDownload.state == "failed",
        MadeDownload.seen.is_(False),
    )
)


@dataclass(frozen=True, slots=True)
class Line:
    """A saved download and its last makings, the newest first."""

    saved: SavedDownload
    made: tuple[MadeDownload, ...]


@dataclass(frozen=True, slots=True)
class Kept:
    """A download that was made: what it is called, and its content."""

    made_id: uuid.UUID
    file_name: str
    content: KeptFile


def create(
    session: Session,
    *,
    actor: Actor,
    mission_id: int,
    name: str,
    wanted: Wanted,
    reason: str,
    schedule: str = "",
    password: str = "",
    recipient: str = "",
    keyring: Keyring,
    blobs: BlobStore,
) -> SavedDownload:
    """Save a download, and ask for it a first time. Raises Problem: not_allowed, not_found (no such form), invalid,
    download_limit."""
    if schedule not in SCHEDULES:
        raise problems.invalid(_("There is no such schedule."), _("Take daily, weekly or monthly, or none."))
    if password and recipient:
        raise problems.invalid(
            _("It is protected by a password or by a key, not by both."), _("Take one of them.")
        )
    if password and not SHORTEST_PASSWORD <= len(password) <= 200:
        raise problems.invalid(
            ngettext(
                "A password of a download has at least %(num)s character.",
                "A password of a download has at least %(num)s characters.",
                SHORTEST_PASSWORD,
            ),
            _(
                "Who has the file can guess as fast as machines can: take a few words that do not belong together."
            ),
        )
    if recipient and not protection.is_key(recipient):
        raise problems.invalid(
            _("That is no public key of age."), _("It begins with age1; age-keygen -y shows it.")
        )
    wanted.prepare(
        session, keyring=keyring, blobs=blobs, actor=actor, mission_id=mission_id, reason=reason
    )  # what is wrong with it is said now, and not when it is made
    saved = _add(
        session,
        actor,
        mission_id,
        wanted,
        reason,
        keyring,
        name=naming.clean(name, what="A download"),
        password=password,
        recipient=recipient.strip(),
        schedule=schedule,
        next_at=due(schedule, now(), _zone(session, mission_id)),
    )
    _write(session, actor, "download.save", saved, schedule=schedule, format=wanted.format_name)
    ask(session, actor=actor, saved=saved)
    return saved


def ask_once(
    session: Session, *, actor: Actor, mission_id: int, wanted: Wanted, reason: str, keyring: Keyring
) -> SavedDownload:
    """Have a download made once; it goes a day after. Raises Problem: not_allowed, conflict."""
    saved = _add(session, actor, mission_id, wanted, reason, keyring, once=True)
    _write(session, actor, "download.ask", saved, format=wanted.format_name)
    ask(session, actor=actor, saved=saved)
    return saved


def listing(session: Session, *, actor: Actor, mission_id: int, once: bool = False) -> list[Line]:
    """One's saved downloads in a mission, by name; or those one asked for once, the newest first."""
    order = (SavedDownload.id.desc(),) if once else (SavedDownload.name, SavedDownload.id)
    saved = session.scalars(
        select(SavedDownload).where(*_ours(actor, mission_id, once)).order_by(*order)
    ).all()
    return [Line(one, tuple(made(session, one))) for one in saved]


def get(session: Session, *, actor: Actor, mission_id: int, saved_id: uuid.UUID) -> SavedDownload:
    """One of one's own. Raises the Problem `not_found`."""
    saved = session.get(SavedDownload, saved_id)
    if saved is None or (saved.mission_id, saved.user_id) != (mission_id, actor.user_id):
        raise problems.not_found("saved download")
    return saved


def ask(session: Session, *, actor: Actor, saved: SavedDownload) -> None:
    """Have it made as soon as a worker is free; once, however often one asks meanwhile."""
    policy.require(actor, "submission.export", saved.mission_id)
    if not any(one.state in PENDING for one in made(session, saved)):
        session.add(MadeDownload(saved_id=saved.id))
        session.flush()


def remove(session: Session, *, actor: Actor, saved: SavedDownload) -> None:
    """Delete a saved download with what was made of it; one that is being made is stopped."""
    _write(session, actor, "download.forget", saved)
    discard(session, saved)


def discard(session: Session, saved: SavedDownload) -> None:
    """Let it go with what was made of it."""
    blobs = session.scalars(
        select(MadeDownload.blob).where(MadeDownload.saved_id == saved.id, MadeDownload.blob.is_not(None))
    )
    disposal.note(session, [blob for blob in blobs if blob])
    session.execute(delete(MadeDownload).where(MadeDownload.saved_id == saved.id))
    session.delete(saved)
    session.flush()


def made(session: Session, saved: SavedDownload) -> Sequence[MadeDownload]:
    """Its last makings, the newest first."""
    return session.scalars(
        select(MadeDownload)
        .where(MadeDownload.saved_id == saved.id)
        .order_by(MadeDownload.asked_at.desc(), MadeDownload.id.desc())
        .limit(SHOWN)
    ).all()


def before(session: Session, made: MadeDownload) -> int:
    """How many makings wait or are under way that were asked for before this one."""
    earlier = (MadeDownload.state.in_(PENDING), MadeDownload.asked_at < made.asked_at)
    return session.scalar(select(func.count()).select_from(MadeDownload).where(*earlier)) or 0


def kept(
    session: Session,
    *,
    actor: Actor,
    saved: SavedDownload,
    made_id: uuid.UUID,
    keyring: Keyring,
    blobs: BlobStore,
) -> Kept:
    """What was made, to hand out. Raises the Problem `not_found` if it is not there, or no longer."""
    policy.require(actor, "submission.export", saved.mission_id)
    made = session.get(MadeDownload, made_id)
    if made is None or made.saved_id != saved.id or made.blob is None:
        raise problems.not_found("download")
    content = KeptFile(keyring, blobs, blob=made.blob, context=f"made-download:{made.id}", size=made.size)
    return Kept(made.id, made.file_name, content)


def note_fetched(
    session: Session, *, actor: Actor, saved: SavedDownload, made_id: uuid.UUID, start: int
) -> None:
    """It is handed out, from a byte on: the entry of the ledger before the first leaves."""
    _write(session, actor, "download.fetch", saved, made=str(made_id), **({"from": start} if start else {}))


def unseen(session: Session, *, user_id: int, mission_id: int) -> int:
    """How many of one's downloads failed since one last looked."""
    return session.scalar(_UNSEEN, {"user_id": user_id, "mission_id": mission_id}) or 0


def note_seen(session: Session, saved_ids: Iterable[uuid.UUID]) -> None:
    """Their owner has looked."""
    session.execute(
        update(MadeDownload)
        .where(MadeDownload.saved_id.in_(list(saved_ids)), MadeDownload.ended_at.is_not(None))
        .values(seen=True)
    )


def due(schedule: str, after: datetime, zone: ZoneInfo) -> datetime | None:
    """When a schedule is next due: at five in the morning of the next day, Monday or first of a month."""
    here = after.astimezone(zone)
    match schedule:
        case "daily":
            days = 1
        case "weekly":
            days = 7 - here.weekday()
        case "monthly":
            days = calendar.monthrange(here.year, here.month)[1] - here.day + 1
        case _:
            return None
    return datetime.combine(here.date() + timedelta(days=days), _HOUR, tzinfo=zone)


def opened(saved: SavedDownload, keyring: Keyring) -> tuple[Wanted, str]:
    """What it is to hold, and the password it is under, if any."""
    secret = json.loads(keyring.decrypt(saved.secret, f"saved-download:{saved.id}"))
    wanted = Wanted.of(
        saved.format,
        saved.xml_form_id,
        options=saved.options,
        condition=condition.read(secret["condition"]),
    )
    return wanted, secret["password"]


def protected(download: Download, *, password: str, recipient: str) -> tuple[str, Iterator[bytes]]:
    """The file's name and its content, under the password if there is one. To a recipient it is encrypted as it is
    written."""
    if password:
        pieces = protection.archive(download.chunks, file_name=download.file_name, password=password)
        return f"{download.file_name.removesuffix('.zip')}.protected.zip", pieces
    return download.file_name + (".age" if recipient else ""), download.chunks


def _ours(actor: Actor, mission_id: int, once: bool) -> tuple[ColumnElement[bool], ...]:
    mine = (SavedDownload.mission_id == mission_id, SavedDownload.user_id == actor.user_id)
    return (*mine, SavedDownload.once.is_(once))


def _add(
    session: Session,
    actor: Actor,
    mission_id: int,
    wanted: Wanted,
    reason: str,
    keyring: Keyring,
    *,
    name: str = "",
    password: str = "",
    recipient: str = "",
    **said: Any,
) -> SavedDownload:
    policy.require(actor, "submission.export", mission_id)
    if actor.user_id is None:
        raise problems.not_allowed(_("A saved download belongs to a person."))
    have = select(func.count()).select_from(SavedDownload)
    if (session.scalar(have.where(*_ours(actor, mission_id, "once" in said))) or 0) >= MOST:
        raise problems.conflict(
            ngettext("You have %(num)s download here.", "You have %(num)s downloads here.", MOST),
            _("Delete those you no longer need."),
        )
    key = new_id()
    text = wanted.filters.condition.text if wanted.filters.condition else ""
    secret = json.dumps({"condition": text, "password": password}).encode()
    saved = SavedDownload(
        id=key,
        mission_id=mission_id,
        user_id=actor.user_id,
        name=name,
        xml_form_id=wanted.xml_form_id,
        format=wanted.format_name,
        options=wanted.options,
        secret=keyring.encrypt(secret, f"saved-download:{key}"),
        protection="password" if password else "key" if recipient else "",
        recipient=recipient,
        reason=reason,
        **said,
    )
    session.add(saved)
    session.flush()
    return saved


def _zone(session: Session, mission_id: int) -> ZoneInfo:
    return ZoneInfo(session.get_one(Mission, mission_id).time_zone)


def _write(session: Session, actor: Actor, action: str, saved: SavedDownload, **detail: Any) -> None:
    ledger.write(
        session,
        actor=actor.ref,
        action=action,
        mission_id=saved.mission_id,
        object=f"saved-download:{saved.id}",
        detail={"form": saved.xml_form_id, **detail},
    )
