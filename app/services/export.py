"""Downloads of submissions. Each is an entry of the ledger before its first byte leaves, with who, what and
why, and another one at its end, with counts and the hash of what was handed out."""

import hashlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, fields, replace
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
from submissions import odata
from submissions.tables import Layout

__all__ = ["Download", "Export", "Filters", "csv_zip", "root_csv"]


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
    export = Export(session, keyring, actor, mission_id, xml_form_id, filters or Filters(), reason)
    layout, sheets = export.sheets(session)
    export.begin(session, "export.csv_zip")

    def archive(session: Session) -> Iterator[bytes]:
        return csv.archive(
            layout,
            sheets,
            submissions=export.rows.submissions(session, layout),
            files=lambda: export.rows.files(session, blobs),
            written=export.written,
        )

    return Download(f"{xml_form_id}.csv.zip", "application/zip", export.run(archive))


def root_csv(
    session: Session,
    *,
    keyring: Keyring,
    actor: policy.Actor,
    mission_id: int,
    xml_form_id: str,
    filters: Filters | None = None,
    reason: str | None = None,
) -> Download:
    """The table of the form alone. Raises Problem: not_allowed, not_found."""
    export = Export(session, keyring, actor, mission_id, xml_form_id, filters or Filters(), reason)
    layout, sheets = export.sheets(session)
    export.begin(session, "export.csv")

    def table(session: Session) -> Iterator[bytes]:
        submissions = export.rows.submissions(session, layout)
        return csv.root_table(layout, sheets, submissions=submissions, written=export.written)

    return Download(f"{xml_form_id}.csv", "text/csv; charset=utf-8", export.run(table))


class Export:
    """One download under way. It has a connection of its own: it goes on after the request that asked for
    it. Raises Problem: not_allowed, not_found."""

    def __init__(
        self,
        session: Session,
        keyring: Keyring,
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
        self.actor = actor
        self.mission_id = mission_id
        self.xml_form_id = xml_form_id
        # Who may be shown no identifiers is not handed them either, nor told by a filter which they are.
        seen = "P3" in policy.reveals(actor, mission_id)
        self.filters = filters = filters if seen else replace(filters, identifiers=False)
        self.reason = (reason or "").strip() or None
        self.id = new_id()
        self.written = csv.Written()
        form = forms.get(session, mission_id, xml_form_id).form
        read_by = [plans.get(session, one.id) for one in forms.versions(session, form)]
        if not read_by:
            raise problems.not_found("published form")
        self.form = read_by[0].form
        self.rows = Rows(
            keyring, mission_id=mission_id, xml_form_id=xml_form_id, plans=read_by, filters=filters
        )

    def sheets(self, session: Session) -> tuple[Layout, Mapping[str, csv.Sheet]]:
        """The tables, and how each is written as CSV."""
        layout = self.rows.layout(session)
        sheets = csv.sheets(
            layout, without=self.rows.leaves_out, spreadsheet_safe=self.filters.spreadsheet_safe
        )
        return layout, sheets

    def begin(self, session: Session, action: str, *, of: odata.Table | None = None, **detail: Any) -> None:
        """The first entry: who, what and why. A condition on answers is one on rows of the table `of`, else on
        submissions. Raises the Problem `invalid`."""
        self.rows.narrow(of or odata.table(self.form, odata.ROOT))
        asked = {one.name: getattr(self.filters, one.name) for one in fields(self.filters)}
        said = {name: str(value) for name, value in asked.items() if value is not None}
        self._enter(session, action, {"form": self.xml_form_id, "filters": said, **detail})

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
