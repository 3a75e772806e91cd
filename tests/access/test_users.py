"""People, their passwords and roles."""

from unittest import mock

import pytest
from argon2 import extract_parameters
from sqlalchemy import select

from app import policy
from app.db import writing
from app.models import LedgerEntry, UserSession
from app.policy import COMMAND, Held
from app.problems import Problem
from app.services import missions, sign_in, users


@pytest.fixture
def ana(session):
    with writing(session):
        user, _ = users.create(
            session,
            actor=COMMAND,
            email="Ana@Example.org ",
            display_name="Ana",
            password="correct horse battery",
        )
    return user


@pytest.fixture
def mission(session):
    with writing(session):
        return missions.create(session, actor=COMMAND, code="MDCHI", name="Moldova", country="MD")


def test_an_email_address_is_one_person_however_it_is_written(session, ana):
    assert ana.email == "ana@example.org"
    assert users.find(session, " ANA@example.ORG") is ana
    with pytest.raises(Problem) as refused, writing(session):
        users.create(session, actor=COMMAND, email="ANA@EXAMPLE.ORG", display_name="")
    assert refused.value.code == "conflict"


@pytest.mark.parametrize(
    "email", ["", "ana", "a@b@c", "a\x00@b.org", "ana ana@example.org", "x" * 250 + "@example.org"]
)
def test_what_is_no_email_address_is_refused(session, email):
    with pytest.raises(Problem) as refused:
        users.create(session, actor=COMMAND, email=email, display_name="x")
    assert refused.value.code == "invalid"


def test_a_password_is_kept_as_argon2id_only(ana):
    assert ana.password_hash.startswith("$argon2id$")
    assert "correct horse" not in ana.password_hash


def test_a_password_made_for_somebody_is_long_and_works(session):
    with writing(session):
        user, password = users.create(session, actor=COMMAND, email="b@example.org", display_name="")
    assert len(password) >= 16
    assert user.display_name == "b@example.org"
    assert users.check_password(user, password)


@pytest.mark.parametrize("password", ["short", "x" * 501])
def test_a_password_too_short_or_absurdly_long_is_refused(session, ana, password):
    with pytest.raises(Problem):
        users.set_password(session, actor=COMMAND, user=ana, password=password)


def test_a_damaged_hash_lets_nobody_in(ana):
    ana.password_hash = "not a hash"
    assert not users.check_password(ana, "correct horse battery")


def test_for_an_unknown_address_the_same_work_is_done_as_for_a_wrong_password(ana):
    with mock.patch.object(users, "_hasher", wraps=users._hasher) as hasher:
        assert not users.check_password(ana, "wrong password")
        assert not users.check_password(None, "wrong password")
    assert [call[0] for call in hasher.method_calls] == ["verify", "hash"], "one computation of Argon2 each"
    cost = extract_parameters(ana.password_hash)
    assert cost == extract_parameters(users._hasher.hash("x")), "of the same cost"


def test_an_unknown_language_is_refused(session, ana):
    users.set_locale(session, user=ana, locale="fr")
    assert ana.locale == "fr"
    with pytest.raises(Problem):
        users.set_locale(session, user=ana, locale="xx")
    with pytest.raises(Problem):
        users.create(session, actor=COMMAND, email="c@example.org", display_name="", locale="xx")


def test_roles_are_given_and_taken_and_written_down(session, ana, mission):
    with writing(session):
        users.grant(session, actor=COMMAND, user=ana, role="coordinator", mission_id=mission.id)
        users.grant(session, actor=COMMAND, user=ana, role="coordinator", mission_id=mission.id)
    actor = users.actor_of(session, ana)
    assert actor.grants == (Held("coordinator", mission.id),)
    assert policy.may(actor, "case.read", mission.id)
    assert users.listing(session)[0].grants == actor.grants
    with writing(session):
        users.withdraw(session, actor=COMMAND, user=ana, role="coordinator", mission_id=mission.id)
        users.withdraw(session, actor=COMMAND, user=ana, role="coordinator", mission_id=mission.id)
    assert users.actor_of(session, ana).grants == ()
    actions = session.scalars(select(LedgerEntry.action).order_by(LedgerEntry.id)).all()
    assert actions == ["user.create", "mission.create", "user.grant", "user.withdraw"]


def test_roles_and_missions_that_do_not_exist_are_not_given(session, ana):
    with pytest.raises(Problem):
        users.grant(session, actor=COMMAND, user=ana, role="king")
    with pytest.raises(Problem) as refused:
        users.grant(session, actor=COMMAND, user=ana, role="coordinator", mission_id=99)
    assert refused.value.code == "not_found"
    with pytest.raises(Problem):
        users.get(session, 99)
    assert users.get(session, ana.id) is ana


def test_the_last_administrator_of_all_missions_stays(session, ana):
    with writing(session):
        users.grant(session, actor=COMMAND, user=ana, role="administrator")
    with pytest.raises(Problem) as refused, writing(session):
        users.withdraw(session, actor=COMMAND, user=ana, role="administrator")
    assert refused.value.code == "conflict"
    with pytest.raises(Problem), writing(session):
        users.set_active(session, actor=COMMAND, user=ana, active=False)
    with writing(session):
        other, _ = users.create(session, actor=COMMAND, email="b@example.org", display_name="B")
        users.grant(session, actor=COMMAND, user=other, role="administrator")
        users.withdraw(session, actor=COMMAND, user=ana, role="administrator")
    assert users.actor_of(session, ana).grants == ()


def test_shutting_somebody_out_ends_their_sessions_and_rights_at_once(session, ana, mission):
    with writing(session):
        users.grant(session, actor=COMMAND, user=ana, role="coordinator", mission_id=mission.id)
        token = sign_in.begin(session, ana).token
    assert sign_in.resume(session, token) is not None
    with writing(session):
        users.set_active(session, actor=COMMAND, user=ana, active=False)
        users.set_active(session, actor=COMMAND, user=ana, active=False)
    assert sign_in.resume(session, token) is None
    assert not policy.may(users.actor_of(session, ana), "case.read", mission.id)
    with writing(session):
        users.set_active(session, actor=COMMAND, user=ana, active=True)
    assert policy.may(users.actor_of(session, ana), "case.read", mission.id)


def test_a_new_password_ends_the_sessions_that_began_with_the_old_one(session, ana):
    with writing(session):
        sign_in.begin(session, ana)
        users.set_password(session, actor=COMMAND, user=ana)
    assert session.scalars(select(UserSession)).all() == []
