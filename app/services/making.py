"""The worker's part of saved downloads: what is due is asked for, what was asked for is made, what is old goes."""

import uuid
from collections.abc import Iterator
from datetime import timedelta
from typing import Final
from zoneinfo import ZoneInfo

import structlog
from sqlalchemy import Engine, or_, select
from sqlalchemy.orm import Session

from app.blobs import BlobStore
from app.db import writing
from app.exports import protection
from app.keys import Keyring
from app.log import describe
from app.models import MadeDownload, Mission, SavedDownload, User, new_id, now
from app.problems import Problem
from app.services import disposal, export, saved_downloads, users

DEAD: Final = timedelta(minutes=5)
"""A download that nobody has touched for so long is taken up by another worker."""
_TOUCH: Final = timedelta(seconds=30)

_log = structlog.get_logger()


def ask_for_due(engine: Engine) -> int:
    """Ask for the downloads that are due, and say when they are next. Returns how many; looks before it writes."""
    waits = (SavedDownload.next_at.is_not(None), SavedDownload.next_at <= now())
    with Session(engine) as session:
        if session.scalar(select(SavedDownload.id).where(*waits).limit(1)) is None:
            return 0
        with writing(session):
            due = session.scalars(select(SavedDownload).where(*waits).order_by(SavedDownload.id)).all()
            for saved in due:
                zone = ZoneInfo(session.get_one(Mission, saved.mission_id).time_zone)
                saved.next_at = saved_downloads.due(saved.schedule, now(), zone)
                session.add(MadeDownload(saved_id=saved.id))
            return len(due)


def make_next(engine: Engine, *, keyring: Keyring, blobs: BlobStore) -> bool:
    """Make one that was asked for. Whether there was one."""
    made_id = _claim(engine)
    if made_id is None:
        return False
    try:
        name, size, blob = _make(engine, made_id, keyring, blobs)
    except Problem as problem:
        _end(engine, made_id, state="failed", problem=problem.message)
    except Exception as error:  # noqa: BLE001 -- whatever it was, its owner is told, and the others are made
        _log.error("a saved download failed", exception=describe(error))
        words = "Something went wrong on the server; it is in its log. Ask for it again, or tell an administrator."
        _end(engine, made_id, state="failed", problem=words)
    else:
        _end(engine, made_id, state="made", file_name=name, size=size, blob=blob)
    return True


def sweep(engine: Engine) -> int:
    """Let go of what was made long ago. Returns how many."""
    old = (MadeDownload.blob.is_not(None), MadeDownload.ended_at < now() - saved_downloads.KEPT)
    with Session(engine) as session, writing(session):
        gone = session.scalars(select(MadeDownload).where(*old)).all()
        disposal.note(session, [one.blob for one in gone if one.blob])
        for one in gone:
            one.blob, one.state = None, "gone"
        return len(gone)


def _claim(engine: Engine) -> uuid.UUID | None:
    free = or_(
        MadeDownload.state == "waiting",
        (MadeDownload.state == "making") & (MadeDownload.touched_at < now() - DEAD),
    )
    with Session(engine) as session:
        if session.scalar(select(MadeDownload.id).where(free).limit(1)) is None:
            return None
        with writing(session):
            first = select(MadeDownload).where(free).order_by(MadeDownload.asked_at, MadeDownload.id).limit(1)
            made = session.scalar(first.with_for_update(skip_locked=True))
            if made is None:
                return None
            made.state, made.touched_at = "making", now()
            return made.id


def _make(engine: Engine, made_id: uuid.UUID, keyring: Keyring, blobs: BlobStore) -> tuple[str, int, str]:
    """Its name, size and blob. With the rights its owner has now."""
    with Session(engine) as session:
        made = session.get_one(MadeDownload, made_id)
        saved = session.get_one(SavedDownload, made.saved_id)
        filters, password = saved_downloads.opened(saved, keyring)
        download = export.download(
            session,
            keyring=keyring,
            blobs=blobs,
            actor=users.actor_of(session, session.get_one(User, saved.user_id)),
            mission_id=saved.mission_id,
            xml_form_id=saved.xml_form_id,
            format_name=saved.format,
            filters=filters,
            reason=saved.reason,
        )
        recipient = session.get_one(SavedDownload, made.saved_id).recipient
        name, pieces = saved_downloads.protected(
            download, session.get_one(SavedDownload, made.saved_id), password
        )
    size = 0
    with blobs.spool() as spooled:
        sealer = keyring.seal_file(spooled)

        def write(piece: bytes) -> None:
            nonlocal size
            size += len(piece)
            sealer.write(piece)

        alive = _touching(engine, made_id, pieces)
        if recipient:
            protection.encrypt(alive, recipient=recipient, write=write)
        else:
            for piece in alive:
                write(piece)
        sealer.finish(f"made-download:{made_id}")
        # A name of its own: what a worker that died has stored already is not what this one made.
        blob = new_id().hex * 2
        blobs.put(blob, spooled)
    return name, size, blob


def _touching(engine: Engine, made_id: uuid.UUID, pieces: Iterator[bytes]) -> Iterator[bytes]:
    """The pieces; now and then it says that it lives."""
    last = now()
    for piece in pieces:
        if now() - last > _TOUCH:
            last = now()
            with Session(engine) as session, writing(session):
                session.get_one(MadeDownload, made_id).touched_at = last
        yield piece


def _end(engine: Engine, made_id: uuid.UUID, **said: object) -> None:
    with Session(engine) as session, writing(session):
        made = session.get(MadeDownload, made_id)
        if made is None:  # deleted meanwhile
            blob = said.get("blob")
            disposal.note(session, [blob] if isinstance(blob, str) else [])
            return
        made.ended_at = now()
        for name, value in said.items():
            setattr(made, name, value)
