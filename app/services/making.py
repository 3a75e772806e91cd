"""The worker's part of saved downloads: what is due is asked for, what was asked for is made, what is old goes."""

import hashlib
import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from datetime import timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

import structlog
from sqlalchemy import Engine, and_, or_, select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from app import problems
from app.blobs import BlobStore
from app.db import glance, writing
from app.exports import protection
from app.keys import Keyring
from app.log import describe
from app.models import MadeDownload, Mission, SavedDownload, User, ago, new_id, now
from app.problems import Problem
from app.services import disposal, saved_downloads, users
from app.services.handout import Download

DEAD: Final = timedelta(minutes=2)
"""A download that nobody has touched for so long is taken up by another worker."""
TICK: Final = 1.0
"""Seconds between two times that who makes one says how far it is."""

_DUE: Final = SavedDownload.next_at <= ago(timedelta())
_ANY_DUE: Final = select(SavedDownload.id).where(_DUE).limit(1)
_NEXT: Final = (
    select(MadeDownload.id)
    .where(
        or_(
            MadeDownload.state == "waiting",
            and_(MadeDownload.state == "making", MadeDownload.touched_at < ago(DEAD)),
        )
    )
    .order_by(MadeDownload.asked_at, MadeDownload.id)
    .limit(1)
)

_log = structlog.get_logger()


def ask_for_due(engine: Engine) -> int:
    """Ask for the downloads that are due, and say when they are next. Returns how many; looks before it writes."""
    if glance(engine, _ANY_DUE) is None:
        return 0
    with Session(engine) as session, writing(session):
        # Locked, so that of two workers one asks for it.
        rows = select(SavedDownload).where(_DUE).order_by(SavedDownload.id).with_for_update(skip_locked=True)
        due = session.scalars(rows).all()
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
        file = _make(engine, made_id, keyring, blobs)
    except Problem as problem:
        _end(engine, made_id, state="failed", problem=problem.message)
    except Exception as error:  # noqa: BLE001 -- whatever it was, its owner is told, and the others are made
        _log.error("a saved download failed", exception=describe(error))
        words = "Something went wrong on the server; it is in its log. Ask for it again, or tell an administrator."
        _end(engine, made_id, state="failed", problem=words)
    else:
        _end(engine, made_id, state="made", **file)
    return True


def sweep(engine: Engine) -> int:
    """Let go of what was made long ago, or asked for once yesterday. Returns how many."""
    old = (MadeDownload.blob.is_not(None), MadeDownload.ended_at < now() - saved_downloads.KEPT)
    over = (
        SavedDownload.once,
        MadeDownload.state.not_in(saved_downloads.PENDING),
        MadeDownload.ended_at < now() - saved_downloads.KEPT_ONCE,
    )
    with Session(engine) as session, writing(session):
        gone = session.scalars(select(MadeDownload).where(*old)).all()
        disposal.note(session, [one.blob for one in gone if one.blob])
        for one in gone:
            one.blob, one.state = None, "gone"
        once = session.scalars(select(SavedDownload).join(MadeDownload).where(*over)).all()
        for saved in once:
            saved_downloads.discard(session, saved)
        return len(gone) + len(once)


def _claim(engine: Engine) -> uuid.UUID | None:
    if glance(engine, _NEXT) is None:
        return None
    with Session(engine) as session, writing(session):
        made_id = session.scalar(_NEXT.with_for_update(skip_locked=True))
        if made_id is None:
            return None
        made = session.get_one(MadeDownload, made_id)
        made.state, made.touched_at = "making", now()
        return made_id


def _make(engine: Engine, made_id: uuid.UUID, keyring: Keyring, blobs: BlobStore) -> dict[str, Any]:
    """Name, size, hash and blob of the file. With the rights its owner has now."""
    with Session(engine) as session:
        saved = session.get_one(SavedDownload, session.get_one(MadeDownload, made_id).saved_id)
        wanted, password = saved_downloads.opened(saved, keyring)
        recipient = saved.recipient
        download = wanted.prepare(
            session,
            keyring=keyring,
            blobs=blobs,
            actor=users.actor_of(session, session.get_one(User, saved.user_id)),
            mission_id=saved.mission_id,
            reason=saved.reason,
        ).begin()
    name, pieces = saved_downloads.protected(download, password=password, recipient=recipient)
    size, digest = 0, hashlib.sha256()
    with closing(download.chunks), blobs.spool() as spooled, _alive(engine, made_id, download) as still:
        sealer = keyring.seal_file(spooled)

        def write(piece: bytes) -> None:
            nonlocal size
            size += len(piece)
            digest.update(piece)
            sealer.write(piece)

        asked_for = _while(still, pieces)
        if recipient:
            protection.encrypt(asked_for, recipient=recipient, write=write)
        else:
            for piece in asked_for:
                write(piece)
        sealer.finish(f"made-download:{made_id}")
        # A name of its own: what a worker that died has stored already is not what this one made.
        blob = new_id().hex * 2
        blobs.put(blob, spooled)
    return {
        "file_name": name,
        "size": size,
        "sha256": digest.hexdigest(),
        "blob": blob,
        "done": download.done(),
    }


def _while(wanted: Callable[[], bool], pieces: Iterator[bytes]) -> Iterator[bytes]:
    for piece in pieces:
        if not wanted():
            raise problems.not_found("download")  # deleted meanwhile: nobody is there to be told
        yield piece


@contextmanager
def _alive(engine: Engine, made_id: uuid.UUID, download: Download) -> Iterator[Callable[[], bool]]:
    """While it is made its row says every second that somebody is at it, and how far; also where the next piece takes
    long. Gives what tells whether it is still wanted."""
    over, wanted = threading.Event(), True

    def say() -> None:
        nonlocal wanted
        with Session(engine) as session, writing(session):
            made = session.get(MadeDownload, made_id)
            wanted = made is not None
            if made is not None:
                made.touched_at, made.expected, made.done = now(), download.expected, download.done()

    def keep_saying() -> None:
        while wanted and not over.wait(TICK):
            with suppress(DBAPIError):  # busy, or away: the next time
                say()

    say()
    thread = threading.Thread(target=keep_saying, daemon=True)
    thread.start()
    try:
        yield lambda: wanted
    finally:
        over.set()
        thread.join()


def _end(engine: Engine, made_id: uuid.UUID, **said: object) -> None:
    with Session(engine) as session, writing(session):
        made = session.get(MadeDownload, made_id)
        if made is None or made.state != "making":  # deleted meanwhile; or another one was quicker
            blob = said.get("blob")
            disposal.note(session, [blob] if isinstance(blob, str) else [])
            return
        made.ended_at = now()
        for name, value in said.items():
            setattr(made, name, value)
