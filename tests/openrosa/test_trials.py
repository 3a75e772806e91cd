"""Test devices: they get the draft, fiction for cases, and what they send is never a submission."""

import threading
import uuid
import xml.etree.ElementTree as ET

import pytest
from sqlalchemy import func, select, update

from app.db import writing
from app.models import (
    CaseEntity,
    Conflict,
    Device,
    Form,
    FormVersion,
    LedgerEntry,
    Submission,
    SubmissionFile,
    Trial,
    TrialFile,
    UnwantedBlob,
)
from app.policy import COMMAND
from app.services import disposal, publish, trials
from tests.field import Field, add_device, add_version, parts, submission

LIST = "{http://openrosa.org/xforms/xformsList}"
MANIFEST = "{http://openrosa.org/xforms/xformsManifest}"


@pytest.fixture
def draft(session, field):
    """Version 2 of the form that is on phones, not yet published."""
    with writing(session):
        form = session.scalars(select(Form)).one()
        version = add_version(session, form, "2", media={"map.png": b"\x89PNG"})
        version.published = version.published_at = None
        version.wants = ["cases.csv", "mission.csv", "map.png"]
        return version


@pytest.fixture
def tester(session, field, keyring, draft):
    """A test device for that form."""
    token = uuid.uuid4().hex
    with writing(session):
        device = add_device(session, field.mission_id, keyring, token, test_form_id=draft.form_id)
        return Field(field.mission_id, device.id, token)


@pytest.fixture
def blobs(app):
    return app.extensions["saif"].blobs


def post(client, phone, xml, **files):
    return client.post(f"{phone.path}/submission", data=parts(xml, **files))


def said(answer):
    return ET.fromstring(answer.data).findtext("{*}message")


def count(session, model):
    session.rollback()
    return session.scalar(select(func.count()).select_from(model))


def form_list(client, phone):
    root = ET.fromstring(client.get(f"{phone.path}/formList").data)
    return [
        {child.tag.removeprefix(LIST): child.text for child in one} for one in root.findall(f"{LIST}xform")
    ]


def media(client, phone):
    path = form_list(client, phone)[0]["manifestUrl"].removeprefix("http://localhost")
    root = ET.fromstring(client.get(path).data)
    return {
        one.findtext(f"{MANIFEST}filename"): one.findtext(f"{MANIFEST}downloadUrl").removeprefix(
            "http://localhost"
        )
        for one in root.findall(f"{MANIFEST}mediaFile")
    }


# --- what it gets ----------------------------------------------------------------------------------------------


def test_a_test_device_gets_the_draft_and_every_other_phone_the_published_version(client, field, tester):
    assert [form["version"] for form in form_list(client, tester)] == ["2"]
    assert [form["version"] for form in form_list(client, field)] == ["1"]


def test_the_draft_can_be_downloaded_by_the_test_device_alone(client, field, tester, draft):
    path = f"/forms/{draft.id}.xml"
    assert client.get(tester.path + path).data == draft.xform
    assert client.get(field.path + path).status_code == 404


def test_a_test_device_gets_no_published_version_and_no_other_form(client, field, tester):
    published = form_list(client, field)[0]["downloadUrl"].removeprefix("http://localhost" + field.path)
    assert client.get(tester.path + published).status_code == 404


def test_a_draft_that_is_replaced_is_listed_by_its_new_hash(client, session, tester, draft):
    before = form_list(client, tester)[0]["hash"]
    with writing(session):
        session.get_one(FormVersion, draft.id).md5 = "0" * 32
    assert before != form_list(client, tester)[0]["hash"] == f"md5:{'0' * 32}"


def test_without_a_draft_the_list_is_empty_so_that_the_phone_drops_the_old_one(
    client, session, tester, draft
):
    with writing(session):
        publish.discard(session, actor=COMMAND, version=session.get_one(FormVersion, draft.id))
    assert client.get(f"{tester.path}/formList").status_code == 200
    assert form_list(client, tester) == []


def test_the_files_of_the_draft_come_with_it(client, tester):
    files = media(client, tester)
    assert set(files) == {"map.png", "mission.csv", "cases.csv"}
    assert client.get(files["map.png"]).data == b"\x89PNG"
    assert b"MDCHI" in client.get(files["mission.csv"]).data


def test_its_cases_are_fiction_and_say_so(client, session, field, tester):
    with writing(session):
        real = CaseEntity(
            case_id=uuid.uuid4(), mission_id=field.mission_id, owner_id=None, version=1,
            label="MDCHI-26-ab12cd34", sex="female", is_minor="0", status="active",
        )  # fmt: skip
        session.add(real)
    files = media(client, tester)
    rows = client.get(files["cases.csv"]).text.splitlines()
    assert len(rows) == 5
    assert all("fiction" in row for row in rows[1:])
    assert "MDCHI" not in client.get(files["cases.csv"]).text
    ids = [row.split(",")[0] for row in rows[1:]]
    assert {uuid.UUID(one).version for one in ids} == {4}
    answer = client.get(f"{tester.path}/cases/integrity?id={','.join([*ids, str(real.case_id)])}")
    assert "true" not in answer.text


# --- what it sends ---------------------------------------------------------------------------------------------


def test_what_it_sends_is_a_trial_and_no_submission(client, session, tester, draft, keyring, blobs):
    xml = submission("uuid:1", version="2", name="Secretname")
    answer = post(client, tester, xml, **{"face.jpg": b"\xff\xd8" + b"f" * 70_000})
    assert answer.status_code == 201
    assert count(session, Submission) == count(session, SubmissionFile) == 0
    trial = session.scalars(select(Trial)).one()
    assert (trial.form_id, trial.device_id, trial.form_version) == (draft.form_id, tester.device_id, "2")
    assert b"Secretname" not in trial.xml
    assert keyring.open(trial.xml, f"trial:{trial.form_id}:uuid:1") == xml
    file = session.scalars(select(TrialFile)).one()
    assert b"face" not in file.name
    assert keyring.open(file.name, f"file-name:{trial.id}") == b"face.jpg"
    content = b"".join(keyring.open_file(blobs.open(file.blob), f"file:{file.blob}"))
    assert content == b"\xff\xd8" + b"f" * 70_000
    entries = session.scalars(select(LedgerEntry)).all()
    assert [(entry.action, entry.actor) for entry in entries] == [
        ("trial.receive", f"device:{tester.device_id}")
    ]


def test_a_trial_with_the_number_of_a_real_interview_touches_nothing_of_it(
    client, session, field, tester, keyring, blobs
):
    """Somebody copies an interview from a phone to a test device: same id, same file."""
    xml = submission("uuid:1")
    post(client, field, xml, **{"face.jpg": b"real"})
    post(client, tester, xml, **{"face.jpg": b"real"})
    real, trial = session.scalars(select(SubmissionFile)).one(), session.scalars(select(TrialFile)).one()
    assert real.blob != trial.blob
    throw_away(session)
    disposal.sweep(session.get_bind(), blobs)
    assert b"".join(keyring.open_file(blobs.open(real.blob), f"file:{real.blob}")) == b"real"
    assert count(session, Submission) == 1


def test_the_same_again_changes_nothing_and_says_it_worked(client, session, tester, blobs):
    xml = submission("uuid:1", version="2")
    for _ in range(3):
        assert post(client, tester, xml, **{"a.jpg": b"a"}).status_code == 201
    assert count(session, Trial) == count(session, TrialFile) == count(session, LedgerEntry) == 1
    disposal.sweep(session.get_bind(), blobs)
    assert list(blobs.names()) == [session.scalars(select(TrialFile.blob)).one()]


def test_files_come_later_and_in_several_requests(client, session, tester):
    xml = submission("uuid:1", version="2")
    for name in ("a.jpg", "b.jpg", "c.jpg"):
        assert post(client, tester, xml, **{name: name.encode()}).status_code == 201
    assert (count(session, Trial), count(session, TrialFile)) == (1, 3)


def test_other_bytes_under_the_same_number_replace_what_was_there(client, session, tester, keyring, blobs):
    first, second = (submission("uuid:1", version="2", name=name) for name in ("before", "after"))
    post(client, tester, first, **{"a.jpg": b"before", "b.jpg": b"same"})
    trial = session.scalars(select(Trial)).one()
    session.rollback()
    assert post(client, tester, second, **{"a.jpg": b"after", "b.jpg": b"same"}).status_code == 201
    again = session.scalars(select(Trial)).one()
    assert again.id == trial.id
    assert keyring.open(again.xml, f"trial:{again.form_id}:uuid:1") == second
    disposal.sweep(session.get_bind(), blobs)
    contents = {
        keyring.open(file.name, f"file-name:{again.id}").decode(): b"".join(
            keyring.open_file(blobs.open(file.blob), f"file:{file.blob}")
        )
        for file in session.scalars(select(TrialFile))
    }
    assert contents == {"a.jpg": b"after", "b.jpg": b"same"}
    assert set(blobs.names()) == set(session.scalars(select(TrialFile.blob)))
    assert count(session, Conflict) == 0


def test_a_file_twice_in_one_request_is_the_last_one(client, session, tester, keyring, blobs):
    sent = parts(submission("uuid:1", version="2"), **{"a.jpg": b"1"})
    again = parts(b"", **{"a.jpg": b"2"})
    sent["a.jpg"] = [sent["a.jpg"], again["a.jpg"]]
    assert client.post(f"{tester.path}/submission", data=sent).status_code == 201
    disposal.sweep(session.get_bind(), blobs)
    (file,) = session.scalars(select(TrialFile))
    assert b"".join(keyring.open_file(blobs.open(file.blob), f"file:{file.blob}")) == b"2"
    assert list(blobs.names()) == [file.blob]


def test_an_interview_held_with_an_earlier_draft_is_taken_too(client, session, tester):
    assert post(client, tester, submission(version="1.9")).status_code == 201
    assert session.scalars(select(Trial.form_version)).one() == "1.9"


def test_a_trial_of_another_form_is_refused(client, session, tester, blobs):
    answer = post(client, tester, submission(form_id="other"), **{"a.jpg": b"a"})
    assert answer.status_code == 404
    assert "does not belong" in said(answer)
    assert count(session, Trial) == 0
    assert list(blobs.names()) == []


def test_without_a_draft_a_trial_is_refused_with_what_to_do(client, session, tester, draft, blobs):
    with writing(session):
        publish.discard(session, actor=COMMAND, version=session.get_one(FormVersion, draft.id))
    answer = post(client, tester, submission(version="2"), **{"a.jpg": b"a"})
    assert answer.status_code == 403
    assert "for tests" in said(answer)
    assert "tell your coordinator" in said(answer)
    assert list(blobs.names()) == []


def test_a_body_that_is_no_interview_is_refused_as_everywhere(client, session, tester):
    answer = post(client, tester, b"<!DOCTYPE x><data/>")
    assert answer.status_code == 400
    assert count(session, Trial) == 0


def test_a_test_device_that_is_cut_off_is_refused(client, session, tester):
    with writing(session):
        session.execute(update(Device).where(Device.id == tester.device_id).values(revoked_at=func.now()))
    assert client.get(f"{tester.path}/formList").status_code == 403
    assert post(client, tester, submission(version="2")).status_code == 403


def test_the_same_trial_over_eight_connections_at_once_is_one(app, session, tester, blobs):
    xml = submission("uuid:1", version="2")
    answers = []

    def send():
        answers.append(post(app.test_client(), tester, xml, **{"a.jpg": b"a"}).status_code)

    threads = [threading.Thread(target=send) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [201] * 8
    assert count(session, Trial) == count(session, TrialFile) == 1
    disposal.sweep(session.get_bind(), blobs)
    assert list(blobs.names()) == [session.scalars(select(TrialFile.blob)).one()]


# --- thrown away -----------------------------------------------------------------------------------------------


def throw_away(session):
    with writing(session):
        return trials.throw_away(
            session, actor="command line", form_id=session.scalars(select(Trial.form_id)).first()
        )


@pytest.fixture
def tried(client, tester):
    """Two trials with a file each."""
    for number in range(2):
        post(client, tester, submission(f"uuid:{number}", version="2"), **{"a.jpg": bytes([number])})


def gone(session, blobs):
    disposal.sweep(session.get_bind(), blobs)
    assert list(blobs.names()) == []
    for model in (Trial, TrialFile, UnwantedBlob):
        assert count(session, model) == 0


def test_trials_that_are_thrown_away_leave_neither_rows_nor_files(session, tried, blobs):
    assert len(list(blobs.names())) == 2
    assert throw_away(session) == 2
    gone(session, blobs)
    entry = session.scalars(select(LedgerEntry).where(LedgerEntry.action == "trial.throw_away")).one()
    assert entry.detail == {"trials": 2}


def test_publishing_the_draft_throws_its_trials_away(session, tried, draft, blobs):
    with writing(session):
        publish.publish(session, actor=COMMAND, version=session.get_one(FormVersion, draft.id))
    gone(session, blobs)


def test_discarding_the_draft_throws_its_trials_away(session, tried, draft, blobs):
    with writing(session):
        publish.discard(session, actor=COMMAND, version=session.get_one(FormVersion, draft.id))
    gone(session, blobs)
    assert count(session, Device) == 2


def test_a_form_that_is_thrown_away_takes_its_test_devices_along(client, session, field, keyring, blobs):
    token = uuid.uuid4().hex
    with writing(session):
        form = Form(xml_form_id="fresh", mission_id=field.mission_id)
        session.add(form)
        session.flush()
        version = add_version(session, form, "1")
        version.published = version.published_at = None
        add_device(session, field.mission_id, keyring, token, test_form_id=form.id)
    phone = Field(field.mission_id, 0, token)
    assert post(client, phone, submission(form_id="fresh")).status_code == 201
    with writing(session):
        publish.discard(session, actor=COMMAND, version=session.get_one(FormVersion, version.id))
    gone(session, blobs)
    assert client.get(f"{phone.path}/formList").status_code == 403


def test_a_test_device_gets_the_next_draft_by_itself(client, session, tester, tried, draft):
    with writing(session):
        publish.publish(session, actor=COMMAND, version=session.get_one(FormVersion, draft.id))
    assert form_list(client, tester) == []
    with writing(session):
        form = session.get_one(Form, draft.form_id)
        version = add_version(session, form, "3")
        version.published = version.published_at = None
    assert [form["version"] for form in form_list(client, tester)] == ["3"]
