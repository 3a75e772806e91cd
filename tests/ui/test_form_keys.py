"""The switch on a form's page that has phones encrypt what they send of it."""

import pytest
from sqlalchemy import update
from sqlalchemy.orm import Session

from app.db import writing
from app.models import Mission
from tests.ui.conftest import text_of

PAGE = "/forms/ct_screening"
SWITCH = f"{PAGE}/encryption"
PRICE = "Collect cannot edit an interview that it has encrypted"


@pytest.fixture
def coordinator(visit):
    return visit("coordinator")


def real(visitor):
    """The mission is no demo any more."""
    state = visitor.client.application.extensions["saif"]
    with Session(state.engine) as session, writing(session):
        session.execute(update(Mission).values(demo=False))


def test_the_switch_says_its_one_price_and_is_recommended_for_both_interview_forms(coordinator):
    for form in ("ct_screening", "ct_assistance"):
        page = text_of(coordinator.get(f"/forms/{form}"))
        assert PRICE in page
        assert "This mission holds fiction" in page
        assert "Recommended" not in page, "not in the demo mission"
    real(coordinator)
    for form in ("ct_screening", "ct_assistance"):
        page = text_of(coordinator.get(f"/forms/{form}"))
        assert "Recommended for this form" in page
        assert "Turn on" in page


def test_it_is_turned_on_given_a_new_key_and_turned_off(coordinator):
    page = text_of(coordinator.post(SWITCH, {"switch": "on"}))
    assert "Phones encrypt this form" in page
    assert PRICE in page
    assert "earlier key" not in page
    assert "earlier key" not in text_of(coordinator.post(SWITCH, {"switch": "on"})), "it is on already"
    assert "1 earlier key still opens" in text_of(coordinator.post(SWITCH, {"switch": "new"}))
    page = text_of(coordinator.post(SWITCH, {"switch": "off"}))
    assert "Turn on" in page
    assert "Make a new key" not in page


def test_a_switch_that_there_is_not_changes_nothing(coordinator):
    coordinator.post(SWITCH, {"switch": "sideways"}, status=422)
    coordinator.post("/forms/no-such-form/encryption", {"switch": "on"}, status=404)
    assert "Turn on" in text_of(coordinator.get(PAGE))


def test_a_form_designer_sees_it_and_has_no_button(visit):
    designer = visit("form_designer")
    page = text_of(designer.get(PAGE))
    assert PRICE in page
    assert "Turn on" not in page
    designer.post(SWITCH, {"switch": "on"}, status=403)
