"""Devices: added, shown as a code, given to somebody else, printed on a sheet, cut off; and their groups."""

import itertools
import re

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.db import writing
from app.models import Assignment, Device, LedgerEntry
from app.policy import COMMAND
from app.services import missions
from app.ui.sheet import SHEETS
from tests.openrosa.test_auth import basic_of
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


@pytest.fixture
def ana(visitor, office):
    """An interviewer of the mission, by her id."""
    engine = visitor.client.application.extensions["saif"].engine
    with Session(engine) as session, writing(session):
        return missions.add_interviewer(
            session, actor=COMMAND, mission_id=office.mission_id, code="MD-07", display_name="Ana"
        ).id


def device_of(visitor, device_id):
    with Session(visitor.client.application.extensions["saif"].engine) as session:
        return session.get_one(Device, device_id)


def test_a_device_is_added_for_somebody_with_all_there_is_to_say(visitor, ana):
    visitor.post("/devices/groups", {"name": "Shelter"})
    page = visitor.post(
        "/devices",
        {
            "name": "Phone 8",
            "interviewer": ana,
            "group": 1,
            "language": "ar",
            "forms": "manual",
            "access": "user",
        },
    )
    said = text_of(page)
    assert "MD-07, Ana" in said
    assert "Shelter" in said
    assert "العربية" in said
    assert "chosen on the phone" in said
    assert "by user name and password" in said
    root, username, password = re.findall(r'<code class="address">([^<]+)</code>', page)[1:4]
    answer = visitor.client.get(
        f"{root.removeprefix('http://localhost')}/formList",
        headers=basic_of(username, password),
        base_url="https://localhost",
    )
    assert answer.status_code == 200


def test_the_page_tells_the_coordinator_the_admin_password_and_the_sheet_does_not(visitor):
    page = visitor.get("/devices/1")
    password = re.search(r'<code class="address">([a-z0-9]{10})</code>', page)[1]
    assert password not in visitor.get("/devices/1/sheet")


def test_the_sheet_speaks_the_interviewers_language_and_has_no_navigation(visitor, ana):
    for (language, words), forms in itertools.product(SHEETS.items(), ("managed", "manual")):
        given = {"name": "Phone 8", "interviewer": ana, "language": language, "forms": forms}
        visitor.post("/devices/1/edit", given, status=302, follow=False)
        page = visitor.get("/devices/1/sheet")
        assert f'<html lang="{language}" dir="{words.direction}">' in page
        assert page.count("<svg") == 2, "the colour of the project, and the code"
        said = text_of(page)
        for step in words.steps:
            assert step.title in said
            assert step.button in said
            assert step.english in said
        assert (words.download.button in said) == (forms == "manual")
        assert all(each in said for each in words.keep)
        assert "Phone 8" in said
        assert "MD-07" in said
        assert 'class="rail"' not in page
        assert "/v1/key/" not in page


def test_the_sheet_of_a_device_that_is_cut_off_is_none(visitor):
    visitor.post("/devices/1/revoke")
    visitor.get("/devices/1/sheet", status=302)


def test_a_device_is_given_to_somebody_else(visitor, ana):
    assert 'value="Demo phone"' in visitor.get("/devices/1/edit")
    page = visitor.post("/devices/1/edit", {"name": "Phone 9", "interviewer": ana, "language": "fr"})
    assert "Changed." in page
    assert "MD-07" in text_of(page)
    device = device_of(visitor, 1)
    assert (device.display_name, device.language, device.managed) == ("Phone 9", "fr", True)
    page = visitor.post("/devices/1/edit", {"name": " ", "language": "es"}, status=422)
    assert "A device needs a name" in page
    assert '<option value="es" selected>' in page
    assert device_of(visitor, 1).display_name == "Phone 9"
    visitor.post("/devices/1/edit", {"name": "X", "interviewer": 999}, status=404)
    visitor.get("/devices/999/edit", status=404)


def test_the_list_says_when_a_phone_asked_for_its_forms(visitor):
    visitor.post("/devices", {"name": "Phone 8"})
    page = visitor.get("/devices/2")
    assert "Last contact never" in text_of(page)
    root = re.search(r'<code class="address">http://localhost(/v1/key/[^<]+)</code>', page)[1]
    assert visitor.client.get(f"{root}/formList").status_code == 200
    said = text_of(visitor.get("/devices/2"))
    assert "Last contact never" not in said
    assert "Last sent nothing yet" in said


def test_a_group_is_made_renamed_filled_and_deleted_when_it_is_empty(visitor):
    page = visitor.get("/devices/groups")
    assert "No groups yet" in page
    assert 'data-go="d" aria-current="page"' in page
    assert "Shelter" in visitor.post("/devices/groups", {"name": "Shelter"})
    for wrong, status in (("Shelter", 409), (" ", 422)):
        assert 'role="alert"' in visitor.post("/devices/groups", {"name": wrong}, status=status)
    assert "North" in text_of(visitor.post("/devices/groups/1", {"name": "North"}))
    visitor.post("/devices/groups/1", {"name": "North"})
    visitor.post("/devices/1/edit", {"name": "Demo phone", "group": 1})
    page = visitor.get("/devices/groups")
    assert "Demo phone" in text_of(page)
    assert "groups/1/delete" not in page
    assert "There are devices in this group" in visitor.post("/devices/groups/1/delete", status=409)
    visitor.post("/devices/1/edit", {"name": "Demo phone"})
    assert "No groups yet" in visitor.post("/devices/groups/1/delete")
    visitor.post("/devices/groups/1", {"name": "X"}, status=404)
    visitor.post("/devices/groups/1/delete", status=404)


def test_a_group_that_a_form_is_put_on_stays(visitor):
    visitor.post("/devices/groups", {"name": "Shelter"})
    engine = visitor.client.application.extensions["saif"].engine
    with Session(engine) as session, writing(session):
        session.add(
            Assignment(form_id=1, mission_id=device_of(visitor, 1).mission_id, group_id=1, state="open")
        )
    assert "Forms are put on this group" in visitor.post("/devices/groups/1/delete", status=409)


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
