"""Downloads of submissions. Each is an entry of the ledger before its first byte leaves, with who, what and
why, and another one at its end, with counts and the hash of what was handed out."""

import hashlib
import json
import uuid
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any, cast

from sqlalchemy import Engine, Table, Text, func, or_, select
from sqlalchemy import cast as sql_cast
from sqlalchemy.orm import Session, aliased

from app import ledger, policy, problems
from app.blobs import BlobStore
from app.db import writing
from app.exports import csv_zip as csv
from app.exports.spool import Spool
from app.keys import Keyring
from app.models import Device, Submission, SubmissionFile, User, new_id
from app.services import forms, plans
from app.services.submission_detail import file_names
from submissions import record, tables
from submissions.record import Record
from submissions.tables import Delivery, Layout

_TABLE = cast("Table", Submission.__table__)
_STREAMED = 200
"""Rows fetched at a time."""


@dataclass(frozen=True, slots=True)
class Filters:
    """What of a form's submissions. `identifiers` False leaves out the columns and files of class P3;
    `spreadsheet_safe` keeps spreadsheet programs from taking an answer for a formula. The others are ODK
    Central's."""

    received_from: datetime | None = None
    received_to: datetime | None = None
    review_states: tuple[str | None, ...] | None = None
    attachments: bool = True
    group_paths: bool = True
    split_select_multiples: bool = False
    deleted_fields: bool = False
    spreadsheet_safe: bool = False
    identifiers: bool = True


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
        self.keyring = keyring
        self.blobs = blobs
        self.actor = actor
        self.mission_id = mission_id
        self.xml_form_id = xml_form_id
        self.filters = filters
        self.reason = (reason or "").strip() or None
        self.id = new_id()
        form = forms.get(session, mission_id, xml_form_id).form
        self.plans = [plans.get(session, one.id) for one in forms.versions(session, form)]
        if not self.plans:
            raise problems.not_found("published form")
        self.layout = self._layout(session)
        self.written = csv.Written()
        self.named = Spool()
        """Lines of JSON: a submission and the names of the files its answers speak of."""

    # ---- the ledger

    def begin(self, session: Session, action: str) -> None:
        said = {name: str(value) for name, value in asdict(self.filters).items() if value is not None}
        self._enter(session, action, {"form": self.xml_form_id, "filters": said})

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
            self.named.close()
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

    # ---- what is in it

    def archive(self, session: Session) -> Iterator[bytes]:
        return csv.archive(
            self.layout,
            self._sheets(),
            submissions=self._submissions(session),
            files=lambda: self._files(session),
            written=self.written,
        )

    def root_table(self, session: Session) -> Iterator[bytes]:
        return csv.root_table(
            self.layout, self._sheets(), submissions=self._submissions(session), written=self.written
        )

    def _layout(self, session: Session) -> Layout:
        newest, *older = [plan.form for plan in self.plans]
        strange = session.scalar(
            select(Submission.id)
            .where(
                *self._where(),
                or_(
                    Submission.version_id.is_(None),
                    Submission.version_id != self.plans[0].version_id,
                    sql_cast(Submission.findings, Text).like("%unknown_question%"),
                    sql_cast(Submission.findings, Text).like("%answer_twice%"),
                ),
            )
            .limit(1)
        )
        return tables.tables(
            newest,
            older=older if self.filters.deleted_fields else (),
            group_paths=self.filters.group_paths,
            split_select_multiples=self.filters.split_select_multiples,
            notes_unknown=strange is not None and self.filters.identifiers,
        )

    def _sheets(self) -> Any:
        return csv.sheets(
            self.layout,
            without=lambda path: not self.filters.identifiers and self._is_p3(path),
            spreadsheet_safe=self.filters.spreadsheet_safe,
        )

    def _is_p3(self, path: str) -> bool:
        return next((plan.privacy[path] for plan in self.plans if path in plan.privacy), "P3") == "P3"

    def _where(self) -> list[Any]:
        found: list[Any] = [
            Submission.mission_id == self.mission_id,
            Submission.xml_form_id == self.xml_form_id,
            Submission.state.not_in(("deleted", "superseded")),
        ]
        filters = self.filters
        if filters.received_from is not None:
            found.append(Submission.received_at >= filters.received_from)
        if filters.received_to is not None:
            found.append(Submission.received_at < filters.received_to)
        if filters.review_states is not None:
            either = [Submission.review_state.in_([one for one in filters.review_states if one])]
            if None in filters.review_states:
                either.append(Submission.review_state.is_(None))
            found.append(or_(*either))
        return found

    def _submissions(self, session: Session) -> Iterator[Iterator[csv.Row]]:
        """The rows of each submission, the newest first, as Central has them."""
        version = aliased(Submission)
        chain = [
            version.root_instance_id == Submission.root_instance_id,
            version.mission_id == Submission.mission_id,
            version.xml_form_id == Submission.xml_form_id,
        ]
        statement = (
            select(
                *(_TABLE.c[name] for name in _COLUMNS),
                Device.display_name.label("device_name"),
                User.display_name.label("user_name"),
                select(func.min(version.received_at)).where(*chain).scalar_subquery().label("first_at"),
                select(func.count()).select_from(version).where(*chain).scalar_subquery().label("versions"),
                select(func.count())
                .where(SubmissionFile.submission_id == Submission.id)
                .scalar_subquery()
                .label("files"),
            )
            .outerjoin(Device, Device.id == Submission.device_id)
            .outerjoin(User, User.id == Submission.user_id)
            .where(*self._where())
            .order_by(Submission.id.desc())
            .execution_options(yield_per=_STREAMED)
        )
        for row in session.execute(statement):
            yield self._rows(row)

    def _rows(self, row: Any) -> Iterator[csv.Row]:
        plan = next((one for one in self.plans if one.version_id == row.version_id), self.plans[0])
        said = self._read(row, plan)
        names = file_names(plan, said)
        if names and row.files and self.filters.attachments:
            self.named.write(json.dumps([str(row.id), sorted(names)]).encode() + b"\n")
        delivery = Delivery(
            key=row.root_instance_id or row.instance_id,
            submitted_at=_instant(row.first_at or row.received_at),
            submitter_id=row.device_id or row.user_id,
            submitter_name=row.device_name or row.user_name,
            attachments_present=row.files,
            attachments_expected=len(names),
            status="unreadable" if row.state == "failed" else None,
            review_state=row.review_state,
            device_id=row.phone,
            edits=max(row.versions - 1, 0),
            form_version=row.form_version,
        )
        return tables.rows(said, self.layout, delivery)

    def _read(self, row: Any, plan: plans.Plan) -> Record:
        """A submission's answers; none if it cannot be read, so that its row at least says it is there."""
        try:
            return record.read(self.keyring.open(row.xml, f"submission:{row.id}"), plan.form)
        except record.RecordError:
            return Record("", "", row.instance_id, None, None, None, None, (), (), None, ())

    def _files(self, session: Session) -> csv.Files:
        """The files that answers in the tables speak of: what stands behind a shut gate is not among them."""
        if not self.filters.attachments or not self.filters.identifiers:
            return
        taken: set[int] = set()
        for line in self.named.lines():
            submission, names = json.loads(line)
            found = session.execute(
                select(SubmissionFile.name, SubmissionFile.blob).where(
                    SubmissionFile.submission_id == uuid.UUID(submission)
                )
            )
            for sealed, blob in found.all():
                name = self.keyring.open(sealed, f"file-name:{submission}").decode()
                if name in names:
                    content = self.keyring.open_file(self.blobs.open(blob), f"file:{blob}")
                    yield csv.safe_name(name, taken), content


_COLUMNS = (
    "id", "instance_id", "root_instance_id", "version_id", "form_version", "state", "review_state", "received_at",
    "device_id", "user_id", "phone", "xml",
)  # fmt: skip


def _instant(at: datetime) -> str:
    """As Central writes instants."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
