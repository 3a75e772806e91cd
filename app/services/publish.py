"""The life of a form: upload, findings, draft, publication, assignment to missions.

`check` compiles and takes seconds: it comes first, outside any transaction. The rest writes.
A form is owned by headquarters (no mission) or by one mission; in what one mission sees a form id is unique.
"""

import hashlib
import mimetypes
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from lxml import etree
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from app import ledger, policy, problems
from app.language import _
from app.models import Assignment, Device, DeviceGroup, Form, FormMedia, FormVersion, Mission, now
from app.policy import Actor
from app.services import entity_lists, form_keys, forms, normalise, trials
from xlsforms import media, schema, translations, xform, xml
from xlsforms.compile import CompiledForm, Progress, compile_form
from xlsforms.finding import Finding
from xlsforms.translations import Place, Translations
from xlsforms.workbook import Workbook

MAX_UPLOAD: Final = 20_000_000
"""Bytes of a workbook, and of a media file of a form."""
MAX_FILES: Final = 200
"""Most media files of one upload."""
MAX_NOTE: Final = 200
"""Characters of the note of a version."""
KINDS: Final = {
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "xls": "application/vnd.ms-excel",
    "xml": "application/xml",
    "csv": "text/csv",
    "zip": "application/zip",
    "md": "text/markdown",
}
"""Kinds of upload and their media types."""
_FILE_NAME: Final = re.compile(r"[^/\\\x00-\x1f\x7f]{1,255}")


@dataclass(frozen=True, slots=True)
class Attached:
    """A file that goes with a form."""

    name: str
    content: bytes
    content_type: str | None = None


@dataclass(frozen=True, slots=True)
class Checked:
    """An upload that was compiled: what it holds and what there is to say about it. Nothing is stored yet. `name` is
    that of the file, empty where it came without one."""

    content: bytes
    compiled: CompiledForm
    name: str = ""
    made_from: Mapping[Place, str] = field(default_factory=dict)
    """The source texts a translator had, for the translations they brought."""

    @property
    def ok(self) -> bool:
        """Whether it can become a draft."""
        return self.compiled.ok

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Errors first."""
        return self.compiled.findings

    @property
    def warnings(self) -> tuple[Finding, ...]:
        """What works and should be looked at."""
        return tuple(one for one in self.findings if one.severity == "warning")


def check(
    content: bytes, name: str, *, form_id: str | None = None, progress: Progress | None = None
) -> Checked:
    """Compile an upload: XLSX, XLS, CSV, zip of CSV, markdown or XForm XML, told by its content and the name's ending.

    `form_id` is used where the workbook names none; `progress` is told the steps. Takes seconds, in a child process
    with limits; whatever is wrong with the content is a finding. Raises the Problem `too_large`.
    """
    if len(content) > MAX_UPLOAD:
        raise problems.too_large(MAX_UPLOAD)
    called = name
    if form_id:
        ending = name.rpartition(".")[2] if "." in name else "xlsx"
        called = f"{form_id}.{ending}"
    return Checked(content, compile_form(content, called, progress=progress), name)


def save_draft(
    session: Session,
    checked: Checked,
    *,
    actor: Actor,
    mission_id: int | None,
    note: str = "",
    files: Sequence[Attached] = (),
) -> FormVersion:
    """Store a compiled upload as the draft of its form, making the form if it is new here. Of `files` it gets those it
    names; what it names besides it keeps from its former draft or takes from the published version.

    If the very same XForm is published already, with files no other than these, nothing is stored and that version is
    returned. `mission_id` is where the form is uploaded; None means headquarters. A form of headquarters takes somebody
    who may upload everywhere. Raises the Problems `form_refused` and `not_allowed`.
    """
    checked = with_files(session, checked, mission_id=mission_id, names=[one.name for one in files])
    compiled = checked.compiled
    if not compiled.ok or compiled.xform is None or compiled.schema is None:
        raise problems.form_refused([one.to_json() for one in checked.findings])
    form = forms.find(session, mission_id, compiled.schema.form_id)
    if form is None:
        form = Form(xml_form_id=compiled.schema.form_id, mission_id=mission_id, created_by=actor.user_id)
        session.add(form)
    require_owner(actor, "form.upload", form)
    session.flush()
    same = session.scalar(
        select(FormVersion).where(
            FormVersion.form_id == form.id,
            FormVersion.published.is_(True),
            FormVersion.sha256 == hashlib.sha256(compiled.xform).hexdigest(),
        )
    )
    wanted = [one for one in files if one.name in compiled.media]
    if same is not None and _has(session, same, wanted):
        return same
    version = forms.draft(session, form) or FormVersion(form_id=form.id, created_by=actor.user_id)
    _set_xform(version, compiled.xform, compiled.schema)
    version.workbook = checked.content  # of an XForm too: a draft's may get another version string
    version.workbook_type = compiled.kind
    version.workbook_name = safe_name(checked.name) if checked.name else None
    version.cells = compiled.workbook.packed() if compiled.workbook.sheets else None
    version.validated = "waiting"
    version.findings = [one.to_json() for one in checked.findings]
    version.texts = _texts(session, form, version, checked)
    version.note = note
    session.add(version)
    session.flush()
    _keep_media(session, version, compiled)
    for one in wanted:
        _put_media(session, version, one.name, one.content, one.content_type)
    _write(session, actor, "form.draft", form, version)
    return version


def with_files(
    session: Session, checked: Checked, *, mission_id: int | None, names: Collection[str] = ()
) -> Checked:
    """The upload, with what there is to say of the files that are to go with it, by their names."""
    found = checked.compiled.schema
    if found is None:
        return checked
    known = _there(session, forms.find(session, mission_id, found.form_id), mission_id, found)
    return replace(checked, compiled=checked.compiled.with_files(names, known=known))


def made_with(compiled: CompiledForm) -> frozenset[str]:
    """Names of the lists that every mission has or that come into being with the form: what is known of the files a form
    will have where no database is asked."""
    entities = compiled.schema.entities if compiled.schema else ()
    return forms.VIEWS | {f"{one.list_name}.csv" for one in entities}


def safe_name(name: str) -> str:
    """A file name without folders, and with nothing in it that a program or a shell could take for more than a name."""
    last = re.split(r"[/\\]", name)[-1]
    stem, dot, ending = re.sub(r"[^\w .()-]+", "_", last).strip(" .").rpartition(".")
    return f"{stem[:80]}{dot}{ending[:10]}" or "form"


def copy_to_draft(
    session: Session, *, actor: Actor, form: Form, source: FormVersion | None = None
) -> FormVersion:
    """Make a draft that equals the published version, or `source`, to change its media or version string."""
    require_owner(actor, "form.upload", form)
    source = source or forms.latest(session, form)
    if source is None:
        raise problems.not_found("published version")
    draft = forms.draft(session, form) or FormVersion(form_id=form.id, created_by=actor.user_id)
    for name in (
        "version",
        "title",
        "sha256",
        "md5",
        "xform",
        "workbook",
        "workbook_type",
        "workbook_name",
        "cells",
        "validated",
        "schema",
        "texts",
        "wants",
        "findings",
    ):
        setattr(draft, name, getattr(source, name))
    draft.note = ""
    session.add(draft)
    session.flush()
    session.execute(delete(FormMedia).where(FormMedia.version_id == draft.id))
    _copy_media(session, source, draft, names=None)
    _write(session, actor, "form.draft", form, draft)
    return draft


def again(session: Session, *, actor: Actor, version: FormVersion) -> FormVersion:
    """Make a draft of a version published before, under a version string of today: the way back.

    The string has to be new, because a phone that had that version before would not show it again.
    """
    form = session.get_one(Form, version.form_id)
    draft = copy_to_draft(session, actor=actor, form=form, source=version)
    set_version(session, actor=actor, version=draft, text=next_version(session, form))
    draft.note = f"Version {version.version} again" if version.version else "The version without a name again"
    session.flush()
    return draft


def next_version(session: Session, form: Form) -> str:
    """A version string of today that the form has not had."""
    taken = {one.version for one in forms.versions(session, form)}
    numbers = (f"{now():%Y%m%d}{number:02}" for number in range(1, len(taken) + 2))
    return next(one for one in numbers if one not in taken)


def noted(note: str, version: FormVersion) -> str:
    """What a person says about a version, else what was said at its upload. Raises the Problem `note_missing`."""
    if said := note.strip() or version.note.strip():
        return said
    raise problems.note_missing()


def set_version(session: Session, *, actor: Actor, version: FormVersion, text: str) -> None:
    """Write another version string into a draft's XForm. The workbook keeps what its author wrote."""
    _require_draft(version)
    form = session.get_one(Form, version.form_id)
    require_owner(actor, "form.upload", form)
    if not text.strip() or len(text) > 100 or not text.isprintable():
        raise problems.invalid(
            _("A version is 1 to 100 printable characters."), _("Take the date, like 2026112201.")
        )
    root = xml.parse(version.xform)
    instance = next(root.iter("{*}instance"))[0]
    instance.set("version", text)
    content = etree.tostring(root, xml_declaration=True, encoding="utf-8")
    _set_xform(version, content, xform.read(content))
    session.flush()


def publish(
    session: Session, *, actor: Actor, version: FormVersion, note: str = "", lossy: bool = False
) -> FormVersion:
    """Publish a draft. From then on neither it nor its files change, and phones get it. What test devices sent to
    try it is thrown away.

    Publishing what is published changes nothing. A form of a mission is put on all phones of it, unless it was
    said before where it shall stand. `note` says why, in place of what was said at the upload; `lossy` that changes
    are meant by which answers already collected lose their place or meaning. Raises the Problems `lossy_changes`, and
    `version_taken` if another content was published under the same version string: phones that hold it would never
    learn of this one.
    """
    form = session.get_one(Form, version.form_id)
    require_owner(actor, "form.publish", form)
    if version.published:
        return version
    namesake = forms.published(session, form, version.version)
    if namesake is not None:
        if namesake.sha256 == version.sha256 and _same_media(session, namesake, version):
            _drop(session, version)
            trials.throw_away(session, actor=actor.ref, form_id=form.id)
            return namesake
        raise problems.version_taken()
    before = forms.latest(session, form)
    lost = [one for one in forms.changes(before, version) if one.effect == "lossy"] if before else []
    if lost and not lossy:
        raise problems.lossy_changes(
            [{"kind": one.kind, "question": one.question, "words": one.words} for one in lost]
        )
    version.note = note.strip()[:MAX_NOTE] or version.note
    form_keys.render(session, version)
    version.published = True
    version.published_at = now()
    version.published_by = actor.user_id
    session.flush()
    trials.throw_away(session, actor=actor.ref, form_id=form.id)
    assigned = select(Assignment.id).where(Assignment.form_id == form.id).limit(1)
    if form.mission_id is not None and session.scalar(assigned) is None:
        session.add(Assignment(form_id=form.id, mission_id=form.mission_id))
        session.flush()
    entity_lists.declare_of(session, version)
    normalise.requeue(session, xml_form_id=form.xml_form_id, version=version.version)
    _write(session, actor, "form.publish", form, version, note=version.note, lossy=len(lost))
    return version


def discard(session: Session, *, actor: Actor, version: FormVersion) -> None:
    """Throw a draft away with its trials; a form that was never published goes with it, and so do its test
    devices. Raises the Problem `conflict` for what is published."""
    _require_draft(version)
    form = session.get_one(Form, version.form_id)
    require_owner(actor, "form.upload", form)
    _write(session, actor, "form.discard", form, version)
    _drop(session, version)
    trials.throw_away(session, actor=actor.ref, form_id=form.id)
    if forms.latest(session, form) is None:
        session.execute(delete(Assignment).where(Assignment.form_id == form.id))
        session.execute(delete(Device).where(Device.test_form_id == form.id))
        session.delete(form)
        session.flush()


def assign(
    session: Session,
    *,
    actor: Actor,
    form: Form,
    mission_id: int,
    group_id: int | None = None,
    state: str = "open",
) -> None:
    """Put a form on the phones of a mission, or of one group of its devices; or change how it stands there.

    `closing` takes it from the list of forms, so that no interview begins that has not begun, and takes what phones
    hold; `closed` refuses new submissions too, and leaves a group with what every phone has. Raises Problem if the
    form is another mission's, or the mission already sees another form of that id.
    """
    policy.require(actor, "form.assign", mission_id)
    if state not in forms.STATES:
        raise problems.invalid(
            _("There is no such state of a form."),
            _("Choose one of %(states)s.", states=", ".join(forms.STATES)),
        )
    if session.get(Mission, mission_id) is None or form.mission_id not in (None, mission_id):
        raise problems.not_found("form")
    group = session.get(DeviceGroup, group_id) if group_id is not None else None
    if group_id is not None and (group is None or group.mission_id != mission_id):
        raise problems.not_found("group of devices")
    other = forms.find(session, mission_id, form.xml_form_id)
    if other is not None and other.id != form.id:
        raise problems.conflict(
            _("This mission has another form with the same form id."), _("Give one of them another form id.")
        )
    assignment = forms.assignment(session, form, mission_id, group_id)
    if group_id is not None and state == "closed":
        # Nothing of its own: no row, so that the group can be deleted. The form stays the mission's: a phone that holds
        # an interview shall be told that it is closed, and not that nobody knows it.
        if assignment is not None:
            session.delete(assignment)
        if forms.assignment(session, form, mission_id, None) is None:
            session.add(Assignment(form_id=form.id, mission_id=mission_id, state=state))
    elif assignment is None:
        session.add(Assignment(form_id=form.id, mission_id=mission_id, group_id=group_id, state=state))
    else:
        assignment.state = state
    session.flush()
    if (version := forms.latest(session, form)) is not None:
        entity_lists.declare_of(session, version, [mission_id])
    ledger.write(
        session,
        actor=actor.ref,
        action="form.assign",
        mission_id=mission_id,
        object=f"form:{form.id}",
        detail={"state": state, "group": group_id},
    )


# --- media
# --------------------------------------------------------------------------------------------------------


def set_media(
    session: Session,
    *,
    actor: Actor,
    version: FormVersion,
    name: str,
    content: bytes,
    content_type: str | None,
) -> FormMedia:
    """Attach a file to a draft, or replace it. Raises Problem for a name the form does not want."""
    _require_draft(version)
    form = session.get_one(Form, version.form_id)
    require_owner(actor, "form.upload", form)
    if len(content) > MAX_UPLOAD:
        raise problems.too_large(MAX_UPLOAD)
    if not _FILE_NAME.fullmatch(name) or name not in version.wants:
        raise problems.not_found("file among those this form asks for")
    row = _put_media(session, version, name, content, content_type)
    _look_again(session, form, version)
    return row


def require_owner(actor: Actor, action: str, form: Form) -> None:
    """Raise `not_allowed` unless the actor may do this where the form is owned: a form of headquarters is in
    every mission, so it takes somebody who may everywhere."""
    if form.mission_id is not None:
        policy.require(actor, action, form.mission_id)
    elif policy.missions(actor, action) is not None:
        raise problems.not_allowed(
            _("This form belongs to headquarters; only somebody who may everywhere changes it.")
        )


# --- within
# -------------------------------------------------------------------------------------------------------


def _require_draft(version: FormVersion) -> None:
    if version.published:
        raise problems.conflict(
            _("A published version never changes."), _("Make a draft and publish it as a new version.")
        )


def _set_xform(version: FormVersion, content: bytes, form: schema.Form) -> None:
    version.xform = content
    version.sha256 = hashlib.sha256(content).hexdigest()
    version.md5 = _md5(content)
    version.version = form.version
    version.title = form.title
    version.schema = form.to_json()
    version.wants = list(form.media)


def _texts(session: Session, form: Form, draft: FormVersion, checked: Checked) -> dict[str, Any] | None:
    """The texts of the upload, with what each translation was made from: earlier states of the form know."""
    if not checked.compiled.workbook.sheets:
        return None
    texts = translations.of_workbook(checked.compiled.workbook)
    before = [each.texts for each in (draft, forms.latest(session, form)) if each is not None]
    known = [Translations.from_json(each) for each in before if each]
    return translations.carried(texts, known, checked.made_from).to_json()


def _keep_media(session: Session, version: FormVersion, compiled: CompiledForm) -> None:
    """A new draft keeps the files it still wants, or takes those of the published version; what the converter
    made of the workbook itself is always new."""
    assert compiled.schema is not None
    wanted = set(compiled.media) | set(compiled.schema.media)
    session.execute(
        delete(FormMedia).where(FormMedia.version_id == version.id, FormMedia.name.not_in(wanted))
    )
    source = forms.latest(session, session.get_one(Form, version.form_id))
    if source is not None:
        _copy_media(session, source, version, names=wanted)
    for name, content in compiled.files.items():
        _put_media(session, version, name, content, "text/csv")


def _copy_media(
    session: Session, source: FormVersion, target: FormVersion, *, names: Iterable[str] | None
) -> None:
    have = set(session.scalars(select(FormMedia.name).where(FormMedia.version_id == target.id)))
    for one in session.scalars(select(FormMedia).where(FormMedia.version_id == source.id)):
        if one.name not in have and (names is None or one.name in set(names)):
            session.add(
                FormMedia(
                    version_id=target.id,
                    name=one.name,
                    md5=one.md5,
                    content_type=one.content_type,
                    content=one.content,
                )
            )
    session.flush()


def _put_media(
    session: Session, version: FormVersion, name: str, content: bytes, content_type: str | None
) -> FormMedia:
    row = session.get(FormMedia, (version.id, name)) or FormMedia(version_id=version.id, name=name)
    row.content = content
    row.md5 = _md5(content)
    row.content_type = content_type or mimetypes.guess_type(name)[0] or "application/octet-stream"
    session.add(row)
    session.flush()
    return row


def _there(session: Session, form: Form | None, mission_id: int | None, found: schema.Form) -> set[str]:
    """Names of the files a form has or phones get anyhow: those of its draft and of its published version, and the lists
    that the server makes, also those that come into being with it."""
    known = {f"{one.list_name}.csv" for one in found.entities}
    known |= forms.served(session, mission_id, found.media)
    versions = (
        [forms.draft(session, form), forms.latest(session, form)] if form is not None and form.id else []
    )
    ids = [one.id for one in versions if one is not None]
    return known | set(session.scalars(select(FormMedia.name).where(FormMedia.version_id.in_(ids))))


def _look_again(session: Session, form: Form, version: FormVersion) -> None:
    """Say of a draft's files what holds now that it got one."""
    found = schema.Form.from_json(version.schema)
    known = _there(session, form, form.mission_id, found)
    kept = [one for one in version.findings if one["code"] != "media_missing"]
    missing = media.check(Workbook.unpacked(version.cells), found, (), known=known)
    version.findings = [*kept, *(one.to_json() for one in missing)]
    session.flush()


def _has(session: Session, version: FormVersion, files: Iterable[Attached]) -> bool:
    """Whether a version has these very files."""
    rows = session.execute(select(FormMedia.name, FormMedia.md5).where(FormMedia.version_id == version.id))
    have = {row.name: row.md5 for row in rows}
    return all(have.get(one.name) == _md5(one.content) for one in files)


def _md5(content: bytes) -> str:
    """OpenRosa lists MD5; it tells phones what changed and protects nothing."""
    return hashlib.md5(content, usedforsecurity=False).hexdigest()


def _same_media(session: Session, one: FormVersion, other: FormVersion) -> bool:
    def digests(version: FormVersion) -> dict[str, Any]:
        rows = session.execute(
            select(FormMedia.name, FormMedia.md5).where(FormMedia.version_id == version.id)
        )
        return {row.name: row.md5 for row in rows}

    return digests(one) == digests(other)


def _drop(session: Session, version: FormVersion) -> None:
    session.execute(delete(FormMedia).where(FormMedia.version_id == version.id))
    session.delete(version)
    session.flush()


def _write(
    session: Session, actor: Actor, action: str, form: Form, version: FormVersion, **more: str | int
) -> None:
    ledger.write(
        session,
        actor=actor.ref,
        action=action,
        mission_id=form.mission_id,
        object=f"form:{form.id}",
        detail={"version": version.version, "sha256": version.sha256, **more},
    )
