"""Access tokens: what they open, for whom, for how long, and that they never open more than their owner may."""

import base64
from datetime import timedelta
from uuid import uuid4

import pytest
from sqlalchemy import select

from app.db import writing
from app.models import AccessToken, LedgerEntry, User, now
from app.policy import COMMAND
from app.policy.scopes import SCOPES
from app.problems import Problem
from app.services import access_tokens, sign_in, users
from tests.api.conftest import Caller


@pytest.fixture
def owner(session, world):
    """The coordinator of the first mission."""
    return session.scalars(select(User).where(User.email == f"coordinator{world.mission}@example.org")).one()


@pytest.fixture
def make(session, keyring, owner, client):
    """A function that makes a token of the coordinator's; gives a caller with it."""

    def make(*chosen, missions=None, days=30, user=None):
        with writing(session):
            actor = users.actor_of(session, user or session.get_one(User, owner.id))
            text = access_tokens.create(
                session,
                actor=actor,
                name="Power BI",
                chosen=chosen,
                missions=missions,
                days=days,
                keyring=keyring,
            )
        return Caller(client, text)

    return make


def basic(email, token):
    said = base64.b64encode(f"{email}:{token}".encode()).decode()
    return {"Authorization": f"Basic {said}"}


def text_of(caller):
    return caller.head["Authorization"].removeprefix("Bearer ")


def feed(mission):
    return f"/projects/{mission}/forms/ct_screening.svc/Submissions"


def test_a_token_reads_feeds_and_neither_changes_anything_nor_shows_identifiers(make, world):
    caller = make("read")
    home = f"/projects/{world.mission}"
    rows = caller.get(feed(world.mission)).json["value"]
    assert len(rows) == 3
    assert "sex" in rows[0]["person"]
    assert "family_name" not in rows[0]["person"]
    one = f"{home}/forms/ct_screening/submissions/{world.instances[0]}"
    assert caller.get(one).status_code == 200
    assert caller.get("/users/current").status_code == 200
    for method, path in (
        ("GET", f"{one}.xml"),
        ("PATCH", one),
        ("GET", f"{home}/cases"),
        ("GET", f"{home}/app-users"),
    ):
        answer = caller(method, path, json={"reviewState": "approved"} if method == "PATCH" else None)
        assert answer.status_code == 403, path
        assert "access token" in answer.json["detail"]
    asked = {"$filter": "contains(person/family_name, 'a')"}
    assert caller.get(feed(world.mission), query_string=asked).status_code == 400


def test_scopes_add_to_each_other(make, world):
    home = f"/projects/{world.mission}"
    one = f"{home}/forms/ct_screening/submissions/{world.instances[0]}"
    named = make("read", "identifiers")
    assert "family_name" in named.get(feed(world.mission)).json["value"][0]["person"]
    assert named.get(f"{one}.xml").status_code == 200
    writer = make("submissions", "cases")
    assert writer("PATCH", one, json={"reviewState": "approved"}).status_code == 200
    assert writer.get(f"{home}/cases").status_code == 200
    assert writer.get(feed(world.mission)).status_code == 403


def test_no_token_opens_a_document_of_a_case(make, world):
    caller, home = make(*SCOPES), f"/projects/{world.mission}/cases"
    case = caller.get(home).json["items"][0]["caseId"]
    assert caller.get(f"{home}/{case}/documents").json == []
    assert caller.get(f"{home}/{case}/documents/{uuid4()}?reason=The+hearing").status_code == 403


def test_excel_shows_a_token_as_the_password_of_its_owner_to_read(make, world, client, owner):
    text = text_of(make("read", "submissions"))
    path = f"/v1{feed(world.mission)}"
    asked = client.get(path)
    assert asked.status_code == 401
    assert any(one.startswith("Basic ") for one in asked.headers.getlist("WWW-Authenticate"))
    assert len(client.get(path, headers=basic(owner.email.upper(), text)).json["value"]) == 3
    assert client.get(path, headers=basic("somebody@example.org", text)).status_code == 401
    one = f"/v1/projects/{world.mission}/forms/ct_screening/submissions/{world.instances[0]}"
    review = {"json": {"reviewState": "approved"}, "headers": basic(owner.email, text)}
    assert client.patch(one, **review).status_code == 401, "a browser would send it of itself"
    assert client.get("/account", headers=basic(owner.email, text)).status_code == 302
    assert client.get("/account", headers={"Authorization": f"Bearer {text}"}).status_code == 302


def test_a_token_opens_what_its_owner_may_at_the_moment_and_in_its_missions(make, world, session, owner):
    both = make("read")
    with writing(session):
        user = session.get_one(User, owner.id)
        users.grant(session, actor=COMMAND, user=user, role="coordinator", mission_id=world.other)
    one = make("read", missions=[world.mission])
    assert [each["id"] for each in one.get("/projects").json] == [world.mission]
    assert one.get(f"/projects/{world.other}/forms").status_code == 403
    assert both.get(f"/projects/{world.other}/forms").status_code == 200
    with writing(session):
        user = session.get_one(User, owner.id)
        users.withdraw(session, actor=COMMAND, user=user, role="coordinator", mission_id=world.mission)
    assert one.get(feed(world.mission)).status_code == 403


def test_a_token_ends_by_its_date_by_its_owner_and_with_their_access(make, world, session, owner):
    def ended(caller):
        return caller.get(feed(world.mission)).status_code == 401

    late, revoked, left = (make("read") for _ in range(3))
    rows = session.scalars(select(AccessToken).order_by(AccessToken.id)).all()
    ids = [row.id for row in rows]
    with writing(session):
        session.get_one(AccessToken, ids[0]).expires_at = now() - timedelta(seconds=1)
    assert ended(late)
    with writing(session):
        access_tokens.revoke(
            session, actor=users.actor_of(session, session.get_one(User, owner.id)), token_id=ids[1]
        )
    assert ended(revoked)
    assert not ended(left)
    with writing(session):
        users.set_password(session, actor=COMMAND, user=session.get_one(User, owner.id))
    assert ended(left)


def test_who_shows_what_opens_nothing_is_slowed_down_and_nobody_else(make, world, client):
    good, bad = make("read"), Caller(client, access_tokens.PREFIX + "x" * 43)
    found = [bad.get("/projects").status_code for _ in range(sign_in.PER_SOURCE + 2)]
    assert found == [401] * sign_in.PER_SOURCE + [429] * 2
    assert good.get("/projects").status_code == 200


def test_the_ledger_tells_of_tokens_and_of_their_use_once_an_hour(make, world, session, owner):
    caller = make("read")
    for _ in range(3):
        caller.get("/projects")
    session.rollback()
    entries = session.scalars(
        select(LedgerEntry).where(LedgerEntry.action.like("token.%")).order_by(LedgerEntry.id)
    ).all()
    assert [(one.action, one.actor) for one in entries] == [
        ("token.create", f"user:{owner.id}"), ("token.use", f"user:{owner.id}"),
    ]  # fmt: skip
    assert entries[0].detail == {"scopes": ["read"], "missions": None, "days": 30}
    assert session.scalars(select(AccessToken)).one().last_used_at is not None


def test_only_people_make_tokens_and_only_of_what_they_may(make, world, session):
    designer = session.scalars(select(User).where(User.email.like("form_designer%"))).one()
    for wrong in (
        {"chosen": ()}, {"chosen": ("everything",)}, {"chosen": ("cases",), "user": designer},
        {"days": 0}, {"days": 366}, {"missions": []}, {"missions": [world.other]},
    ):  # fmt: skip
        with pytest.raises(Problem, match="invalid"):
            make(*wrong.pop("chosen", ("read",)), **wrong)
    with pytest.raises(Problem, match="not_allowed"), writing(session):
        access_tokens.create(
            session, actor=COMMAND, name="x", chosen=["read"], missions=None, days=1, keyring=None
        )
