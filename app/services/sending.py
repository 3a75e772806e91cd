"""Submissions that people send, from a script or from the office: they go the way those of phones go.

Each function is called outside any transaction: receiving is one of its own, durable when it returns.
"""

from collections.abc import Iterable, Sequence

from sqlalchemy.orm import Session

from app import policy, problems
from app.keys import Keyring
from app.services import chains, forms, missions
from app.services.receive import Inbox, IncomingFile, Receipt, Sender
from app.services.submission_detail import find
from submissions import envelope
from submissions.envelope import Envelope, EnvelopeError


def send(
    session: Session,
    *,
    inbox: Inbox,
    actor: policy.Actor,
    mission_id: int,
    xml_form_id: str,
    xml: bytes,
    phone: str | None = None,
) -> Receipt:
    """Take a submission of this form in. Raises Problem: not_found, not_allowed, invalid (another form's),
    closed_mission, and those of `Inbox.receive`."""
    sender = _sender(session, actor, mission_id, xml_form_id)
    _read(inbox, xml, xml_form_id)
    session.rollback()
    return inbox.receive(sender, xml=xml, phone=phone)


def edit(
    session: Session,
    *,
    inbox: Inbox,
    actor: policy.Actor,
    mission_id: int,
    xml_form_id: str,
    instance_id: str,
    xml: bytes,
    files: Sequence[IncomingFile] = (),
    phone: str | None = None,
    beside: bool = False,
) -> Receipt:
    """Take in a new version of a submission, named by any instanceID of its chain.

    As in ODK Central its deprecatedID must be the present version's instanceID; `beside`: that of any version, and the
    edit stands beside those of others, as with two phones. The same edit again changes nothing. Raises Problem: as
    `send`, outdated_edit.
    """
    sender = _sender(session, actor, mission_id, xml_form_id)
    said = _read(inbox, xml, xml_form_id)
    versions = chains.versions(
        session, mission_id=mission_id, xml_form_id=xml_form_id, instance_id=instance_id
    )
    present = chains.present(versions)
    if present is None:
        raise problems.not_found("submission")
    if not said.deprecated_id or not said.instance_id or said.deprecated_id == said.instance_id:
        raise problems.invalid(
            "An edit says in its meta block which version it replaces.",
            "Give it a new instanceID, and the instanceID of the present version as its deprecatedID.",
        )
    known = {one.instance_id for one in versions}
    replaced = known if beside else {present.instance_id}
    if said.deprecated_id not in replaced and said.instance_id not in known:
        raise problems.outdated_edit()
    session.rollback()
    return inbox.receive(sender, xml=xml, files=files, phone=phone)


def send_trial(
    session: Session,
    *,
    inbox: Inbox,
    actor: policy.Actor,
    mission_id: int,
    xml_form_id: str,
    xml: bytes,
    files: Sequence[IncomingFile],
) -> Receipt:
    """Take in what somebody filled in to try a draft in the browser: a trial, as from a test device. Raises Problem:
    not_found, not_allowed, invalid (another form's), closed_mission, and those of `Inbox.receive`."""
    policy.require(actor, "form.try", mission_id)
    form = forms.get(session, _open(session, mission_id), xml_form_id).form
    _read(inbox, xml, xml_form_id)
    sender = Sender(mission_id, actor.ref, user_id=actor.user_id, test_form_id=form.id)
    session.rollback()
    return inbox.receive(sender, xml=xml, files=files)


def add_file(
    session: Session,
    *,
    inbox: Inbox,
    keyring: Keyring,
    actor: policy.Actor,
    mission_id: int,
    xml_form_id: str,
    instance_id: str,
    name: str,
    content_type: str,
    pieces: Iterable[bytes],
) -> Receipt:
    """Add a file to the version that has this instanceID: the same submission again with a file, as a phone
    would send it. The same file again changes nothing.

    Raises Problem: as `send`, other_content (kept apart) if the name is taken by another content.
    """
    sender = _sender(session, actor, mission_id, xml_form_id)
    row = find(session, actor, mission_id, instance_id, xml_form_id)
    xml = keyring.open(row.xml, f"submission:{row.id}")
    session.rollback()
    file = inbox.file(name, content_type)
    try:
        for piece in pieces:
            file.write(piece)
        return inbox.receive(sender, xml=xml, files=[file])
    finally:
        file.close()


def _sender(session: Session, actor: policy.Actor, mission_id: int, xml_form_id: str) -> Sender:
    policy.require(actor, "submission.create", mission_id)
    state = forms.get(session, _open(session, mission_id), xml_form_id).state
    return Sender(mission_id=mission_id, actor=actor.ref, user_id=actor.user_id, forms={xml_form_id: state})


def _open(session: Session, mission_id: int) -> int:
    """The mission, if it takes anything in. Raises Problem: not_found, closed_mission."""
    if missions.get(session, mission_id).archived_at is not None:
        raise problems.closed_mission()
    return mission_id


def _read(inbox: Inbox, xml: bytes, xml_form_id: str) -> Envelope:
    try:
        said = envelope.read(xml, max_bytes=inbox.max_xml)
    except EnvelopeError as error:
        raise problems.unreadable_submission(error.code, error.message) from None
    if said.form_id != xml_form_id:
        raise problems.invalid(
            "The submission is of another form than its address says.", "Send it to its own form."
        )
    return said
