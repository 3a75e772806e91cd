"""Webhooks of a mission: who is told of what, and what became of each delivery. `telling` sends them.

Events are derived from the ledger as it is chained: what happened has an entry there in the transaction in which it
happened, each entry is chained once, and nothing is added to any path that receives or decides.
"""

import base64
import secrets
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import RowMapping, and_, bindparam, delete, func, select
from sqlalchemy.orm import Session

from app import ledger, policy, problems
from app.keys import Keyring
from app.language import N_, _, ngettext
from app.models import CaseState, Submission, Webhook, WebhookDelivery, new_id, now
from app.policy import Actor
from app.services import posting

EVENTS: Final = {
    "submission.received": N_("An interview came in"),
    "submission.normalised": N_("An interview was read"),
    "submission.flagged": N_("An interview was read, and something in it asks for a look"),
    "submission.reviewed": N_("An interview was reviewed"),
    "case.changed": N_("Somebody decided about a case"),
    "case.closed": N_("A case was closed"),
}
_OF_SUBMISSIONS: Final = {
    "submission.receive": "submission.received",
    "submission.normalise": "submission.normalised",
    "submission.review": "submission.reviewed",
}
MOST: Final = 10
"""Webhooks of one mission."""
SHOWN: Final = 10
"""Deliveries of each that are shown."""
# Every page asks this, so the statement is made once.
_DISABLED: Final = select(func.count()).where(
    Webhook.mission_id == bindparam("mission_id"), Webhook.disabled_at.is_not(None)
)


@dataclass(frozen=True, slots=True)
class Line:
    """A webhook and its last deliveries, the newest first."""

    webhook: Webhook
    deliveries: tuple[WebhookDelivery, ...]


def create(
    session: Session,
    *,
    actor: Actor,
    mission_id: int,
    url: str,
    events: Sequence[str],
    private: bool,
    keyring: Keyring,
) -> str:
    """Add a webhook. Returns the secret its deliveries are signed with: it is shown this once. Raises Problem:
    not_allowed, invalid, conflict."""
    policy.require(actor, "webhook.keep", mission_id)
    if not events or not set(events) <= set(EVENTS):
        raise problems.invalid(_("Say which events are sent."), _("Choose at least one."))
    if (session.scalar(select(func.count()).where(Webhook.mission_id == mission_id)) or 0) >= MOST:
        raise problems.conflict(
            ngettext("There is %(num)s webhook.", "There are %(num)s webhooks.", MOST),
            _("Delete those that are no longer used."),
        )
    key, secret = new_id(), f"whsec_{base64.b64encode(secrets.token_bytes(32)).decode()}"
    session.add(
        Webhook(
            id=key,
            mission_id=mission_id,
            url=posting.check(url, private=private),
            events=sorted(events),
            secret=keyring.encrypt(secret.encode(), f"webhook:{key}"),
        )
    )
    session.flush()
    _write(session, actor, "webhook.create", mission_id, key, events=sorted(events))
    return secret


def listing(session: Session, *, actor: Actor, mission_id: int) -> list[Line]:
    """The webhooks of a mission, the oldest first."""
    policy.require(actor, "webhook.keep", mission_id)
    found = session.scalars(
        select(Webhook).where(Webhook.mission_id == mission_id).order_by(Webhook.id)
    ).all()
    return [Line(one, tuple(_deliveries(session, one))) for one in found]


def get(session: Session, *, actor: Actor, mission_id: int, webhook_id: uuid.UUID) -> Webhook:
    """One of the mission's. Raises Problem: not_allowed, not_found."""
    policy.require(actor, "webhook.keep", mission_id)
    found = session.get(Webhook, webhook_id)
    if found is None or found.mission_id != mission_id:
        raise problems.not_found("webhook")
    return found


def remove(session: Session, *, actor: Actor, webhook: Webhook) -> None:
    """Delete a webhook and what was to be sent to it."""
    session.execute(delete(WebhookDelivery).where(WebhookDelivery.webhook_id == webhook.id))
    _write(session, actor, "webhook.delete", webhook.mission_id, webhook.id)
    session.delete(webhook)
    session.flush()


def enable(session: Session, *, actor: Actor, webhook: Webhook) -> None:
    """Send to it again after it was disabled; what happened meanwhile is not sent."""
    webhook.disabled_at = webhook.failing_since = None
    _write(session, actor, "webhook.enable", webhook.mission_id, webhook.id)


def send_again(session: Session, *, actor: Actor, webhook: Webhook, delivery_id: uuid.UUID) -> None:
    """Send a delivery once more, with its number, so that who has it already can tell. Raises Problem: not_found."""
    found = session.get(WebhookDelivery, delivery_id)
    if found is None or found.webhook_id != webhook.id:
        raise problems.not_found("delivery")
    found.state, found.attempts, found.next_at = "waiting", 0, now()
    _write(session, actor, "webhook.send_again", webhook.mission_id, webhook.id, delivery=str(found.id))


def disabled(session: Session, mission_id: int) -> int:
    """How many were disabled because nothing was taken for days."""
    return session.scalar(_DISABLED, {"mission_id": mission_id}) or 0


def note(session: Session, entries: Sequence[RowMapping]) -> None:
    """Queue what these entries of the ledger are to be told of, in the transaction that chains them."""
    wanted: dict[int, list[Webhook]] = {}
    for webhook in session.scalars(select(Webhook).where(Webhook.disabled_at.is_(None)).order_by(Webhook.id)):
        wanted.setdefault(webhook.mission_id, []).append(webhook)
    concerned = [one for one in entries if one["mission_id"] in wanted]
    if not concerned:
        return
    submissions = _submissions(session, concerned)
    for entry in concerned:
        for event, data in _events(entry, submissions):
            payload = {"type": event, "timestamp": entry["at"].isoformat(), "data": data}
            session.add_all(
                WebhookDelivery(webhook_id=one.id, event=event, payload=payload)
                for one in wanted[entry["mission_id"]]
                if event in one.events
            )
    session.flush()


def _events(entry: RowMapping, submissions: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    """What an entry tells: ids and states, and nothing anybody said."""
    kind, _, key = (entry["object"] or "").partition(":")
    data: dict[str, Any] = {"projectId": entry["mission_id"]}
    action = entry["action"]
    if kind == "case" and action.startswith("case."):
        data |= {"caseId": key, "decision": action.removeprefix("case.")}
        return [("case.changed", data)] + ([("case.closed", data)] if action == "case.close" else [])
    row = submissions.get(key)
    if action not in _OF_SUBMISSIONS or row is None:
        return []
    data |= {"xmlFormId": row.xml_form_id, "instanceId": row.root_instance_id or row.instance_id}
    if action == "submission.receive":
        return [("submission.received", data)]
    data["state"] = entry["detail"].get("state")
    if action == "submission.normalise":
        data["caseId"] = None if row.case_id is None else str(row.case_id)
        return [("submission.normalised", data)] + ([("submission.flagged", data)] if row.flagged else [])
    return [("submission.reviewed", data)]


def _submissions(session: Session, entries: Sequence[RowMapping]) -> dict[str, Any]:
    keys = {uuid.UUID(one["object"].partition(":")[2]) for one in entries if one["action"] in _OF_SUBMISSIONS}
    columns = (
        Submission.id, Submission.xml_form_id, Submission.instance_id, Submission.root_instance_id,
        CaseState.case_id, Submission.flagged,
    )  # fmt: skip
    # Of a case that went to another mission, the one that gave it is told nothing.
    here = and_(CaseState.case_id == Submission.case_id, CaseState.mission_id == Submission.mission_id)
    statement = select(*columns).outerjoin(CaseState, here).where(Submission.id.in_(keys))
    return {str(row.id): row for row in session.execute(statement)}


def _deliveries(session: Session, webhook: Webhook) -> Sequence[WebhookDelivery]:
    return session.scalars(
        select(WebhookDelivery)
        .where(WebhookDelivery.webhook_id == webhook.id)
        .order_by(WebhookDelivery.id.desc())
        .limit(SHOWN)
    ).all()


def _write(
    session: Session, actor: Actor, action: str, mission_id: int, key: uuid.UUID, **detail: Any
) -> None:
    ledger.write(
        session, actor=actor.ref, action=action, mission_id=mission_id, object=f"webhook:{key}", detail=detail
    )
