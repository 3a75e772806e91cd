"""A form's table holds what the worker has read, under its questions, and any filter, order and walk through its pages
gives exactly the rows that counting by hand gives."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from app import policy
from app.models import Answer, Device, Interviewer, Submission
from app.policy import Actor, Held
from app.problems import Problem
from app.services import form_table, indexing, removal, replay
from app.services.form_table import Asked
from app.services.table_filter import AnswerFilter
from benchmarks import indexed
from tests.services.made import screening

COUNT = 40
QUESTIONS = ("q001", "q051", "q071", "q081", "q091", "q101", "q111")
COORDINATOR = 7


@pytest.fixture
def filled(house):
    """A small store of the kind that is measured, and what everybody answered: number → name → texts."""
    made = indexed.fill(house.engine, house.keyring, count=COUNT)
    house.mission_id = made.mission_id
    with house.session() as session:
        rows = session.execute(
            select(Answer.submission, Answer.question_id, Answer.text).order_by(
                Answer.submission, Answer.position
            )
        ).all()
        named = indexing.numbers_of(session, made.mission_id, indexed.FORM_ID)
        names = {number: path.removeprefix("/data/") for path, number in named.items()}
        facts = session.scalars(select(Submission).order_by(Submission.number)).all()
        carried = dict(session.execute(select(Device.id, Device.display_name)).all())
        coded = dict(session.execute(select(Interviewer.id, Interviewer.code)).all())
    answers = {one.number: {} for one in facts}
    for row in rows:
        answers[row.submission].setdefault(names[row.question_id], []).append(row.text)
    told = {one.number: (one, carried[one.device_id], coded[one.interviewer_id]) for one in facts}
    return house, answers, told


def walked(house, asked, *, limit, back=False):
    """All rows, page by page from the first on; then, if asked, from the last page back again."""
    with house.session() as session:

        def page(**where):
            return form_table.read_page(
                session,
                actor=policy.COMMAND,
                mission_id=house.mission_id,
                xml_form_id=indexed.FORM_ID,
                asked=asked,
                limit=limit,
                **where,
            )

        pages = [page()]
        while pages[-1].after is not None:
            pages.append(page(after=pages[-1].after))
        forward = [row.line.id for one in pages for row in one.rows]
        if back:
            last = pages[-1]
            backward = [last]
            while backward[-1].before is not None:
                backward.append(page(before=backward[-1].before))
            assert [row.line.id for one in reversed(backward) for row in one.rows] == forward
        return forward


def fits(said, texts):
    """Whether answers are what a filter asks for, computed apart from the database."""
    several, numeric = said.key == "q071", said.key in ("q081", "q091", "q101", "journey/days")

    def one(text):
        match said.operator:
            case "is" | "not":
                return (
                    said.value in text.split()
                    if several
                    else (float(text) == float(said.value) if numeric else text == said.value)
                )
            case "ge":
                return float(text) >= float(said.value) if numeric else text >= said.value
            case "le":
                return float(text) <= float(said.value) if numeric else text[:10] <= said.value
        return True

    found = any(one(text) for text in texts)
    return not found if said.operator in ("not", "empty") else found


CHOICE = st.sampled_from(["c1", "c2", "c3"])
FILTER = st.one_of(
    st.builds(
        AnswerFilter,
        st.sampled_from(["q001", "q051", "q071", "journey/country"]),
        st.sampled_from(["is", "not"]),
        CHOICE,
    ),
    st.builds(AnswerFilter, st.sampled_from(QUESTIONS), st.sampled_from(["empty", "filled"])),
    st.builds(
        AnswerFilter,
        st.sampled_from(["q081", "q091", "q101", "journey/days"]),
        st.sampled_from(["is", "not", "ge", "le"]),
        st.integers(0, 100).map(str),
    ),
    st.builds(
        AnswerFilter,
        st.just("q111"),
        st.sampled_from(["ge", "le"]),
        st.sampled_from(["2024-06-01", "2025-06-01"]),
    ),
)
SORT = st.builds(str.__add__, st.sampled_from(["", "-"]), st.sampled_from([*QUESTIONS, *form_table.METADATA]))
REVIEW = st.sampled_from([None, None, "received", "approved", "hasIssues", "rejected"])


def expected(answers, facts, asked):
    def place(number):
        key, (fact, device, interviewer) = asked.sort.removeprefix("-"), facts[number]
        if key in form_table.METADATA:
            said = {
                "held": fact.held_on,
                "state": fact.state,
                "review": fact.review_state or "",
                "device": device,
                "interviewer": interviewer,
                "findings": fact.flagged,
            }
            return (said[key], number) if key in said else (number,)
        text = answers[number][key][0]
        return (float(text), text, number) if key in ("q081", "q091", "q101") else (0.0, text, number)

    there = [
        number
        for number in facts
        if all(fits(one, answers[number].get(one.key, [])) for one in asked.answers)
        and (asked.review is None or (facts[number][0].review_state or "received") == asked.review)
    ]
    key, down = asked.sort.removeprefix("-"), asked.sort.startswith("-")
    answered = [one for one in there if key in form_table.METADATA or key in answers[one]]
    without = [one for one in there if one not in answered]
    ordered = [*sorted(answered, key=place, reverse=down), *sorted(without, reverse=down)]
    return [facts[number][0].id for number in ordered]


def test_any_filter_order_and_walk_gives_each_row_that_fits_once(filled):
    house, answers, facts = filled

    @settings(max_examples=25, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(filters=st.lists(FILTER, max_size=3), sort=SORT, review=REVIEW, limit=st.sampled_from([7, 16, 50]))
    def check(filters, sort, review, limit):
        asked = Asked(sort=sort, answers=tuple(filters), review=review)
        assert walked(house, asked, limit=limit, back=True) == expected(answers, facts, asked)

    check()


def table(house, form="ct_screening", actor=policy.COMMAND, **asked):
    with house.session() as session:
        return form_table.read_page(
            session, actor=actor, mission_id=house.mission_id, xml_form_id=form, asked=Asked(**asked)
        )


def clear(house):
    """All that stands in the index."""
    with house.session() as session:
        return session.scalars(select(Answer.text)).all()


def test_names_and_free_text_never_reach_the_index_and_cannot_be_asked_for(house):
    house.receive(screening(family_name="Exampla", sex="female"))
    house.work()
    assert table(house).unread == 1
    indexing.run_until_empty(house.engine, keyring=house.keyring)
    assert "female" in clear(house)
    assert not any("Exampla" in text for text in clear(house))
    page = table(house)
    assert (len(page.rows), page.unread) == (1, 0)
    hidden = {column.name for column in page.of.by_key.values()}
    assert "family_name" not in hidden
    assert "sex" in hidden
    sex = next(key for key, column in page.of.by_key.items() if column.name == "sex")
    name = sex.removesuffix("sex") + "family_name"
    for asked in ({"sort": name}, {"answers": (AnswerFilter(name, "filled"),)}):
        with pytest.raises(Problem, match="invalid"):
            table(house, **asked)
    assert table(house, search="Exampla", columns=(name, sex)).rows == ()
    assert len(table(house, search="female", columns=(sex,)).rows) == 1
    assert table(house, columns=(sex,), language="Français (fr)").rows[0].cells[0] not in (
        "",
        "female",
        "Female",
    )


def test_nothing_behind_a_refused_consent_is_in_the_index(house):
    house.receive(screening(consent="no", sex="female"))
    house.work()
    indexing.run_until_empty(house.engine, keyring=house.keyring)
    assert "female" not in clear(house)
    assert len(table(house).rows) == 1


def test_what_is_deleted_is_gone_at_once_and_a_replay_makes_the_index_again(house):
    first, second = screening(sex="female"), screening(sex="male")
    house.receive(first)
    house.receive(second)
    house.work()
    indexing.run_until_empty(house.engine, keyring=house.keyring)
    before = sorted(clear(house))
    replay.replay(house.engine, keyring=house.keyring, blobs=house.blobs, actor=policy.COMMAND)
    assert indexing.run_until_empty(house.engine, keyring=house.keyring) == 2
    assert sorted(clear(house)) == before
    with house.session() as session:
        instance_id = session.scalars(select(Submission.instance_id).order_by(Submission.id)).first()
        removal.delete_submission(
            session,
            keyring=house.keyring,
            actor=policy.COMMAND,
            mission_id=house.mission_id,
            instance_id=instance_id,
            reason="Sent by mistake",
        )
    assert len(clear(house)) < len(before)
    assert len(table(house).rows) == 1
    with house.session() as session:
        removal.undelete_submission(
            session,
            actor=policy.COMMAND,
            mission_id=house.mission_id,
            instance_id=instance_id,
            reason="It was no mistake",
        )
    house.work()
    indexing.run_until_empty(house.engine, keyring=house.keyring)
    assert sorted(clear(house)) == before


def test_somebody_of_another_mission_sees_no_table(house):
    elsewhere = Actor("user", COORDINATOR, (Held("coordinator", house.other_mission_id),))
    with pytest.raises(Problem) as refused:
        table(house, actor=elsewhere)
    assert refused.value.code == "not_found"
