"""Answers kept in pages: a download says the same with them and without, and opens no XML for what they hold."""

import uuid

import pytest
from sqlalchemy import func, select, update

from app import policy
from app.db import connect_to_write
from app.models import AnswerPage, Packed, Submission
from app.services import decide, packing, replay
from submissions import flat
from tests.services.conftest import edited, new_uid
from tests.services.made import assistance, screening
from tests.services.test_export import download

FORMS = ("ct_screening", "ct_assistance")
NEVER_READ = b"not even XML"


@pytest.fixture
def full(house, monkeypatch):
    """Pages of four, and six submissions of each form: four of them in a page, two waiting."""
    monkeypatch.setattr(packing, "PAGE", 4)
    for number in range(6):
        person = new_uid()
        house.receive(screening(case_uid=person, case_ref=person[:8], family_name=f"Exampla {number}"))
        house.receive(assistance(case_uid=person, services=number))
    house.work()
    return house


def downloads(house):
    return [download(house, form) for form in FORMS]


def pack(house):
    made = 0
    while packing.pack_next(house.engine, keyring=house.keyring):
        made += 1
    return made


def where(house):
    """Submission → whether it is in a page."""
    with house.session() as session:
        return dict(session.execute(select(Packed.submission_id, Packed.page_id.is_not(None))).all())


def spoil(house):
    """Put XML that cannot be read in place of what is in pages: whoever opens it is found out."""
    with connect_to_write(house.engine) as connection:
        for one in connection.scalars(select(Packed.submission_id).where(Packed.page_id.is_not(None))).all():
            sealed = house.keyring.seal(NEVER_READ, f"submission:{one}")
            connection.execute(update(Submission.__table__).where(Submission.id == one).values(xml=sealed))


def test_a_download_is_byte_for_byte_the_same_and_opens_no_submission_that_is_in_a_page(full):
    before = downloads(full)
    assert pack(full) == 2
    assert sorted(where(full).values()) == [False] * 4 + [True] * 8
    assert downloads(full) == before
    spoil(full)
    assert downloads(full) == before


def test_what_a_page_holds_is_told_to_nobody_without_the_private_keys(full):
    pack(full)
    with full.session() as session:
        pages = session.scalars(select(AnswerPage.content)).all()
    assert len(pages) == 2
    assert not any(b"Exampla" in one for one in pages)


def test_an_edit_and_a_deletion_need_no_new_page(full):
    pack(full)
    first = new_uid()
    original = screening(instance_id=first, family_name="Before")
    full.receive(original)
    full.receive(edited(original, new_uid(), family_name="After"))
    full.work()
    pack(full)
    spoil(full)
    assert b"Before" not in download(full, "ct_screening", "csv_root")
    assert download(full, "ct_screening", "csv_root").count(b"After") == 1
    with full.session() as session:
        decide.delete_submission(
            session, keyring=full.keyring, actor=policy.COMMAND, mission_id=full.mission_id, instance_id=first,
            reason="entered by mistake",
        )  # fmt: skip
    assert b"After" not in download(full, "ct_screening", "csv_root")


def test_what_is_read_anew_waits_for_a_page_again(full):
    pack(full)
    with full.session() as session:
        one = session.scalars(select(Packed.submission_id).where(Packed.page_id.is_not(None))).first()
    with connect_to_write(full.engine) as connection:
        connection.execute(update(Submission.__table__).where(Submission.id == one).values(state="received"))
    full.work()
    assert where(full)[one] is False


def test_what_was_read_by_another_version_is_read_as_it_came(full):
    before = downloads(full)
    pack(full)
    with connect_to_write(full.engine) as connection:
        pages = connection.execute(select(AnswerPage.__table__)).all()
        for page in pages:  # as if all had been packed by a version that is no more
            context = f"answer-page:{page.id}"
            said = full.keyring.decrypt(page.content, context)
            with_other = said.replace(said[3:35], uuid.uuid4().hex.encode())
            assert with_other != said
            connection.execute(
                update(AnswerPage.__table__)
                .where(AnswerPage.id == page.id)
                .values(content=full.keyring.encrypt(with_other, context))
            )
    assert downloads(full) == before


def test_pages_of_an_older_layout_are_not_read_and_made_anew(full, monkeypatch):
    before = downloads(full)
    pack(full)
    monkeypatch.setattr(flat, "REVISION", flat.REVISION + 1)
    assert downloads(full) == before
    pack(full)
    with full.session() as session:
        assert set(session.scalars(select(AnswerPage.revision))) == {flat.REVISION}
        assert session.scalar(select(func.count()).select_from(AnswerPage)) == 2
    spoil(full)
    assert downloads(full) == before


def test_a_replay_leaves_pages_as_they_are(full):
    pack(full)
    before = full.dump()
    replay.replay(full.engine, keyring=full.keyring, blobs=full.blobs, actor=policy.COMMAND)
    assert full.dump() == before
