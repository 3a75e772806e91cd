"""Webhooks: what happened is told, signed, once it is in the ledger; again until it is taken; and never into the house."""

import base64
import hashlib
import hmac
import json
import threading
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from sqlalchemy import select, update

from app import policy, tasks
from app.db import writing
from app.models import Submission, Webhook, WebhookDelivery, now
from app.policy import Actor, Held
from app.problems import Problem
from app.services import decide, posting, submissions, telling, webhooks
from tests.services.conftest import new_uid
from tests.services.made import screening


@pytest.fixture
def receiver():
    """Another system on this machine: its address, what came, and what it answers."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            self.server.came.append((dict(self.headers), body))
            self.send_response(self.server.status)
            self.send_header("Location", "/elsewhere")
            self.end_headers()

        def log_message(self, *_args):
            """Nothing on the terminal."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.came, server.status = [], 204
        server.url = f"http://127.0.0.1:{server.server_port}/hook?to=us"
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def keep(house, receiver):
    """A function that adds a webhook for events; gives its secret."""

    def keep(*events, url=None, private=True, mission_id=None, actor=policy.COMMAND):
        with house.session() as session, writing(session):
            return webhooks.create(
                session,
                actor=actor,
                mission_id=mission_id or house.mission_id,
                url=url or receiver.url,
                events=events or tuple(webhooks.EVENTS),
                private=private,
                keyring=house.keyring,
            )

    return keep


def happen(house, **answers):
    """An interview comes in and is read; gives its instanceID."""
    number = new_uid()
    house.receive(screening(instance_id=number, **answers))
    house.work()
    tasks.chain(house.engine)
    return number


def tell(house, private=True):
    while telling.tell_next(house.engine, keyring=house.keyring, private=private):
        pass


def told(receiver):
    return [json.loads(body) for _, body in receiver.came]


def deliveries(house):
    with house.session() as session:
        return session.scalars(select(WebhookDelivery).order_by(WebhookDelivery.id)).all()


def make_due(house):
    with house.session() as session, writing(session):
        session.execute(update(WebhookDelivery).values(next_at=now() - timedelta(seconds=1)))


def test_what_happens_is_told_by_ids_and_states_alone(house, keep, receiver):
    happen(house)  # before anybody asked
    keep()
    number = happen(house, family_name="Exampla")
    with house.session() as session:
        case = session.scalars(select(Submission.case_id).where(Submission.instance_id == number)).one()
        submissions.review(
            session, actor=policy.COMMAND, mission_id=house.mission_id, instance_id=number, state="approved"
        )
        decide.close(
            session,
            keyring=house.keyring,
            actor=policy.COMMAND,
            case_id=case,
            closure_reason="died",
            closed_on="2026-11-01",
            reason="the person went home",
        )
    tasks.chain(house.engine)
    assert tasks.chain(house.engine) == 0
    tell(house)
    about = {"projectId": house.mission_id, "xmlFormId": "ct_screening", "instanceId": number}
    found = {one["type"]: one["data"] for one in told(receiver)}
    assert len(told(receiver)) == len(found), "each is told once"
    assert found["submission.received"] == about
    assert found["submission.normalised"] == about | {"state": "normalised", "caseId": str(case)}
    assert found["submission.reviewed"] == about | {"state": "approved"}
    assert found["case.closed"] == {"projectId": house.mission_id, "caseId": str(case), "decision": "close"}
    assert found["case.changed"] == found["case.closed"]
    said = b"".join(body for _, body in receiver.came)
    assert b"Exampla" not in said
    assert b"went home" not in said
    assert {one.state for one in deliveries(house)} == {"delivered"}


def test_only_what_was_chosen_of_this_mission_is_told(house, keep, receiver):
    keep("submission.received")
    keep("submission.received", mission_id=house.other_mission_id)
    happen(house)
    tell(house)
    assert [one["type"] for one in told(receiver)] == ["submission.received"]


def test_a_delivery_is_signed_as_standard_webhooks_says(house, keep, receiver):
    secret = keep("submission.received")
    happen(house)
    tell(house)
    ((headers, body),) = receiver.came
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    key = base64.b64decode(secret.removeprefix("whsec_"))
    expected = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    assert headers["webhook-signature"] == f"v1,{expected}"
    assert abs(int(headers["webhook-timestamp"]) - now().timestamp()) < 60
    with house.session() as session:
        assert secret.encode() not in session.scalars(select(Webhook.secret)).one()


@pytest.mark.parametrize("status", [500, 302])
def test_what_is_not_taken_is_sent_again_over_days_and_then_fails(house, keep, receiver, status):
    keep("submission.received")
    happen(house)
    receiver.status = status
    for attempt in range(len(telling.WAITS) + 1):
        make_due(house)
        tell(house)
        (one,) = deliveries(house)
        assert (one.attempts, one.outcome) == (attempt + 1, f"HTTP {status}")
    assert one.state == "failed"
    assert len({headers["webhook-id"] for headers, _ in receiver.came}) == 1, "who has it can tell"
    assert sum(telling.WAITS, timedelta()) > timedelta(days=3)
    receiver.status = 200
    with house.session() as session, writing(session):
        webhook = session.scalars(select(Webhook)).one()
        webhooks.send_again(session, actor=policy.COMMAND, webhook=webhook, delivery_id=one.id)
    tell(house)
    (one,) = deliveries(house)
    assert one.state == "delivered"


def test_a_webhook_that_takes_nothing_for_days_is_disabled_with_a_notice(house, keep, receiver):
    keep("submission.received")
    happen(house)
    receiver.status = 500
    tell(house)
    with house.session() as session, writing(session):
        webhook = session.scalars(select(Webhook)).one()
        assert webhook.failing_since is not None
        webhook.failing_since = now() - telling.PATIENCE - timedelta(seconds=1)
    make_due(house)
    tell(house)
    happen(house)
    make_due(house)
    before = len(receiver.came)
    tell(house)
    assert len(receiver.came) == before, "nothing is sent, and nothing queued"
    assert len(deliveries(house)) == 1
    with house.session() as session, writing(session):
        assert webhooks.disabled(session, house.mission_id) == 1
        webhook = session.scalars(select(Webhook)).one()
        webhooks.enable(session, actor=policy.COMMAND, webhook=webhook)
    receiver.status = 200
    make_due(house)
    tell(house)
    assert [one.state for one in deliveries(house)] == ["delivered"]


def test_the_house_is_not_reached_through_a_webhook(house, keep, receiver, monkeypatch):
    for url in (
        "http://example.org/", "https://127.0.0.1/", "https://localhost/", "https://10.1.2.3/", "https://[::1]/",
        "https://169.254.169.254/latest", "https://192.168.1.1:8443/", "https://[::ffff:10.0.0.1]/",
        "https://user:secret@example.org/", "ftp://example.org/", "https://", "example.org", "https://a b/",
        "https://example.org:99999/", f"https://example.org/{'x' * 600}", receiver.url,
    ):  # fmt: skip
        with pytest.raises(Problem, match="invalid"):
            keep(url=url, private=False)
    keep("submission.received", url=receiver.url)
    happen(house)
    tell(house, private=False)  # the operator has changed their mind
    assert receiver.came == []
    assert "not to be reached" in deliveries(house)[0].outcome


def test_nobody_answers(house, keep, free_port):
    keep("submission.received", url=f"http://127.0.0.1:{free_port}/")
    happen(house)
    tell(house)
    (one,) = deliveries(house)
    assert (one.state, one.outcome) == ("waiting", "no answer (ConnectionRefusedError)")


def test_webhooks_are_kept_by_those_who_run_the_mission(house, keep):
    designer = Actor("user", None, (Held("form_designer", house.mission_id),))
    with pytest.raises(Problem, match="not_allowed"):
        keep(actor=designer)
    with pytest.raises(Problem, match="invalid"):
        keep("everything")
    keep(url="https://hooks.example.org/saif", private=False)
    assert (
        posting.check(" https://hooks.example.org/saif ", private=False) == "https://hooks.example.org/saif"
    )
