"""Forms: upload with findings, publication, download of what was uploaded."""

import io
import re

import pytest
from sqlalchemy.orm import Session

from app.db import writing
from app.policy import COMMAND
from app.services import missions, publish
from app.state import open_state
from tests.ui.conftest import text_of

GOOD = """
| survey  |      |                 |       |
|         | type | name            | label |
|         | text | town            | Town  |
| settings |           |             |         |
|          | form_id   | form_title  | version |
|          | visit     | Visit       | 1       |
"""
BAD = GOOD.replace("| text |", "| txet |")


def workbook(markdown: str, name: str = "visit.md") -> dict:
    return {"workbook": (io.BytesIO(markdown.encode()), name), "note": "First try"}


@pytest.fixture
def designer(visit):
    return visit("form_designer")


def test_the_list_shows_what_is_on_phones(designer):
    page = text_of(designer.get("/forms"))
    assert "ct_screening" in page
    assert "ct_assistance" in page


def test_a_form_shows_its_questions_with_label_and_mapping(designer):
    page = text_of(designer.get("/forms/ct_screening"))
    assert "Family name" in page
    assert "person.family_name" in page
    assert "P3" in page
    assert "made for each phone" in page


def test_a_form_can_be_read_in_each_of_its_languages(designer):
    page = designer.get("/forms/ct_screening?language=Français (fr)")
    assert "Sexe" in page
    assert 'lang="fr"' in page


def test_a_workbook_with_a_fault_is_refused_at_its_cell_and_nothing_changes(designer):
    page = text_of(designer.post("/forms/new", workbook(BAD)))
    assert "was not taken" in page
    assert "Sheet survey row 2" in page
    assert "/forms/visit" not in designer.get("/forms"), "the upload is there to be mended, and no form"


def test_a_workbook_becomes_a_draft_and_then_a_version(designer):
    page = text_of(designer.post("/forms/new", workbook(GOOD)))
    assert "Visit is a draft now" in page
    assert "phones do not see it yet" in page
    page = text_of(designer.post("/forms/visit/publish"))
    assert "Visit is published" in page
    assert "On phones" in page


def test_a_draft_of_a_published_form_says_what_changes(designer):
    designer.post("/forms/new", workbook(GOOD))
    designer.post("/forms/visit/publish")
    changed = GOOD.replace("| Town  |", "| Place |").replace("| 1       |", "| 2       |")
    page = text_of(designer.post("/forms/new", workbook(changed)))
    assert "What changes" in page


def test_a_version_is_published_with_a_note_that_stands_in_the_list(designer):
    unnoted = workbook(GOOD) | {"note": ""}
    designer.post("/forms/new", unnoted)
    assert "Write a note" in text_of(designer.post("/forms/visit/publish", status=422))
    page = text_of(designer.post("/forms/visit/publish", {"note": "Asks for the town"}))
    assert "Asks for the town" in page


LESS = GOOD.replace("| text | town            | Town  |", "| date | town            | Town  |").replace(
    "| 1       |", "| 2       |"
)


def test_changes_that_lose_answers_take_a_word_and_the_way_back_is_the_old_version_again(designer):
    designer.post("/forms/new", workbook(GOOD))
    designer.post("/forms/visit/publish")
    page = text_of(designer.post("/forms/new", workbook(LESS)))
    assert "Publish although answers lose by it" in page
    assert "Its type was text and is date." in page
    assert "lose" in text_of(designer.post("/forms/visit/publish", status=409))
    assert "is published" in text_of(designer.post("/forms/visit/publish", {"note": "Days", "lossy": "on"}))
    versions = re.findall(r"/forms/visit\?version=([0-9a-f-]{36})", designer.get("/forms/visit"))
    old = list(dict.fromkeys(versions))[1]
    assert "Make it the draft" in designer.get(f"/forms/visit?version={old}")
    page = designer.post(f"/forms/visit/{old}/again")
    assert "Version 1 again" in page
    assert "is published" in text_of(designer.post("/forms/visit/publish", {"lossy": "on"}))
    assert text_of(designer.get("/forms/visit")).count("Superseded") == 2


def test_any_two_versions_are_compared(designer):
    designer.post("/forms/new", workbook(GOOD))
    designer.post("/forms/visit/publish")
    assert "No difference" in designer.get("/forms/visit/compare")
    designer.post("/forms/new", workbook(LESS))
    designer.post("/forms/visit/publish", {"lossy": "on"})
    page = designer.get("/forms/visit/compare")
    assert "1 lossy" in page
    assert "No submissions of this mission were held with version 1" in text_of(page)
    first, second = dict.fromkeys(re.findall(r'<option value="([0-9a-f-]{36})"', page)).keys()
    back = text_of(designer.get(f"/forms/visit/compare?old={first}&new={second}"))
    assert "Its type was date and is text." in back
    assert "1 widening" in back
    designer.get(f"/forms/visit/compare?old={first}&new=x", status=404)


def test_uploading_the_published_version_again_changes_nothing(designer):
    designer.post("/forms/new", workbook(GOOD))
    designer.post("/forms/visit/publish")
    assert "Nothing was changed" in text_of(designer.post("/forms/new", workbook(GOOD)))


def test_an_upload_without_a_file_says_what_to_do(designer):
    assert "Choose a workbook" in text_of(designer.post("/forms/new", status=422))


def test_publishing_without_a_draft_is_refused(designer):
    assert "no draft" in text_of(designer.post("/forms/ct_screening/publish", status=409))


def test_the_workbook_and_the_xform_come_back_byte_for_byte(designer):
    page = designer.get("/forms/ct_screening")
    for part, start in (("workbook", b"PK"), ("xform", b"<?xml")):
        path = page.split(f"/{part}")[0].rpartition('"')[2] + f"/{part}"
        answer = designer.client.get(path)
        assert answer.status_code == 200
        assert answer.data.startswith(start)
        assert "attachment" in answer.headers["Content-Disposition"]


def test_a_coordinator_reads_forms_and_uploads_none(visit):
    page = visit("coordinator").get("/forms")
    assert "ct_screening" in page
    assert "Upload a form" not in page


def test_a_form_of_headquarters_is_not_changed_in_a_mission(designer):
    page = text_of(designer.get("/forms/ct_screening"))
    assert "belongs to headquarters" in page
    assert "Upload a new version" not in page


def test_a_form_of_another_name_is_not_found(designer):
    designer.get("/forms/nothing", status=404)
    designer.get("/forms/ct_screening?version=nothing", status=404)


def test_a_file_the_form_asks_for_can_be_attached_to_a_draft(designer):
    asking = GOOD.replace("| Town  |", "| ![](image.png) |")
    asking = """
| survey  |                           |      |       |
|         | type                      | name | label |
|         | select_one_from_file towns.csv | town | Town  |
| settings |           |             |         |
|          | form_id   | form_title  | version |
|          | towns     | Towns       | 1       |
"""
    page = text_of(designer.post("/forms/new", workbook(asking, "towns.md")))
    assert "towns.csv missing" in page
    sent = {"name": "towns.csv", "file": (io.BytesIO(b"name,label\na,A\n"), "towns.csv")}
    page = text_of(designer.post("/forms/towns/media", sent))
    assert "towns.csv is attached" in page
    assert "missing" not in page
    designer.post("/forms/towns/media", {"name": "other.csv", "file": (io.BytesIO(b"x"), "x")}, status=404)
    designer.post("/forms/towns/media", {"name": "towns.csv"}, status=422)


# --- where a form stands ---------------------------------------------------------------------------------------


def test_a_form_says_in_words_where_it_stands_and_changes_there(designer):
    page = text_of(designer.get("/forms/ct_screening"))
    assert "Every phone Open Every phone gets the form, and what it sends is taken." in page
    page = text_of(designer.post("/forms/ct_screening/assignments", {"state": "closing"}))
    assert "No new downloads" in page
    assert "what they hold is taken" in page
    assert "Closing" in text_of(designer.get("/forms"))
    page = text_of(designer.post("/forms/ct_screening/assignments", {"state": "closed"}))
    assert "no new interview is taken" in page
    assert "Repeats, late files and edits" in page
    designer.post("/forms/ct_screening/assignments", {"state": "ajar"}, status=422)
    designer.post("/forms/nothing/assignments", {"state": "open"}, status=404)


def test_a_form_can_be_open_for_one_group_of_phones(office, designer):
    state = open_state(office.config)
    with Session(state.engine) as session, writing(session):
        group = missions.add_group(session, actor=COMMAND, mission_id=office.mission_id, name="Shelter")
        group_id = group.id
    state.engine.dispose()
    assert "Group Shelter as every phone" in text_of(designer.get("/forms/ct_screening"))
    designer.post("/forms/ct_screening/assignments", {"state": "closed"})
    page = text_of(designer.post("/forms/ct_screening/assignments", {"state": "open", "group": group_id}))
    assert "Group Shelter Open The phones of the group get the form" in page
    assert "Open for a group" in text_of(designer.get("/forms"))
    designer.post("/forms/ct_screening/assignments", {"state": "open", "group": 999}, status=404)


def test_a_coordinator_sees_where_a_form_stands_and_does_not_change_it(visit):
    coordinator = visit("coordinator")
    page = coordinator.get("/forms/ct_screening")
    assert "Every phone gets the form" in page
    assert 'name="state"' not in page
    coordinator.post("/forms/ct_screening/assignments", {"state": "closed"}, status=403)


def test_a_form_of_headquarters_is_put_on_the_phones_here(office, designer):
    state = open_state(office.config)
    checked = publish.check(GOOD.encode(), "visit.md")
    with Session(state.engine) as session, writing(session):
        version = publish.save_draft(session, checked, actor=COMMAND, mission_id=None)
        publish.publish(session, actor=COMMAND, version=version)
    state.engine.dispose()
    assert "Forms of headquarters that are not here" in text_of(designer.get("/forms"))
    page = text_of(designer.post("/forms/visit/assignments", {"state": "open"}))
    assert "belongs to headquarters" in page
    assert "not here" not in text_of(designer.get("/forms"))
