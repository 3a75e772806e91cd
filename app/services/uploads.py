"""Uploads of the page, forms and translations of their texts: stored by the request that brings them, checked by a
worker (see `checking`), and then a draft or refused. The table is the queue.
"""

import uuid
from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from sqlalchemy import Engine, delete, func, select
from sqlalchemy.orm import Session, defer

from app import problems
from app.db import connect_to_write
from app.language import _
from app.models import Form, FormVersion, Upload, UploadFile, now
from app.policy import Actor
from app.services import publish, texts
from app.services.checked import MAX_FILES, MAX_UPLOAD
from app.services.form_media import Attached
from app.services.publish import MAX_NOTE
from xlsforms import drop

MAX_ALL: Final = 100_000_000
"""Bytes of a form with all its files."""
KEPT: Final = timedelta(days=3)
"""How long what came of an upload can be seen. A draft stays, of course."""
_PENDING: Final = ("waiting", "checking")


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
        raise problems.invalid(
            _("More than %(number)s files came with the form.", number=MAX_FILES), _("Send fewer at once.")
        )
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


def store_texts(
    session: Session,
    file: Attached,
    *,
    actor: Actor,
    mission_id: int,
    version: FormVersion,
) -> uuid.UUID:
    """Keep a file of translations of a version's texts until a worker has put them into the workbook and looked at that.
    Returns the upload's id. Raises the Problems `no_texts`, `too_large` and `not_allowed`.
    """
    texts.require_cells(version)
    publish.require_owner(actor, "form.upload", session.get_one(Form, version.form_id))
    if len(file.content) > MAX_UPLOAD:
        raise problems.too_large(MAX_UPLOAD)
    upload = Upload(
        mission_id=mission_id,
        created_by=actor.user_id,
        name=file.name[:255],
        content=file.content,
        translates=version.id,
    )
    session.add(upload)
    session.flush()
    return upload.id


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


def sweep(engine: Engine) -> int:
    """Delete uploads that are over and long past. How many."""
    with connect_to_write(engine) as connection:
        old = connection.execute(delete(Upload).where(Upload.created_at < now() - KEPT))
    return old.rowcount


def _form_of(files: Sequence[Attached]) -> Attached:
    names = drop.forms({one.name: one.content[: drop.HEAD] for one in files})
    if len(names) > 1:
        raise problems.invalid(
            _("Several of the files may be the form: %(names)s.", names=", ".join(sorted(names)[:5])),
            _("Upload one form at a time, with its files."),
        )
    if not names:
        raise problems.invalid(
            _("None of the files is a form."),
            _("Add what they belong to: a workbook, a Markdown table, a zip of CSV files or an XForm."),
        )
    return next(one for one in files if one.name == names[0])
