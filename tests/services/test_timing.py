"""How an interview went, by the phone's log; and that nobody reads where the phone was who may not."""

import io
import uuid
import zipfile
from importlib.resources import files

import pytest

from app import policy
from app.db import writing
from app.models import Mission
from app.policy import COMMAND
from app.services import missions, publish, submissions, timing
from app.services.reveal import Reveal
from app.services.wanted import Wanted
from tests.databases import on_sqlite
from tests.services.conftest import edited
from tests.services.made import screening

AT = 1_780_000_000_000
PLACE = "47.0105,28.8638,12.5"
LOG = f"""event,node,start,end,latitude,longitude,accuracy,old-value,new-value,user,change-reason
form start,,{AT},,{PLACE},,,me,
question,/data/person/family_name,{AT},{AT + 60_000},{PLACE},,Exampla,me,
question,/data/person/sex,{AT + 60_000},{AT + 65_000},{PLACE},,,me,
question,/data/person/family_name,{AT + 65_000},{AT + 75_000},{PLACE},Exampla,Exemplar,me,misheard
question,/data/nowhere/x,{AT + 75_000},{AT + 76_000},{PLACE},,,me,
form finalize,,{AT + 80_000},,{PLACE},,,me,
""".encode()
ASKING = """
| survey   |         |       |       |                                                                                      |
|          | type    | name  | label | parameters |
|          | audit   | audit |       | location-priority=balanced location-min-interval=60 location-max-age=120 track-changes=true |
|          | text    | a     | A     | |
| settings |         |       |       |
|          | form_id | version |     |
|          | fruit   | 1     |       |
"""


def sent(house, log=LOG, instance_id="uuid:first", **answers):
    """A screening with a log, named in its meta block as phones do it."""
    xml = screening(case_uid=str(uuid.uuid4()), instance_id=instance_id, **answers)
    xml = xml.replace(b"<meta>", b"<meta><audit>audit.csv</audit>")
    house.receive(xml, files={"audit.csv": log} if log is not None else {})
    house.work()
    return xml


def read(house, instance_id="uuid:first", **more):
    with house.session() as session:
        return timing.read_timing(
            session, keyring=house.keyring, blobs=house.blobs, actor=policy.COMMAND, mission_id=house.mission_id,
            instance_id=instance_id, **more,
        )  # fmt: skip


def file(house, instance_id="uuid:first", form="ct_screening"):
    with house.session() as session:
        found = submissions.read_file(
            session, keyring=house.keyring, blobs=house.blobs, actor=policy.COMMAND, mission_id=house.mission_id,
            instance_id=instance_id, name="audit.csv", xml_form_id=form,
        )  # fmt: skip
        content = b"".join(found.chunks)
        assert found.size == len(content)
        return content


def archived(house, form):
    found = house.download(Wanted("csv", form))
    with zipfile.ZipFile(io.BytesIO(b"".join(found.chunks))) as archive:
        return archive.read("media/audit.csv")


def allow(house, places=True):
    with house.session() as session, writing(session):
        missions.update(
            session, actor=COMMAND, mission=session.get_one(Mission, house.mission_id), log_places=places
        )


@on_sqlite
def test_sections_and_questions_are_named_as_the_form_names_them(house):
    sent(house)
    found = read(house, language="Français (fr)")
    assert [(one.path, one.active) for one in found.sections] == [("/data/person", 75_000), ("", 1000)]
    assert found.sections[0].label.endswith("Données personnelles")
    assert [(one.path, one.times) for one in found.returns] == [("/data/person/family_name", 1)]
    assert [(one.label, one.times, one.edits) for one in found.edited] == [("Nom", 1, ())]
    assert found.timeline.finalised


@on_sqlite
def test_what_an_answer_was_before_is_told_only_when_revealed(house):
    sent(house)
    assert "Exemplar" not in repr(read(house).edited)
    (edited_,) = read(house, reveal=Reveal("how the name was changed")).edited
    assert [(one.old, one.new, one.reason) for one in edited_.edits] == [("Exampla", "Exemplar", "misheard")]


@on_sqlite
def test_where_consent_was_refused_it_is_not_told_even_then(house):
    sent(house, consent="no")
    (edited_,) = read(house, reveal=Reveal("how the name was changed")).edited
    assert edited_.edits == ()


@on_sqlite
def test_without_a_log_it_says_whether_one_is_expected(house):
    sent(house, log=None)
    found = read(house)
    assert (found.timeline, found.expected) == (None, True)


@on_sqlite
def test_a_damaged_log_is_told_with_findings(house):
    sent(house, log=b"nothing of the kind")
    assert [one.code for one in read(house).timeline.findings] == ["audit_unreadable"]


def test_an_edit_that_came_without_a_log_has_that_of_the_version_before(house):
    house.receive(edited(sent(house), "uuid:second"))
    house.work()
    assert read(house, "uuid:second").timeline.active == 76_000


@on_sqlite
def test_a_real_log_is_read_whole(house):
    folder = files("app").joinpath("demo", "instances", "07-assistance")
    sent(house, log=folder.joinpath("audit.csv").read_bytes())
    found = read(house).timeline
    assert (len(found.sessions), found.finalised, found.findings) == (1, True, ())
    assert found.active == 900 * (found.counts["question"])


# --- where the phone was -----------------------------------------------------------------------------------------


@on_sqlite
def test_a_log_is_handed_out_without_places_if_its_form_does_not_ask_for_them(house):
    allow(house)
    sent(house)
    for content in (file(house), archived(house, "ct_screening")):
        assert b"47.01" not in content
        assert b"latitude" not in content
        assert b"Exemplar" in content


@on_sqlite
@pytest.mark.parametrize("allowed", [False, True])
def test_a_form_that_asks_for_places_gets_them_only_where_the_mission_allows_it(house, allowed):
    house.publish(publish.check(ASKING.encode(), "fruit.md"))
    xml = b'<data id="fruit" version="1"><a>x</a><meta><audit>audit.csv</audit><instanceID>uuid:1</instanceID></meta></data>'
    house.receive(xml, files={"audit.csv": LOG})
    house.work()
    if allowed:
        allow(house)
    for content in (file(house, "uuid:1", "fruit"), archived(house, "fruit")):
        assert (content == LOG) == allowed
        assert (b"47.01" in content) == allowed
    allow(house, places=False)
    assert b"47.01" not in file(house, "uuid:1", "fruit")


@on_sqlite
def test_a_log_whose_form_version_is_unknown_tells_no_place(house):
    allow(house)
    xml = screening(instance_id="uuid:first").replace(b'version="2', b'version="9', 1)
    house.receive(xml, files={"audit.csv": LOG})
    house.work()
    assert b"47.01" not in file(house)
