"""What a phone may download: forms, the files they want, and the lists made for its mission and for itself."""

import csv
import hashlib
import io
from collections.abc import Collection, Iterable, Iterator, Sequence, Set
from dataclasses import dataclass
from functools import cache
from itertools import islice
from typing import Any, Final
from urllib.parse import quote
from uuid import UUID

from sqlalchemy import Row, Select, bindparam, func, select
from sqlalchemy.orm import Session

from app import problems
from app.keys import Keyring
from app.models import Assignment, Form, FormKey, FormMedia, FormVersion, Mission, Rendition
from app.services import entities, entity_lists, entity_store, fiction
from app.services.receive import Sender
from submissions.entities import LABEL

CASES: Final = "cases.csv"
"""The entity list of the cases within the phone's reach. Its stem is the id of the instance in the form."""
MISSION: Final = "mission.csv"
"""One row that says which mission the phone is in."""
CSV: Final = "text/csv; charset=utf-8"
_CASE_HEADER: Final = ("name", "label", "__version", *entities.COLUMNS)


@dataclass(frozen=True, slots=True)
class Offer:
    """A form version a phone may have. `media` tells whether it has a manifest."""

    id: UUID
    xml_form_id: str
    version: str
    title: str
    md5: str
    media: bool
    file: UUID
    """What is downloaded: the version itself, or its rendition with the mission's key."""


@dataclass(frozen=True, slots=True)
class File:
    """Bytes as a phone downloads them."""

    content: bytes
    md5: str
    content_type: str


@dataclass(frozen=True, slots=True)
class MediaFile:
    """A line of a manifest. `made`: a list made for the phone or its mission, the same for every form. `kind` is
    entityList or approvalEntityList, whose `md5` is a tag, or nothing."""

    name: str
    md5: str
    made: bool = False
    kind: str = ""

    def path(self, version_id: UUID) -> str:
        """Where a phone finds it as a file of this version: below its server URL, escaped."""
        name = quote(self.name, safe="")
        if not self.made:
            return f"forms/{version_id}/media/{name}"
        return name if self.name in (CASES, MISSION) else f"lists/{name}"


def offers(
    session: Session, sender: Sender, *, xml_form_id: str | None = None, every_version: bool = False
) -> list[Offer]:
    """The forms open to the phone, by form id: the newest published version of each, or every one of them. A test
    device gets the draft of its form, and where there is none an empty list, so that Collect drops the old draft."""
    statement = _listing(sender.test_form_id is not None)
    if xml_form_id is not None:
        statement = statement.where(Form.xml_form_id == xml_form_id)
    # Twice the same where the phone gets a form both with everybody and with its group.
    rows = session.execute(statement, _values(sender)).all()
    made = {CASES, MISSION}
    made |= entity_lists.of_files(
        session, sender.mission_id, {one for row in rows for one in row.wants} - made
    ).keys()
    found: dict[object, Offer] = {}
    for row in rows:
        found.setdefault(row.id if every_version else row.xml_form_id, _offer(row, made))
    return list(found.values())


def _offer(row: Row[Any], made: Set[str]) -> Offer:
    media = row.files or not made.isdisjoint(row.wants)
    return Offer(row.id, row.xml_form_id, row.version, row.title, row.md5, media, row.file)


def xform(session: Session, sender: Sender, file: UUID) -> File:
    """The exact bytes that were listed: of a version or of a rendition. Raises the Problem `not_found`."""
    row = session.execute(
        _offered(sender).add_columns(FormVersion.xform, FormVersion.md5).where(FormVersion.id == file),
        _values(sender),
    ).first()
    if row is None:
        renditions = _offered(sender).join(Rendition, Rendition.version_id == FormVersion.id)
        row = session.execute(
            renditions.join(FormKey, FormKey.id == Rendition.key_id)
            .add_columns(Rendition.xform, Rendition.md5)
            .where(Rendition.id == file, FormKey.mission_id == sender.mission_id),
            _values(sender),
        ).first()
    if row is None:
        raise problems.not_found("form")
    return File(row.xform, row.md5, "text/xml; charset=utf-8")


def manifest(session: Session, sender: Sender, version_id: UUID) -> list[MediaFile]:
    """The files of a version that exist: those uploaded, and the lists. Raises the Problem `not_found`."""
    wants = session.execute(
        _offered(sender).add_columns(FormVersion.wants).where(FormVersion.id == version_id), _values(sender)
    ).first()
    if wants is None:
        raise problems.not_found("form")
    rows = session.execute(
        select(FormMedia.name, FormMedia.md5)
        .where(FormMedia.version_id == version_id)
        .order_by(FormMedia.name)
    )
    files = [MediaFile(row.name, row.md5) for row in rows]
    uploaded = {file.name for file in files}
    if MISSION in wants.wants and MISSION not in uploaded:
        files.append(MediaFile(MISSION, mission_list(session, sender).md5, made=True))
    if CASES in wants.wants and CASES not in uploaded:
        files.append(MediaFile(CASES, case_tag(session, sender), made=True, kind="entityList"))
    found = entity_lists.of_files(session, sender.mission_id, set(wants.wants) - uploaded)
    for name, (revision, approval) in sorted(found.items()):
        kind = "approvalEntityList" if approval else "entityList"
        files.append(MediaFile(name, _tag(sender, revision), made=True, kind=kind))
    return files


def media(session: Session, sender: Sender, version_id: UUID, name: str) -> File:
    """An uploaded file of a version. Raises the Problem `not_found`."""
    row = session.execute(
        _offered(sender)
        .join(FormMedia, FormMedia.version_id == FormVersion.id)
        .add_columns(FormMedia.content, FormMedia.md5, FormMedia.content_type)
        .where(FormVersion.id == version_id, FormMedia.name == name),
        _values(sender),
    ).first()
    if row is None:
        raise problems.not_found("file")
    return File(row.content, row.md5, row.content_type)


def mission_list(session: Session, sender: Sender) -> File:
    """`mission.csv`: what the forms know of the mission, which is the phone's and not the interviewer's to choose."""
    mission = session.execute(
        select(Mission.code, Mission.name, Mission.country).where(Mission.id == sender.mission_id)
    ).one()
    content = _lines([("name", "label", "country"), (mission.code, mission.name, mission.country)])
    return File(content, _md5(content), CSV)


def case_tag(session: Session, sender: Sender) -> str:
    """What stands for `cases.csv` in manifests and ETags: 32 hexadecimal digits, others when the list is another
    one. A phone compares it with what the last manifest said, and with nothing else, so nothing need be built.

    A list may change between a phone's manifest and its download, or while it is being read after its tag. The phone
    then holds more than the tag says, finds another tag the next time, and fetches the list once more: no harm. The
    other way round it would hold less than the tag says, and never ask again. So a tag is always read before its
    list, and written in the transaction that changes the list.
    """
    revision = fiction.REVISION if sender.test_form_id is not None else entities.revision(session, sender)
    return _md5(f"{_CASE_HEADER} {revision}".encode())


def case_list(session: Session, sender: Sender) -> Iterator[bytes]:
    """`cases.csv`, piece by piece: the open cases within the phone's reach, as an entity list."""
    yield _lines([_CASE_HEADER])
    found = [fiction.CASES] if sender.test_form_id is not None else entities.rows(session, sender)
    for portion in found:
        yield _lines(portion)


def every_case(session: Session, mission_id: int, also: Collection[UUID]) -> bytes:
    """`cases.csv` for somebody in the office: all open cases of the mission, and of the others these."""
    rows = entities.of_mission(session, mission_id, also)
    return b"".join((_lines([_CASE_HEADER]), *map(_lines, rows)))


def deleted_cases(session: Session, sender: Sender, case_ids: Sequence[UUID]) -> dict[UUID, bool]:
    """For each case a phone asks about, whether it should drop it. Cases never seen here stay on the phone, as do all of
    a test device: none of them is real."""
    if sender.test_form_id is not None:
        return dict.fromkeys(case_ids, False)
    return entities.integrity(session, sender, case_ids)


@dataclass(frozen=True, slots=True)
class List:
    """An entity list of the mission as a phone asks for it: its `tag`, as `case_tag` says, and `pieces` that are
    made when they are read."""

    tag: str
    pieces: Iterator[bytes]


def entity_list(session: Session, sender: Sender, keyring: Keyring, name: str) -> List:
    """`NAME.csv`. A test device gets no entities: they may be about real people. Raises `not_found`."""
    found = entity_lists.get(session, sender.mission_id, name)
    return List(_tag(sender, found.revision), _entity_list(session, sender, keyring, found.id))


def _entity_list(session: Session, sender: Sender, keyring: Keyring, list_id: int) -> Iterator[bytes]:
    names = entity_lists.properties(session, list_id)
    yield _lines([("name", "label", "__version", *names)])
    if sender.test_form_id is None:
        found = entity_store.rows(session, keyring, list_id)
        for portion in iter(lambda: list(islice(found, 1000)), []):
            yield _lines(
                (one.id, one.says[LABEL], one.version, *(one.says.get(name, "") for name in names))
                for one in portion
            )


def deleted_entities(session: Session, sender: Sender, name: str, ids: Sequence[UUID]) -> dict[UUID, bool]:
    """For each entity a phone asks about, whether it should drop it. Raises `not_found`."""
    return entity_store.integrity(session, entity_lists.get(session, sender.mission_id, name).id, ids)


def _tag(sender: Sender, revision: UUID) -> str:
    return _md5(f"{sender.test_form_id is not None} {revision}".encode())


def _offered(sender: Sender) -> Select[UUID, str]:
    """The versions a phone may have, for `_values` of it."""
    return _versions(sender.test_form_id is not None)


def _values(sender: Sender) -> dict[str, int | None]:
    return {
        "mission_id": sender.mission_id,
        "group_id": sender.group_id,
        "test_form_id": sender.test_form_id,
    }


@cache
def _versions(draft: bool) -> Select[UUID, str]:
    """Published versions of the forms open to the phone; for a test device the draft."""
    versions = select(FormVersion.id, Form.xml_form_id).join(Form, Form.id == FormVersion.form_id)
    if draft:
        return versions.where(Form.id == bindparam("test_form_id"), FormVersion.published.is_(None))
    return versions.join(Assignment, Assignment.form_id == Form.id).where(
        Assignment.mission_id == bindparam("mission_id"),
        Assignment.state == "open",
        Assignment.group_id.is_(None) | (Assignment.group_id == bindparam("group_id")),
        FormVersion.published.is_(True),
    )


@cache
def _listing(draft: bool) -> Select[Any]:
    """The same with what the list of forms says of them. Phones ask for it again and again: to make the statement anew
    each time would take as long as all else of the answer."""
    has_files = select(FormMedia.name).where(FormMedia.version_id == FormVersion.id).exists()
    key = (FormKey.form_id == Form.id) & (FormKey.mission_id == bindparam("mission_id"))
    return (
        _versions(draft)
        .outerjoin(FormKey, key & FormKey.retired_at.is_(None))
        .outerjoin(Rendition, (Rendition.version_id == FormVersion.id) & (Rendition.key_id == FormKey.id))
        .add_columns(
            func.coalesce(Rendition.version, FormVersion.version).label("version"),
            FormVersion.title,
            func.coalesce(Rendition.md5, FormVersion.md5).label("md5"),
            func.coalesce(Rendition.id, FormVersion.id).label("file"),
            FormVersion.wants,
            has_files.label("files"),
        )
        # Where phones encrypt, a published version without a key is not for them.
        .where(FormKey.id.is_(None) | Rendition.id.is_not(None) | FormVersion.published.is_(None))
        .order_by(Form.xml_form_id, FormVersion.published_at.desc(), FormVersion.id.desc())
    )


def _lines(rows: Iterable[Sequence[Any]]) -> bytes:
    """Rows of a CSV file: RFC 4180, UTF-8."""
    out = io.StringIO(newline="")
    csv.writer(out, lineterminator="\r\n").writerows(rows)
    return out.getvalue().encode()


def _md5(content: bytes) -> str:
    return hashlib.md5(content, usedforsecurity=False).hexdigest()
