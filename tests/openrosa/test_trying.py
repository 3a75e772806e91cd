"""A test phone from its code to what came of it, with a stand-in for ODK Collect and the two interview forms."""

import hashlib
import json

import pytest
from sqlalchemy import func, select

from app.db import writing
from app.models import Form, FormVersion, Mission, Submission, Trial, TrialFile
from app.policy import COMMAND
from app.services import devices, publish, trial_devices
from tests.clients.collect.collect_client import ClientError, CollectClient
from tests.clients.fixtures import phone  # noqa: F401 -- a fixture
from tests.field import add_version
from tests.openrosa.answers import SUCCESS
from tests.openrosa.test_collect import xforms  # noqa: F401 -- a fixture


@pytest.fixture
def draft(session, field, xforms):  # noqa: F811 -- a fixture
    """The assistance interview as a draft that was never published."""
    with writing(session):
        form = Form(xml_form_id="ct_assistance", mission_id=field.mission_id)
        session.add(form)
        session.flush()
        xform = xforms["ct_assistance"]
        version = add_version(session, form, "0")
        version.published = version.published_at = None
        version.wants = ["cases.csv", "mission.csv"]
        version.xform, version.md5 = xform, hashlib.md5(xform).hexdigest()
        version.version = xform.decode().partition('id="ct_assistance" version="')[2].partition('"')[0]
        return version


@pytest.fixture
def tester(receiver, session, field, draft, keyring, tmp_path, phone):  # noqa: F811 -- a fixture
    """A test phone, set up by the settings of its code."""
    with writing(session):
        form, mission = session.get_one(Form, draft.form_id), session.get_one(Mission, field.mission_id)
        _, token = trial_devices.create(
            session, actor=COMMAND, mission_id=mission.id, form=form, display_name="Test", keyring=keyring
        )
        url = devices.server_url(receiver.base, mission.id, token)
        settings = trial_devices.collect_settings(url, mission, "Assistance")
    client = CollectClient(settings["general"]["server_url"], state=tmp_path / "test-phone", phone=phone)
    yield client
    client.session.close()


def count(session, model):
    session.rollback()
    return session.scalar(select(func.count()).select_from(model))


def test_a_draft_is_tried_on_a_made_up_case_and_published(tester, session, draft):
    assert [form.form_id for form in tester.sync()] == ["ct_assistance"]
    cases = (tester.state / "entities" / "cases.csv").read_text().splitlines()[1:]
    assert cases
    assert all("fiction" in case for case in cases)
    held = tester.fill("ct_assistance", {"case_on_phone": "yes", "case_uid": cases[0].split(",")[0]}, seed=2)
    (held / "photo.jpg").write_bytes(b"\xff\xd8")
    late = tester.fill("ct_assistance", {"case_on_phone": "yes", "case_uid": cases[1].split(",")[0]}, seed=3)
    kept = late.rename(tester.state / "work" / late.name)
    assert tester.send() == [SUCCESS]
    assert (count(session, Trial), count(session, Submission)) == (1, 0)
    assert 2 in session.scalars(select(TrialFile.size)).all()

    with writing(session):
        publish.publish(session, actor=COMMAND, version=session.get_one(FormVersion, draft.id))
    assert (count(session, Trial), count(session, TrialFile)) == (0, 0)
    assert tester.sync() == []
    assert json.loads((tester.state / "forms.json").read_text()) == {}
    kept.rename(late)
    with pytest.raises(ClientError, match=r"This phone is for tests.*Delete this test interview"):
        tester.send()
    assert (count(session, Trial), count(session, Submission)) == (0, 0)


def test_an_interview_that_is_edited_on_the_test_phone_is_two_trials(tester, session):
    tester.sync()
    first = tester.fill("ct_assistance", seed=4).name
    assert tester.send() == [SUCCESS]
    tester.fill("ct_assistance", edit=first)
    assert tester.send() == [SUCCESS]
    assert count(session, Trial) == 2
