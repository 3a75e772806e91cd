"""OData feeds carry what a download carries, to whom a download is given, and leave the same traces."""

import json
import tracemalloc
import uuid

import pytest
from sqlalchemy import select

from app import policy
from app.models import LedgerEntry
from app.policy import Actor, Held
from app.problems import Problem
from app.services import decide, export_rows
from app.services.feed import Options, Service
from tests.services.conftest import edited, new_uid
from tests.services.made import assistance, screening

URL = "https://saif.example/v1/projects/1/forms/ct_screening.svc"


def opened(house, session, form="ct_screening", *, actor=policy.COMMAND, reason=None, **options):
    return Service(
        session,
        keyring=house.keyring,
        actor=actor,
        mission_id=house.mission_id,
        xml_form_id=form,
        url=URL,
        options=Options(**options),
        reason=reason,
    )


def feed(house, form="ct_screening", table="Submissions", **options):
    with house.session() as session:
        made = opened(house, session, form, **options).table(session, table, next_link="skip {}".format)
    return json.loads(b"".join(made.chunks))


def entries(house):
    with house.session() as session:
        return session.scalars(
            select(LedgerEntry).where(LedgerEntry.action.like("export.%")).order_by(LedgerEntry.id)
        ).all()


def test_nothing_that_stands_behind_a_shut_gate_is_in_a_feed(house):
    house.receive(screening(consent="no", family_name="Secretname"))
    house.receive(screening(family_name="Exampla"))
    house.work()
    for options in ({}, {"expand": True}, {"select": ("person", "__id")}):
        said = json.dumps(feed(house, **options))
        assert "Exampla" in said
        assert "Secretname" not in said


def test_names_and_free_text_are_left_out_if_asked(house):
    house.receive(screening(family_name="Exampla", sex="female"))
    house.work()
    (row,) = feed(house, identifiers=False)["value"]
    assert row["person"]["sex"] == "female"
    assert "family_name" not in row["person"]
    with house.session() as session:
        assert b"family_name" not in opened(house, session, identifiers=False).metadata()
        assert b"family_name" in opened(house, session).metadata()


def test_an_edited_submission_is_one_row_and_a_deleted_one_is_none(house):
    first, second, third = new_uid(), new_uid(), new_uid()
    original = screening(instance_id=first, family_name="Exampla")
    for xml in (original, edited(original, second, family_name="Exemplar"), screening(instance_id=third)):
        house.receive(xml)
    house.work()
    with house.session() as session:
        decide.delete_submission(
            session,
            keyring=house.keyring,
            actor=policy.COMMAND,
            mission_id=house.mission_id,
            instance_id=third,
            reason="entered by mistake",
        )
    (row,) = feed(house)["value"]
    assert (row["__id"], row["meta"]["instanceID"], row["person"]["family_name"]) == (
        first, second, "Exemplar",
    )  # fmt: skip
    assert (row["__system"]["edits"], row["__system"]["reviewState"]) == (1, "edited")


def test_what_nobody_can_read_says_at_least_that_it_is_there(house):
    first = new_uid()
    xml = (
        '<data id="ct_screening" version="1" encrypted="yes" '
        'xmlns="http://www.opendatakit.org/xforms/encrypted"><base64EncryptedKey>QUJD</base64EncryptedKey>'
        f'<meta xmlns="http://openrosa.org/xforms"><instanceID>{first}</instanceID></meta>'
        "<encryptedXmlFile>submission.xml.enc</encryptedXmlFile></data>"
    )
    house.receive(xml.encode())
    house.work()
    (row,) = feed(house)["value"]
    assert row["__id"] == first
    assert row["person"]["family_name"] is None


def test_repeats_are_tables_of_their_own(house):
    first = new_uid()
    house.receive(assistance(case_uid=str(uuid.uuid4()), instance_id=first, services=3))
    house.work()
    with house.session() as session:
        names = [one["name"] for one in opened(house, session, "ct_assistance").document()["value"]]
    (services,) = (one for one in names if one.endswith(".service"))
    page = feed(house, "ct_assistance", services, top=2, count=True)
    assert [one["sv_provider"] for one in page["value"]] == ["Clinic 0", "Clinic 1"]
    assert (page["@odata.count"], page["@odata.nextLink"]) == (3, "skip 2")
    last = feed(house, "ct_assistance", services, top=2, skip=2)
    assert [one["sv_provider"] for one in last["value"]] == ["Clinic 2"]
    assert "@odata.nextLink" not in last


def test_a_feed_is_in_the_ledger_before_it_begins_and_at_its_end(house):
    house.receive(screening())
    house.receive(screening())
    house.work()
    with house.session() as session:
        service = opened(house, session, reason="dashboard")
        made = service.table(session, "Submissions", next_link=str)
    (begun,) = entries(house)
    assert (begun.action, begun.reason, begun.detail["table"]) == ("export.odata", "dashboard", "Submissions")
    content = b"".join(made.chunks)
    _, done = entries(house)
    assert (done.object, done.detail["complete"]) == (begun.object, True)
    assert (done.detail["rows"], done.detail["bytes"]) == ({"Submissions": 2}, len(content))


def test_only_those_who_may_download_are_fed_and_only_with_what_there_is(house):
    administrator = Actor("user", None, (Held("administrator"),))
    with pytest.raises(Problem, match="not_allowed"):
        feed(house, actor=administrator)
    for wrong in ("Submissions.nothing", "Submissions('uuid:none')", "submissions", ""):
        with pytest.raises(Problem, match="not_found"):
            feed(house, table=wrong)
    with pytest.raises(Problem, match="invalid"):
        feed(house, select=("person/nmae",))
    with pytest.raises(Problem, match="not_found"):
        feed(house, "no_such_form")
    assert entries(house) == []


def test_a_feed_is_never_whole_in_memory(house, monkeypatch):
    monkeypatch.setattr(export_rows, "_STREAMED", 10)
    for _ in range(150):
        house.receive(screening(narrative="x" * 100_000))
    with house.session() as session:
        made = opened(house, session, expand=True).table(session, "Submissions", next_link=str)
    tracemalloc.start()
    try:
        size = sum(map(len, made.chunks))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert size > 15_000_000
    assert peak < size / 3
