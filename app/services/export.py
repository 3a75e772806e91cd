"""Downloads of submissions. Each is an entry of the ledger before its first byte leaves, with who, what and
why, and another one at its end, with counts and the hash of what was handed out."""

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from app import ledger, policy, problems
from app.blobs import BlobStore
from app.db import writing
from app.exports import csv_zip as csv
from app.keys import Keyring
from app.models import new_id
from app.services import forms, plans
from app.services.export_rows import Filters, Rows

__all__ = ["Download", "Filters", "csv_zip", "root_csv"]


@dataclass(frozen=True, slots=True)
class Download:
    """Something to hand out. `chunks` is to be iterated once, to its end or until the client goes away."""

    file_name: str
    content_type: str
    chunks: Iterator[bytes]


def csv_zip(
    session: Session,
    *,
    keyring: Keyring,
    blobs: BlobStore,
    actor: policy.Actor,
    mission_id: int,
    xml_form_id: str,
    filters: Filters | None = None,
    reason: str | None = None,
) -> Download:
    """All tables of a form and its files. Raises Problem: not_allowed, not_found (no such form here)."""
    export = _Export(session, keyring, blobs, actor, mission_id, xml_form_id, filters or Filters(), reason)
    export.begin(session, "export.csv_zip")
    return Download(f"{xml_form_id}.csv.zip", "application/zip", export.run(export.archive))


def root_csv(
    session: Session,
    *,
    keyring: Keyring,
    blobs: BlobStore,
    actor: policy.Actor,
    mission_id: int,
    xml_form_id: str,
    filters: Filters | None = None,
    reason: str | None = None,
) -> Download:
    """The table of the form alone. Raises Problem: not_allowed, not_found."""
    export = _Export(session, keyring, blobs, actor, mission_id, xml_form_id, filters or Filters(), reason)
    export.begin(session, "export.csv")
    return Download(f"{xml_form_id}.csv", "text/csv; charset=utf-8", export.run(export.root_table))


class _Export:
    """One download under way. It has a connection of its own: it goes on after the request that asked for
    it."""

    def __init__(
        self,
        session: Session,
        keyring: Keyring,
        blobs: BlobStore,
        actor: policy.Actor,
        mission_id: int,
        xml_form_id: str,
        filters: Filters,
        reason: str | None,
    ) -> None:
        policy.require(actor, "submission.export", mission_id)
        engine = session.get_bind()
        assert isinstance(engine, Engine)
        self.engine = engine
        self.blobs = blobs
        self.actor = actor
        self.mission_id = mission_id
        self.xml_form_id = xml_form_id
        self.filters = filters
        self.reason = (reason or "").strip() or None
        self.id = new_id()
        self.written = csv.Written()
        form = forms.get(session, mission_id, xml_form_id).form
        read_by = [plans.get(session, one.id) for one in forms.versions(session, form)]
        if not read_by:
            raise problems.not_found("published form")
        self.rows = Rows(
            keyring, mission_id=mission_id, xml_form_id=xml_form_id, plans=read_by, filters=filters
        )
        self.layout = self.rows.layout(session)
        self.sheets = csv.sheets(
            self.layout, without=self.rows.leaves_out, spreadsheet_safe=filters.spreadsheet_safe
        )

    def begin(self, session: Session, action: str) -> None:
        said = {name: str(value) for name, value in asdict(self.filters).items() if value is not None}
        self._enter(session, action, {"form": self.xml_form_id, "filters": said})

    def archive(self, session: Session) -> Iterator[bytes]:
        return csv.archive(
            self.layout,
            self.sheets,
            submissions=self.rows.submissions(session, self.layout),
            files=lambda: self.rows.files(session, self.blobs),
            written=self.written,
        )

    def root_table(self, session: Session) -> Iterator[bytes]:
        submissions = self.rows.submissions(session, self.layout)
        return csv.root_table(self.layout, self.sheets, submissions=submissions, written=self.written)

    def run(self, make: Callable[[Session], Iterator[bytes]]) -> Iterator[bytes]:
        """The download; at its end, also one cut short, the second entry."""
        digest, size, complete = hashlib.sha256(), 0, False
        try:
            with Session(self.engine) as session:
                for chunk in make(session):
                    digest.update(chunk)
                    size += len(chunk)
                    yield chunk
            complete = True
        finally:
            self.rows.close()
            said = {
                "form": self.xml_form_id,
                "complete": complete,
                "rows": self.written.rows,
                "files": self.written.files,
                "bytes": size,
                "sha256": digest.hexdigest(),
            }
            with Session(self.engine) as session:
                self._enter(session, "export.done", said)

    def _enter(self, session: Session, action: str, detail: dict[str, Any]) -> None:
        with writing(session):
            ledger.write(
                session,
                actor=self.actor.ref,
                action=action,
                mission_id=self.mission_id,
                object=f"export:{self.id}",
                reason=self.reason,
                detail=detail,
            )
