"""What the worker and people keep sealed beside the case tables, opened: intakes and decisions."""

import json
import uuid
from typing import Any, cast

from sqlalchemy import Row, Table

from app.keys import Keyring
from app.models import Submission
from app.services import placing
from submissions import decision as decisions
from submissions.normalise import Intake

_TABLE = cast("Table", Submission.__table__)
COLUMNS = tuple(
    _TABLE.c[name]
    for name in (
        "id", "mission_id", "xml_form_id", "instance_id", "deprecated_id", "interviewer_id", "group_id",
        "state", "root_instance_id", "version_id", "case_id", "held_on", "findings", "flagged", "intake",
    )
)  # fmt: skip
"""Columns of a submission that placing and folding it take; not its XML."""


def xml(row: Row[Any], keyring: Keyring) -> bytes:
    """The XML that holds the answers: as it came, or, of one that came encrypted and was opened, as the phone wrote
    it before."""
    if row.plain is not None:
        return keyring.open(row.plain, _plain_context(row.id))
    return keyring.open(row.xml, f"submission:{row.id}")


def seal_plain(xml: bytes, submission_id: uuid.UUID, keyring: Keyring) -> bytes:
    """The XML of one that came encrypted, for its column."""
    return keyring.seal(xml, _plain_context(submission_id))


def intake(row: Row[Any], keyring: Keyring, *, root: str | None = None) -> Intake:
    """The intake of a submission that has one, under the first instanceID of its chain of edits."""
    content = json.loads(keyring.decrypt(row.intake, f"intake:{row.id}"))
    return placing.rooted(Intake.from_json(content), root or row.root_instance_id)


def seal_intake(said: Intake, row: Row[Any], keyring: Keyring) -> bytes:
    """The intake for its column: the bytes that are there if they say the same, so that a replay changes
    nothing."""
    content = json.dumps(said.to_json(), separators=(",", ":"), ensure_ascii=False).encode()
    context = f"intake:{row.id}"
    if row.intake is not None and keyring.decrypt(row.intake, context) == content:
        return cast("bytes", row.intake)
    return keyring.encrypt(content, context)


def decision(row: Row[Any], keyring: Keyring) -> decisions.Decision:
    """A decision as the fold takes it. Instants have microseconds, so that they sort as they were made."""
    body = json.loads(keyring.decrypt(row.body, f"decision:{row.id}")) if row.body is not None else {}
    at = row.made_at.isoformat(timespec="microseconds").replace("+00:00", "Z")
    return decisions.Decision(str(row.id), row.kind, at, row.made_by, body)


def _plain_context(submission_id: uuid.UUID) -> str:
    return f"submission-plain:{submission_id}"
