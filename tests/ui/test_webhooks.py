"""Webhooks on their page."""

import re

import pytest

from tests.ui.conftest import text_of


@pytest.fixture
def visitor(visit):
    return visit("coordinator")


def test_a_webhook_is_added_its_secret_shown_once_and_deleted(visitor):
    assert "No webhooks" in text_of(visitor.get("/webhooks"))
    sent = {"url": "https://hooks.example.org/saif", "event": ["submission.received", "case.closed"]}
    page = visitor.post("/webhooks", sent)
    (secret,) = re.findall(r'value="(whsec_[^"]+)"', page)
    page = visitor.get("/webhooks")
    assert secret not in page
    assert "https://hooks.example.org/saif" in text_of(page)
    (path,) = re.findall(rf'action="{visitor.home}(/webhooks/[^"]+/delete)"', page)
    assert "No webhooks" in text_of(visitor.post(path))


def test_an_address_inside_the_house_is_refused_with_what_was_typed(visitor):
    sent = {"url": "https://10.0.0.1/x", "event": "case.closed"}
    page = visitor.post("/webhooks", sent, status=422)
    assert "inside a network" in text_of(page)
    assert 'value="https://10.0.0.1/x"' in page
