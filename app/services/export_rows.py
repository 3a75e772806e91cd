"""What goes into a download: the submissions that are asked for, read and laid out, and their files.

Each is read from what the phone sent, by its own form version, so that unmapped answers are there too; and
nothing is there that stands behind a shut consent gate.
"""

import json
import re
import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NamedTuple, cast

from sqlalchemy import ColumnElement, Table, Text, and_, case, func, literal, not_, or_, select
from sqlalchemy import cast as sql_cast
from sqlalchemy.orm import Session

from app.blobs import BlobStore
from app.exports.archive import safe_name
from app.exports.content import Files as Contents
from app.exports.spool import Spool
from app.keys import Keyring
from app.models import Device, Packed, Submission, SubmissionFile, User, new_id
from app.services import (
    chains,
    condition_index,
    condition_rows,
    condition_sql,
    files,
    indexing,
    logs,
    ordering,
    stored,
)
from app.services.condition import Condition
from app.services.files import Files
from app.services.ordering import By
from app.services.packing import Pages
from app.services.plans import Plan
from app.services.submission_detail import FILES
from app.services.walk import Place
from submissions import flat, odata, record, tables
from submissions.flat import Flat
from submissions.record import Record
from submissions.tables import Delivery, Filling, Layout, Row

_TABLE = cast("Table", Submission.__table__)
_COLUMNS = (
    "id", "mission_id", "xml_form_id", "instance_id", "deprecated_id", "root_instance_id", "version_id",
    "form_version", "state", "received_at", "device_id", "user_id", "phone",
)  # fmt: skip
_STREAMED = 200
"""Rows fetched at a time."""


@dataclass(frozen=True, slots=True)
class Filters:
    """What of a form's submissions: those of which the condition is true, or one alone, by its first
    instanceID. `identifiers` False leaves out the columns and files of class P3; None does so for whoever may not
    reveal them. `spreadsheet_safe` keeps spreadsheet programs from taking an answer for a formula. `language` gives
    labels of the form in it instead of codes. The others are ODK Central's."""

    condition: Condition | None = None
    submission: str | None = None
    attachments: bool = True
    group_paths: bool = True
    split_select_multiples: bool = False
    deleted_fields: bool = False
    spreadsheet_safe: bool = False
    identifiers: bool | None = None
    language: str = ""


class Step(NamedTuple):
    """One submission on the way: its row's id, what the database sorted it by, and what it says."""

    id: uuid.UUID
    values: tuple[Any, ...]
    said: Flat
    plan: Plan
    delivery: Delivery

    @property
    def record(self) -> Record:
        """What it says, answer by answer."""
        return flat.answers(self.said, self.plan.form)


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
        self.matches: Callable[[condition_rows.Read, odata.Row], bool] | None = None
        """Whether a row is one that the condition asks for by its answers; None if it does not."""
        self.gone_through = 0
        """Submissions read so far."""
        self._may_match: ColumnElement[bool] | None = None
        """Which submissions may have such a row, as far as the index of answers tells."""
        self._named: Spool | None = None
        """Which submission names which files, once one does."""
        self._with_places: set[uuid.UUID] = set()
        """Versions of the form whose logs may tell places here."""
        self._plans = {plan.version_id: plan for plan in plans}
        self._naming: dict[uuid.UUID, _Naming] = {}

    def close(self) -> None:
        """Drop what was spooled."""
        if self._named is not None:
            self._named.close()

    def layout(self, session: Session) -> tuple[Layout, int]:
        """The tables: those of the newest version, with a column for answers it has no question for if there
        are any; and how many submissions there are, whatever the condition says of answers. Both are asked in one walk,
        as the first byte waits for it."""
        newest, *older = [plan.form for plan in self.plans]
        strange = or_(
            Submission.version_id.is_(None),
            Submission.version_id != self.plans[0].version_id,
            sql_cast(Submission.findings, Text).like("%unknown_question%"),
            sql_cast(Submission.findings, Text).like("%answer_twice%"),
        )
        noted = func.max(case((strange, 1), else_=0)) if self.filters.identifiers else literal(0)
        count, is_strange = session.execute(
            select(func.count(), noted).select_from(Submission).where(*self._where())
        ).one()
        layout = tables.tables(
            newest,
            older=older if self.filters.deleted_fields else (),
            merged=older,
            without=self.leaves_out,
            group_paths=self.filters.group_paths,
            split_select_multiples=self.filters.split_select_multiples,
            notes_unknown=bool(is_strange),
        )
        return layout, count

    def leaves_out(self, path: str) -> bool:
        """Whether a question's columns are left out."""
        if self.filters.identifiers:
            return False
        return next((plan.privacy[path] for plan in self.plans if path in plan.privacy), "P3") == "P3"

    def narrow(self, session: Session, table: odata.Table) -> None:
        """Ask what the condition says of answers of the rows of this table: of the index, which submissions it may be
        true of, and of those as they are read. Raises the Problem `invalid`."""
        _, of_answers = self.filters.condition.split() if self.filters.condition else (None, None)
        self.matches = self._may_match = None
        if of_answers is not None:
            columns = condition_rows.Columns(self.plans[0].form, table, self.leaves_out)
            self.matches = columns.condition(of_answers)
            numbers = indexing.numbers_of(session, self.mission_id, self.xml_form_id)
            index = condition_index.Index(columns, plans=self.plans, numbers=numbers)
            self._may_match = index.may_match(of_answers)

    def submissions(self, session: Session, layout: Layout) -> Iterator[Iterator[Row]]:
        """The rows of each submission, the newest first, as Central has them."""
        fillings: dict[uuid.UUID, Filling] = {}
        for step in self.read(session):
            filling = fillings.get(step.plan.version_id)
            if filling is None:
                filling = fillings[step.plan.version_id] = Filling(layout, step.plan.form)
            yield filling.rows(step.said, step.delivery)

    def read(self, session: Session) -> Iterator[Step]:
        """Each submission, read, the newest first."""
        for step in self.walk(session):
            if self.matches is None or self.matches(
                condition_rows.read(step.record, step.delivery), odata.Row((step.delivery.key,), {})
            ):
                yield step

    def walk(
        self,
        session: Session,
        *,
        order: Sequence[By] = (),
        place: Place | None = None,
        skip: int = 0,
        top: int | None = None,
    ) -> Iterator[Step]:
        """Each submission, read, in this order of what the server knows, else the newest first: from a place on; of
        all of them those from `skip` on, `top` at most. What the condition says of answers is not asked."""
        self._with_places = {
            plan.version_id for plan in self.plans if logs.places_allowed(session, self.mission_id, plan)
        }
        pages = Pages(self.keyring)
        for part in self._parts(session, order, place, skip, top):
            edits, have = self._edits(session, part), files.at_hand(session, [row.id for row in part])
            kept = pages.answers(session, [row for row in part if row.version_id in self._plans])
            rest = self._sealed(session, [row.id for row in part if row.id not in kept])
            for row in part:
                first_at, count = edits.get(row.root_instance_id, (row.received_at, 0))
                plan = self._plan(row)
                said, status = kept.get(row.id), "unreadable" if row.state == "failed" else None
                if said is None:
                    said, status = self._flat(rest[row.id], plan)
                key, submitted_at = chains.key(session, row), _instant(first_at)
                present, expected = self._files(row, plan, said, (key, submitted_at), have[row.id])
                delivery = Delivery(
                    key=key,
                    submitted_at=submitted_at,
                    submitter_id=row.device_id or row.user_id,
                    submitter_name=row.device_name or row.user_name,
                    attachments_present=present,
                    attachments_expected=expected,
                    status=status,
                    review_state=row.shown_review,
                    device_id=row.phone,
                    edits=count,
                    # A rendition's version string is the server's; the form's own is what people know.
                    form_version=plan.form.version if row.version_id else row.form_version,
                    updated_at=_instant(row.received_at) if row.deprecated_id else None,
                )
                values = tuple(getattr(row, f"sorted_{number}") for number in range(len(order)))
                self.gone_through += 1
                yield Step(row.id, values, said, plan, delivery)

    def newest(self, session: Session) -> uuid.UUID:
        """Id of what came last of this form, whatever became of it: where a walk ends that begins now."""
        here = (Submission.mission_id == self.mission_id, Submission.xml_form_id == self.xml_form_id)
        return (
            session.scalar(select(Submission.id).where(*here).order_by(Submission.id.desc()).limit(1))
            or new_id()
        )

    def count(self, session: Session) -> int:
        """How many submissions there are, whatever those that are to be opened say."""
        return session.scalar(select(func.count()).select_from(Submission).where(*self._where())) or 0

    def bytes_of_files(self, session: Session) -> int:
        """How much the files are that came with the submissions, if files are wanted."""
        if not self.filters.attachments or not self.filters.identifiers:
            return 0
        size = select(func.sum(SubmissionFile.size)).join(Submission).where(*self._where())
        return session.scalar(size) or 0

    def files(self, session: Session, blobs: BlobStore, *, readable: bool = False) -> Contents:
        """The files that the answers handed out speak of, asked for after the submissions: by the names that phones gave
        them, or by readable ones, which say of which day, submission and question they are."""
        if not self.filters.attachments or not self.filters.identifiers:
            return
        taken: set[int] = set()
        for line in self._named.lines() if self._named is not None else ():
            submission, said, cleaned = json.loads(line)
            version = uuid.UUID(submission)
            have = files.at_hand(session, [version])[version]
            for name, speaking in said.items():
                if file := have.get(files.digest(name, self.keyring)):
                    content = files.content(file, self.keyring, blobs)
                    called = safe_name(speaking if readable else name, taken)
                    yield called, logs.cleaned(content) if name in cleaned else content

    # ---- within

    def _parts(
        self, session: Session, order: Sequence[By], place: Place | None, skip: int, top: int | None
    ) -> Iterator[Sequence[Any]]:
        """The rows of the submissions, some at a time."""
        by = [column.label(f"sorted_{number}") for number, column in enumerate(ordering.columns(order))]
        statement = (
            select(
                *(_TABLE.c[name] for name in _COLUMNS),
                condition_sql.review_state().label("shown_review"),
                Device.display_name.label("device_name"),
                User.display_name.label("user_name"),
                Packed.page_id,
                Packed.place,
                *by,
            )
            .outerjoin(Packed, Packed.submission_id == Submission.id)
            .outerjoin(Device, Device.id == Submission.device_id)
            .outerjoin(User, User.id == Submission.user_id)
        )
        # To sort, a database holds all columns of all rows: first the ids alone, where it has to.
        which = (select(Submission.id) if order else statement).where(
            *self._where(None if place is None else place.until)
        )
        if place is not None and place.submission is not None:
            which = which.where(
                ordering.from_there_on(order, place.values, Submission.id <= place.submission)
            )
        which = which.order_by(*ordering.clauses(order), Submission.id.desc())
        if skip or top is not None:
            which = which.offset(skip).limit(top)
        found = session.execute(which.execution_options(yield_per=_STREAMED))
        if not order:
            yield from found.partitions()
            return
        for part in found.scalars().partitions():
            rows = {row.id: row for row in session.execute(statement.where(Submission.id.in_(part)))}
            yield [rows[one] for one in part if one in rows]

    def _sealed(self, session: Session, submissions: Sequence[uuid.UUID]) -> dict[uuid.UUID, Any]:
        """What is needed to read submissions as they came."""
        if not submissions:
            return {}
        columns = (_TABLE.c[name] for name in ("id", "instance_id", "state", "xml", "plain"))
        return {row.id: row for row in session.execute(select(*columns).where(_TABLE.c.id.in_(submissions)))}

    def _where(self, until: uuid.UUID | None = None) -> list[Any]:
        """What is asked for; as it stood when `until` was the newest."""
        found: list[Any] = [
            Submission.mission_id == self.mission_id,
            Submission.xml_form_id == self.xml_form_id,
            not_(chains.outdated(until)),
        ]
        if until is None:
            found.append(Submission.state.not_in(("deleted", "superseded")))
        else:
            stands = or_(Submission.state != "superseded", chains.stood(until))
            found += [Submission.id <= until, Submission.state != "deleted", stands]
        known, _ = self.filters.condition.split() if self.filters.condition else (None, None)
        if known is not None:
            found.append(condition_sql.where(known))
        if self._may_match is not None:
            found.append(self._may_match)
        if self.filters.submission is not None:
            key = self.filters.submission
            unread = and_(Submission.root_instance_id.is_(None), Submission.instance_id == key)
            found.append(or_(Submission.root_instance_id == key, unread))
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

    def _files(self, row: Any, plan: Plan, said: Flat, told: tuple[str, str], have: Files) -> tuple[int, int]:
        """How many files of a submission are there, and how many its answers speak of; they are noted, to be handed
        out. `told` are its key and its day."""
        naming = self._naming.get(plan.version_id)
        if naming is None:
            naming = self._naming[plan.version_id] = _Naming(plan)
        names = naming.names(said, *told) if naming.asks else {}
        present = len(files.belonging(have, names, self.keyring)) if have else 0
        if names and present and self.filters.attachments:
            known = naming.logs(said)
            cleaned = [
                name
                for name in names
                if plan.version_id not in self._with_places and logs.is_log(name, known)
            ]
            self._named = self._named or Spool()
            self._named.write(json.dumps([str(row.id), names, cleaned]).encode() + b"\n")
        return present, len(names)

    def _plan(self, row: Any) -> Plan:
        return self._plans.get(row.version_id, self.plans[0])

    def _flat(self, row: Any, plan: Plan) -> tuple[Flat, str | None]:
        """A submission's answers, and its status; its number alone if it cannot be read, so that its row at least
        says it is there."""
        status = "unreadable" if row.state == "failed" else None
        try:
            said = record.read(stored.xml(row, self.keyring), plan.form)
        except record.RecordError:
            said, status = record.unread(row.instance_id, plan.form), status or "not decrypted"
        return flat.flatten(said, plan.form), status


class _Naming:
    """Which answers of a form version are names of files, and which of those are logs."""

    def __init__(self, plan: Plan) -> None:
        where: flat.Places = flat.places(plan.form)
        types = {path: plan.questions[path].type for path in where.home}
        self._asking = [
            (number, place, path.rpartition("/")[2], types[path] == "audit")
            for path, (number, place) in where.home.items()
            if types[path] in FILES
        ]

    @property
    def asks(self) -> bool:
        """Whether the form asks for files at all."""
        return bool(self._asking)

    def names(self, said: Flat, key: str, submitted_at: str) -> dict[str, str]:
        """Names of files → names that say of which day, submission and question."""
        found: dict[str, str] = {}
        for name, question, positions, _ in self._said(said):
            submission = re.sub(r"[^0-9A-Za-z]", "", key.removeprefix("uuid:"))[:8]
            numbers = "".join(f"-{one}" for one in positions)
            stem, dot, ending = name.rpartition(".")
            ending = f".{ending}" if stem and dot else ""
            found.setdefault(name, f"{submitted_at[:10]} {submission} {question}{numbers}{ending}")
        return dict(sorted(found.items()))

    def logs(self, said: Flat) -> set[str]:
        """Names of the logs that the answers speak of."""
        return {name for name, _, _, is_log in self._said(said) if is_log}

    def _said(self, said: Flat) -> Iterator[tuple[str, str, tuple[int, ...], bool]]:
        for number, positions, cells in ((0, (), said.root), *said.rows):
            for table, place, question, is_log in self._asking:
                if table == number and (name := cells[place]) is not None:
                    yield name, question, positions, is_log


def _instant(at: datetime) -> str:
    """As Central writes instants."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
