"""ODK Validate, after a form became a draft: beside everything else, so that nobody waits for it.

The queue is a column of the version: `waiting` when the form comes, `absent` where a worker has no Java, `done` when its
complaints, if any, are among the findings. A worker that dies leaves it `waiting`, and the next one takes it.
"""

import uuid
from collections.abc import Sequence
from typing import Final

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from app.db import glance, writing
from app.models import FormVersion
from xlsforms import lint, validate
from xlsforms.finding import Finding
from xlsforms.workbook import Workbook

WAITING: Final = "waiting"
CODE: Final = "validate_refused"
_OLDEST: Final = (
    select(FormVersion.id)
    .where(FormVersion.validated == WAITING)
    .order_by(FormVersion.created_at, FormVersion.id)
    .limit(1)
)
_CONTENT: Final = select(FormVersion.id, FormVersion.xform, FormVersion.sha256, FormVersion.cells)


def validate_next(engine: Engine) -> bool:
    """Have the version that has waited longest checked. Whether there was one. Two workers that take the same one find
    the same."""
    version_id = glance(engine, _OLDEST)
    if version_id is None:
        return False
    with Session(engine) as session:
        row = session.execute(_CONTENT.where(FormVersion.id == version_id)).first()
    if row is None:
        return True  # thrown away meanwhile
    said = validate.validate(row.xform)
    placed = tuple(lint.placed(said or (), Workbook.unpacked(row.cells)))
    _note(engine, row.id, row.sha256, placed if said is not None else None)
    return True


def _note(engine: Engine, version_id: uuid.UUID, sha256: str, said: Sequence[Finding] | None) -> None:
    with Session(engine) as session, writing(session):
        version = session.get(FormVersion, version_id)
        if version is None or version.sha256 != sha256:
            return  # another upload is in its place by now, and waits itself
        version.validated = "absent" if said is None else "done"
        others = [one for one in version.findings if one["code"] != CODE]
        version.findings = [*(one.to_json() for one in said or ()), *others]
