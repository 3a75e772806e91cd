"""Trials: what test devices, or people in the browser, send to try a draft. They are kept apart from submissions, and
thrown away.

A test device has a token and a server URL like any other; that it tries a form stands in its row. So data are kept
apart by what the server knows of the phone, and not by an address that somebody types.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, cast
from uuid import UUID

from sqlalchemy import Connection, Table, delete, select
from sqlalchemy.dialects.postgresql import insert as insert_postgresql
from sqlalchemy.dialects.sqlite import insert as insert_sqlite
from sqlalchemy.orm import Session

from app import ledger, problems
from app.keys import Keyring
from app.models import Form, FormVersion, Trial, TrialFile
from app.services import disposal
from app.services.arrivals import Receipt
from app.services.senders import Sender
from submissions.envelope import Envelope

_TRIAL: Final = cast("Table", Trial.__table__)
_FILE: Final = cast("Table", TrialFile.__table__)
_AT_ONCE: Final = 500
_FILE_COLUMNS: Final = ("name_digest", "digest", "size", "content_type", "blob")


@dataclass(frozen=True, slots=True)
class Arrival:
    """A trial on its way in. `id` is its own if it is new here."""

    id: UUID
    sender: Sender
    said: Envelope
    xml_digest: bytes
    at: datetime


def sealed_to(form_id: int | None, instance_id: str) -> str:
    """The context the XML of a trial is sealed to: its place, which stays when later content replaces it."""
    return f"trial:{form_id}:{instance_id}"


def require_draft(connection: Connection, sender: Sender, xml_form_id: str) -> None:
    """Raise the Problem `unknown_form` unless this is the form the device tries, and `no_draft` unless it has a draft.

    Which draft does not matter: a phone may hold one that was replaced meanwhile. In a transaction that writes, the
    draft then stays what it is until the end, so that none is published while a trial of it comes in.
    """
    statement = select(Form.xml_form_id).where(Form.id == sender.test_form_id)
    if connection.execute(statement).scalar_one_or_none() != xml_form_id:
        raise problems.unknown_form()
    draft = select(FormVersion.id).where(
        FormVersion.form_id == sender.test_form_id, FormVersion.published.is_(None)
    )
    if connection.execute(draft.with_for_update(read=True)).first() is None:
        raise problems.no_draft()


def keep(
    connection: Connection,
    trial: Arrival,
    *,
    xml: bytes,
    files: Sequence[Mapping[str, Any]],
    keyring: Keyring,
) -> Receipt:
    """Store a trial in the connection's transaction. `xml` is sealed, `files` are rows as `receive` makes them.

    The same bytes again change nothing, and files not seen before are added. Other bytes under an instanceID or file
    name that is taken replace what was there: nobody's answers are lost by it, and who tries a form wants to see what
    the phone sent last, not a conflict for a coordinator. Raises Problem as `require_draft`.
    """
    sender = trial.sender
    require_draft(connection, sender, trial.said.form_id)
    new = {
        "device_id": sender.device_id,
        "user_id": sender.user_id,
        "form_version": trial.said.version,
        "received_at": trial.at,
        "xml_digest": trial.xml_digest,
        "xml": xml,
    }
    place = {
        "mission_id": sender.mission_id,
        "form_id": sender.test_form_id,
        "instance_id": trial.said.instance_id,
    }
    written = connection.execute(
        _insert(connection, _TRIAL)
        .values(id=trial.id, **place, **new)
        .on_conflict_do_update(
            index_elements=list(place), set_=new, where=_TRIAL.c.xml_digest != trial.xml_digest
        )
        .returning(_TRIAL.c.id)
    ).scalar_one_or_none()
    standing = written or connection.execute(select(_TRIAL.c.id).filter_by(**place)).scalar_one()
    added = _keep_files(connection, standing, files, keyring)
    if written or added:
        ledger.write(
            connection,
            actor=sender.actor,
            action="trial.receive",
            mission_id=sender.mission_id,
            object=f"trial:{standing}",
            detail={"files": added},
        )
    return Receipt(
        standing, trial.said.instance_id, trial.said.form_id, new=standing == trial.id, files_added=added
    )


def throw_away(session: Session, *, actor: str, form_id: int, mission_id: int | None = None) -> int:
    """Delete the trials of a form, in one mission or in all: rows now, their files after the commit. Returns how
    many."""
    wanted = select(Trial.id).where(Trial.form_id == form_id)
    if mission_id is not None:
        wanted = wanted.where(Trial.mission_id == mission_id)
    # Locked, so that no file is added to one of them that would then stay behind.
    ids = session.scalars(wanted.with_for_update()).all()
    for start in range(0, len(ids), _AT_ONCE):
        some = ids[start : start + _AT_ONCE]
        blobs = session.scalars(delete(_FILE).where(_FILE.c.trial_id.in_(some)).returning(_FILE.c.blob)).all()
        disposal.note(session, blobs)
        session.execute(delete(_TRIAL).where(_TRIAL.c.id.in_(some)))
    if ids:
        ledger.write(
            session,
            actor=actor,
            action="trial.throw_away",
            mission_id=mission_id,
            object=f"form:{form_id}",
            detail={"trials": len(ids)},
        )
    return len(ids)


# --- within ------------------------------------------------------------------------------------------------------


def _keep_files(
    connection: Connection, trial_id: UUID, files: Sequence[Mapping[str, Any]], keyring: Keyring
) -> int:
    """Add or replace files by name. Returns how many are new or differ."""
    last = {file["name_digest"]: file for file in files}
    found = connection.execute(
        select(_FILE.c.name_digest, _FILE.c.digest, _FILE.c.blob).where(_FILE.c.trial_id == trial_id)
    )
    known = {row.name_digest: row for row in found}
    new = [file for key, file in last.items() if key not in known or known[key].digest != file["digest"]]
    replaced = [file["name_digest"] for file in new if file["name_digest"] in known]
    if replaced:
        connection.execute(
            delete(_FILE).where(_FILE.c.trial_id == trial_id, _FILE.c.name_digest.in_(replaced))
        )
    if new:
        connection.execute(
            _FILE.insert(),
            [
                {
                    "trial_id": trial_id,
                    "name": keyring.seal(file["name"].encode(), f"file-name:{trial_id}"),
                    **{column: file[column] for column in _FILE_COLUMNS},
                }
                for file in new
            ],
        )
    kept = {file["blob"] for file in new}
    disposal.note(
        connection,
        [
            *(known[key].blob for key in replaced),
            *(file["blob"] for file in files if file["blob"] not in kept),
        ],
    )
    return len(new)


def _insert(connection: Connection, table: Table) -> Any:
    return insert_sqlite(table) if connection.dialect.name == "sqlite" else insert_postgresql(table)
