"""Signing in: sessions that end, and guesses that are slowed down without locking anybody out."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from app.db import writing
from app.models import LedgerEntry, UserSession
from app.policy import COMMAND
from app.problems import Problem
from app.services import sign_in, users

PASSWORD = "correct horse battery"


@pytest.fixture
def ana(session, monkeypatch):
    with writing(session):
        user, _ = users.create(
            session, actor=COMMAND, email="ana@example.org", display_name="Ana", password=PASSWORD
        )
    return user


@pytest.fixture
def quick(monkeypatch):
    """Hundreds of attempts without hundreds of Argon2 hashes: their cost is tested elsewhere."""
    monkeypatch.setattr(
        users, "check_password", lambda user, password: user is not None and password == PASSWORD
    )


@pytest.fixture
def clock(monkeypatch):
    """A clock that can be put forward."""

    class Clock:
        ahead = timedelta()

        def now(self):
            return sign_in_now() + self.ahead

    sign_in_now = sign_in.now
    clock = Clock()
    monkeypatch.setattr(sign_in, "now", clock.now)
    return clock


@pytest.fixture
def enter(session, keyring):
    def enter(password=PASSWORD, *, email="ana@example.org", address="192.0.2.1", browser=None):
        attempt = sign_in.attempt(
            session, email=email, password=password, address=address, browser=browser, keyring=keyring
        )
        with writing(session):
            return sign_in.settle(session, attempt)

    return enter


def test_who_knows_the_password_gets_a_session_of_which_only_a_hash_is_kept(session, ana, enter):
    signed_in = enter()
    assert signed_in.user.id == ana.id
    row = session.scalars(select(UserSession)).one()
    assert signed_in.token.encode() not in row.token_digest
    assert len(signed_in.token) >= 64
    resumed = sign_in.resume(session, signed_in.token)
    assert resumed.user is ana
    assert resumed.actor.ref == f"user:{ana.id}"
    assert not resumed.due
    assert sign_in.resume(session, signed_in.token[:-1]) is None


def test_a_wrong_password_an_unknown_address_and_somebody_shut_out_look_the_same(session, ana, enter):
    assert enter("wrong password") is None
    assert enter(email="nobody@example.org") is None
    with writing(session):
        users.set_active(session, actor=COMMAND, user=ana, active=False)
    assert enter() is None


def test_a_failure_is_in_the_ledger_without_the_address_or_who_it_was(session, ana, enter):
    enter("wrong password", address="192.0.2.77")
    entry = session.scalars(select(LedgerEntry).where(LedgerEntry.action == "session.fail")).one()
    said = f"{entry.object} {entry.detail} {entry.actor} {entry.reason}"
    assert "ana" not in said
    assert "192.0.2.77" not in said


def test_signing_out_ends_the_session(session, ana, enter):
    token = enter().token
    with writing(session):
        sign_in.sign_out(session, token)
        sign_in.sign_out(session, token)
    assert sign_in.resume(session, token) is None
    actions = session.scalars(select(LedgerEntry.action).order_by(LedgerEntry.id)).all()
    assert actions[-2:] == ["session.create", "session.delete"]


def test_a_session_ends_a_day_after_it_was_last_used(session, ana, enter, clock):
    token = enter().token
    clock.ahead = timedelta(hours=23)
    assert sign_in.resume(session, token).due
    with writing(session):
        sign_in.extend(session, token)
    clock.ahead = timedelta(hours=46)
    assert sign_in.resume(session, token) is not None
    clock.ahead = timedelta(hours=48)
    assert sign_in.resume(session, token) is None


def test_a_session_ends_after_a_week_however_it_is_used(session, ana, enter, clock):
    token = enter().token
    for hours in range(12, 7 * 24, 12):
        clock.ahead = timedelta(hours=hours)
        assert sign_in.resume(session, token) is not None
        with writing(session):
            sign_in.extend(session, token)
    clock.ahead = timedelta(days=7, seconds=1)
    assert sign_in.resume(session, token) is None
    with writing(session):
        sign_in.extend(session, "no such token")


def test_sessions_that_ended_are_forgotten_at_the_next_sign_in(session, ana, enter, clock):
    enter()
    clock.ahead = timedelta(days=2)
    enter()
    assert len(session.scalars(select(UserSession)).all()) == 1


def test_after_five_wrong_passwords_from_one_place_even_the_right_one_waits(
    session, ana, enter, quick, clock
):
    for _ in range(sign_in.PER_SOURCE):
        assert enter("wrong") is None
    with pytest.raises(Problem) as refused:
        enter()
    assert refused.value.status == 429
    assert 0 < int(refused.value.headers["Retry-After"]) <= 15 * 60 + 1
    clock.ahead = timedelta(minutes=16)
    assert enter() is not None


def test_somebody_who_guesses_does_not_lock_out_the_owner_elsewhere(session, ana, enter, quick):
    for _ in range(sign_in.PER_SOURCE):
        enter("wrong", address="198.51.100.9")
    assert enter(address="192.0.2.1") is not None


def test_guesses_from_very_many_places_lock_out_strangers_but_not_a_browser_that_was_here(
    session, ana, enter, quick, keyring
):
    mark = sign_in.browser_mark("Ana@example.org", keyring)
    for number in range(sign_in.PER_ACCOUNT):
        assert enter("wrong", address=f"198.51.100.{number}") is None
    with pytest.raises(Problem):
        enter("wrong", address="203.0.113.5")
    with pytest.raises(Problem):
        enter(address="203.0.113.6")
    assert enter(address="203.0.113.6", browser=mark) is not None


def test_a_known_browser_has_as_few_guesses_as_anybody(session, ana, enter, quick, keyring):
    mark = sign_in.browser_mark("ana@example.org", keyring)
    for number in range(sign_in.PER_SOURCE):
        assert enter("wrong", browser=mark, address=f"192.0.2.{number}") is None
    with pytest.raises(Problem):
        enter(browser=mark)


@pytest.mark.parametrize("change", ["other account", "forged", "empty", "surrogate"])
def test_a_mark_of_another_account_or_a_forged_one_is_worth_nothing(
    session, ana, enter, quick, keyring, change
):
    mark = {
        "other account": sign_in.browser_mark("other@example.org", keyring),
        "forged": sign_in.browser_mark("ana@example.org", keyring)[:-2] + "00",
        "empty": ".",
        "surrogate": "x.\udce9",
    }[change]
    for _ in range(sign_in.PER_SOURCE):
        enter("wrong", browser=mark, address="192.0.2.1")
    with pytest.raises(Problem):
        enter(address="192.0.2.1")


def test_attempts_at_the_same_time_get_no_more_answers_than_the_limit(session, ana, quick, keyring):
    attempts = [
        sign_in.attempt(
            session,
            email="ana@example.org",
            password=password,
            address="192.0.2.1",
            browser=None,
            keyring=keyring,
        )
        for password in ["wrong"] * 8 + [PASSWORD]
    ]
    answered = 0
    for attempt in attempts:
        try:
            with writing(session):
                assert sign_in.settle(session, attempt) is None
            answered += 1
        except Problem:
            pass
    assert answered == sign_in.PER_SOURCE


def test_what_is_no_text_is_just_wrong(session, ana, enter):
    assert enter("\udce9\udcff") is None
    assert enter(email="ana\x00@example.org") is None
    assert enter(email="\udce9@example.org") is None
