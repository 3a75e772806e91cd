"""The table of permissions, read as sentences, and the questions policy answers from it."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import column, select

from app import policy
from app.policy import COMMAND, NOBODY, Actor, Held, Limits, scopes
from app.policy.permissions import ACTIONS, DEVICE, ROLES, SIGHT
from app.problems import Problem

ADMINISTRATOR = Actor("user", 1, (Held("administrator"),))
COORDINATOR = Actor("user", 2, (Held("coordinator", 7),))
DESIGNER = Actor("user", 3, (Held("form_designer", 7),))

CASE_CONTENT = [name for name in ACTIONS if name.startswith(("case.", "submission.")) or name == "replay"]

actors = st.builds(
    Actor,
    st.just("user"),
    st.integers(1, 9),
    st.lists(st.builds(Held, st.sampled_from(sorted(ROLES)), st.none() | st.integers(1, 5)), max_size=4).map(
        tuple
    ),
)
limits = st.builds(
    Limits,
    st.sampled_from([scopes.actions([]), scopes.actions(["read"]), scopes.actions([*scopes.SCOPES])]),
    st.none() | st.frozensets(st.integers(1, 5), max_size=3),
)


def test_every_role_in_the_table_is_one_that_can_be_held():
    assert {role for action in ACTIONS.values() for role in action.roles} <= {*ROLES, DEVICE}
    assert set(SIGHT) == {*ROLES, DEVICE}


def test_every_action_says_in_words_what_it_is():
    for name, action in ACTIONS.items():
        assert action.words, name
        assert action.words[0].islower(), "it is put into a sentence"


@pytest.mark.parametrize("action", CASE_CONTENT)
def test_an_administrator_touches_no_case(action):
    assert not policy.may(ADMINISTRATOR, action)
    assert not policy.may(ADMINISTRATOR, action, 7)


@pytest.mark.parametrize("action", CASE_CONTENT)
def test_a_form_designer_touches_no_case(action):
    assert not policy.may(DESIGNER, action, 7)


@pytest.mark.parametrize("action", CASE_CONTENT)
def test_a_coordinator_answers_for_the_cases_of_their_own_mission_only(action):
    assert policy.may(COORDINATOR, action, 7)
    assert not policy.may(COORDINATOR, action, 8)


def test_a_coordinator_does_not_publish_forms():
    assert policy.may(COORDINATOR, "form.read", 7)
    assert not policy.may(COORDINATOR, "form.publish", 7)


def test_adding_people_takes_a_role_in_all_missions():
    somewhere = Actor("user", 4, (Held("administrator", 7),))
    assert policy.may(ADMINISTRATOR, "user.create")
    assert not policy.may(somewhere, "user.create")
    assert not policy.may(somewhere, "user.create", 7)
    assert policy.may(somewhere, "device.create", 7)


def test_a_phone_receives_and_sends_in_its_own_mission_and_nothing_else():
    phone = policy.device(12, 7)
    assert phone.ref == "device:12"
    allowed = {name for name in ACTIONS if policy.may(phone, name, 7)}
    assert allowed == {"public", "phone.list", "phone.form", "phone.submit"}
    assert not policy.may(phone, "phone.submit", 8)


def test_somebody_who_did_not_sign_in_gets_public_doors_only():
    assert {name for name in ACTIONS if policy.may(NOBODY, name)} == {"public"}
    assert NOBODY.ref == "nobody"


def test_the_command_line_may_do_everything():
    assert all(policy.may(COMMAND, name, 7) for name in ACTIONS if ACTIONS[name].scope != "signed_in")
    assert COMMAND.ref == "command line"
    assert COMMAND.user_id is None
    assert policy.reveals(COMMAND, 7) == {"P0", "P1", "P2", "P3"}


def test_an_unknown_action_is_a_fault_of_the_caller():
    with pytest.raises(KeyError):
        policy.may(ADMINISTRATOR, "case.read_all")


def test_identifiers_are_shown_to_a_coordinator_after_a_reason_only():
    assert policy.sees(COORDINATOR, 7) == {"P0", "P1", "P2"}
    assert policy.reveals(COORDINATOR, 7) == {"P0", "P1", "P2", "P3"}
    assert policy.sees(COORDINATOR, 8) == frozenset()
    assert policy.reveals(ADMINISTRATOR, 7) == {"P0"}


def test_a_refusal_says_which_role_it_takes_and_names_nobody():
    with pytest.raises(Problem) as refused:
        policy.require(DESIGNER, "case.read", 7)
    assert refused.value.status == 403
    assert refused.value.detail == "To read cases takes the role coordinator in this mission."
    assert "everywhere" not in policy.explain(COORDINATOR, "case.read", 7)
    assert policy.explain(COORDINATOR, "case.read", 7) == "You may read cases in this mission."
    assert policy.explain(COORDINATOR, "key.rotate") == (
        "To make new keys takes the role administrator, given for all missions."
    )
    assert policy.explain(NOBODY, "signed_in").startswith("Only somebody who signed in may")


def test_a_list_is_filtered_by_the_missions_of_the_actor():
    mission = column("mission_id")

    def shown(actor):
        return str(select(mission).where(policy.within(actor, "case.read", mission)).compile())

    assert "IN" in shown(COORDINATOR)
    assert "false" in shown(ADMINISTRATOR) or "0 = 1" in shown(ADMINISTRATOR)
    assert "IN" not in shown(COMMAND)


@given(actors, st.sampled_from(sorted(ACTIONS)), st.integers(1, 5))
def test_the_three_ways_to_ask_agree(actor, action, mission_id):
    reach = policy.missions(actor, action)
    assert policy.may(actor, action, mission_id) == (reach is None or mission_id in reach)
    assert policy.may(actor, action) == (reach is None or bool(reach))


@given(actors, limits, st.sampled_from(sorted(ACTIONS)), st.integers(1, 5))
def test_an_access_token_never_allows_more_than_its_owner_and_its_limits(actor, limits, action, mission_id):
    limited = replace(actor, limits=limits)
    assert policy.sees(limited, mission_id) <= policy.sees(actor, mission_id)
    assert policy.reveals(limited, mission_id) <= policy.reveals(actor, mission_id)
    if policy.may(limited, action, mission_id) and ACTIONS[action].scope != "anybody":
        assert policy.may(actor, action, mission_id)
        assert action in limits.actions
        assert action == "signed_in" or limits.missions is None or mission_id in limits.missions
    assert policy.may(limited, action) == bool(
        policy.missions(limited, action) is None or policy.missions(limited, action)
    )


def test_every_scope_of_tokens_names_actions_there_are_and_none_that_rules_the_house():
    named = {action for scope in scopes.SCOPES.values() for action in scope.actions} | scopes.ALWAYS
    assert named <= set(ACTIONS)
    assert not any(ACTIONS[one].scope == "everywhere" for one in named)


@given(actors, st.sampled_from(sorted(ACTIONS)), st.integers(1, 5))
def test_taking_a_role_away_never_allows_more(actor, action, mission_id):
    for number in range(len(actor.grants)):
        fewer = Actor("user", actor.id, actor.grants[:number] + actor.grants[number + 1 :])
        assert policy.may(actor, action, mission_id) or not policy.may(fewer, action, mission_id)
        assert policy.sees(fewer, mission_id) <= policy.sees(actor, mission_id)
        assert policy.reveals(fewer, mission_id) <= policy.reveals(actor, mission_id)
