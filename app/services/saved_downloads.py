"""Downloads somebody saved: made by the worker when they are asked for or due, kept sealed for a while, fetched by their
owner. `making` makes them."""

import calendar
import json
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, fields
from datetime import datetime, time, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from app import ledger, policy, problems
from app.blobs import BlobStore
from app.exports import protection
from app.keys import Keyring
from app.models import MadeDownload, Mission, SavedDownload, new_id, now
from app.policy import Actor
from app.services import condition, disposal, formats, forms, naming
from app.services.export import Download, Filters

KEPT: Final = timedelta(days=14)
"""How long what was made can be fetched."""
SCHEDULES: Final = ("", "daily", "weekly", "monthly")
SHORTEST_PASSWORD: Final = 12
MOST: Final = 30
"""Saved downloads of one person in one mission."""
SHOWN: Final = 5
"""Makings of each that its owner is shown."""
_HOUR: Final = time(5)
"""When on its day a download is due, by the mission's clock: before the office opens."""


@dataclass(frozen=True, slots=True)
class Line:
    """A saved download and its last makings, the newest first."""

    saved: SavedDownload
    made: tuple[MadeDownload, ...]


def create(
    session: Session,
    *,
    actor: Actor,
    mission_id: int,
    name: str,
    xml_form_id: str,
    format_name: str,
    filters: Filters,
    reason: str,
    schedule: str = "",
    password: str = "",
    recipient: str = "",
    keyring: Keyring,
) -> SavedDownload:
    """Save a download, and ask for it a first time. Raises Problem: not_allowed, not_found (no such form), invalid."""
    policy.require(actor, "submission.export", mission_id)
    if actor.user_id is None:
        raise problems.not_allowed("A saved download belongs to a person.")
    formats.get(format_name)
    forms.get(session, mission_id, xml_form_id)
    if schedule not in SCHEDULES:
        raise problems.invalid("There is no such schedule.", "Take daily, weekly or monthly, or none.")
    if password and recipient:
        raise problems.invalid("It is protected by a password or by a key, not by both.", "Take one of them.")
    if password and not SHORTEST_PASSWORD <= len(password) <= 200:
        raise problems.invalid(
            f"A password of a download has at least {SHORTEST_PASSWORD} characters.",
            "Who has the file can guess as fast as machines can: take a few words that do not belong together.",
        )
    if recipient and not protection.is_key(recipient):
        raise problems.invalid(
            "That is no public key of age.", "It begins with age1; age-keygen -y shows it."
        )
    if len(listing(session, actor=actor, mission_id=mission_id)) >= MOST:
        raise problems.conflict(f"You have saved {MOST} downloads here.", "Delete those you no longer need.")
    key = new_id()
    options = {
        name: value for name, value in asdict(filters).items() if name not in ("condition", "submission")
    }
    text = filters.condition.text if filters.condition else ""
    secret = json.dumps({"condition": text, "password": password}).encode()
    saved = SavedDownload(
        id=key,
        mission_id=mission_id,
        user_id=actor.user_id,
        name=naming.clean(name, what="A download"),
        xml_form_id=xml_form_id,
        format=format_name,
        options=options,
        secret=keyring.encrypt(secret, f"saved-download:{key}"),
        protection="password" if password else "key" if recipient else "",
        recipient=recipient.strip(),
        reason=reason,
        schedule=schedule,
        next_at=due(schedule, now(), _zone(session, mission_id)),
    )
    session.add(saved)
    session.flush()
    _write(session, actor, "download.save", saved, schedule=schedule, format=format_name)
    ask(session, actor=actor, saved=saved)
    return saved


def listing(session: Session, *, actor: Actor, mission_id: int) -> list[Line]:
    """One's saved downloads in a mission, by name."""
    saved = session.scalars(
        select(SavedDownload)
        .where(SavedDownload.mission_id == mission_id, SavedDownload.user_id == actor.user_id)
        .order_by(SavedDownload.name, SavedDownload.id)
    ).all()
    return [Line(one, tuple(_made(session, one))) for one in saved]


def get(session: Session, *, actor: Actor, mission_id: int, saved_id: uuid.UUID) -> SavedDownload:
    """One of one's own. Raises the Problem `not_found`."""
    saved = session.get(SavedDownload, saved_id)
    if saved is None or (saved.mission_id, saved.user_id) != (mission_id, actor.user_id):
        raise problems.not_found("saved download")
    return saved


def ask(session: Session, *, actor: Actor, saved: SavedDownload) -> None:
    """Have it made as soon as a worker is free; once, however often one asks meanwhile."""
    policy.require(actor, "submission.export", saved.mission_id)
    if not any(one.state in ("waiting", "making") for one in _made(session, saved)):
        session.add(MadeDownload(saved_id=saved.id))
        session.flush()


def remove(session: Session, *, actor: Actor, saved: SavedDownload) -> None:
    """Delete a saved download with what was made of it."""
    blobs = session.scalars(
        select(MadeDownload.blob).where(MadeDownload.saved_id == saved.id, MadeDownload.blob.is_not(None))
    )
    disposal.note(session, [blob for blob in blobs if blob])
    session.execute(delete(MadeDownload).where(MadeDownload.saved_id == saved.id))
    _write(session, actor, "download.forget", saved)
    session.delete(saved)
    session.flush()


def fetch(
    session: Session,
    *,
    actor: Actor,
    saved: SavedDownload,
    made_id: uuid.UUID,
    keyring: Keyring,
    blobs: BlobStore,
) -> Download:
    """What was made, to hand out. Raises the Problem `not_found` if it is not there, or no longer."""
    policy.require(actor, "submission.export", saved.mission_id)
    made = session.get(MadeDownload, made_id)
    if made is None or made.saved_id != saved.id or made.blob is None:
        raise problems.not_found("download")
    _write(session, actor, "download.fetch", saved, made=str(made.id))
    pieces = keyring.open_file(blobs.open(made.blob), f"made-download:{made.id}")
    return Download(made.file_name, "application/octet-stream", pieces)


def unseen(session: Session, *, user_id: int, mission_id: int) -> int:
    """How many of one's downloads failed since one last looked."""
    return (
        session.scalar(
            select(func.count())
            .select_from(MadeDownload)
            .join(SavedDownload, SavedDownload.id == MadeDownload.saved_id)
            .where(
                SavedDownload.user_id == user_id,
                SavedDownload.mission_id == mission_id,
                MadeDownload.state == "failed",
                MadeDownload.seen.is_(False),
            )
        )
        or 0
    )


def note_seen(session: Session, *, actor: Actor, mission_id: int) -> None:
    """Its owner has looked."""
    ours = select(SavedDownload.id).where(
        SavedDownload.mission_id == mission_id, SavedDownload.user_id == actor.user_id
    )
    session.execute(
        update(MadeDownload)
        .where(MadeDownload.saved_id.in_(ours), MadeDownload.ended_at.is_not(None))
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


def opened(saved: SavedDownload, keyring: Keyring) -> tuple[Filters, str]:
    """What of the submissions it holds, and the password it is under, if any."""
    secret = json.loads(keyring.decrypt(saved.secret, f"saved-download:{saved.id}"))
    known = {one.name for one in fields(Filters)}
    options: dict[str, Any] = {name: value for name, value in saved.options.items() if name in known}
    return Filters(condition=condition.read(secret["condition"]), **options), secret["password"]


def protected(download: Download, saved: SavedDownload, password: str) -> tuple[str, Iterator[bytes]]:
    """The file's name and its content, under the password if there is one. To a recipient it is encrypted as it is
    written."""
    if password:
        pieces = protection.archive(download.chunks, file_name=download.file_name, password=password)
        return f"{download.file_name.removesuffix('.zip')}.protected.zip", pieces
    return download.file_name + (".age" if saved.recipient else ""), download.chunks


def _made(session: Session, saved: SavedDownload) -> Sequence[MadeDownload]:
    return session.scalars(
        select(MadeDownload)
        .where(MadeDownload.saved_id == saved.id)
        .order_by(MadeDownload.asked_at.desc(), MadeDownload.id.desc())
        .limit(SHOWN)
    ).all()


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
