"""Editing a submission in the office: what the form engine of the browser is given, and what it sends back.

To open a form with its answers is to see everything in it. So it takes what a reveal takes, a reason and the right to
see P3, and is written down before it happens. What comes back is a new version of the same submission, by the way of
all edits; what the person did not see, or the engine cannot hold, stays as it was.
"""

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from sqlalchemy.orm import Session

from app import policy, problems
from app.keys import Keyring
from app.language import _
from app.models import FormVersion
from app.services import chains, comments, phones, plans, preview, sending, stored
from app.services.files import at_hand, digest
from app.services.phones import File
from app.services.receive import Inbox, IncomingFile, Receipt
from app.services.reveal import Reveal, grant, need_reason
from app.services.senders import Sender
from app.services.submission_detail import enter, file_names, find, read_record
from submissions import editing
from submissions.record import Record
from xlsforms.finding import Finding
from xlsforms.schema import Question

_NOT_KEPT: Final = frozenset({"unknown_code", "unreadable_value", "answer_twice"})
"""Findings on answers that the engine cannot hold."""


@dataclass(frozen=True, slots=True)
class Editable:
    """A submission that can be edited: its row, the version of the form it was filled with, and its answers.
    `not_kept` are findings on answers that the engine leaves out, because the form does not allow them. `files`: name of
    each file that its answers speak of → whether it has come."""

    row: Any
    version: FormVersion
    plan: plans.Plan
    said: Record
    not_kept: tuple[Finding, ...]
    files: Mapping[str, bool]


def editable(
    session: Session,
    *,
    keyring: Keyring,
    actor: policy.Actor,
    mission_id: int,
    xml_form_id: str,
    instance_id: str,
) -> Editable:
    """A version of a submission, if the actor may edit it and the browser can. Raises Problem: not_found, not_allowed,
    conflict, with why not."""
    row = find(session, actor, mission_id, instance_id, xml_form_id)
    policy.require(actor, "submission.edit", mission_id)
    versions = chains.versions(
        session, mission_id=mission_id, xml_form_id=xml_form_id, instance_id=instance_id
    )
    present = chains.present(versions)
    if present is None or present.id != row.id:
        raise problems.conflict(_("This version was replaced by another."), _("Edit the newest one."))
    plan, said = read_record(session, keyring, row)
    if plan is None:
        raise problems.conflict(
            _("The version of the form that it was filled with is not known here."),
            _("Upload and publish that version."),
        )
    if said is None:
        raise problems.conflict(_("Its answers cannot be read here."), _("Its findings say why."))
    if "P3" in plan.privacy.values() and "P3" not in policy.reveals(actor, mission_id):
        raise problems.not_allowed(
            _("This form asks for names or free text. To edit its answers one must be allowed to see them.")
        )
    not_kept = tuple(one for one in said.findings if one.code in _NOT_KEPT)
    come = at_hand(session, [row.id])[row.id]
    named = {name: digest(name, keyring) in come for name in sorted(file_names(plan, said))}
    return Editable(row, session.get_one(FormVersion, plan.version_id), plan, said, not_kept, named)


def opened(session: Session, found: Editable, *, keyring: Keyring, actor: policy.Actor, reason: str) -> bytes:
    """The XML for the engine, once the reason is in the ledger. What stands behind a shut consent gate is not in it.
    Raises Problem: reason_needed, not_allowed."""
    row, mission_id = found.row, found.row.mission_id
    grant(session, Reveal(reason), actor=actor, object_=f"submission:{row.id}", mission_id=mission_id)
    enter(session, actor, row, "submission.raw", reason.strip())
    xml = stored.xml(row, keyring)
    return editing.without_consent(xml, found.plan.form) if found.said.consent_ok is False else xml


def file(session: Session, found: Editable, *, keyring: Keyring, actor: policy.Actor, name: str) -> File:
    """A file that the form wants, with the lists of the mission as they are now. What was chosen and is in its list no
    more is added to it: the engine would drop the answer. Raises the Problem `not_found`."""
    sender = Sender(found.row.mission_id, actor.ref, user_id=actor.user_id)
    asking = [question for question in found.plan.form.questions() if question.file == name]
    said = {question.path: _chosen(found.said, question) for question in asking}
    if (
        name == phones.CASES
        and name in found.version.wants
        and not preview.uploaded(session, found.version, name)
    ):
        also = [one for values in said.values() for one in values]
        content = phones.every_case(session, sender.mission_id, _uuids(also))
        whole = File(content, "", phones.CSV)
    else:
        whole = preview.of_sender(session, sender, keyring=keyring, version=found.version, name=name)
    if not name.endswith(".csv") or not any(said.values()):
        return whole
    return File(_completed(whole.content, asking, said), whole.md5, whole.content_type)


def send(
    session: Session,
    *,
    inbox: Inbox,
    keyring: Keyring,
    actor: policy.Actor,
    mission_id: int,
    xml_form_id: str,
    instance_id: str,
    xml: bytes,
    files: Sequence[IncomingFile],
    reason: str,
    beside: bool = False,
) -> Receipt:
    """Take in what the engine made of the version with this instanceID, and keep the reason as a comment.

    `beside`: also if somebody else edited that version meanwhile. Both edits are kept then, as those of two phones are.
    Raises Problem: reason_needed, and as `sending.edit`.
    """
    policy.require(actor, "submission.edit", mission_id)
    reason = need_reason(reason)
    row = find(session, actor, mission_id, instance_id, xml_form_id)
    plan, said = read_record(session, keyring, row)
    if plan is not None and said is not None and said.consent_ok is not False:
        xml = editing.carried(stored.xml(row, keyring), xml, plan.form)
    receipt = sending.edit(
        session,
        inbox=inbox,
        actor=actor,
        mission_id=mission_id,
        xml_form_id=xml_form_id,
        instance_id=instance_id,
        xml=xml,
        files=files,
        beside=beside,
    )
    if receipt.new:
        comments.write(
            session,
            keyring=keyring,
            actor=actor,
            about=comments.OfSubmission(mission_id, xml_form_id, receipt.instance_id),
            body=reason,
        )
    return receipt


# --- within ------------------------------------------------------------------------------------------------------


def _chosen(said: Record, question: Question) -> set[str]:
    texts = (one.text for one in said.answers if one.path == question.path)
    several = question.type in ("select_multiple", "rank")
    return {value for text in texts for value in (text.split() if several else [text.strip()]) if value}


def _uuids(texts: Sequence[str]) -> list[UUID]:
    found = []
    for text in texts:
        try:
            found.append(UUID(text))
        except ValueError:
            continue
    return found


def _completed(content: bytes, asking: Sequence[Question], said: dict[str, set[str]]) -> bytes:
    """A list with what was chosen from it and is not in it."""
    rows = csv.DictReader(io.StringIO(content.decode("utf-8-sig", "replace"), newline=""))
    columns, lines = list(rows.fieldnames or ()), list(rows)
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, columns, lineterminator="\r\n", extrasaction="ignore")
    for question in asking:
        key, label = (
            question.parameters.get(name, one) for name, one in (("value", "name"), ("label", "label"))
        )
        missing = sorted(said[question.path] - {line.get(key) for line in lines})
        lines += [{key: value, label: value} for value in missing if key in columns]
    writer.writeheader()
    writer.writerows(lines)
    return out.getvalue().encode()
