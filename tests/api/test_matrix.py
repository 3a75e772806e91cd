"""Who gets through which door: every route of the application, tried by everybody."""

import re
from uuid import uuid4

import pytest
from flask import Flask
from sqlalchemy import select

from app import auth, policy
from app.auth import guard
from app.models import LedgerEntry
from app.policy.permissions import ACTIONS, DEVICE
from app.services import sign_in
from tests.databases import on_sqlite

SESSIONS = ("sessions.create_session", "sessions.delete_session", "ui.sign_in", "ui.sign_out")
"""Doors that begin or end a session: tested where sessions are."""
METHODS = {"GET", "POST", "PUT", "PATCH", "DELETE"}


def routes(app: Flask):
    """(rule, method, action) of everything the application answers."""
    for rule in app.url_map.iter_rules():
        for method in sorted((rule.methods or set()) & METHODS):
            yield rule, method, auth.action_of(app, rule.endpoint, method)


@on_sqlite
def test_every_route_of_every_door_names_its_action(app):
    forgotten = [f"{method} {rule.rule}" for rule, method, action in routes(app) if action is None]
    assert forgotten == []
    assert {action for _, _, action in routes(app)} <= set(ACTIONS)


@on_sqlite
def test_the_doors_of_phones_ask_for_actions_of_phones_and_no_others_do(app):
    for rule, method, action in routes(app):
        by_token = rule.rule.startswith((*auth.PHONES, f"{auth.BROWSERS}/projects/"))
        assert (ACTIONS[action].roles == {DEVICE}) == by_token, f"{method} {rule.rule}"


@on_sqlite
def test_a_machine_that_serves_phones_only_has_no_other_door(make_app):
    app = make_app(surface="device")
    of_devices = (*auth.PHONES, auth.BROWSERS)
    others = {rule.rule for rule in app.url_map.iter_rules() if not rule.rule.startswith(of_devices)}
    assert others == {"/healthz", "/static/<path:filename>"}
    assert [action for _, _, action in routes(app) if action is None] == []


@on_sqlite
def test_a_machine_of_the_office_has_no_door_for_phones(make_app):
    app = make_app(surface="office")
    of_devices = (*auth.PHONES, auth.BROWSERS)
    assert [rule.rule for rule in app.url_map.iter_rules() if rule.rule.startswith(of_devices)] == []


@on_sqlite
def test_a_route_somebody_forgot_to_mark_is_shut(make_app, world):
    app = make_app()
    app.add_url_rule("/v1/forgotten", "forgotten", lambda: "secret")
    head = {"Authorization": f"Bearer {world.tokens['administrator']}"}
    assert app.test_client().get("/v1/forgotten", headers=head).status_code == 403


def test_an_action_that_is_not_in_the_table_cannot_be_marked():
    with pytest.raises(KeyError):
        auth.needs("case.read_all")


def _path(rule, world) -> str:
    """A URL of the rule in the mission of the world, naming nothing that exists."""
    values = {"project_id": str(world.mission), "form_id": "no-such-form", "instance_id": "uuid:none"}
    return re.sub(
        r"<(?:(\w+)(?:\([^)]*\))?:)?(\w+)>",
        lambda found: values.get(found[2]) or (str(uuid4()) if found[1] == "uuid" else "999999"),
        rule.rule,
    )


class Knocking:
    """Somebody who tries doors. A refusal is 401 or 403 (a page sends strangers to sign in); whoever may gets any other
    answer, in which nothing broke."""

    def __init__(self, client, session, world, name):
        self.client, self.world, self.name = client, world, name
        self.token = world.tokens.get(name)
        self.resumed = sign_in.resume(session, self.token) if self.token else None

    def may(self, rule, action) -> bool:
        mission = self.world.mission if "project_id" in rule.arguments else None
        return policy.may(self.resumed.actor if self.resumed else policy.NOBODY, action, mission)

    def wrong(self, rule, method, action) -> list[str]:
        """What is wrong with the answer."""
        head = {}
        self.client.delete_cookie("saif")
        if self.resumed and rule.rule.startswith("/v1/"):
            head = {"Authorization": f"Bearer {self.token}"}
        elif self.resumed:
            self.client.set_cookie("saif", self.token)
            head = {"X-CSRF-Token": self.resumed.session.csrf}
        answer = self.client.open(_path(rule, self.world), method=method, headers=head)
        answer.close()  # a download that nobody reads to its end
        to_sign_in = answer.status_code == 302 and answer.location.startswith("/sign-in")
        got_in = answer.status_code not in (401, 403) and not (to_sign_in and self.resumed is None)
        right = answer.status_code < 500 and got_in == self.may(rule, action)
        return [] if right else [f"{method} {rule.rule} ({action}) as {self.name}: {answer.status_code}"]


def _doors(app):
    return [
        (rule, method, action)
        for rule, method, action in routes(app)
        if ACTIONS[action].roles != {DEVICE} and rule.endpoint not in SESSIONS
    ]


@on_sqlite
def test_everybody_gets_through_exactly_the_doors_their_roles_open(app, world, client, session):
    people = [Knocking(client, session, world, name) for name in (*world.tokens, "anonymous")]
    assert [fault for door in _doors(app) for one in people for fault in one.wrong(*door)] == []


@pytest.mark.parametrize(
    "database_url", [pytest.param("postgresql", marks=pytest.mark.postgresql)], indirect=True
)
def test_every_door_answers_somebody_who_may_over_postgresql_too(app, world, client, session):
    people = [Knocking(client, session, world, name) for name in world.tokens]
    wrong = []
    for rule, method, action in _doors(app):
        somebody = next(one for one in people if one.may(rule, action))
        wrong += somebody.wrong(rule, method, action)
    assert wrong == []


def test_another_missions_things_are_not_there(app, world, callers):
    elsewhere = callers["coordinator elsewhere"]
    for path in ("", "/forms", "/cases", "/app-users", "/forms/ct_screening/submissions"):
        assert elsewhere.get(f"/projects/{world.mission}{path}").status_code == 403
    # Through their own mission there is no way to what belongs to another.
    assert elsewhere.get(f"/projects/{world.other}/forms/ct_screening").status_code == 404
    case = callers["coordinator"].get(f"/projects/{world.mission}/cases").json["items"][0]["caseId"]
    assert elsewhere.get(f"/projects/{world.other}/cases/{case}").status_code == 404
    name = world.instances[0]
    assert (
        elsewhere.get(f"/projects/{world.other}/forms/ct_screening/submissions/{name}.xml").status_code == 404
    )
    assert elsewhere("DELETE", f"/projects/{world.other}/app-users/{world.device}").status_code == 404


def test_a_refusal_is_in_the_ledger_with_what_was_wanted_and_by_whom(session, world, administrator):
    administrator.get(f"/projects/{world.mission}/cases")
    entry = session.scalars(select(LedgerEntry).where(LedgerEntry.action == "deny")).one()
    assert entry.mission_id == world.mission
    assert entry.detail == {"action": "case.read"}
    assert entry.actor.startswith("user:")


def test_a_stranger_leaves_no_entry(session, world, callers):
    callers["anonymous"].get(f"/projects/{world.mission}/cases")
    assert session.scalars(select(LedgerEntry).where(LedgerEntry.action == "deny")).all() == []


def test_a_cookie_is_nothing_to_the_interface_and_a_bearer_token_nothing_to_pages(world, client):
    client.set_cookie("saif", world.tokens["coordinator"])
    assert client.get("/v1/projects").status_code == 401
    client.delete_cookie("saif")
    head = {"Authorization": f"Bearer {world.tokens['coordinator']}"}
    assert client.get("/", headers=head).status_code == 302


@on_sqlite
def test_options_are_told_without_signing_in(client):
    answer = client.options("/v1/projects")
    assert answer.status_code == 200
    assert "GET" in answer.headers["Allow"]


@pytest.mark.parametrize(
    ("asked", "given"),
    [
        ("/projects/1/cases?status=open", "/projects/1/cases?status=open"),
        (None, "/"),
        ("", "/"),
        ("https://evil.example/", "/"),
        ("//evil.example/", "/"),
        ("/\\evil.example", "/"),
        ("\\/evil.example", "/"),
        ("/a\r\nLocation: x", "/"),
        ("javascript:alert(1)", "/"),
    ],
)
def test_after_signing_in_one_never_ends_on_another_site(asked, given):
    assert auth.safe_next(asked) == given


@on_sqlite
def test_a_view_can_be_marked_method_by_method(app):
    from flask.views import MethodView

    class Two(MethodView):
        @auth.needs("case.read")
        def get(self):
            return ""

        def post(self):
            return ""

    app.view_functions["two"] = Two.as_view("two")
    assert guard.action_of(app, "two", "GET") == "case.read"
    assert guard.action_of(app, "two", "HEAD") == "case.read"
    assert guard.action_of(app, "two", "POST") is None
