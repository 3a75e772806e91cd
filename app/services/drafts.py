"""The draft of a form: made of what was brought, of a version there is already, or of one published before; changed, and
thrown away.

A form is owned by headquarters (no mission) or by one mission; in what one mission sees a form id is unique.
"""

import hashlib
import re
from collections.abc import Sequence
from typing import Any, Final

from lxml import etree
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from app import ledger, policy, problems
from app.language import _
from app.models import Assignment, Device, Form, FormMedia, FormVersion, now
from app.policy import Actor
from app.services import form_media, forms, trials
from app.services.checked import MAX_UPLOAD, Checked, safe_name, with_files
from app.services.form_media import Attached
from xlsforms import schema, translations, xform, xml
from xlsforms.translations import Translations

_FILE_NAME: Final = re.compile(r"[^/\\\x00-\x1f\x7f]{1,255}")


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
    if same is not None and form_media.has(session, same, wanted):
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
    form_media.keep(session, version, compiled)
    for one in wanted:
        form_media.put(session, version, one.name, one.content, one.content_type)
    enter(session, actor, "form.draft", form, version)
    return version


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
    form_media.copy(session, source, draft, names=None)
    enter(session, actor, "form.draft", form, draft)
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
    row = form_media.put(session, version, name, content, content_type)
    form_media.look_again(session, form, version)
    return row


def discard(session: Session, *, actor: Actor, version: FormVersion) -> None:
    """Throw a draft away with its trials; a form that was never published goes with it, and so do its test
    devices. Raises the Problem `conflict` for what is published."""
    _require_draft(version)
    form = session.get_one(Form, version.form_id)
    require_owner(actor, "form.upload", form)
    enter(session, actor, "form.discard", form, version)
    drop(session, version)
    trials.throw_away(session, actor=actor.ref, form_id=form.id)
    if forms.latest(session, form) is None:
        session.execute(delete(Assignment).where(Assignment.form_id == form.id))
        session.execute(delete(Device).where(Device.test_form_id == form.id))
        session.delete(form)
        session.flush()


def require_owner(actor: Actor, action: str, form: Form) -> None:
    """Raise `not_allowed` unless the actor may do this where the form is owned: a form of headquarters is in
    every mission, so it takes somebody who may everywhere."""
    if form.mission_id is not None:
        policy.require(actor, action, form.mission_id)
    elif policy.missions(actor, action) is not None:
        raise problems.not_allowed(
            _("This form belongs to headquarters; only somebody who may everywhere changes it.")
        )


def drop(session: Session, version: FormVersion) -> None:
    """Delete a draft with its files."""
    session.execute(delete(FormMedia).where(FormMedia.version_id == version.id))
    session.delete(version)
    session.flush()


def enter(
    session: Session, actor: Actor, action: str, form: Form, version: FormVersion, **more: str | int
) -> None:
    """Write into the ledger what becomes of a version."""
    ledger.write(
        session,
        actor=actor.ref,
        action=action,
        mission_id=form.mission_id,
        object=f"form:{form.id}",
        detail={"version": version.version, "sha256": version.sha256, **more},
    )


# --- within ------------------------------------------------------------------------------------------------------


def _require_draft(version: FormVersion) -> None:
    if version.published:
        raise problems.conflict(
            _("A published version never changes."), _("Make a draft and publish it as a new version.")
        )


def _set_xform(version: FormVersion, content: bytes, form: schema.Form) -> None:
    version.xform = content
    version.sha256 = hashlib.sha256(content).hexdigest()
    version.md5 = form_media.md5(content)
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
