"""Saved downloads: made by the worker with the rights of their owner, kept sealed, protected, and gone after a while."""

import hashlib
import io
import zipfile
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pyrage
import pytest
from sqlalchemy import select
from stream_unzip import UnzipError, stream_unzip

from app import policy
from app.db import writing
from app.models import LedgerEntry, MadeDownload, SavedDownload, UnwantedBlob, User, now
from app.problems import Problem
from app.services import condition, export, making, saved_downloads, users
from app.services.wanted import Wanted
from tests.databases import on_sqlite
from tests.services.made import screening

PASSWORD = "correct horse battery"


@pytest.fixture
def owner(house):
    """A coordinator; two interviews have come in."""
    for sex in ("female", "male"):
        house.receive(screening(sex=sex, family_name="Exampla"))
    house.work()
    with house.session() as session, writing(session):
        user, _ = users.create(session, actor=policy.COMMAND, email="ana@example.org", display_name="Ana")
        users.grant(session, actor=policy.COMMAND, user=user, role="coordinator", mission_id=house.mission_id)
        return user.id


@pytest.fixture
def save(house, owner):
    """A function that saves a download; gives its id."""

    def save(**said):
        with house.session() as session, writing(session):
            saved = saved_downloads.create(
                session,
                actor=users.actor_of(session, session.get_one(User, owner)),
                mission_id=house.mission_id,
                wanted=Wanted(
                    said.pop("format_name", "csv_root"),
                    said.pop("xml_form_id", "ct_screening"),
                    said.pop("filters", export.Filters(identifiers=False)),
                ),
                **{
                    "name": "Monthly",
                    "reason": "figures",
                    "keyring": house.keyring,
                    "blobs": house.blobs,
                }
                | said,
            )
            return saved.id

    return save


def make(house):
    return making.make_next(house.engine, keyring=house.keyring, blobs=house.blobs)


def made(house):
    with house.session() as session:
        return session.scalars(select(MadeDownload).order_by(MadeDownload.asked_at, MadeDownload.id)).all()


def fetched(house, owner, saved_id, number=-1):
    with house.session() as session, writing(session):
        actor = users.actor_of(session, session.get_one(User, owner))
        found = saved_downloads.kept(
            session,
            actor=actor,
            saved=saved_downloads.get(session, actor=actor, mission_id=house.mission_id, saved_id=saved_id),
            made_id=made(house)[number].id,
            keyring=house.keyring,
            blobs=house.blobs,
        )
    return found.file_name, b"".join(found.content)


def test_what_was_saved_is_made_once_kept_sealed_and_fetched(house, owner, save):
    text = "person/sex eq 'female'"
    saved = save(filters=export.Filters(condition=condition.read(text), identifiers=False))
    assert make(house)
    assert not make(house)
    name, content = fetched(house, owner, saved)
    assert name == "ct_screening.csv"
    assert content.count(b"\n") == 2, "a header and one row"
    assert b"family_name" not in content
    (one,) = made(house)
    assert (one.state, one.size) == ("made", len(content))
    assert one.sha256 == hashlib.sha256(content).hexdigest()
    assert (one.done, one.expected) == (2, 2), "both were gone through, to find the one"
    sealed = b"".join(house.blobs.open(one.blob))
    assert b"person-sex" not in sealed
    with house.session() as session:
        row = session.get_one(SavedDownload, saved)
        assert b"female" not in row.secret
        assert "female" not in str(row.options)
        actions = session.scalars(select(LedgerEntry.action).order_by(LedgerEntry.id)).all()
    assert [one for one in actions if one.startswith(("download.", "export."))] == [
        "download.save", "export.csv_root", "export.done",
    ]  # fmt: skip


@on_sqlite
@pytest.mark.parametrize("format_name", ["csv_root", "csv"])
def test_under_a_password_it_opens_for_who_knows_it(house, owner, save, format_name):
    saved = save(password=PASSWORD, format_name=format_name)
    make(house)
    name, content = fetched(house, owner, saved)
    assert name == "ct_screening.csv.protected.zip"
    (member,) = zipfile.ZipFile(io.BytesIO(content)).infolist()
    assert member.flag_bits & 1
    ((_, _, chunks),) = (
        (name, size, b"".join(some)) for name, size, some in stream_unzip([content], PASSWORD.encode())
    )
    assert chunks.startswith(b"SubmissionDate" if format_name == "csv_root" else b"PK")
    with pytest.raises(UnzipError):
        next(stream_unzip([content], b"another password"))[2].__next__()


@on_sqlite
def test_to_a_public_key_it_opens_for_its_private_half(house, owner, save):
    identity = pyrage.x25519.Identity.generate()
    saved = save(recipient=str(identity.to_public()))
    make(house)
    name, content = fetched(house, owner, saved)
    assert name == "ct_screening.csv.age"
    assert pyrage.decrypt(content, [identity]).startswith(b"SubmissionDate")
    with pytest.raises(pyrage.DecryptError):
        pyrage.decrypt(content, [pyrage.x25519.Identity.generate()])


def test_rights_are_those_of_the_moment_and_a_failure_tells_why(house, owner, save):
    save()
    with house.session() as session, writing(session):
        user = session.get_one(User, owner)
        users.withdraw(
            session, actor=policy.COMMAND, user=user, role="coordinator", mission_id=house.mission_id
        )
    make(house)
    (one,) = made(house)
    assert (one.state, one.blob) == ("failed", None)
    assert "coordinator" in one.problem
    with house.session() as session:
        assert saved_downloads.unseen(session, user_id=owner, mission_id=house.mission_id) == 1
        with writing(session):
            saved_downloads.note_seen(session, [one.saved_id])
        assert saved_downloads.unseen(session, user_id=owner, mission_id=house.mission_id) == 0


def test_whatever_fails_is_told_and_does_not_stop_the_others(house, owner, save):
    broken, whole = save(name="a"), save(name="b")
    with house.session() as session, writing(session):
        session.get_one(SavedDownload, broken).secret = b"damaged"
    while make(house):
        pass
    assert {one.saved_id: one.state for one in made(house)} == {broken: "failed", whole: "made"}


def test_a_schedule_is_kept_by_the_clock_of_the_mission():
    zone = ZoneInfo("Asia/Phnom_Penh")
    at = datetime(2026, 1, 30, 20, 0, tzinfo=UTC)  # Saturday the 31st, three in the morning there
    days = {name: saved_downloads.due(name, at, zone) for name in saved_downloads.SCHEDULES}
    assert days[""] is None
    assert days["daily"] == datetime(2026, 2, 1, 5, tzinfo=zone)
    assert days["weekly"] == datetime(2026, 2, 2, 5, tzinfo=zone)
    assert days["monthly"] == datetime(2026, 2, 1, 5, tzinfo=zone)


def test_what_is_due_is_made_and_what_is_old_goes(house, owner, save):
    saved = save(schedule="weekly")
    make(house)
    with house.session() as session, writing(session):
        session.get_one(SavedDownload, saved).next_at = now() - timedelta(minutes=1)
    assert making.ask_for_due(house.engine) == 1
    assert making.ask_for_due(house.engine) == 0
    assert make(house)
    with house.session() as session, writing(session):
        assert session.get_one(SavedDownload, saved).next_at > now()
        for one in session.scalars(select(MadeDownload)):
            one.ended_at = now() - saved_downloads.KEPT - timedelta(minutes=1)
    blobs = {one.blob for one in made(house)}
    assert making.sweep(house.engine) == 2
    assert {one.state for one in made(house)} == {"gone"}
    with house.session() as session:
        assert set(session.scalars(select(UnwantedBlob.blob))) == blobs
    with pytest.raises(Problem, match="not_found"):
        fetched(house, owner, saved)


def test_what_a_worker_left_when_it_died_another_makes(house, owner, save):
    save()
    with house.session() as session, writing(session):
        one = session.scalars(select(MadeDownload)).one()
        one.state, one.touched_at = "making", now()
    assert not make(house), "somebody is at it"
    with house.session() as session, writing(session):
        session.scalars(select(MadeDownload)).one().touched_at = now() - making.DEAD - timedelta(seconds=1)
    assert make(house)
    assert [one.state for one in made(house)] == ["made"]


def test_what_cannot_be_kept_is_refused(house, owner, save):
    for wrong in (
        {"password": "short"}, {"recipient": "age1nothing"}, {"schedule": "hourly"}, {"format_name": "doc"},
        {"name": ""}, {"password": PASSWORD, "recipient": str(pyrage.x25519.Identity.generate().to_public())},
    ):  # fmt: skip
        with pytest.raises(Problem, match="invalid"):
            save(**wrong)
    with pytest.raises(Problem, match="not_found"):
        save(xml_form_id="nothing")
    assert made(house) == []


def test_a_saved_download_is_its_owners_alone(house, owner, save):
    saved = save()
    with house.session() as session, writing(session):
        other, _ = users.create(session, actor=policy.COMMAND, email="ion@example.org", display_name="Ion")
        users.grant(
            session, actor=policy.COMMAND, user=other, role="coordinator", mission_id=house.mission_id
        )
        actor = users.actor_of(session, other)
        assert saved_downloads.listing(session, actor=actor, mission_id=house.mission_id) == []
        with pytest.raises(Problem, match="not_found"):
            saved_downloads.get(session, actor=actor, mission_id=house.mission_id, saved_id=saved)
