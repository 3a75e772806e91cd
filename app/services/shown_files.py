"""Pictures, recordings and films of a submission, as its page shows them once somebody has said why.

A page asks for each of them by an address of its own, and an address cannot give a reason. So the page that was given
one gets tickets: each opens one file, to the session the page was made for, for half an hour. What is shown is told by
what a file holds; anything that a browser could take for a page is only ever downloaded.
"""

import hmac
import time
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy.orm import Session

from app import policy, problems
from app.blobs import BlobStore
from app.keys import Keyring, KeyringError
from app.services import files, media_types
from app.services.media_types import MediaType
from app.services.submission_detail import enter, file_names, find, read_record

LASTS: Final = 30 * 60
"""Seconds for which a ticket opens its file."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A file that a page shows: what it is, and how the page asks for it. `name_digest` is the keyed one, in
    hexadecimal digits."""

    type: MediaType
    name_digest: str
    until: int
    ticket: str


@dataclass(frozen=True, slots=True)
class Opened:
    """Its plain content, piece by piece."""

    type: MediaType
    size: int
    chunks: Iterator[bytes]


def show(
    session: Session,
    *,
    keyring: Keyring,
    blobs: BlobStore,
    actor: policy.Actor,
    mission_id: int,
    instance_id: str,
    xml_form_id: str,
    reason: str,
    holder: str,
) -> Mapping[str, Shown]:
    """Name of each file that can be shown → how. That they are is an entry of the ledger. `holder` is a secret of the
    session that asks. Raises Problem: not_found, not_allowed, reason_needed."""
    row = find(session, actor, mission_id, instance_id, xml_form_id)
    policy.require(actor, "submission.raw", mission_id)
    until = int(time.time()) + LASTS
    found = {}
    for file in _belonging(session, row, keyring):
        kind = _type(file, keyring, blobs)
        if kind is not None and kind.shown:
            digest = file.name_digest.hex()
            ticket = _ticket(keyring, row.id, digest, until, holder)
            found[files.name(file, keyring)] = Shown(kind, digest, until, ticket)
    if found:
        enter(session, actor, row, "submission.file", reason)
    return found


def open_shown(
    session: Session,
    *,
    keyring: Keyring,
    blobs: BlobStore,
    actor: policy.Actor,
    mission_id: int,
    instance_id: str,
    xml_form_id: str,
    name_digest: str,
    until: int,
    ticket: str,
    holder: str,
) -> Opened:
    """What a ticket opens. Raises the Problems `not_found`, also where the ticket is not for it or too old, and
    `not_allowed`."""
    row = find(session, actor, mission_id, instance_id, xml_form_id)
    policy.require(actor, "submission.raw", mission_id)
    wanted = _ticket(keyring, row.id, name_digest, until, holder)
    if until < time.time() or not hmac.compare_digest(wanted, ticket):
        raise problems.not_found("file")
    mine = _belonging(session, row, keyring)
    file = next((one for one in mine if one.name_digest.hex() == name_digest), None)
    kind = _type(file, keyring, blobs) if file is not None else None
    if file is None or kind is None or not kind.shown:
        raise problems.not_found("file")
    return Opened(kind, file.size, files.content(file, keyring, blobs))


def _belonging(session: Session, row: Any, keyring: Keyring) -> list[Any]:
    """The files of a version that its page lists: of one without consent, those that its answers name."""
    plan, said = read_record(session, keyring, row)
    named = file_names(plan, said) if said is not None else set()
    mine = files.belonging(files.at_hand(session, [row.id])[row.id], named, keyring)
    if said is not None and said.consent_ok is False:
        mine = [file for file in mine if files.name(file, keyring) in named]
    return mine


def _type(file: Any, keyring: Keyring, blobs: BlobStore) -> MediaType | None:
    """None for what is not known, or cannot be opened."""
    try:
        head = next(files.content(file, keyring, blobs), b"")[:16]
    except (KeyringError, FileNotFoundError):
        return None
    return media_types.of(head, file.content_type)


def _ticket(keyring: Keyring, submission_id: uuid.UUID, name_digest: str, until: int, holder: str) -> str:
    said = "\0".join((str(submission_id), name_digest, str(until), holder))
    return keyring.derive("shown file", said.encode("utf-8", "surrogatepass")).hex()
