"""Uploads of the page: stored by the request that brings them, checked by a worker, and then a draft or refused.

The table is the queue. A check runs in a process of its own with limits; the worker that waits for it says every now
and then that it lives. An upload of which nobody has said so for a while was being checked by a worker that is gone:
another one begins again, a few times.
"""

import threading
import uuid
from collections.abc import Sequence
from contextlib import suppress
from datetime import timedelta
from functools import partial
from typing import Final

import structlog
from sqlalchemy import ColumnElement, Engine, and_, delete, func, or_, select, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session, defer

from app import problems
from app.db import connect_to_write, writing
from app.log import describe
from app.models import Upload, UploadFile, User, now
from app.policy import Actor
from app.problems import Problem
from app.services import publish, users
from app.services.publish import MAX_FILES, MAX_NOTE, MAX_UPLOAD, Attached, Checked
from xlsforms import complaints, drop
from xlsforms.finding import Finding

MAX_ALL: Final = 100_000_000
"""Bytes of a form with all its files."""
KEPT: Final = timedelta(days=3)
"""How long what came of an upload can be seen. A draft stays, of course."""
SILENT: Final = timedelta(seconds=30)
"""After how long without a sign of life a check counts as dead."""
TRIES: Final = 3
_PULSE: Final = 2.0
"""Seconds between two signs of life."""
_PENDING: Final = ("waiting", "checking")

_log = structlog.get_logger()


def store(
    session: Session,
    files: Sequence[Attached],
    *,
    actor: Actor,
    mission_id: int,
    note: str = "",
    earlier: uuid.UUID | None = None,
) -> uuid.UUID:
    """Keep a form with its files until a worker has looked at it. One of the files is the form. `earlier` is an upload
    that was refused: its other files are taken along, so that nobody has to find them again. Returns its id.

    Raises the Problems `invalid`, if it is not clear which file is the form, and `too_large`.
    """
    if any(len(one.content) > MAX_UPLOAD for one in files):
        raise problems.too_large(MAX_UPLOAD)
    if sum(len(one.content) for one in files) > MAX_ALL:
        raise problems.too_large(MAX_ALL)
    form = _form_of(files)
    beside = {one.name: one for one in files if one is not form}
    if earlier is not None and (before := find(session, mission_id, earlier)) is not None:
        for kept in session.scalars(select(UploadFile).where(UploadFile.upload_id == before.id)):
            beside.setdefault(kept.name, Attached(kept.name, kept.content, kept.content_type))
    beside.pop(form.name, None)
    if len(beside) > MAX_FILES:
        raise problems.invalid(f"More than {MAX_FILES} files came with the form.", "Send fewer at once.")
    upload = Upload(
        mission_id=mission_id,
        created_by=actor.user_id,
        name=form.name[:255],
        content=form.content,
        note=note.strip()[:MAX_NOTE],
    )
    session.add(upload)
    session.flush()
    upload_id = upload.id
    for one in beside.values():
        kind = one.content_type or "application/octet-stream"
        session.add(UploadFile(upload_id=upload_id, name=one.name, content=one.content, content_type=kind))
        session.flush()
        session.expunge_all()  # their bytes need not all be in memory
    return upload_id


def find(session: Session, mission_id: int, upload_id: uuid.UUID) -> Upload | None:
    """An upload of a mission, while it is kept."""
    return session.scalar(
        select(Upload)
        .where(Upload.id == upload_id, Upload.mission_id == mission_id)
        .options(defer(Upload.content), defer(Upload.cells))
    )


def get(session: Session, mission_id: int, upload_id: uuid.UUID) -> Upload:
    """As `find`; raises the Problem `not_found`."""
    found = find(session, mission_id, upload_id)
    if found is None:
        raise problems.not_found("upload")
    return found


def open_ones(session: Session, mission_id: int, actor: Actor) -> list[Upload]:
    """What somebody uploaded lately and is not over: being checked, or refused and not uploaded again under its name."""
    lately = session.scalars(
        select(Upload)
        .where(Upload.mission_id == mission_id, Upload.created_by == actor.user_id)
        .order_by(Upload.created_at.desc(), Upload.id.desc())
        .limit(20)
        .options(defer(Upload.content), defer(Upload.cells), defer(Upload.findings))
    )
    newest: dict[str, Upload] = {}
    for one in lately:
        newest.setdefault(one.name, one)
    return [one for one in newest.values() if one.state in (*_PENDING, "refused")]


def before(session: Session, upload: Upload) -> int:
    """How many uploads wait, or are being checked, that came before this one."""
    statement = select(func.count()).where(Upload.state.in_(_PENDING), Upload.created_at < upload.created_at)
    return session.scalar(statement) or 0


def file_names(session: Session, upload: Upload) -> list[str]:
    """Names of the files that came with it, and are not yet those of a draft."""
    statement = select(UploadFile.name).where(UploadFile.upload_id == upload.id).order_by(UploadFile.name)
    return list(session.scalars(statement))


def _form_of(files: Sequence[Attached]) -> Attached:
    names = drop.forms({one.name: one.content[: drop.HEAD] for one in files})
    if len(names) > 1:
        raise problems.invalid(
            f"Several of the files may be the form: {', '.join(sorted(names)[:5])}.",
            "Upload one form at a time, with its files.",
        )
    if not names:
        raise problems.invalid(
            "None of the files is a form.",
            "Add what they belong to: a workbook, a Markdown table, a zip of CSV files or an XForm.",
        )
    return next(one for one in files if one.name == names[0])


# --- the worker's side ---------------------------------------------------------------------------------------------


def check_next(engine: Engine) -> bool:
    """Check the upload that has waited longest. Whether there was one."""
    upload_id = _claim(engine)
    if upload_id is None:
        return False
    over = threading.Event()
    pulse = threading.Thread(target=_beat, args=(engine, upload_id, over))
    pulse.start()
    try:
        with Session(engine) as session:
            upload = session.get_one(Upload, upload_id)
            content, name = upload.content or b"", upload.name
        checked = publish.check(content, name, progress=partial(_tell, engine, upload_id))
        _settle(engine, upload_id, checked)
    except DBAPIError:
        raise  # away or restarting: the row is found again when nobody has touched it for a while
    except Exception as error:  # noqa: BLE001 -- a fault of ours must not leave somebody waiting for ever
        _log.error("a check failed", upload=str(upload_id), exception=describe(error))
        _give_up(engine, upload_id)
    finally:
        over.set()
        pulse.join()
    return True


def sweep(engine: Engine) -> int:
    """Delete uploads that are over and long past. How many."""
    with connect_to_write(engine) as connection:
        old = connection.execute(delete(Upload).where(Upload.created_at < now() - KEPT))
    return old.rowcount


def _due() -> ColumnElement[bool]:
    return or_(
        Upload.state == "waiting", and_(Upload.state == "checking", Upload.touched_at < now() - SILENT)
    )


def _claim(engine: Engine) -> uuid.UUID | None:
    """The upload to check next, marked as being checked. Looks before it writes."""
    oldest = select(Upload.id).where(_due()).order_by(Upload.created_at, Upload.id).limit(1)
    with Session(engine) as session:
        if session.scalar(oldest) is None:
            return None
        with writing(session):
            upload_id = session.scalar(oldest.with_for_update(skip_locked=True))
            if upload_id is None:
                return None
            upload = session.get_one(Upload, upload_id)
            if upload.tries >= TRIES:
                _refuse(upload, _silence())
                return None
            upload.state, upload.step, upload.share = "checking", "", None
            upload.tries += 1
            upload.touched_at = now()
    return upload_id


def _tell(engine: Engine, upload_id: uuid.UUID, step: str, share: float | None) -> None:
    """Write how far a check is, so that any process can show it."""
    statement = update(Upload).where(Upload.id == upload_id, Upload.state == "checking")
    with connect_to_write(engine) as connection:
        connection.execute(statement.values(step=step, share=share, touched_at=now()))


def _beat(engine: Engine, upload_id: uuid.UUID, over: threading.Event) -> None:
    """Say every now and then that the check goes on, until it is over."""
    while not over.wait(_PULSE):
        with suppress(DBAPIError), connect_to_write(engine) as connection:
            connection.execute(update(Upload).where(Upload.id == upload_id).values(touched_at=now()))


def _settle(engine: Engine, upload_id: uuid.UUID, checked: Checked) -> None:
    """Make it a draft with its files, all at once; or keep what is to be said against it."""
    with Session(engine) as session, writing(session):
        upload = session.get(Upload, upload_id)
        if upload is None or upload.state != "checking":
            return
        files = [
            Attached(one.name, one.content, one.content_type)
            for one in session.scalars(select(UploadFile).where(UploadFile.upload_id == upload_id))
        ]
        upload.cells = checked.compiled.workbook.packed()
        if not checked.ok:
            names = [one.name for one in files]
            checked = publish.with_files(session, checked, mission_id=upload.mission_id, names=names)
            upload.state = "refused"
            upload.findings = [one.to_json() for one in checked.findings]
            return
        actor = users.actor_of(session, session.get_one(User, upload.created_by))
        try:
            with session.begin_nested():
                version = publish.save_draft(
                    session,
                    checked,
                    actor=actor,
                    mission_id=upload.mission_id,
                    note=upload.note,
                    files=files,
                )
        except Problem as problem:
            upload.state, upload.problem = "refused", problem.message
            return
        upload.state = "published" if version.published else "draft"
        upload.version_id = version.id
        # They are the version's now.
        upload.content = upload.cells = None
        session.execute(delete(UploadFile).where(UploadFile.upload_id == upload_id))


def _give_up(engine: Engine, upload_id: uuid.UUID) -> None:
    with Session(engine) as session, writing(session):
        upload = session.get(Upload, upload_id)
        if upload is not None and upload.state == "checking":
            _refuse(upload, _silence())


def _silence() -> Finding:
    return complaints.broken("the check ended without an answer")


def _refuse(upload: Upload, finding: Finding) -> None:
    upload.state = "refused"
    upload.findings = [finding.to_json()]
