"""Documents of a case: added, listed, read for a reason, removed for a reason. Each is an entry of the ledger.

What a document is, is told by what it holds. Its name may name somebody, so it is shown with the content only. Documents
stay with the uid that their case had, as comments do: they go along where it is merged, come back where that is undone,
follow it to another mission, and do not care whether it is closed. They are no part of the fold.
"""

import re
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app import ledger, policy, problems
from app.blobs import BlobStore
from app.db import writing
from app.keys import Keyring
from app.language import N_, _
from app.models import CaseAlias, CaseState, Document, User, new_id, now
from app.services import disposal, media_types
from app.services.reveal import need_reason

LARGEST: Final = 25_000_000
"""Bytes of one document."""
MOST: Final = 200
"""Documents of one case."""
KINDS: Final[Mapping[str, str]] = {
    "identity": N_("Identity or travel document"),
    "consent": N_("Signed consent"),
    "medical": N_("Medical report"),
    "legal": N_("Paper of police or a court"),
    "referral": N_("Referral or letter"),
    "report": N_("Assessment or report"),
    "travel": N_("Ticket or travel arrangement"),
    "receipt": N_("Receipt or invoice"),
    "photograph": N_("Photograph"),
    "recording": N_("Recording"),
    "other": N_("Other"),
}
_NAME: Final = re.compile(r"[^\w .()-]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentLine:
    """A document in a list: nothing of what it says, nor its name. `added_by` is None for the command line."""

    id: uuid.UUID
    kind: str
    dated_on: str | None
    media_type: str
    size: int
    added_by: str | None
    added_at: datetime


@dataclass(frozen=True, slots=True)
class Content:
    """A document, opened: its name, and its plain content piece by piece."""

    name: str
    chunks: Iterator[bytes]


def listing(
    session: Session, *, actor: policy.Actor, mission_id: int, case_id: uuid.UUID
) -> list[DocumentLine]:
    """The documents of a case of the mission, the newest first. Raises Problem: not_found, not_allowed."""
    policy.require(actor, "case.read", mission_id)
    return [_line(row) for row in session.execute(_lines(_uids(session, mission_id, case_id)))]


def names(
    session: Session, *, keyring: Keyring, actor: policy.Actor, mission_id: int, case_id: uuid.UUID
) -> dict[uuid.UUID, str]:
    """What the documents of a case are called, for whoever was granted to see its identifiers (`reveal.grant`, which
    writes that down). Raises Problem: not_found, not_allowed."""
    policy.require(actor, "case.reveal", mission_id)
    policy.require(actor, "case.documents", mission_id)
    uids = _uids(session, mission_id, case_id)
    rows = session.execute(select(Document.id, Document.name).where(Document.case_id.in_(uids)))
    return {row.id: _name(row, keyring) for row in rows}


def read_line(
    session: Session, *, actor: policy.Actor, mission_id: int, case_id: uuid.UUID, document_id: uuid.UUID
) -> DocumentLine:
    """One of them. Raises the Problem `not_found`."""
    policy.require(actor, "case.read", mission_id)
    uids = _uids(session, mission_id, case_id)
    row = session.execute(_lines(uids).where(Document.id == document_id)).first()
    if row is None:
        raise problems.not_found("document")
    return _line(row)


def add(
    session: Session,
    *,
    keyring: Keyring,
    blobs: BlobStore,
    actor: policy.Actor,
    mission_id: int,
    case_id: uuid.UUID,
    kind: str,
    name: str,
    content: bytes,
    dated_on: str = "",
) -> DocumentLine:
    """Keep a document with a case. The same content twice is refused. Raises Problem: not_found, not_allowed, invalid,
    too_large, conflict."""
    policy.require(actor, "case.document", mission_id)
    found = _checked(kind, content, dated_on)
    identity, digest = new_id(), keyring.digest(content)
    blob = keyring.digest(f"document {identity}".encode()).hex()
    with blobs.spool() as spooled:
        sealer = keyring.seal_file(spooled)
        sealer.write(content)
        sealer.finish(f"document:{identity}")
        blobs.put(blob, spooled)
    row = Document(
        id=identity,
        kind=kind,
        dated_on=dated_on or None,
        name=keyring.encrypt(clean(name, found.ending).encode(), f"document-name:{identity}"),
        media_type=found.name,
        size=len(content),
        digest=digest,
        blob=blob,
        added_by=actor.user_id,
        added_at=now(),
    )
    try:
        with writing(session):
            uids = _uids(session, mission_id, case_id)
            _has_room(session, uids, digest)
            row.case_id = uids[0]
            session.add(row)
            session.flush()
            _enter(session, actor, "case.document_add", mission_id, row)
    except Exception:
        blobs.delete(blob)  # which nothing refers to
        raise
    return read_line(session, actor=actor, mission_id=mission_id, case_id=case_id, document_id=identity)


def read(
    session: Session,
    *,
    keyring: Keyring,
    blobs: BlobStore,
    actor: policy.Actor,
    mission_id: int,
    case_id: uuid.UUID,
    document_id: uuid.UUID,
    reason: str,
) -> Content:
    """A document to look at, for a reason. Raises Problem: not_found, not_allowed, reason_needed."""
    policy.require(actor, "case.documents", mission_id)
    with writing(session):
        row = _find(session, mission_id, case_id, document_id)
        _enter(session, actor, "case.document_read", mission_id, row, need_reason(reason))
        return Content(_name(row, keyring), keyring.open_file(blobs.open(row.blob), f"document:{row.id}"))


def remove(
    session: Session,
    *,
    actor: policy.Actor,
    mission_id: int,
    case_id: uuid.UUID,
    document_id: uuid.UUID,
    reason: str,
) -> None:
    """Delete a document for good; what it was and why it went stays in the ledger. Raises Problem: not_found,
    not_allowed, reason_needed."""
    policy.require(actor, "case.document", mission_id)
    with writing(session):
        row = _find(session, mission_id, case_id, document_id)
        _enter(session, actor, "case.document_remove", mission_id, row, need_reason(reason))
        disposal.note(session, [row.blob])
        session.delete(row)


def clean(name: str, ending: str) -> str:
    """A file name without folders and without anything a program could take for more than a name, with the ending of
    what the file is: `../evil<script>.pdf.exe` that holds a PDF is `evil_script_.pdf.pdf`."""
    last = re.split(r"[/\\]", name)[-1]
    stem = _NAME.sub("_", last.rpartition(".")[0] or last).strip(" ._-")
    return f"{stem[:80].strip(' .') or 'document'}.{ending}"


# --- within ------------------------------------------------------------------------------------------------------


def _checked(kind: str, content: bytes, dated_on: str) -> media_types.MediaType:
    if kind not in KINDS:
        raise problems.invalid(_("No kind of document was chosen."), _("Choose one of the list."))
    if dated_on:
        try:
            date.fromisoformat(dated_on)
        except ValueError:
            raise problems.invalid(_("The day of the document is no date like 2026-11-22.")) from None
    if len(content) > LARGEST:
        raise problems.too_large(LARGEST)
    if not content:
        raise problems.invalid(_("The file is empty, or none was chosen."), _("Choose a file."))
    found = media_types.of_document(content)
    if found is None:
        raise problems.invalid(
            _("The file is none that is kept as a document."),
            _(
                "PDF, pictures, recordings, films, plain text, and office documents without macros and passwords "
                "(docx, xlsx, pptx, odt, ods, odp) are. Save it as one of these, PDF best."
            ),
        )
    return found


def _has_room(session: Session, uids: Sequence[uuid.UUID], digest: bytes) -> None:
    here = Document.case_id.in_(uids)
    if session.scalar(select(Document.id).where(here, Document.digest == digest).limit(1)) is not None:
        raise problems.conflict(_("The case has this document already."), _("Look at its documents."))
    if (session.scalar(select(func.count()).where(here)) or 0) >= MOST:
        raise problems.conflict(
            _("A case has at most %(most)s documents.", most=MOST), _("Remove what is not needed.")
        )


def _uids(session: Session, mission_id: int, case_id: uuid.UUID) -> list[uuid.UUID]:
    """The uids that mean a case of the mission, its own first."""
    target = session.scalar(select(CaseAlias.target_id).where(CaseAlias.case_id == case_id)) or case_id
    case = session.get(CaseState, target)
    if case is None or case.mission_id != mission_id:
        raise problems.not_found("case")
    return [target, *session.scalars(select(CaseAlias.case_id).where(CaseAlias.target_id == target))]


def _find(session: Session, mission_id: int, case_id: uuid.UUID, document_id: uuid.UUID) -> Document:
    uids = _uids(session, mission_id, case_id)
    row = session.get(Document, document_id)
    if row is None or row.case_id not in uids:
        raise problems.not_found("document")
    return row


def _lines(uids: Sequence[uuid.UUID]) -> Any:
    return (
        select(
            Document.id, Document.kind, Document.dated_on, Document.media_type, Document.size,
            Document.added_at, User.display_name.label("added_by"),
        )
        .outerjoin(User, User.id == Document.added_by)
        .where(Document.case_id.in_(uids))
        .order_by(Document.id.desc())
    )  # fmt: skip


def _line(row: Any) -> DocumentLine:
    return DocumentLine(
        id=row.id,
        kind=row.kind,
        dated_on=row.dated_on,
        media_type=row.media_type,
        size=row.size,
        added_by=row.added_by,
        added_at=row.added_at,
    )


def _name(row: Any, keyring: Keyring) -> str:
    return keyring.decrypt(row.name, f"document-name:{row.id}").decode()


def _enter(
    session: Session,
    actor: policy.Actor,
    action: str,
    mission_id: int,
    row: Document,
    reason: str | None = None,
) -> None:
    ledger.write(
        session,
        actor=actor.ref,
        action=action,
        mission_id=mission_id,
        object=f"case:{row.case_id}",
        reason=reason,
        detail={"document": str(row.id), "kind": row.kind, "size": row.size},
    )
