"""The forms of a mission as they stand: what is published, what is a draft, what is on phones, which files.

What changes them is in `drafts` and `publish`.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final, Literal

from sqlalchemy import Select, bindparam, func, or_, select
from sqlalchemy.orm import Session, aliased, defer

from app import problems
from app.models import Assignment, DeviceGroup, Form, FormMedia, FormVersion, Rendition, Submission
from app.services import entity_lists, phones
from xlsforms import diff, schema

STATES: Final = ("open", "closing", "closed")
"""How a form stands with phones, the most open first. A phone that gets it both with everybody and with its group has
the more open of the two."""
MANY: Final = 10_000
"""Where counting submissions ends."""
VIEWS: Final = frozenset({phones.CASES, phones.MISSION})
"""Lists that the server makes for every phone."""
_BYTES: Final = (
    defer(FormVersion.xform),
    defer(FormVersion.workbook),
    defer(FormVersion.schema),
    defer(FormVersion.texts),
    defer(FormVersion.cells),
)


@dataclass(frozen=True, slots=True)
class FormLine:
    """A form as one mission has it. The versions come without their bytes: read those when you need them."""

    form: Form
    published: FormVersion | None
    draft: FormVersion | None
    assignment: Assignment | None
    group_state: str | None = None
    """How it stands with a group, where that is more open than with everybody."""

    @property
    def current(self) -> FormVersion:
        """The published version, or the draft of a form that never was published."""
        version = self.published or self.draft
        assert version is not None, "a form is made with its first draft"
        return version

    @property
    def state(self) -> str:
        """open, closing or closed; a form that is on no phone of the mission is closed there."""
        return self.assignment.state if self.assignment else "closed"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a form may stand in a mission: with every phone, or with those of one group; and how it stands there."""

    group: DeviceGroup | None
    state: str


@dataclass(frozen=True, slots=True)
class MediaLine:
    """A file a version wants: `kind` is `file` (somebody uploads it) or `view` (made for each mission)."""

    name: str
    kind: Literal["file", "view"]
    md5: str | None
    content_type: str | None

    @property
    def present(self) -> bool:
        """Whether phones can have it."""
        return self.kind == "view" or self.md5 is not None


def listing(session: Session, mission_id: int | None) -> list[FormLine]:
    """The forms a mission sees, its own and those assigned to it, by form id; None: those of headquarters."""
    return _lines(session, mission_id, _visible(mission_id))


def get(session: Session, mission_id: int | None, xml_form_id: str) -> FormLine:
    """One form as a mission sees it. Raises the Problem `not_found`."""
    found = _lines(session, mission_id, _visible(mission_id).where(Form.xml_form_id == xml_form_id))
    if not found:
        raise problems.not_found("form")
    return found[0]


def find(session: Session, mission_id: int | None, xml_form_id: str) -> Form | None:
    """The form of this id that a mission sees."""
    return session.scalar(_visible(mission_id).where(Form.xml_form_id == xml_form_id))


def assignable(session: Session, mission_id: int, xml_form_id: str) -> Form:
    """The form of this id that can be put on the phones of a mission: one it sees, else one of headquarters. Raises
    the Problem `not_found`."""
    form = find(session, mission_id, xml_form_id) or find(session, None, xml_form_id)
    if form is None:
        raise problems.not_found("form")
    return form


def elsewhere(session: Session, mission_id: int) -> list[FormLine]:
    """The forms of headquarters that a mission does not have, nor another of the same id."""
    seen = _visible(mission_id).with_only_columns(Form.xml_form_id).order_by(None)
    return _lines(session, None, _visible(None).where(Form.xml_form_id.not_in(seen)))


def places(session: Session, mission_id: int, form: Form) -> list[Place]:
    """How a form stands in a mission: with every phone, then with each group of them, by name."""
    rows = session.execute(
        select(Assignment.group_id, Assignment.state).where(
            Assignment.form_id == form.id, Assignment.mission_id == mission_id
        )
    )
    states = {row.group_id: row.state for row in rows}
    groups = session.scalars(
        select(DeviceGroup).where(DeviceGroup.mission_id == mission_id).order_by(DeviceGroup.name)
    )
    return [
        Place(None, states.get(None, "closed")),
        *(Place(group, states.get(group.id, "closed")) for group in groups),
    ]


def versions(session: Session, form: Form) -> list[FormVersion]:
    """The published versions, newest first, without their bytes."""
    return list(
        session.scalars(
            select(FormVersion)
            .where(FormVersion.form_id == form.id, FormVersion.published.is_(True))
            .order_by(FormVersion.published_at.desc(), FormVersion.id.desc())
            .options(*_BYTES)
        )
    )


def published(session: Session, form: Form, version: str) -> FormVersion | None:
    """The version published under a version string."""
    return session.scalar(
        select(FormVersion)
        .where(
            FormVersion.form_id == form.id, FormVersion.version == version, FormVersion.published.is_(True)
        )
        .options(*_BYTES)
    )


def version(session: Session, form: Form, version: str) -> FormVersion:
    """As `published`; raises the Problem `not_found` if there is none."""
    found = published(session, form, version)
    if found is None:
        raise problems.not_found("version of this form")
    return found


def changes(old: FormVersion, new: FormVersion) -> tuple[diff.Change, ...]:
    """What changed between two versions, and what it does to answers already collected."""
    return diff.compare(schema.Form.from_json(old.schema), schema.Form.from_json(new.schema))


def held_with(session: Session, mission_id: int, form: Form, version: FormVersion) -> int:
    """How many submissions of a mission were held with a version, encrypted ones too; at most `MANY`, which means that
    or more. What each of them answered is sealed, so this is the most that a change to the version can touch."""
    names = [
        version.version,
        *session.scalars(select(Rendition.version).where(Rendition.version_id == version.id)),
    ]
    some = (
        select(Submission.id)
        .where(
            Submission.mission_id == mission_id,
            Submission.xml_form_id == form.xml_form_id,
            Submission.form_version.in_(names),
            Submission.state != "deleted",
        )
        .limit(MANY)
        .subquery()
    )
    return session.scalar(select(func.count()).select_from(some)) or 0


def served(session: Session, mission_id: int | None, names: Collection[str]) -> frozenset[str]:
    """Those of some file names under which phones of a mission get a list that the server makes; without a mission,
    those of any."""
    return VIEWS.intersection(names) | entity_lists.served(session, mission_id, names)


def media(session: Session, version: FormVersion, mission_id: int) -> list[MediaLine]:
    """The files a version wants, in its order, and whether phones of a mission get them."""
    made = served(session, mission_id, version.wants)
    rows = session.execute(
        select(FormMedia.name, FormMedia.md5, FormMedia.content_type).where(
            FormMedia.version_id == version.id
        )
    )
    have = {row.name: row for row in rows}
    return [
        MediaLine(
            name,
            "view" if name in made and name not in have else "file",
            have[name].md5 if name in have else None,
            have[name].content_type if name in have else None,
        )
        for name in version.wants
    ]


def media_file(session: Session, version: FormVersion, name: str) -> FormMedia:
    """A file of a version with its content. Raises the Problem `not_found`."""
    found = session.get(FormMedia, (version.id, name))
    if found is None:
        raise problems.not_found("file")
    return found


def draft(session: Session, form: Form) -> FormVersion | None:
    """The draft of a form, if it has one."""
    return session.scalar(
        select(FormVersion).where(FormVersion.form_id == form.id, FormVersion.published.is_(None))
    )


def latest(session: Session, form: Form) -> FormVersion | None:
    """The version published last."""
    return next(iter(versions(session, form)), None)


def assignment(session: Session, form: Form, mission_id: int, group_id: int | None) -> Assignment | None:
    """What puts a form on the phones of a mission, or of one group of its devices."""
    return session.scalar(
        select(Assignment).where(
            Assignment.form_id == form.id,
            Assignment.mission_id == mission_id,
            Assignment.group_id.is_not_distinct_from(group_id),
        )
    )


def _visible(mission_id: int | None) -> Select[Form]:
    """The forms one mission sees: its own, and those of headquarters that are assigned to it."""
    statement = select(Form).order_by(Form.xml_form_id)
    if mission_id is None:
        return statement.where(Form.mission_id.is_(None))
    assigned = select(Assignment.form_id).where(Assignment.mission_id == mission_id)
    return statement.where(or_(Form.mission_id == mission_id, Form.id.in_(assigned)))


def _lines(session: Session, mission_id: int | None, forms: Select[Form]) -> list[FormLine]:
    found = list(session.scalars(forms))
    ids = [form.id for form in found]
    rows = session.scalars(_standing_versions(), {"forms": ids}).all()
    current = {row.form_id: row for row in rows if row.published}
    drafts = {row.form_id: row for row in rows if not row.published}
    assigned: dict[int, list[Assignment]] = {}
    if mission_id is not None:
        for row in session.scalars(
            select(Assignment).where(Assignment.mission_id == mission_id, Assignment.form_id.in_(ids))
        ):
            assigned.setdefault(row.form_id, []).append(row)
    return [
        FormLine(form, current.get(form.id), drafts.get(form.id), *_standing(assigned.get(form.id, ())))
        for form in found
    ]


@cache
def _standing_versions() -> Select[FormVersion]:
    """The draft and the version published last of each of `forms`. Made once: to make it takes longer than to ask
    it."""
    other = aliased(FormVersion)
    newest = (
        select(other.id)
        .where(other.form_id == FormVersion.form_id, other.published.is_(True))
        .order_by(other.published_at.desc(), other.id.desc())
        .limit(1)
        .correlate(FormVersion)
        .scalar_subquery()
    )
    return (
        select(FormVersion)
        .where(
            FormVersion.form_id.in_(bindparam("forms", expanding=True)),
            or_(FormVersion.published.is_(None), FormVersion.id == newest),
        )
        .options(*_BYTES)
    )


def _standing(assigned: Sequence[Assignment]) -> tuple[Assignment | None, str | None]:
    """The assignment that is shown, and the state of a group where it is more open: one for all devices says more
    about a form than one for a group."""
    groups = sorted((row for row in assigned if row.group_id is not None), key=_openness)
    everybody = next((row for row in assigned if row.group_id is None), None)
    if everybody is None or not groups or _openness(groups[0]) >= _openness(everybody):
        return everybody or next(iter(groups), None), None
    return everybody, groups[0].state


def _openness(assignment: Assignment) -> int:
    return STATES.index(assignment.state)
