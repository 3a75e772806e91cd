"""Lists: what there is, its entities and versions, and conflicts that are settled."""

import uuid

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.db import writing
from app.models import EntityPending, Mission, Submission
from app.policy import COMMAND
from app.services import entity_desk, entity_lists, entity_store
from app.services.entity_store import Source
from tests.ui.conftest import text_of

HOUSE = uuid.UUID(int=1, version=4)


@pytest.fixture
def visitor(visit):
    return visit("coordinator")


@pytest.fixture
def shelters(visitor):
    """A list with an entity that two changed at once, and a wish that waits."""
    here = visitor.client.application.extensions["saif"]
    with Session(here.engine) as session, writing(session):
        mission = session.scalars(select(Mission.id).order_by(Mission.id)).first()
        made = entity_lists.create(session, actor=COMMAND, mission_id=mission, name="shelters")
        entity_lists.add_property(session, actor=COMMAND, entity_list=made, name="city")
        wanted = {HOUSE: {"label": "House A", "city": "Bălți"}}
        entity_desk.create(session, here.keyring, actor=COMMAND, entity_list=made, wanted=wanted)
        connection = session.connection()
        for city, base, conflict in (("Cahul", 1, None), ("Orhei", 1, "hard")):
            before = entity_store.get(connection, here.keyring, made.id, HOUSE)
            entity_store.change(
                connection,
                here.keyring,
                made.id,
                before,
                {"city": city},
                source=Source(),
                base=base,
                conflict=conflict,
            )
        submission = session.scalars(select(Submission.id).limit(1)).one()
        session.add(
            EntityPending(
                submission_id=submission, list_id=made.id, entity_id=uuid.uuid4(), reason="predecessor", action=b"x"
            )
        )  # fmt: skip


def test_a_mission_without_lists_says_where_they_come_from(visitor):
    assert "No lists yet" in text_of(visitor.get("/lists"))


def test_a_list_is_added_and_its_name_is_refused_beside_the_field(visitor):
    page = visitor.post("/lists", {"name": "shelters", "approval": "on"})
    assert "The list shelters is added" in text_of(page)
    assert "only once they are approved" in text_of(page)
    assert "No entities yet" in text_of(page)
    page = visitor.post("/lists", {"name": "two words"}, status=422)
    assert 'aria-invalid="true"' in page
    assert "begins with a letter" in page
    assert "of this name already" in visitor.post("/lists", {"name": "shelters"}, status=409)


def test_a_list_shows_its_entities_its_properties_and_what_was_not_done(visitor, shelters):
    assert "shelters 1 1 1" in text_of(visitor.get("/lists"))
    page = text_of(visitor.get("/lists/shelters"))
    assert "House A Orhei 3 conflict" in page
    assert "waits for an earlier change of its phone" in page
    assert "Forms that save to it city" in page
    assert "House A" in text_of(visitor.get("/lists/shelters?show=conflicts"))


def test_a_conflict_is_shown_by_its_versions_and_settled(visitor, shelters):
    page = visitor.get(f"/lists/shelters/{HOUSE}")
    assert "<mark>Orhei</mark>" in page
    assert "hard conflict with version 2" in text_of(page)
    for city in ("Bălți", "Cahul", "Orhei"):
        assert city in page
    page = text_of(visitor.post(f"/lists/shelters/{HOUSE}/resolve"))
    assert "The conflict is settled" in page
    assert "It is right as it is" not in page
    assert "No conflicts" in text_of(visitor.get("/lists/shelters?show=conflicts"))


def test_what_is_not_there_is_not_found(visitor, shelters):
    visitor.get("/lists/none", status=404)
    visitor.get(f"/lists/shelters/{uuid.uuid4()}", status=404)
