"""The life of a form. What was brought is `checked` and becomes a draft (`drafts`); here it is published, and put on the
phones of missions."""

from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from app import ledger, policy, problems
from app.language import _
from app.models import Assignment, DeviceGroup, Form, FormVersion, Mission, now
from app.policy import Actor
from app.services import drafts, entity_lists, form_keys, form_media, forms, normalise, trials
from app.services.checked import (
    KINDS,
    MAX_UPLOAD,
    Checked,
    check,
    made_with,
    with_files,
)
from app.services.drafts import (
    again,
    copy_to_draft,
    discard,
    next_version,
    require_owner,
    save_draft,
    set_media,
    set_version,
)
from app.services.form_media import Attached

__all__ = [
    "KINDS",
    "MAX_UPLOAD",
    "Attached",
    "Checked",
    "again",
    "assign",
    "check",
    "copy_to_draft",
    "discard",
    "made_with",
    "next_version",
    "noted",
    "publish",
    "require_owner",
    "save_draft",
    "set_media",
    "set_version",
    "with_files",
]

MAX_NOTE: Final = 200
"""Characters of the note of a version."""


def noted(note: str, version: FormVersion) -> str:
    """What a person says about a version, else what was said at its upload. Raises the Problem `note_missing`."""
    if said := note.strip() or version.note.strip():
        return said
    raise problems.note_missing()


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
        if namesake.sha256 == version.sha256 and form_media.same(session, namesake, version):
            drafts.drop(session, version)
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
    drafts.enter(session, actor, "form.publish", form, version, note=version.note, lossy=len(lost))
    return version


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
