"""Files that an edit's answers name and that did not come with it: the nearest predecessor's, never a copy."""

import io
import itertools
import uuid
import zipfile

import pytest
from sqlalchemy import event, func, select

from app import policy, problems
from app.models import SubmissionFile
from app.services import decide, submissions
from app.services import files as service
from app.services.wanted import Wanted
from tests.databases import on_sqlite
from tests.services.conftest import edited, new_uid
from tests.services.made import screening

SIGNED, AGAIN = b"\x89PNG the first signature", b"\x89PNG another signature"


def files(house, instance_id):
    """Name → (whether it is there, whether it came with an earlier version)."""
    with house.session() as session:
        detail = submissions.read_submission(
            session, keyring=house.keyring, actor=policy.COMMAND, mission_id=house.mission_id, instance_id=instance_id
        )  # fmt: skip
        return {one.name: (one.present, one.carried) for one in detail.files}


def content(house, instance_id, name):
    with house.session() as session:
        found = submissions.read_file(
            session, keyring=house.keyring, blobs=house.blobs, actor=policy.COMMAND, mission_id=house.mission_id,
            instance_id=instance_id, name=name,
        )  # fmt: skip
        return b"".join(found.chunks)


def media(house):
    found = house.download(Wanted("csv", "ct_screening"))
    with zipfile.ZipFile(io.BytesIO(b"".join(found.chunks))) as archive:
        root = archive.read("ct_screening.csv").decode().splitlines()
        header, row = (line.split(",") for line in root)
        counts = dict(zip(header[-10:], row[-10:], strict=True))
        named = {name: archive.read(name) for name in archive.namelist() if name.startswith("media/")}
        return named, (counts["AttachmentsPresent"], counts["AttachmentsExpected"])


def stored(house):
    with house.session() as session:
        return session.scalar(select(func.count()).select_from(SubmissionFile))


ORIGINAL = screening(instance_id="uuid:first", consent_signature="signed.png")
ONCE = edited(ORIGINAL, "uuid:second", family_name="Exemplar")
TWICE = edited(ONCE, "uuid:third", sex="female")


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_an_edit_without_files_shows_those_of_the_version_before_in_whatever_order_they_come(house, order):
    sent = ((ORIGINAL, {"signed.png": SIGNED}), (ONCE, {}), (TWICE, {}))
    for number in order:
        house.receive(sent[number][0], files=sent[number][1])
        house.work()
    assert files(house, "uuid:first") == {"signed.png": (True, False)}
    for edit in ("uuid:second", "uuid:third"):
        assert files(house, edit) == {"signed.png": (True, True)}
        assert content(house, edit, "signed.png") == SIGNED
    assert media(house) == ({"media/signed.png": SIGNED}, ("1", "1"))
    assert stored(house) == 1, "nothing is copied"


def test_before_the_original_is_there_the_file_is_expected_and_not_lost(house):
    house.receive(ONCE)
    house.work()
    assert files(house, "uuid:second") == {"signed.png": (False, False)}
    with pytest.raises(problems.Problem, match="not_found"):
        content(house, "uuid:second", "signed.png")
    assert media(house) == ({}, ("0", "1"))
    house.receive(ORIGINAL, files={"signed.png": SIGNED})
    assert content(house, "uuid:second", "signed.png") == SIGNED, "at once, before any worker looked at it"


def test_the_nearest_version_that_brought_the_file_counts(house):
    house.receive(ORIGINAL, files={"signed.png": SIGNED})
    house.receive(ONCE, files={"signed.png": AGAIN})
    house.receive(TWICE)
    house.work()
    assert content(house, "uuid:third", "signed.png") == AGAIN
    assert content(house, "uuid:first", "signed.png") == SIGNED
    assert media(house)[0] == {"media/signed.png": AGAIN}


def test_a_file_that_the_edit_no_longer_names_is_not_carried(house):
    house.receive(ORIGINAL, files={"signed.png": SIGNED, "left over.txt": b"of the phone"})
    house.receive(edited(ORIGINAL, "uuid:second", consent_signature=""))
    house.work()
    assert files(house, "uuid:second") == {}
    for name in ("signed.png", "left over.txt"):
        with pytest.raises(problems.Problem, match="not_found"):
            content(house, "uuid:second", name)
    assert media(house) == ({}, ("0", "0"))
    assert set(files(house, "uuid:first")) == {"signed.png", "left over.txt"}


def test_another_missions_version_of_the_same_name_lends_no_file(house):
    house.receive(ORIGINAL, files={"signed.png": SIGNED}, mission_id=house.other_mission_id)
    house.receive(ONCE)
    house.work()
    assert files(house, "uuid:second") == {"signed.png": (False, False)}


def test_versions_that_replace_each_other_in_a_circle_lend_their_files_and_end(house):
    one, other = new_uid(), new_uid()
    house.receive(
        edited(screening(instance_id=one, consent_signature="signed.png"), other),
        files={"signed.png": SIGNED},
    )
    house.receive(edited(screening(instance_id=other, consent_signature="signed.png"), one))
    house.work()
    assert content(house, one, "signed.png") == SIGNED
    assert files(house, other) == {"signed.png": (True, False)}


def test_deleting_the_submission_takes_the_files_with_it(house):
    house.receive(ORIGINAL, files={"signed.png": SIGNED})
    house.work()
    with house.session() as session:
        decide.delete_submission(
            session, keyring=house.keyring, actor=policy.COMMAND, mission_id=house.mission_id,
            instance_id="uuid:first", reason="deleted in the test",
        )  # fmt: skip
    house.receive(ONCE)
    house.work()
    assert files(house, "uuid:second") == {"signed.png": (False, False)}


@on_sqlite
def test_the_files_of_a_submission_are_found_by_indexes_in_a_large_store_too(house):
    said = []
    with house.session() as session:
        connection = session.connection()
        connection.exec_driver_sql("ANALYZE")
        large = "('submission', 'sqlite_autoindex_submission_2', '160000 80000 53334 1')"
        connection.exec_driver_sql(f"INSERT INTO sqlite_stat1 VALUES {large}")
        connection.exec_driver_sql(
            "ANALYZE sqlite_schema"
        )  # SQLite plans for 160,000 submissions from now on
        event.listen(connection, "before_cursor_execute", lambda *all: said.append((all[2], all[3])))
        service.at_hand(session, [uuid.UUID(int=1)])
        steps = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {said[0][0]}", said[0][1]).all()
        read = [row.detail for row in steps if "submission" in row.detail]
    assert len(read) == 3, read
    assert all(step.startswith("SEARCH") for step in read), read
