"""Your account: tokens are made, shown once and revoked; a password is changed after the present one."""

import re

import pytest

from tests.ui.conftest import text_of
from tests.ui.office import PASSWORD


@pytest.fixture
def visitor(visit):
    found = visit("coordinator")
    found.home = ""
    return found


def test_a_token_is_shown_once_works_and_is_revoked(visitor, office):
    page = visitor.get("/account")
    assert "No tokens yet" in text_of(page)
    assert 'value="read" checked' in page
    page = visitor.post("/account/tokens", {"name": "Excel", "scope": "read", "days": "30"})
    (token,) = re.findall(r'value="(saif_[^"]+)"', page)
    head = {"Authorization": f"Bearer {token}"}
    assert visitor.client.get("/v1/projects", headers=head).status_code == 200
    page = visitor.get("/account")
    assert token not in page
    assert "Excel" in text_of(page)
    (path,) = re.findall(r'action="(/account/tokens/\d+/revoke)"', page)
    assert "is revoked" in text_of(visitor.post(path))
    assert visitor.client.get("/v1/projects", headers=head).status_code == 401


def test_a_token_without_a_name_is_refused_with_what_was_typed(visitor):
    page = visitor.post("/account/tokens", {"name": " ", "scope": "read", "days": "30"}, status=422)
    assert "needs a name" in text_of(page)


def test_a_password_is_changed_by_who_knows_the_present_one(visitor, office):
    wrong = {"present": "not it at all", "new": "another long password"}
    assert "wrong" in text_of(visitor.post("/account/password", wrong, status=422))
    short = {"present": PASSWORD, "new": "short"}
    assert "at least" in text_of(visitor.post("/account/password", short, status=422))
    right = {"present": PASSWORD, "new": "another long password"}
    assert "password is changed" in text_of(visitor.post("/account/password", right))
    assert visitor.get("/account"), "this browser stays signed in"
    visitor.client.delete_cookie("saif")
    sent = {"email": "coordinator@saif.example", "password": PASSWORD}
    assert visitor.client.post("/v1/sessions", json=sent).status_code == 401
    assert visitor.client.post("/v1/sessions", json=sent | {"password": right["new"]}).status_code == 200
