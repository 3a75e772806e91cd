"""Section 3: the form list, as Collect requires it."""

import hashlib
import re
from urllib.parse import urlsplit

import pytest
from sqlalchemy import select, update

from app.db import writing
from app.models import Assignment, Device, DeviceGroup, Form, FormVersion
from tests.field import add_form, add_version, make_field
from tests.openrosa.answers import form_list, path_of, said


def test_the_newest_published_version_is_listed_and_every_one_on_request(client, field, session):
    with writing(session):
        form = session.scalars(select(Form)).one()
        add_version(session, form, "2")
        draft = add_version(session, form, "3")
        draft.published = draft.published_at = None
    assert [form["version"] for form in form_list(client, field)] == ["2"]
    assert [form["version"] for form in form_list(client, field, "?listAllVersions=true")] == ["2", "1"]
    answer = client.get(f"{field.path}/forms/{draft.id}.xml")
    assert answer.status_code == 404


def test_one_form_can_be_asked_for(client, field, session):
    with writing(session):
        add_form(session, field.mission_id, form_id="other")
    assert len(form_list(client, field)) == 2
    assert [form["formID"] for form in form_list(client, field, "?formID=other")] == ["other"]
    assert form_list(client, field, "?formID=none") == []


def test_a_description_is_given_where_it_is_asked_for(client, field):
    assert form_list(client, field, "?verbose=true")[0]["descriptionText"] == "Visit <1> & more"


@pytest.mark.parametrize("state", ["closing", "closed"])
def test_a_form_that_is_not_open_is_not_listed_nor_downloaded(client, field, session, state):
    (listed,) = form_list(client, field)
    with writing(session):
        session.execute(update(Assignment).values(state=state))
    assert form_list(client, field) == []
    assert client.get(path_of(listed["downloadUrl"])).status_code == 404


def test_a_phone_sees_the_forms_of_its_mission_and_group_only(client, field, session, keyring):
    there = make_field(session, keyring, code="KHPNH", form_id="theirs")
    with writing(session):
        group = DeviceGroup(mission_id=field.mission_id, name="Shelter")
        session.add(group)
        session.flush()
        version = add_form(session, field.mission_id, form_id="shelter")
        session.execute(
            update(Assignment).where(Assignment.form_id == version.form_id).values(group_id=group.id)
        )
    assert [form["formID"] for form in form_list(client, field)] == ["visit"]
    assert [form["formID"] for form in form_list(client, there)] == ["theirs"]
    assert client.get(f"{there.path}/forms/{version.id}.xml").status_code == 404
    with writing(session):
        session.get_one(Device, field.device_id).group_id = group.id
        visit = session.scalar(select(Form.id).where(Form.xml_form_id == "visit"))
        session.add(Assignment(form_id=visit, mission_id=field.mission_id, group_id=group.id))
    assert [form["formID"] for form in form_list(client, field)] == ["shelter", "visit"]


# --- what Collect requires ---------------------------------------------------------------------------------------


NAMES = [
    "a<b>&\"c'",
    "Опрос № 1",
    "مسح الأسر",
    "住户调查",
    "🌊" * 50,
    "x" * 249,
    "a/b?c#d e%20",
    "../visit",
    " x ",
]


def test_names_and_versions_in_any_script_come_out_of_the_list_as_they_went_in(client, field, session):
    with writing(session):
        for number, name in enumerate(NAMES):
            version = add_form(session, field.mission_id, form_id=f"form{number}", version=name)
            version.title = name
    listed = {form["formID"]: form for form in form_list(client, field)}
    for number, name in enumerate(NAMES):
        assert listed[f"form{number}"]["name"] == name
        assert listed[f"form{number}"]["version"] == name


def test_no_entry_lacks_what_collect_would_refuse_the_whole_list_for(client, field, session):
    with writing(session):
        add_form(session, field.mission_id, form_id="blank", version="")
        add_form(session, field.mission_id, form_id="more", version="7", wants=["cases.csv"])
    listed = form_list(client, field)
    assert {form["formID"] for form in listed} == {"visit", "blank", "more"}
    for form in listed:
        assert re.fullmatch(r"md5:[0-9a-f]{32}", form["hash"])
        for name in ("formID", "name", "downloadUrl"):
            assert form[name].strip()
        for name in ("downloadUrl", "manifestUrl"):
            assert urlsplit(form.get(name, "http://none")).hostname


@pytest.mark.parametrize("title", ["", "  "])
def test_a_form_without_a_title_is_listed_by_its_id_as_the_list_would_be_refused(
    client, field, session, title
):
    with writing(session):
        session.scalars(select(FormVersion)).one().title = title
    (listed,) = form_list(client, field, "?verbose=true")
    assert listed["name"] == listed["descriptionText"] == "visit"


def test_no_version_is_said_as_blank(client, field, session):
    with writing(session):
        add_form(session, field.mission_id, form_id="blank", version="")
    assert form_list(client, field, "?formID=blank")[0]["version"] is None


def test_an_empty_list_is_still_a_list(client, field, session):
    with writing(session):
        session.execute(update(Assignment).values(state="closed"))
    assert form_list(client, field) == []


def test_a_manifest_is_named_only_for_a_form_with_files_or_lists(client, field, session):
    with writing(session):
        form = session.scalars(select(Form)).one()
        add_version(session, form, "2", media={"a.png": b"a"})
        add_form(session, field.mission_id, form_id="lists", wants=["cases.csv"])
        add_form(session, field.mission_id, form_id="missing", wants=["not-uploaded.csv"])
        add_form(session, field.mission_id, form_id="none")
    listed = {form["formID"]: "manifestUrl" in form for form in form_list(client, field)}
    assert listed == {"visit": True, "lists": True, "missing": False, "none": False}


# --- the query ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("asked", ["", "none", "%ff", "x" * 5000, "VISIT", "%25", "visit'--"])
def test_a_form_that_is_not_here_makes_an_empty_list(client, field, asked):
    assert form_list(client, field, f"?formID={asked}") == []


def test_every_version_of_one_form_can_be_asked_for(client, field, session):
    with writing(session):
        add_version(session, session.scalars(select(Form)).one(), "2")
        add_form(session, field.mission_id, form_id="other")
    listed = form_list(client, field, "?formID=visit&listAllVersions=true&verbose=true&deviceID=collect:x")
    assert [(form["formID"], form["version"]) for form in listed] == [("visit", "2"), ("visit", "1")]
    assert all(form["descriptionText"] for form in listed)
    for form in listed:
        content = client.get(path_of(form["downloadUrl"])).data
        assert form["hash"] == f"md5:{hashlib.md5(content).hexdigest()}"


@pytest.mark.parametrize("query", ["?verbose=false", "?listAllVersions=false", "?x=y", "?verbose", "?&&="])
def test_a_query_that_asks_for_nothing_more_gets_the_plain_list(client, field, session, query):
    with writing(session):
        add_version(session, session.scalars(select(Form)).one(), "2")
    (listed,) = form_list(client, field, query)
    assert listed["version"] == "2"
    assert "descriptionText" not in listed


@pytest.mark.parametrize("asked", ["%00", "visit%00", "%00visit"])
def test_a_form_id_that_no_form_can_have_is_answered_in_words(client, field, asked):
    answer = client.get(f"{field.path}/formList?formID={asked}")
    if answer.status_code != 200:  # SQLite finds none, PostgreSQL does not even look
        assert answer.status_code == 400
        assert "NUL" in said(answer)
