"""What `$filter` can say, and that it asks the database for just that."""

from contextlib import suppress
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from app import policy
from app.models import Submission
from app.problems import Problem
from app.services import condition, condition_sql, submissions
from tests.services.conftest import edited, new_uid
from tests.services.made import screening

DATE = "__system/submissionDate"
UPDATED = "__system/updatedAt"
STATE = "__system/reviewState"


@pytest.fixture
def asked(house):
    """A function from a filter to the names of the submissions it is true of: plain, approved, edited."""
    ids = {name: new_uid() for name in ("plain", "approved", "first")}
    for one in ids.values():
        house.receive(screening(instance_id=one))
    house.work()
    ids["edited"] = new_uid()
    house.receive(edited(screening(instance_id=ids["first"]), ids["edited"]))
    house.work()
    with house.session() as session:
        submissions.review(
            session,
            actor=policy.COMMAND,
            mission_id=house.mission_id,
            instance_id=ids["approved"],
            state="approved",
        )
    names = {key: name for name, key in ids.items()}

    def ask(text):
        term = condition.read(text).term
        with house.session() as session:
            found = session.scalars(
                select(Submission.instance_id).where(
                    Submission.state != "superseded", condition_sql.where(term)
                )
            )
            return {names[one] for one in found}

    return ask


def at(hours=0):
    return (datetime.now(UTC) + timedelta(hours=hours)).isoformat()


ALL = {"plain", "approved", "edited"}


def test_conditions_find_what_they_say(asked):
    said = {
        f"{STATE} eq null": {"plain"},
        f"{STATE} ne null": {"approved", "edited"},
        f"{STATE} eq 'edited'": {"edited"},
        f"{STATE} ne 'approved'": {"plain", "edited"},
        f"not ({STATE} eq 'approved')": {"plain", "edited"},
        f"not {STATE} eq 'approved'": {"plain", "edited"},
        f"{STATE} eq 'approved' or {STATE} eq 'edited' and {DATE} gt {at(1)}": {"approved"},
        f"({STATE} eq 'approved' or {STATE} eq 'edited') and {DATE} gt {at(1)}": set(),
        f"{DATE} le now()": ALL,
        f"now() ge {DATE}": ALL,
        f"{DATE} ge {at(-1)} and {DATE} lt {at(1)}": ALL,
        f"{DATE} gt 2020-01-01": ALL,
        f"{DATE} gt '2020-01-01T00:00:00.000Z'": ALL,
        f"{DATE} lt 2020-01-01T00:00:00+05:00": set(),
        f"$root/Submissions/{DATE} gt 2020-01-01T00:00:00.000Z": ALL,
        f"{UPDATED} eq null": {"plain", "approved"},
        f"{UPDATED} gt {at(-1)}": {"edited"},
        f"not ({UPDATED} gt {at(-1)})": {"plain", "approved"},
        f"{UPDATED} lt null": set(),
        f"{UPDATED} gt {DATE}": {"edited"},
        f"year({DATE}) eq {datetime.now(UTC).year}": ALL,
        f"month(now()) eq {datetime.now(UTC).month}": ALL,
        f"hour({DATE}) gt 23 or second({DATE}) ge 60 or day({DATE}) lt 1": set(),
        "year(2020-03-04) eq 2020 and minute('2020-03-04T05:06:07+01:00') eq 6": ALL,
        "hour('2020-03-04T05:06:07+01:00') eq 4": ALL,
        "__system/submitterId eq null": ALL,
        "__system/submitterId ne 7": ALL,
        "__system/submitterId eq '7'": set(),
        "__system/submitterId gt 0": set(),
        "null eq null": ALL,
        f"{STATE} eq 'it''s'": set(),
    }
    assert {text: asked(text) for text in said} == said


def test_instants_are_compared_as_they_are_shown_in_milliseconds(asked, house):
    with house.session() as session:
        received = session.scalar(select(Submission.received_at).order_by(Submission.id).limit(1))
    shown = received.isoformat(timespec="milliseconds")
    assert "plain" in asked(f"{DATE} eq {shown}")
    assert "plain" in asked(f"{DATE} le {shown}")
    assert "plain" not in asked(f"{DATE} gt {shown}")
    assert "plain" not in asked(f"{shown} lt {DATE}")
    assert "plain" not in asked(f"{DATE} ne {shown}")


@pytest.mark.parametrize(
    "text",
    [
        "name eq 'Ana'",
        f"{DATE} ge yesterday",
        f"{DATE} ge 2026-13-40",
        f"{STATE} eq 'a\0b'",
        f"{DATE} ge 0001-01-01T00:00:00+05:00",
        f"{DATE} le 9999-12-31T23:59:59.999Z",
        f"{DATE}",
        f"{DATE} ge 2020-01-01 and",
        f"({DATE} ge 2020-01-01",
        f"{DATE} ge 2020-01-01)",
        f"{DATE} is 2020-01-01",
        f"{DATE} ge 3",
        f"{STATE} eq 3",
        f"year({STATE}) eq 3",
        f"year {DATE} eq 3",
        "__system/submitterId eq 'x'",
        "__system/secret eq 3",
        f"{STATE} eq 'approved' ; drop table submission",
        "(" * 500 + f"{STATE} eq null" + ")" * 500,
        "year(" * 100 + "now()" + ")" * 100 + " eq 3",
        f"{STATE} eq '{'x' * 5000}'",
    ],
)
def test_what_is_not_understood_is_refused_and_never_repeated(text):
    with pytest.raises(Problem) as refused:
        condition_sql.where(condition.read(text).term)
    assert refused.value.code == "invalid"
    assert "Ana" not in refused.value.message


def test_no_filter_is_no_condition():
    assert condition.read(None) is condition.read(" ") is None


WORDS = st.sampled_from(
    [
        DATE,
        UPDATED,
        STATE,
        "eq",
        "lt",
        "and",
        "or",
        "not",
        "(",
        ")",
        "null",
        "now()",
        "year(",
        "'a'",
        "2",
        "2026-01-01",
    ]
)


@given(st.lists(WORDS, max_size=12).map(" ".join) | st.text(max_size=60))
def test_any_text_is_a_condition_or_a_problem(text):
    with suppress(Problem):
        read = condition.read(text)
        if read is not None:
            str(condition_sql.where(read.term))
