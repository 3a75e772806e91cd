"""Comments on cases and submissions, and who is told of them: never anybody who may not read them."""

import uuid

import pytest
from sqlalchemy import select

from app import policy
from app.db import writing
from app.models import Comment, LedgerEntry
from app.problems import Problem
from app.services import comments, decide, mentions, recording, transfers, users
from app.services.comments import OfCase, OfSubmission
from app.services.mentions import Person
from tests.services.conftest import new_uid
from tests.services.made import screening
from tests.services.test_transfers import done

SAID = "Ask Ana Lungu about the aunt, @Vera Rusu"


@pytest.fixture
def case(house):
    uid = uuid.uuid4()
    house.receive(screening(case_uid=str(uid), instance_id=new_uid()))
    house.work()
    return uid


def hire(house, name, role="coordinator", mission_id=None):
    with house.session() as session, writing(session):
        user, _ = users.create(
            session, actor=policy.COMMAND, email=f"{uuid.uuid4().hex}@saif.example", display_name=name
        )
        users.grant(session, actor=policy.COMMAND, user=user, role=role, mission_id=mission_id)
        return user.id


def acting(house, user_id):
    with house.session() as session:
        return users.actor_of(session, users.get(session, user_id))


def write(house, about, body=SAID, *, actor=policy.COMMAND, tell=()):
    with house.session() as session:
        return comments.write(session, keyring=house.keyring, actor=actor, about=about, body=body, tell=tell)


def opened(house, about, actor=policy.COMMAND):
    with house.session() as session:
        found = comments.listing(session, keyring=house.keyring, actor=actor, about=about)
        return [one.body for one in found]


def told(house, user_id, **asked):
    """What somebody finds on their home page, and the count beside it."""
    with house.session() as session:
        actor = users.actor_of(session, users.get(session, user_id))
        page = mentions.listing(session, actor=actor, **asked)
        return page.items, mentions.unread(session, actor=actor)


def test_a_mention_is_there_until_it_is_opened_and_says_nothing_of_the_comment(house, case):
    vera = hire(house, "Vera Rusu", mission_id=house.mission_id)
    hire(house, "Vera", mission_id=house.mission_id)
    about = OfCase(house.mission_id, case)
    assert write(house, about).told == (vera,), "the longer name is meant"
    (line,), count = told(house, vera, unread=True)
    assert (line.case.case_id, line.read, line.by, count) == (case, False, None, 1)
    assert opened(house, about, acting(house, vera)) == [SAID]
    assert told(house, vera, unread=True) == ((), 0)
    assert told(house, vera)[0][0].read
    with house.session() as session:
        assert b"Ana" not in session.scalars(select(Comment.body)).one()
        entries = session.scalars(
            select(LedgerEntry).where(LedgerEntry.action.like("case.comment%")).order_by(LedgerEntry.id)
        ).all()
    assert [(one.action, one.object) for one in entries] == [
        ("case.comment", f"case:{case}"),
        ("case.comments", f"case:{case}"),
    ]
    assert entries[0].detail == {"told": [f"user:{vera}"]}


def test_nobody_is_told_of_what_they_may_not_read_nor_once_they_may_no_longer(house, case):
    here, everywhere = hire(house, "Here", mission_id=house.mission_id), hire(house, "Everywhere")
    designer = hire(house, "Designer", "form_designer", house.mission_id)
    elsewhere = hire(house, "Elsewhere", mission_id=house.other_mission_id)
    about = OfCase(house.mission_id, case)
    for one in (designer, elsewhere, 999):
        with pytest.raises(Problem, match="invalid"):
            write(house, about, tell=[one])
    assert write(house, about, "@Designer @Elsewhere x@Here.org").told == ()
    assert write(house, about, "@here, look", tell=[everywhere]).told == (here, everywhere)
    with house.session() as session, writing(session):
        user = users.get(session, here)
        users.withdraw(
            session, actor=policy.COMMAND, user=user, role="coordinator", mission_id=house.mission_id
        )
    assert told(house, here) == ((), 0)
    with pytest.raises(Problem, match="not_allowed"):
        opened(house, about, acting(house, here))
    assert told(house, everywhere)[1] == 1
    with pytest.raises(Problem, match="not_found"):
        opened(house, OfCase(house.other_mission_id, case))


def test_comments_go_with_their_case_to_another_mission_and_mentions_do_not(house, case):
    here, there = (
        hire(house, "Here", mission_id=house.mission_id),
        hire(house, "There", mission_id=house.other_mission_id),
    )
    write(house, OfCase(house.mission_id, case), "Before", tell=[here])
    granted = {"purpose": "case_management", "granted": True}
    done(house, recording.record, case_id=case, table="consent", values=granted)
    done(house, transfers.propose, case_id=case, to_mission_id=house.other_mission_id)
    done(house, transfers.answer, mission_id=house.other_mission_id, case_id=case, take=True)
    assert opened(house, OfCase(house.other_mission_id, case), acting(house, there)) == ["Before"]
    assert told(house, here) == ((), 0)
    assert told(house, there) == ((), 0), "it was not written to them"


def test_comments_go_along_where_their_case_is_merged_and_come_back(house, case):
    vera = hire(house, "Vera Rusu", mission_id=house.mission_id)
    other = uuid.uuid4()
    house.receive(screening(case_uid=str(other), instance_id=new_uid()))
    house.work()
    mission = house.mission_id
    write(house, OfCase(mission, case), "On the one", tell=[vera])
    write(house, OfCase(mission, other), "On the other")
    done(house, decide.merge, case_id=case, into=other)
    assert opened(house, OfCase(mission, other)) == ["On the other", "On the one"]
    assert opened(house, OfCase(mission, case)) == ["On the other", "On the one"], "asked by its old uid"
    assert told(house, vera)[0][0].case.case_id == other
    write(house, OfCase(mission, case), "On both")
    done(house, decide.unmerge, case_id=case)
    assert opened(house, OfCase(mission, case)) == ["On the one"]
    assert opened(house, OfCase(mission, other)) == ["On both", "On the other"]


def test_a_submission_that_was_deleted_is_mentioned_no_more(house, case):
    vera, first = hire(house, "Vera Rusu", mission_id=house.mission_id), new_uid()
    house.receive(screening(case_uid=str(case), instance_id=first))
    house.work()
    about = OfSubmission(house.mission_id, "ct_screening", first)
    write(house, about)
    (line,), _ = told(house, vera)
    assert line.submission.instance_id == first
    done(house, decide.delete_submission, mission_id=house.mission_id, instance_id=first)
    assert told(house, vera) == ((), 0)


def test_names_are_found_whole_and_in_either_case_of_letters():
    known = [Person(1, "Ana"), Person(2, "Ana Rusu"), Person(3, "Ana"), Person(4, "J. O'Neill (Bălți)")]
    for body, found in {
        "@ana rusu, look": {2},
        "to @ANA.": {1, 3},
        "@anastasia": set(),
        "mail@ana": set(),
        "(@J. O'Neill (Bălți))": {4},
        "@": set(),
    }.items():
        assert mentions.named(body, known) == found, body
    assert mentions.named("@Ana", []) == set()
