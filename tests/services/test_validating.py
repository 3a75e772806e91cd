"""ODK Validate beside everything else: its complaints come later, at the cell, and nobody waits for them."""

import shutil

import pytest

from app.db import writing
from app.models import FormVersion
from app.policy import COMMAND
from app.services import missions, publish, validating
from tests.databases import on_sqlite
from tests.tools import missing
from xlsforms import validate

LOOP = """
| survey   |           |      |       |             |
|          | type      | name | label | calculation |
|          | text      | q    | Q     |             |
|          | calculate | a    |       | ${b} + 1    |
|          | calculate | b    |       | ${a} + 1    |
| settings |           |      |       |             |
|          | form_id   | version | form_title |     |
|          | loop      | 1    | Loop  |             |
"""
pytestmark = on_sqlite


@pytest.fixture
def draft(session):
    with writing(session):
        mission = missions.create(session, actor=COMMAND, code="MDCHI", name="Moldova", country="MD")
        checked = publish.check(LOOP.encode(), "loop.md")
        return publish.save_draft(session, checked, actor=COMMAND, mission_id=mission.id).id


def found(session, version_id):
    session.rollback()
    version = session.get_one(FormVersion, version_id)
    said = [one for one in version.findings if one["code"] == "validate_refused"]
    return version.validated, [(one["sheet"], one["row"], one["column"]) for one in said]


@pytest.mark.java
def test_a_loop_is_told_at_its_cell_after_the_form_became_a_draft(engine, session, draft):
    if shutil.which("java") is None:
        missing("java")
    assert found(session, draft) == ("waiting", [])
    assert validating.validate_next(engine)
    assert found(session, draft) == ("done", [("survey", 4, "calculation")])
    assert not validating.validate_next(engine)


def test_without_java_it_is_said_and_nothing_waits(engine, session, draft, monkeypatch):
    monkeypatch.setattr(validate, "which", lambda _: None)
    assert validating.validate_next(engine)
    assert found(session, draft) == ("absent", [])


def test_what_was_said_of_a_draft_is_not_put_on_the_one_that_replaced_it(engine, session, draft, monkeypatch):
    def replaced(_xform):
        with writing(session):
            session.get_one(FormVersion, draft).sha256 = "0" * 64
        return ()

    monkeypatch.setattr(validate, "validate", replaced)
    assert validating.validate_next(engine)
    assert found(session, draft) == ("waiting", [])
