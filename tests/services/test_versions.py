"""What is kept of a publication, and how many submissions a version has."""

import pytest
from sqlalchemy import select

from app import policy
from app.db import writing
from app.ledger import TABLE
from app.problems import Problem
from app.services import forms, publish
from xlsforms import schema

FRUIT = """
| survey   |         |            |          |
|          | type    | name       | label    |
|          | text    | fruit      | Fruit    |
| settings |         |            |          |
|          | form_id | form_title | version  |
|          | fruit   | Fruit      | 1        |
"""
DATES = FRUIT.replace("| text ", "| date ").replace("| 1 ", "| 2 ")


def instance(number: int, version: str = "1") -> bytes:
    return (
        f'<data id="fruit" version="{version}"><fruit>pear</fruit>'
        f"<meta><instanceID>uuid:{number}</instanceID></meta></data>"
    ).encode()


def put(house, text: str, **more):
    checked = publish.check(text.encode(), "fruit.md")
    with house.session() as session, writing(session):
        draft = publish.save_draft(session, checked, actor=policy.COMMAND, mission_id=house.mission_id)
        return publish.publish(session, actor=policy.COMMAND, version=draft, **more).id


def line(house, session) -> forms.FormLine:
    return forms.get(session, house.mission_id, "fruit")


def test_the_submissions_of_a_version_are_counted_up_to_a_limit(house, monkeypatch):
    put(house, FRUIT, note="First")
    for number in range(3):
        house.receive(instance(number))
    house.receive(instance(3, "other"))
    with house.session() as session:
        found = line(house, session)
        assert forms.held_with(session, house.mission_id, found.form, found.published) == 3
        assert forms.held_with(session, house.other_mission_id, found.form, found.published) == 0
        monkeypatch.setattr(forms, "MANY", 2)
        assert forms.held_with(session, house.mission_id, found.form, found.published) == 2


def test_lossy_changes_are_published_only_with_a_word_and_the_ledger_has_it_with_the_note(house):
    put(house, FRUIT, note="First")
    with pytest.raises(Problem) as refused:
        put(house, DATES, note="Days")
    assert refused.value.code == "lossy_changes"
    (change,) = refused.value.details["changes"]
    assert change["question"] == "/data/fruit"
    with house.session() as session:
        assert line(house, session).published.version == "1"
    put(house, DATES, note="Days", lossy=True)
    with house.session() as session:
        assert [one.note for one in forms.versions(session, line(house, session).form)] == ["Days", "First"]
        statement = select(TABLE.c.detail).where(TABLE.c.action == "form.publish").order_by(TABLE.c.id)
        *_, first, second = session.scalars(statement)
    assert (first["note"], first["lossy"]) == ("First", 0)
    assert (second["note"], second["lossy"]) == ("Days", 1)


def test_an_old_version_comes_back_as_a_new_one_and_is_itself_never_touched(house):
    old = put(house, FRUIT)
    put(house, DATES, lossy=True)
    with house.session() as session, writing(session):
        version = forms.published(session, line(house, session).form, "1")
        before = bytes(version.xform)
        draft = publish.again(session, actor=policy.COMMAND, version=version)
        back = publish.publish(session, actor=policy.COMMAND, version=draft, lossy=True)
        assert back.id != old
        assert back.note == "Version 1 again"
        assert forms.changes(version, back) == ()
        assert schema.Form.from_json(back.schema).version == back.version not in ("1", "2")
        assert version.xform == before
        back_id = back.id
    with house.session() as session:
        assert line(house, session).published.id == back_id
