"""The worker's side of uploads: the one that has waited longest is compiled, and becomes a draft or is refused.

A check runs in a process of its own with limits; the worker that waits for it says every now and then that it lives. An
upload of which nobody has said so for a while was being checked by a worker that is gone: another one begins again, a
few times.
"""

import threading
import uuid
from collections.abc import Sequence
from contextlib import suppress
from datetime import timedelta
from functools import partial
from typing import Final

import structlog
from sqlalchemy import Engine, and_, delete, or_, select, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from app import problems
from app.db import connect_to_write, glance, writing
from app.log import describe
from app.models import Form, FormVersion, Upload, UploadFile, User, ago, now
from app.problems import Problem
from app.services import publish, texts, users
from app.services.checked import Checked
from app.services.form_media import Attached
from app.services.texts import Brought
from xlsforms import complaints
from xlsforms.finding import Finding

SILENT: Final = timedelta(seconds=30)
"""After how long without a sign of life a check counts as dead."""
TRIES: Final = 3
_PULSE: Final = 2.0
"""Seconds between two signs of life."""

_OLDEST: Final = (
    select(Upload.id)
    .where(
        or_(
            Upload.state == "waiting",
            and_(Upload.state == "checking", Upload.touched_at < ago(SILENT)),
        )
    )
    .order_by(Upload.created_at, Upload.id)
    .limit(1)
)

_log = structlog.get_logger()


def check_next(engine: Engine) -> bool:
    """Check the upload that has waited longest. Whether there was one."""
    upload_id = _claim(engine)
    if upload_id is None:
        return False
    over = threading.Event()
    pulse = threading.Thread(target=_beat, args=(engine, upload_id, over))
    pulse.start()
    try:
        _settle(engine, upload_id, _look_at(engine, upload_id))
    except DBAPIError:
        raise  # away or restarting: the row is found again when nobody has touched it for a while
    except Problem as problem:
        _give_up(engine, upload_id, problem)
    except Exception as error:  # noqa: BLE001 -- a fault of ours must not leave somebody waiting for ever
        _log.error("a check failed", upload=str(upload_id), exception=describe(error))
        _give_up(engine, upload_id, None)
    finally:
        over.set()
        pulse.join()
    return True


def _claim(engine: Engine) -> uuid.UUID | None:
    """The upload to check next, marked as being checked. Looks before it writes."""
    if glance(engine, _OLDEST) is None:
        return None
    with Session(engine) as session, writing(session):
        upload_id = session.scalar(_OLDEST.with_for_update(skip_locked=True))
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


def _look_at(engine: Engine, upload_id: uuid.UUID) -> Checked | Brought:
    """Compile what was uploaded: a form as it is, translations once they are in the workbook of their form."""
    tell = partial(_tell, engine, upload_id)
    with Session(engine) as session:
        upload = session.get_one(Upload, upload_id)
        content, name = upload.content or b"", upload.name
        if upload.translates is None:
            version = None
        else:
            version = _translated(session, upload)
            form_id = session.get_one(Form, version.form_id).xml_form_id
    if version is None:
        return publish.check(content, name, progress=tell)
    tell("placing", None)
    return texts.bring(version, content, form_id=form_id, progress=tell)


def _translated(session: Session, upload: Upload) -> FormVersion:
    version = session.get(FormVersion, upload.translates)
    if version is None:
        raise problems.not_found("draft that was translated; it was thrown away")
    return version


def _settle(engine: Engine, upload_id: uuid.UUID, found: Checked | Brought) -> None:
    """Make it a draft with its files, all at once; or keep what is to be said against it."""
    with Session(engine) as session, writing(session):
        upload = session.get(Upload, upload_id)
        if upload is None or upload.state != "checking":
            return
        files = [
            Attached(one.name, one.content, one.content_type)
            for one in session.scalars(select(UploadFile).where(UploadFile.upload_id == upload_id))
        ]
        made = found.checked if isinstance(found, Brought) else found
        upload.cells = made.compiled.workbook.packed() if made is not None else None
        if not found.ok:
            if isinstance(found, Checked):
                names = [one.name for one in files]
                found = publish.with_files(session, found, mission_id=upload.mission_id, names=names)
            upload.state = "refused"
            upload.findings = [one.to_json() for one in found.findings]
            return
        if isinstance(found, Brought):
            upload.written = found.translated.written
            upload.findings = [one.to_json() for one in found.translated.findings]
        try:
            with session.begin_nested():
                version = _save(session, upload, found, files)
        except Problem as problem:
            upload.state, upload.problem = "refused", problem.message
            return
        upload.state = "published" if version.published else "draft"
        upload.version_id = version.id
        # They are the version's now.
        upload.content = upload.cells = None
        session.execute(delete(UploadFile).where(UploadFile.upload_id == upload_id))


def _save(
    session: Session, upload: Upload, found: Checked | Brought, files: Sequence[Attached]
) -> FormVersion:
    actor = users.actor_of(session, session.get_one(User, upload.created_by))
    mission_id = upload.mission_id
    if isinstance(found, Brought):
        version = _translated(session, upload)
        return texts.save(session, found, actor=actor, mission_id=mission_id, version=version)
    return publish.save_draft(
        session, found, actor=actor, mission_id=mission_id, note=upload.note, files=files
    )


def _give_up(engine: Engine, upload_id: uuid.UUID, problem: Problem | None) -> None:
    with Session(engine) as session, writing(session):
        upload = session.get(Upload, upload_id)
        if upload is None or upload.state != "checking":
            return
        if problem is None:
            _refuse(upload, _silence())
        else:
            upload.state, upload.problem = "refused", problem.message


def _silence() -> Finding:
    return complaints.broken("the check ended without an answer")


def _refuse(upload: Upload, finding: Finding) -> None:
    upload.state = "refused"
    upload.findings = [finding.to_json()]
