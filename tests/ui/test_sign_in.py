"""Signing in and out, and what a page says to those who may not see it."""

import pytest

from tests.ui.conftest import Visitor, signed_in, text_of


@pytest.fixture
def client(office, open_app):
    return open_app(office).test_client()


def test_who_did_not_sign_in_is_sent_to_the_sign_in_page_and_comes_back(client, office):
    answer = client.get(f"/projects/{office.mission_id}/cases?status=active")
    assert answer.status_code == 302
    assert answer.location.startswith("/sign-in?next=")
    wanted = "/projects/1/cases?status=active"
    assert f'value="{wanted}"' in client.get(answer.location).text
    sent = {"email": office.email, "password": office.password, "next": wanted}
    assert client.post("/sign-in", data=sent).location == wanted


def test_a_wrong_password_is_said_without_saying_which_was_wrong(client, office):
    answer = client.post("/sign-in", data={"email": office.email, "password": "guess"})
    assert answer.status_code == 401
    assert "email address or the password is wrong" in answer.text
    assert "guess" not in answer.text


def test_signing_in_never_leads_to_another_site(client, office):
    sent = {"email": office.email, "password": office.password, "next": "//evil.example/"}
    assert client.post("/sign-in", data=sent).location == "/"


def test_signing_out_ends_the_session(office, open_app):
    visitor = signed_in(open_app(office), office, office.email, office.password)
    sent = {"csrf_token": visitor.token()}
    assert visitor.client.post("/sign-out", data=sent).status_code == 302
    assert visitor.client.get(visitor.home).status_code == 302


def test_a_form_without_its_token_changes_nothing(visit):
    visitor = visit("coordinator")
    answer = visitor.client.post(f"{visitor.home}/devices", data={"name": "Phone 9"})
    assert answer.status_code == 403
    assert "out of date" in answer.text
    assert "Phone 9" not in visitor.get("/devices")


def test_a_page_that_does_not_exist_says_so_with_a_way_on(visit):
    page = visit("coordinator").get("/nothing", status=404)
    assert "Not found" in page
    assert 'href="/"' in page
    assert "Demo mission" in page, "one is still in the mission"


def test_what_belongs_to_another_mission_is_refused_in_words(visit):
    page = text_of(visit("elsewhere").get("/cases", status=403))
    assert "What to do" in page
    assert "coordinator" in page
    assert "Demo mission" not in page


def test_a_fault_of_ours_says_nothing_of_its_cause(office):
    app = office.app()  # not the one that is kept

    @app.get("/broken")
    @__import__("app.auth", fromlist=["needs"]).needs("public")
    def broken():
        raise RuntimeError("a secret")

    answer = app.test_client().get("/broken")
    assert answer.status_code == 500
    assert "secret" not in answer.text
    assert "went wrong" in answer.text


def test_an_error_page_that_cannot_be_made_does_not_hide_the_error(visit, monkeypatch):
    def fail(*_arguments, **_named):
        raise RuntimeError("no template")

    visitor = visit("coordinator")
    monkeypatch.setattr("app.ui.errors.render_template", fail)
    assert "Not found" in visitor.get("/cases/00000000-0000-4000-8000-000000000000", status=404)
    assert visitor.page.mimetype == "text/plain"


def test_every_page_forbids_inline_scripts_and_is_not_kept(visit):
    visitor: Visitor = visit("coordinator")
    visitor.get("/cases")
    headers = visitor.page.headers
    assert "default-src 'self'" in headers["Content-Security-Policy"]
    assert "unsafe-inline" not in headers["Content-Security-Policy"]
    assert headers["Cache-Control"] == "no-store"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"


def test_the_page_about_the_interface_for_programs_is_as_strict(client):
    answer = client.get("/v1/docs")
    assert answer.status_code == 200
    assert "default-src 'self'" in answer.headers["Content-Security-Policy"]


def test_static_files_may_be_kept(client):
    page = client.get("/sign-in").text
    sheet = page.split('rel="stylesheet" href="')[1].split('"')[0]
    with client.get(sheet) as answer:
        assert "immutable" in answer.headers["Cache-Control"]


def test_somebody_without_a_role_is_told_what_to_do(visit):
    visitor = visit("nobody")
    page = visitor.client.get("/").text
    assert "no role in any mission" in page
