"""Devices: added, shown as a code, cut off."""

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.models import LedgerEntry
from tests.ui.conftest import text_of


@pytest.fixture
def visitor(visit):
    return visit("coordinator")


def test_a_new_device_leads_to_its_code_in_three_steps(visitor):
    page = visitor.post("/devices", {"name": "Phone 7, Chisinau"})
    assert "<svg" in page.split('class="qr"')[1]
    assert "/v1/key/" in page
    steps = text_of(page)
    assert "Install ODK Collect" in steps
    assert "Scan this code" in steps
    assert "Get the forms" in steps


def test_a_device_without_a_name_is_refused_beside_the_field(visitor):
    page = visitor.post("/devices", {"name": "  "}, status=422)
    assert "A device needs a name" in page
    assert 'aria-invalid="true"' in page


def test_a_device_is_cut_off_after_a_question_and_can_come_back(visitor):
    assert "Cut off Demo phone?" in text_of(visitor.get("/devices/1/revoke"))
    assert "Demo phone is cut off" in text_of(visitor.post("/devices/1/revoke"))
    assert "cut off 2" in text_of(visitor.get("/devices"))
    page = visitor.get("/devices/1")
    assert "This device is cut off" in page
    assert "/v1/key/" not in page
    page = visitor.post("/devices/1/rotate")
    assert "The code is new" in page
    assert "/v1/key/" in page


def test_a_device_of_another_mission_is_not_found(visitor):
    visitor.get("/devices/999", status=404)


def test_showing_a_code_is_an_entry_of_the_ledger_without_the_token(visitor, office):
    page = visitor.get("/devices/1")
    token = page.split("/v1/key/")[1].split("/")[0]
    engine = visitor.client.application.extensions["saif"].engine
    with Session(engine) as session:
        entries = session.scalars(select(LedgerEntry).where(LedgerEntry.action == "device.show")).all()
    assert [entry.object for entry in entries] == ["device:1"]
    assert all(token not in str(entry.detail) for entry in entries)
