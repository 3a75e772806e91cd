"""Signing in and out: of the interface with a bearer token, of pages with a cookie."""

import pytest

from app.auth import identity
from app.db import writing
from app.policy import COMMAND
from app.services import sign_in, users
from tests.databases import on_sqlite

PASSWORD = "correct horse battery"


@pytest.fixture
def ana(session):
    with writing(session):
        user, _ = users.create(
            session, actor=COMMAND, email="ana@example.org", display_name="Ana", password=PASSWORD
        )
        users.grant(session, actor=COMMAND, user=user, role="administrator")
    return user


def _sign_in(client, password=PASSWORD, email="ana@example.org"):
    return client.post("/v1/sessions", json={"email": email, "password": password})


def test_a_password_gives_a_token_that_opens_the_interface_until_one_signs_out(client, ana):
    answer = _sign_in(client)
    assert answer.status_code == 200
    assert set(answer.json) == {"token", "csrf", "createdAt", "expiresAt"}
    assert answer.json["expiresAt"].endswith("Z")
    head = {"Authorization": f"bearer {answer.json['token']}"}
    me = client.get("/v1/users/current", headers=head).json
    assert (me["email"], me["displayName"], me["id"]) == ("ana@example.org", "Ana", ana.id)
    assert me["roles"] == [{"role": "administrator", "projectId": None}]
    assert client.delete("/v1/sessions/current", headers=head).json == {"success": True}
    assert client.get("/v1/users/current", headers=head).status_code == 401
    assert "Set-Cookie" not in answer.headers


def test_a_wrong_password_and_an_unknown_address_get_the_same_answer(client, ana):
    wrong = _sign_in(client, "wrong password")
    unknown = _sign_in(client, email="nobody@example.org")
    assert wrong.status_code == unknown.status_code == 401
    assert wrong.json == unknown.json
    assert wrong.json["code"] == 401.2
    assert wrong.headers["WWW-Authenticate"] == "Bearer"


def test_who_guesses_is_told_how_long_to_wait(client, ana):
    for _ in range(sign_in.PER_SOURCE):
        assert _sign_in(client, "wrong password").status_code == 401
    answer = _sign_in(client)
    assert answer.status_code == 429
    assert int(answer.headers["Retry-After"]) > 0


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b"null", b'{"email": 7, "password": "x"}', b'{"email": "ana@example.org"}']
)
def test_a_body_that_is_no_sign_in_is_said_to_be_none(client, body):
    answer = client.post("/v1/sessions", data=body, content_type="application/json")
    assert answer.status_code == 400
    assert answer.json["problem"] in ("invalid", "bad_request")
    assert "ana@" not in answer.text


def test_no_token_and_a_wrong_one_are_asked_to_sign_in(client):
    for head in (
        {},
        {"Authorization": "Bearer x"},
        {"Authorization": "Basic eDp5"},
        {"Authorization": "Bearer"},
    ):
        answer = client.get("/v1/users/current", headers=head)
        assert answer.status_code == 401
        assert answer.json["problem"] == "sign_in_needed"


# --- pages ----------------------------------------------------------------------------------------------------


def _cookies(answer):
    return {cookie.partition("=")[0]: cookie for cookie in answer.headers.getlist("Set-Cookie")}


def _enter(client, **more):
    return client.post("/sign-in", data={"email": "ana@example.org", "password": PASSWORD}, **more)


@on_sqlite
def test_the_cookie_of_a_session_is_kept_from_scripts_and_other_sites(client, ana):
    cookie = _cookies(_enter(client))[identity.COOKIE]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert "Path=/" in cookie
    assert "Secure" not in cookie, "http on one's own machine"
    assert "Max-Age" not in cookie, "it ends with the browser"


@on_sqlite
def test_over_https_the_cookie_is_sent_over_https_only(make_app, client, ana):
    assert "Secure" in _cookies(_enter(client, base_url="https://localhost"))[identity.COOKIE]
    behind = make_app(url="https://saif.example").test_client()
    assert "Secure" in _cookies(_enter(behind))[identity.COOKIE]


def test_a_browser_that_was_here_is_known_again_on_the_sign_in_page_only(client, ana):
    cookie = _cookies(_enter(client))[identity.BROWSER_COOKIE]
    assert "Path=/sign-in" in cookie
    assert "HttpOnly" in cookie
    assert "ana" not in cookie


def test_signing_out_of_pages_takes_the_csrf_token_and_drops_the_cookie(client, ana, session):
    _enter(client)
    assert client.get("/").status_code != 401
    assert client.post("/sign-out").status_code == 403
    session.rollback()
    csrf = sign_in.resume(session, client.get_cookie(identity.COOKIE).value).session.csrf
    answer = client.post("/sign-out", data={"csrf_token": csrf})
    assert answer.status_code in (302, 303)
    assert client.get_cookie(identity.COOKIE) is None


@on_sqlite
def test_another_site_can_neither_sign_a_browser_in_nor_act_in_its_name(make_app, ana):
    app = make_app(url="https://saif.example")
    for headers, let in (
        ({}, True),
        ({"Sec-Fetch-Site": "same-origin"}, True),
        ({"Sec-Fetch-Site": "none"}, True),
        ({"Sec-Fetch-Site": "cross-site"}, False),
        ({"Sec-Fetch-Site": "same-site"}, False),
        ({"Origin": "http://localhost"}, True),
        ({"Origin": "https://saif.example"}, True),
        ({"Origin": "https://evil.example"}, False),
        ({"Origin": "null"}, False),
    ):
        answer = _enter(app.test_client(), headers=headers)
        assert (answer.status_code != 403) == let, headers


def test_a_stranger_is_sent_to_sign_in_and_comes_back_to_where_they_wanted(client, ana):
    answer = client.get("/projects/1/cases?status=active")
    assert answer.status_code == 302
    assert answer.location == "/sign-in?next=/projects/1/cases?status%3Dactive"


@on_sqlite
def test_a_part_of_a_page_does_not_become_the_sign_in_page(client):
    answer = client.get("/projects/1/cases", headers={"HX-Request": "true"})
    assert answer.status_code == 401
    assert answer.headers["HX-Redirect"] == "/sign-in"


def test_a_session_in_use_is_kept_going(client, ana, session, monkeypatch):
    token = _sign_in(client).json["token"]
    monkeypatch.setattr(sign_in, "_EXTEND_AFTER", -sign_in.IDLE)
    before = sign_in.resume(session, token).session.expires_at
    session.rollback()
    client.get("/v1/users/current", headers={"Authorization": f"Bearer {token}"})
    session.expire_all()
    assert sign_in.resume(session, token).session.expires_at > before
