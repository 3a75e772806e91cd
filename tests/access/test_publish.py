"""The life of a form: upload, draft, publication, assignment, media."""

from dataclasses import replace

import pytest
from sqlalchemy import select

from app import policy
from app.db import writing
from app.models import Assignment, Form, FormVersion, LedgerEntry, Submission
from app.policy import COMMAND, Actor, Held
from app.problems import Problem
from app.services import checked, drafts, forms, missions, publish
from xlsforms import schema

SURVEY = """
| survey |
|        | type  | name   | label  |
|        | text  | name   | {label} |
|        | image | face   | Face   |
| settings |
|        | form_id | version   | form_title |
|        | visit   | {version} | Visit      |
"""
MEDIA = """
| survey |
|        | type                          | name   | label | media::image |
|        | select_one_from_file town.csv | town   | Town  |              |
|        | select_one_from_file cases.csv | known | Case  |              |
|        | note                          | n      | Look  | map.png      |
| settings |
|        | form_id | version |
|        | places  | 1       |
"""


def survey(version="1", label="Name"):
    return SURVEY.format(version=version, label=label).encode()


@pytest.fixture(scope="module")
def one():
    """Version 1, compiled."""
    return publish.check(survey(), "visit.md")


@pytest.fixture(scope="module")
def one_changed():
    """Other content under version 1."""
    return publish.check(survey(label="Full name"), "visit.md")


@pytest.fixture(scope="module")
def two():
    """Version 2."""
    return publish.check(survey("2"), "visit.md")


@pytest.fixture(scope="module")
def places():
    """A form that asks for files."""
    return publish.check(MEDIA.encode(), "places.md")


@pytest.fixture
def mission(session):
    with writing(session):
        return missions.create(session, actor=COMMAND, code="MDCHI", name="Moldova", country="MD")


@pytest.fixture
def other(session):
    with writing(session):
        return missions.create(session, actor=COMMAND, code="KHPNH", name="Cambodia", country="KH")


@pytest.fixture
def put(session, mission):
    """Upload and publish in the mission."""

    def put(checked, *, mission_id=mission.id, actor=COMMAND):
        with writing(session):
            version = publish.save_draft(session, checked, actor=actor, mission_id=mission_id)
            return publish.publish(session, actor=actor, version=version)

    return put


# --- check ----------------------------------------------------------------------------------------------------


def test_a_workbook_that_does_not_compile_is_not_stored(session, mission):
    broken = publish.check(b"| survey |\n| | type | name | label |\n| | txet | a | A |\n", "broken.md")
    assert not broken.ok
    with pytest.raises(Problem) as refused, writing(session):
        publish.save_draft(session, broken, actor=COMMAND, mission_id=mission.id)
    assert refused.value.code == "form_refused"
    assert refused.value.details["findings"][0]["severity"] == "error"
    assert session.scalars(select(Form)).all() == []


def test_a_form_that_names_no_id_takes_the_one_it_is_given():
    content = b"| survey |\n| | type | name | label |\n| | text | a | A |\n"
    assert publish.check(content, "any.md", form_id="fallback").compiled.schema.form_id == "fallback"
    assert publish.check(content, "any.md").compiled.schema.form_id == "any"


def test_an_upload_larger_than_the_limit_is_refused(monkeypatch):
    monkeypatch.setattr(checked, "MAX_UPLOAD", 10)
    with pytest.raises(Problem) as refused:
        publish.check(b"x" * 11, "x.xlsx")
    assert refused.value.code == "too_large"


def test_warnings_are_told_apart_from_what_is_only_worth_knowing(one):
    assert {finding.severity for finding in one.warnings} <= {"warning"}


# --- draft and publication ------------------------------------------------------------------------------------


def test_a_draft_is_on_no_phone_until_it_is_published(session, mission, one):
    with writing(session):
        draft = publish.save_draft(session, one, actor=COMMAND, mission_id=mission.id, note="first")
    line = forms.get(session, mission.id, "visit")
    assert line.draft.id == draft.id == line.current.id
    assert line.published is None
    assert line.state == "closed"
    assert draft.workbook == survey()
    assert draft.workbook_type == "md"
    assert schema.Form.from_json(draft.schema) == one.compiled.schema
    with writing(session):
        publish.publish(session, actor=COMMAND, version=draft)
    line = forms.get(session, mission.id, "visit")
    assert line.published.id == draft.id
    assert line.draft is None
    assert line.state == "open"


def test_a_new_upload_replaces_the_draft(session, mission, one, two):
    with writing(session):
        publish.save_draft(session, one, actor=COMMAND, mission_id=mission.id)
        publish.save_draft(session, two, actor=COMMAND, mission_id=mission.id)
    assert [draft.version for draft in session.scalars(select(FormVersion))] == ["2"]


def test_the_very_same_form_again_changes_nothing(session, mission, put, one):
    version = put(one)
    entries = len(session.scalars(select(LedgerEntry)).all())
    assert put(one).id == version.id
    with writing(session):
        assert publish.save_draft(session, one, actor=COMMAND, mission_id=mission.id).id == version.id
    assert len(session.scalars(select(FormVersion)).all()) == 1
    assert len(session.scalars(select(LedgerEntry)).all()) == entries


def test_other_content_under_a_published_version_is_refused_with_how_to_mend_it(
    session, mission, put, one, one_changed
):
    put(one)
    with pytest.raises(Problem) as refused:
        put(one_changed)
    assert refused.value.code == "version_taken"
    assert "version" in refused.value.mend
    assert (
        forms.get(session, mission.id, "visit").published.sha256
        == forms.get(session, mission.id, "visit").current.sha256
    )


def test_every_published_version_stays(session, mission, put, one, two):
    first, second = put(one), put(two)
    line = forms.get(session, mission.id, "visit")
    assert line.published.id == second.id
    assert [version.id for version in forms.versions(session, line.form)] == [second.id, first.id]
    assert forms.version(session, line.form, "1").xform == one.compiled.xform
    with pytest.raises(Problem):
        forms.version(session, line.form, "3")


def test_another_version_string_can_be_written_into_a_draft(session, mission, put, one):
    put(one)
    with writing(session):
        form = forms.get(session, mission.id, "visit").form
        draft = publish.copy_to_draft(session, actor=COMMAND, form=form)
        publish.set_version(session, actor=COMMAND, version=draft, text='2 <&" 2')
        version = publish.publish(session, actor=COMMAND, version=draft)
    assert version.version == '2 <&" 2'
    assert schema.Form.from_json(version.schema).version == '2 <&" 2'
    assert schema.Form.from_json(version.schema).children == one.compiled.schema.children
    assert version.workbook == survey()
    with pytest.raises(Problem), writing(session):
        publish.set_version(session, actor=COMMAND, version=version, text="3")


@pytest.mark.parametrize("text", ["", " ", "x" * 101, "a\nb"])
def test_a_version_string_that_cannot_be_is_refused(session, mission, one, text):
    with writing(session):
        draft = publish.save_draft(session, one, actor=COMMAND, mission_id=mission.id)
    with pytest.raises(Problem), writing(session):
        publish.set_version(session, actor=COMMAND, version=draft, text=text)


def test_publishing_a_copy_of_the_published_version_only_drops_the_copy(session, mission, put, one):
    version = put(one)
    with writing(session):
        form = forms.get(session, mission.id, "visit").form
        draft = publish.copy_to_draft(session, actor=COMMAND, form=form)
        assert publish.publish(session, actor=COMMAND, version=draft).id == version.id
    assert forms.get(session, mission.id, "visit").draft is None


def test_a_draft_can_be_thrown_away_and_a_published_version_cannot(session, mission, put, one, two):
    with writing(session):
        draft = publish.save_draft(session, one, actor=COMMAND, mission_id=mission.id)
        publish.discard(session, actor=COMMAND, version=draft)
    assert session.scalars(select(Form)).all() == []
    version = put(one)
    with writing(session):
        draft = publish.save_draft(session, two, actor=COMMAND, mission_id=mission.id)
        publish.discard(session, actor=COMMAND, version=draft)
    assert forms.get(session, mission.id, "visit").current.id == version.id
    with pytest.raises(Problem), writing(session):
        publish.discard(session, actor=COMMAND, version=version)


def test_a_form_never_published_cannot_be_copied(session, mission, one):
    with writing(session):
        draft = publish.save_draft(session, one, actor=COMMAND, mission_id=mission.id)
    with pytest.raises(Problem), writing(session):
        publish.copy_to_draft(session, actor=COMMAND, form=session.get_one(Form, draft.form_id))


def test_publishing_sends_what_waited_for_this_version_back_to_the_queue(session, mission, put, one):
    with writing(session):
        session.add(
            Submission(
                mission_id=mission.id,
                xml_form_id="visit",
                form_version="1",
                instance_id="uuid:1",
                state="waiting",
                xml=b"",
                xml_digest=bytes(32),
            )
        )
    put(one)
    assert session.scalars(select(Submission.state)).one() == "received"


def test_what_changed_between_two_versions_can_be_said(session, mission, put, one, two, one_changed):
    changes = forms.changes(put(one), put(two))
    assert all(change.effect == "safe" for change in changes)


def test_an_xform_is_published_byte_for_byte(session, mission, put, one):
    xml = publish.check(one.compiled.xform, "visit.xml")
    version = put(xml)
    assert version.xform == one.compiled.xform
    assert version.workbook == one.compiled.xform, "kept, should the draft get another version string"


def test_every_step_is_in_the_ledger(session, mission, put, one):
    put(one)
    rows = session.execute(select(LedgerEntry.action, LedgerEntry.object).order_by(LedgerEntry.id)).all()
    assert [row.action for row in rows] == ["mission.create", "form.draft", "form.publish"]
    assert rows[-1].object.startswith("form:")


# --- who may, and where ---------------------------------------------------------------------------------------


def test_a_form_of_headquarters_takes_somebody_who_may_in_all_missions(session, mission, put, one, two):
    designer = Actor("user", None, (Held("form_designer", mission.id),))
    with pytest.raises(Problem) as refused:
        put(one, mission_id=None, actor=designer)
    assert refused.value.code == "not_allowed"
    version = put(one, mission_id=None)
    with writing(session):
        form = session.get_one(Form, version.form_id)
        publish.assign(session, actor=COMMAND, form=form, mission_id=mission.id)
    with pytest.raises(Problem) as refused:
        put(two, actor=designer)
    assert refused.value.code == "not_allowed"
    everywhere = Actor("user", None, (Held("form_designer"),))
    assert put(two, actor=everywhere).form_id == version.form_id
    assert policy.may(designer, "form.publish", mission.id)


def test_two_missions_may_each_have_a_form_of_the_same_id(session, mission, other, put, one):
    first = put(one)
    second = put(one, mission_id=other.id)
    assert first.form_id != second.form_id
    assert forms.get(session, mission.id, "visit").form.id == first.form_id
    assert forms.listing(session, None) == []


def test_a_mission_sees_one_form_of_an_id(session, mission, other, put, one):
    put(one)
    central = put(one, mission_id=None)
    form = session.get_one(Form, central.form_id)
    with pytest.raises(Problem) as refused, writing(session):
        publish.assign(session, actor=COMMAND, form=form, mission_id=mission.id)
    assert refused.value.code == "conflict"
    with writing(session):
        publish.assign(session, actor=COMMAND, form=form, mission_id=other.id)
    assert forms.get(session, other.id, "visit").published.id == central.id
    assert [line.form.id for line in forms.listing(session, None)] == [form.id]


def test_a_form_of_another_mission_is_not_assigned(session, mission, other, put, one):
    form = session.get_one(Form, put(one).form_id)
    for wrong in ({"mission_id": other.id}, {"mission_id": 99}, {"state": "half"}, {"group_id": 99}):
        wanted = {"mission_id": mission.id} | wrong
        with pytest.raises(Problem), writing(session):
            publish.assign(session, actor=COMMAND, form=form, **wanted)


def test_a_form_is_put_on_a_group_of_phones_and_taken_off(session, mission, put, one):
    form = session.get_one(Form, put(one).form_id)
    with writing(session):
        group = missions.add_group(session, actor=COMMAND, mission_id=mission.id, name="North")
        publish.assign(session, actor=COMMAND, form=form, mission_id=mission.id, state="closed")
        publish.assign(session, actor=COMMAND, form=form, mission_id=mission.id, group_id=group.id)
    assert len(session.scalars(select(Assignment)).all()) == 2
    assert forms.get(session, mission.id, "visit").state == "closed"
    with writing(session):
        publish.assign(session, actor=COMMAND, form=form, mission_id=mission.id, state="open")
    assert forms.get(session, mission.id, "visit").state == "open"
    assert len(session.scalars(select(Assignment)).all()) == 2


def test_what_is_not_there_is_said_to_be_not_there(session, mission):
    with pytest.raises(Problem) as refused:
        forms.get(session, mission.id, "visit")
    assert refused.value.code == "not_found"
    assert forms.find(session, mission.id, "visit") is None


# --- media ----------------------------------------------------------------------------------------------------


def test_a_form_says_which_files_it_wants_and_which_are_made_for_it(session, mission, places):
    with writing(session):
        draft = publish.save_draft(session, places, actor=COMMAND, mission_id=mission.id)
        publish.set_media(
            session, actor=COMMAND, version=draft, name="town.csv", content=b"name,label\n", content_type=None
        )
    files = {one.name: one for one in forms.media(session, draft, mission.id)}
    assert {name: (one.kind, one.present) for name, one in files.items()} == {
        "town.csv": ("file", True),
        "cases.csv": ("view", True),
        "map.png": ("file", False),
    }
    assert files["town.csv"].content_type == "text/csv"
    assert forms.media_file(session, draft, "town.csv").content == b"name,label\n"
    with pytest.raises(Problem):
        forms.media_file(session, draft, "map.png")


@pytest.mark.parametrize("name", ["other.csv", "../town.csv", "", "a/b.png", "x" * 300])
def test_a_file_no_form_asks_for_is_refused(session, mission, places, name):
    with writing(session):
        draft = publish.save_draft(session, places, actor=COMMAND, mission_id=mission.id)
    with pytest.raises(Problem), writing(session):
        publish.set_media(session, actor=COMMAND, version=draft, name=name, content=b"", content_type=None)


def test_files_of_a_published_version_never_change(session, mission, put, places, monkeypatch):
    version = put(places)
    with pytest.raises(Problem), writing(session):
        publish.set_media(
            session, actor=COMMAND, version=version, name="town.csv", content=b"", content_type=None
        )
    with writing(session):
        form = session.get_one(Form, version.form_id)
        draft = publish.copy_to_draft(session, actor=COMMAND, form=form)
    monkeypatch.setattr(drafts, "MAX_UPLOAD", 1)
    with pytest.raises(Problem) as refused, writing(session):
        publish.set_media(
            session, actor=COMMAND, version=draft, name="town.csv", content=b"xx", content_type=None
        )
    assert refused.value.code == "too_large"


def test_a_new_draft_keeps_the_files_it_still_wants(session, mission, put, places):
    with writing(session):
        draft = publish.save_draft(session, places, actor=COMMAND, mission_id=mission.id)
        for name in ("town.csv", "map.png"):
            publish.set_media(
                session, actor=COMMAND, version=draft, name=name, content=b"x", content_type=None
            )
        publish.publish(session, actor=COMMAND, version=draft)
    less = publish.check(MEDIA.replace("map.png", "").replace("| 1 ", "| 2 ").encode(), "places.md")
    with writing(session):
        draft = publish.save_draft(session, less, actor=COMMAND, mission_id=mission.id)
    assert {one.name: one.present for one in forms.media(session, draft, mission.id)} == {
        "town.csv": True,
        "cases.csv": True,
    }


def test_a_file_the_converter_made_comes_with_the_draft(session, mission, one):
    made = replace(
        one, compiled=replace(one.compiled, media=("itemsets.csv",), files={"itemsets.csv": b"a,b\n"})
    )
    with writing(session):
        draft = publish.save_draft(session, made, actor=COMMAND, mission_id=mission.id)
    assert forms.media_file(session, draft, "itemsets.csv").content == b"a,b\n"


def test_the_same_form_with_other_files_needs_a_version_of_its_own(session, mission, put, places):
    put(places)
    with writing(session):
        form = forms.get(session, mission.id, "places").form
        draft = publish.copy_to_draft(session, actor=COMMAND, form=form)
        publish.set_media(
            session, actor=COMMAND, version=draft, name="town.csv", content=b"new", content_type=None
        )
    with pytest.raises(Problem) as refused, writing(session):
        publish.publish(session, actor=COMMAND, version=draft)
    assert refused.value.code == "version_taken"


# --- where a form stands --------------------------------------------------------------------------------------


def test_a_form_that_was_put_on_a_group_before_goes_to_no_other_phone(session, mission, one):
    with writing(session):
        draft = publish.save_draft(session, one, actor=COMMAND, mission_id=mission.id)
        group = missions.add_group(session, actor=COMMAND, mission_id=mission.id, name="Shelter")
        form = session.get_one(Form, draft.form_id)
        publish.assign(session, actor=COMMAND, form=form, mission_id=mission.id, group_id=group.id)
        publish.publish(session, actor=COMMAND, version=draft)
    everybody, shelter = forms.places(session, mission.id, form)
    assert (everybody.group, everybody.state) == (None, "closed")
    assert (shelter.group.name, shelter.state) == ("Shelter", "open")


def test_a_form_taken_from_a_group_stays_the_missions_and_the_group_can_be_deleted(session, mission, one):
    with writing(session):
        draft = publish.save_draft(session, one, actor=COMMAND, mission_id=mission.id)
        group = missions.add_group(session, actor=COMMAND, mission_id=mission.id, name="Shelter")
        form = session.get_one(Form, draft.form_id)
        where = {"form": form, "mission_id": mission.id, "group_id": group.id}
        publish.assign(session, actor=COMMAND, **where)
        with pytest.raises(Problem, match="conflict"):
            missions.delete_group(session, actor=COMMAND, group=group)
        publish.assign(session, actor=COMMAND, state="closed", **where)
        missions.delete_group(session, actor=COMMAND, group=group)
    (assignment,) = session.scalars(select(Assignment))
    assert (assignment.group_id, assignment.state) == (None, "closed")
    assert [place.state for place in forms.places(session, mission.id, form)] == ["closed"]


def test_a_list_says_where_a_group_has_more_than_everybody(session, mission, put, one):
    form = session.get_one(Form, put(one).form_id)
    with writing(session):
        group = missions.add_group(session, actor=COMMAND, mission_id=mission.id, name="Shelter")
        publish.assign(session, actor=COMMAND, form=form, mission_id=mission.id, group_id=group.id)
    line = forms.get(session, mission.id, "visit")
    assert (line.state, line.group_state) == ("open", None)
    with writing(session):
        publish.assign(session, actor=COMMAND, form=form, mission_id=mission.id, state="closed")
    line = forms.get(session, mission.id, "visit")
    assert (line.state, line.group_state) == ("closed", "open")


def test_the_forms_of_headquarters_a_mission_may_have_are_those_it_has_not(
    session, mission, other, put, one, places
):
    put(one, mission_id=None)
    put(places, mission_id=None)
    put(places)  # the mission's own, of the same id
    assert [line.form.xml_form_id for line in forms.elsewhere(session, mission.id)] == ["visit"]
    assert [line.form.xml_form_id for line in forms.elsewhere(session, other.id)] == ["places", "visit"]
    form = forms.assignable(session, mission.id, "visit")
    with writing(session):
        publish.assign(session, actor=COMMAND, form=form, mission_id=mission.id)
    assert forms.elsewhere(session, mission.id) == []
    with pytest.raises(Problem, match="not_found"):
        forms.assignable(session, mission.id, "none")
