"""What goes into a download: the submissions that are asked for, read and laid out, and their files.

Each is read from what the phone sent, by its own form version, so that unmapped answers are there too; and
nothing is there that stands behind a shut consent gate.
"""

import json
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, cast

from sqlalchemy import Table, Text, func, or_, select
from sqlalchemy import cast as sql_cast
from sqlalchemy.orm import Session

from app.blobs import BlobStore
from app.exports import csv_zip as csv
from app.exports.spool import Spool
from app.keys import Keyring
from app.models import Device, Submission, User
from app.services import files, logs, stored
from app.services.files import Files
from app.services.plans import Plan
from app.services.submission_detail import file_names
from submissions import record, tables
from submissions.record import Record
from submissions.tables import Delivery, Layout

_TABLE = cast("Table", Submission.__table__)
_COLUMNS = (
    "id", "instance_id", "deprecated_id", "root_instance_id", "version_id", "form_version", "state", "review_state",
    "received_at", "device_id", "user_id", "phone", "xml", "plain",
)  # fmt: skip
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


class Rows:
    """The submissions of one form in one mission. `plans` are those of its published versions, the newest
    first."""

    def __init__(
        self, keyring: Keyring, *, mission_id: int, xml_form_id: str, plans: Sequence[Plan], filters: Filters
    ) -> None:
        self.keyring = keyring
        self.mission_id = mission_id
        self.xml_form_id = xml_form_id
        self.plans = plans
        self.filters = filters
        self._named = Spool()
        self._with_places: set[uuid.UUID] = set()
        """Versions of the form whose logs may tell places here."""

    def close(self) -> None:
        """Drop what was spooled."""
        self._named.close()

    def layout(self, session: Session) -> Layout:
        """The tables: those of the newest version, with a column for answers it has no question for if there
        are any."""
        newest, *older = [plan.form for plan in self.plans]
        strange = select(Submission.id).where(
            *self._where(),
            or_(
                Submission.version_id.is_(None),
                Submission.version_id != self.plans[0].version_id,
                sql_cast(Submission.findings, Text).like("%unknown_question%"),
                sql_cast(Submission.findings, Text).like("%answer_twice%"),
            ),
        )
        return tables.tables(
            newest,
            older=older if self.filters.deleted_fields else (),
            group_paths=self.filters.group_paths,
            split_select_multiples=self.filters.split_select_multiples,
            notes_unknown=self.filters.identifiers and session.scalar(strange.limit(1)) is not None,
        )

    def leaves_out(self, path: str) -> bool:
        """Whether a question's columns are left out."""
        if self.filters.identifiers:
            return False
        return next((plan.privacy[path] for plan in self.plans if path in plan.privacy), "P3") == "P3"

    def submissions(self, session: Session, layout: Layout) -> Iterator[Iterator[csv.Row]]:
        """The rows of each submission, the newest first, as Central has them."""
        statement = (
            select(
                *(_TABLE.c[name] for name in _COLUMNS),
                Device.display_name.label("device_name"),
                User.display_name.label("user_name"),
            )
            .outerjoin(Device, Device.id == Submission.device_id)
            .outerjoin(User, User.id == Submission.user_id)
            .where(*self._where())
            .order_by(Submission.id.desc())
            .execution_options(yield_per=_STREAMED)
        )
        self._with_places = {
            plan.version_id for plan in self.plans if logs.places_allowed(session, self.mission_id, plan)
        }
        for part in session.execute(statement).partitions():
            edits, have = self._edits(session, part), files.at_hand(session, [row.id for row in part])
            for row in part:
                first_at, count = edits.get(row.root_instance_id, (row.received_at, 0))
                delivery = Delivery(
                    key=row.root_instance_id or row.instance_id,
                    submitted_at=_instant(first_at),
                    submitter_id=row.device_id or row.user_id,
                    submitter_name=row.device_name or row.user_name,
                    review_state=row.review_state,
                    device_id=row.phone,
                    edits=count,
                    # A rendition's version string is the server's; the form's own is what people know.
                    form_version=self._plan(row).form.version if row.version_id else row.form_version,
                )
                yield self._rows(row, layout, delivery, have[row.id])

    def files(self, session: Session, blobs: BlobStore) -> csv.Files:
        """The files that the answers handed out speak of. Asked for after the submissions."""
        if not self.filters.attachments or not self.filters.identifiers:
            return
        taken: set[int] = set()
        for line in self._named.lines():
            submission, names, places = json.loads(line)
            version = uuid.UUID(submission)
            have = files.at_hand(session, [version])[version]
            for name in names:
                if file := have.get(files.digest(name, self.keyring)):
                    content = files.content(file, self.keyring, blobs)
                    yield csv.safe_name(name, taken), logs.cleaned(content) if name in places else content

    # ---- within

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

    def _edits(self, session: Session, rows: Sequence[Any]) -> dict[str | None, tuple[datetime, int]]:
        """First instanceID of edited submissions → when their first version came, and how often they were
        edited."""
        roots = [row.root_instance_id for row in rows if row.deprecated_id and row.root_instance_id]
        if not roots:
            return {}
        found = session.execute(
            select(Submission.root_instance_id, func.min(Submission.received_at), func.count())
            .where(
                Submission.root_instance_id.in_(roots),
                Submission.mission_id == self.mission_id,
                Submission.xml_form_id == self.xml_form_id,
            )
            .group_by(Submission.root_instance_id)
        )
        return {root: (first_at, count - 1) for root, first_at, count in found}

    def _rows(self, row: Any, layout: Layout, delivery: Delivery, have: Files) -> Iterator[csv.Row]:
        plan = self._plan(row)
        said, status = self._read(row, plan)
        names = file_names(plan, said)
        present = len(files.belonging(have, names, self.keyring))
        if names and present and self.filters.attachments:
            places = [
                name
                for name in sorted(names)
                if logs.may_hold_places(name, plan, said) and plan.version_id not in self._with_places
            ]
            self._named.write(json.dumps([str(row.id), sorted(names), places]).encode() + b"\n")
        counted = replace(
            delivery, attachments_present=present, attachments_expected=len(names), status=status
        )
        return tables.rows(said, layout, counted)

    def _plan(self, row: Any) -> Plan:
        return next((one for one in self.plans if one.version_id == row.version_id), self.plans[0])

    def _read(self, row: Any, plan: Plan) -> tuple[Record, str | None]:
        """A submission's answers, and its status; no answers if it cannot be read, so that its row at least says it
        is there."""
        status = "unreadable" if row.state == "failed" else None
        try:
            return record.read(stored.xml(row, self.keyring), plan.form), status
        except record.RecordError:
            nothing = Record("", "", row.instance_id, None, None, None, None, (), (), None, ())
            return nothing, status or "not decrypted"


def _instant(at: datetime) -> str:
    """As Central writes instants."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
