"""The worker's part of webhooks: sending what is due, signed as Standard Webhooks says (standardwebhooks.com), again and
again over days until it is taken."""

import base64
import hashlib
import hmac
import http.client
import json
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Engine, delete, select
from sqlalchemy.orm import Session

from app.db import glance, writing
from app.keys import Keyring
from app.language import N_
from app.models import Webhook, WebhookDelivery, ago, now
from app.services import posting

WAITS: Final = tuple(timedelta(minutes=one) for one in (0.5, 5, 30, 120, 300, 600, 840, 1200, 1440))
"""How long after each failure it is tried again; after the last it has failed for good."""
PATIENCE: Final = timedelta(days=5)
"""A webhook that took nothing for so long is disabled."""
KEPT: Final = timedelta(days=30)
"""How long deliveries are shown."""
_LEASE: Final = timedelta(minutes=2)
_FIRST: Final = (
    select(WebhookDelivery.id)
    .join(Webhook, Webhook.id == WebhookDelivery.webhook_id)
    .where(
        WebhookDelivery.state == "waiting",
        WebhookDelivery.next_at <= ago(timedelta()),
        Webhook.disabled_at.is_(None),
    )
    .order_by(WebhookDelivery.next_at, WebhookDelivery.id)
    .limit(1)
)


@dataclass(frozen=True, slots=True)
class Due:
    """A delivery that is to be sent now."""

    delivery_id: uuid.UUID
    url: str
    secret: str
    body: bytes


def tell_next(engine: Engine, *, keyring: Keyring, private: bool) -> bool:
    """Send one delivery that is due. Whether there was one."""
    due = _claim(engine, keyring)
    if due is None:
        return False
    try:
        status = posting.post(due.url, due.body, headers(due, now()), private=private)
        outcome, taken = f"HTTP {status}", 200 <= status < 300
    except posting.RefusedError:
        outcome, taken = N_("its name leads into a network that is not to be reached"), False
    except (OSError, http.client.HTTPException) as error:
        outcome, taken = f"no answer ({type(error).__name__})", False
    _settle(engine, due.delivery_id, outcome=outcome, taken=taken)
    return True


def headers(due: Due, at: datetime) -> dict[str, str]:
    """What a delivery carries: its number, the time, and the signature of both with the body."""
    number, time = f"msg_{due.delivery_id.hex}", str(int(at.timestamp()))
    key = base64.b64decode(due.secret.removeprefix("whsec_"))
    signed = hmac.new(key, f"{number}.{time}.".encode() + due.body, hashlib.sha256).digest()
    return {
        "Content-Type": "application/json",
        "User-Agent": "SAIF",
        "webhook-id": number,
        "webhook-timestamp": time,
        "webhook-signature": f"v1,{base64.b64encode(signed).decode()}",
    }


def sweep(engine: Engine) -> None:
    """Forget deliveries of long ago."""
    with Session(engine) as session, writing(session):
        session.execute(
            delete(WebhookDelivery).where(
                WebhookDelivery.state != "waiting", WebhookDelivery.created_at < now() - KEPT
            )
        )


def _claim(engine: Engine, keyring: Keyring) -> Due | None:
    """The delivery that waits longest; for as long as an attempt takes, no other worker has it."""
    if glance(engine, _FIRST) is None:
        return None
    with Session(engine) as session, writing(session):
        delivery_id = session.scalar(_FIRST.with_for_update(skip_locked=True, of=WebhookDelivery))
        if delivery_id is None:
            return None
        found = session.get_one(WebhookDelivery, delivery_id)
        found.next_at, found.attempts = now() + _LEASE, found.attempts + 1
        webhook = session.get_one(Webhook, found.webhook_id)
        secret = keyring.decrypt(webhook.secret, f"webhook:{webhook.id}").decode()
        body = json.dumps(found.payload, separators=(",", ":")).encode()
        return Due(found.id, webhook.url, secret, body)


def _settle(engine: Engine, delivery_id: uuid.UUID, *, outcome: str, taken: bool) -> None:
    with Session(engine) as session, writing(session):
        found = session.get(WebhookDelivery, delivery_id)
        if found is None:
            return
        webhook = session.get_one(Webhook, found.webhook_id)
        found.outcome = outcome
        if taken:
            found.state, webhook.failing_since = "delivered", None
            return
        webhook.failing_since = webhook.failing_since or now()
        if found.attempts > len(WAITS):
            found.state = "failed"
        else:
            found.next_at = now() + WAITS[found.attempts - 1]
        if now() - webhook.failing_since > PATIENCE:
            webhook.disabled_at = webhook.disabled_at or now()
