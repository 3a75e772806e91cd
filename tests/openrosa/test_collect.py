"""The whole way with a stand-in for ODK Collect that refuses what Collect refuses: list, download, fill, send, edit."""

import hashlib
import uuid
from pathlib import Path

import pytest
from sqlalchemy import select

import xlsforms
from app.db import writing
from app.models import (
    CaseEntity,
    Conflict,
    Device,
    FormVersion,
    Interviewer,
    Submission,
    SubmissionFile,
    now,
)
from app.services import entities
from tests.clients.collect.collect_client import ClientError, CollectClient
from tests.clients.fixtures import phone  # noqa: F401 -- a fixture
from tests.field import add_form
from tests.openrosa.answers import SUCCESS
from tests.openrosa.sending import count
from xlsforms.compile import compile_form

FORMS = Path(xlsforms.__file__).parent / "forms"


@pytest.fixture(scope="session")
def xforms():
    """The two authored workbooks as phones get them."""
    return {
        f"ct_{name}": compile_form((FORMS / f"{name}.xlsx").read_bytes(), f"{name}.xlsx").xform
        for name in ("screening", "assistance")
    }


@pytest.fixture
def case(field, session, xforms):
    """Both forms on the phone, and one case of its interviewer."""
    with writing(session):
        for form_id, xform in xforms.items():
            row = add_form(session, field.mission_id, form_id=form_id, wants=["cases.csv", "mission.csv"])
            row.xform, row.md5 = xform, hashlib.md5(xform).hexdigest()
            row.version = xform.decode().partition(f'id="{form_id}" version="')[2].partition('"')[0]
            assert row.version
        owner = Interviewer(mission_id=field.mission_id, code="ABC12", display_name="I")
        session.add(owner)
        session.flush()
        session.get_one(Device, field.device_id).interviewer_id = owner.id
        case = CaseEntity(
            case_id=uuid.uuid4(), mission_id=field.mission_id, owner_id=owner.id, version=1,
            label="MDCHI-26-ab12cd34", sex="female", is_minor="0", status="active",
        )  # fmt: skip
        session.add(case)
    return case


@pytest.fixture
def collect(receiver, field, case, tmp_path, phone):  # noqa: F811 -- a fixture
    client = CollectClient(receiver.base + field.path, state=tmp_path / "device", phone=phone)
    yield client
    client.session.close()


def test_an_interviewers_day(collect, session, field, case, keyring):
    forms = {form.form_id for form in collect.sync()}
    assert forms == {"visit", "ct_screening", "ct_assistance"}
    on_phone = collect.state / "entities" / "cases.csv"
    assert str(case.case_id) in on_phone.read_text()

    collect.fill("ct_screening", seed=1)
    collect.fill("ct_assistance", {"case_on_phone": "yes", "case_uid": str(case.case_id)}, seed=2)
    visit = collect.fill("visit", {"name": "Мария"}, seed=3).name
    assert collect.send() == [SUCCESS] * 3
    assert count(session, Submission) == 3

    collect.fill("visit", {"name": "Марія"}, edit=visit)
    assert collect.send() == [SUCCESS]
    session.rollback()
    rows = session.scalars(
        select(Submission).where(Submission.xml_form_id == "visit").order_by(Submission.id)
    ).all()
    assert rows[1].deprecated_id == rows[0].instance_id
    assert "Марія".encode() in keyring.open(rows[1].xml, f"submission:{rows[1].id}")
    assert count(session, Conflict) == 0
    heads = [status for method, _, status in collect.log if method == "HEAD"]
    assert set(heads) == {204}

    # An answer that was lost: the phone has it still, and sends it again.
    (collect.state / "sent" / visit).rename(collect.state / "instances" / visit)
    assert collect.send() == [SUCCESS]
    assert count(session, Submission) == 4

    with writing(session):  # the case is closed
        for statement, rows in entities.changes(session.connection(), {case.case_id: None}):
            if rows:
                session.execute(statement, rows)
    collect.sync()
    assert str(case.case_id) not in on_phone.read_text()


def test_files_come_in_several_requests(collect, session):
    collect.sync()
    folder = collect.fill("visit", {"name": "x"})
    for number in range(105):  # Collect sends a hundred in one request
        (folder / f"photo {number}.jpg").write_bytes(b"\xff\xd8" + bytes([number]))
    assert collect.send() == [SUCCESS]
    posts = [status for method, _, status in collect.log if method == "POST"]
    assert posts == [201, 201]
    assert count(session, Submission) == 1
    assert count(session, SubmissionFile) == 105


def test_a_new_version_reaches_the_phone_and_the_old_one_is_still_taken(collect, session, field):
    collect.sync()
    collect.fill("visit", {"name": "old"})
    with writing(session):
        old = session.scalars(select(FormVersion).where(FormVersion.version == "1")).one()
        new = old.xform.replace(b'version="1"', b'version="2"')
        session.add(
            FormVersion(
                form_id=old.form_id, version="2", title="Visit", published=True, sha256="", xform=new, schema={},
                md5=hashlib.md5(new).hexdigest(), findings=[], published_at=now(),
            )
        )  # fmt: skip
    assert {form.version for form in collect.sync() if form.form_id == "visit"} == {"2"}
    collect.fill("visit", {"name": "new"})
    assert collect.send() == [SUCCESS] * 2
    assert sorted(session.scalars(select(Submission.form_version))) == ["1", "2"]


def test_a_revoked_phone_is_told_why(collect, session, field):
    collect.sync()
    collect.fill("visit", {"name": "x"})
    with writing(session):
        session.get_one(Device, field.device_id).revoked_at = now()
    with pytest.raises(ClientError, match="not accept this phone"):
        collect.send()
    with pytest.raises(ClientError, match="403"):
        collect.sync()
