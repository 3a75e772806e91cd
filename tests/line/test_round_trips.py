"""A screening, and assistance for the case it made, on the same phone without a network; both edited. Whatever comes
first, and with however many pictures: the case is the same, and every picture is there."""

import tempfile
from pathlib import Path

import pytest

from app import policy
from app.services import publish, submissions
from tests.clients.collect.collect_client import MAX_ATTACHMENTS
from tests.clients.fixtures import phone  # noqa: F401  (a fixture)
from tests.line import weeks
from tests.line.weeks import Finished
from tests.services import interviews
from tests.services.conftest import checked  # noqa: F401  (a fixture)

pytestmark = pytest.mark.java

SCREENING = """
| survey   |              |                |              |              |                       |         |
|          | type         | name           | label        | calculation  | bind::case:field      | save_to |
|          | start        | start          |              |              |                       |         |
|          | end          | end            |              |              |                       |         |
|          | csv-external | cases          |              |              |                       |         |
|          | calculate    | case_uid       |              | once(uuid()) | case_file.case_id     |         |
|          | text         | case_ref       | Reference    |              | case_file.case_ref    |         |
|          | date         | interview_date | Held on      |              | interview.held_on     |         |
|          | text         | family_name    | Family name  |              | person.family_name    |         |
|          | begin_repeat | picture        | Picture      |              |                       |         |
|          | image        | photo          | Photo        |              |                       |         |
|          | end_repeat   |                |              |              |                       |         |
| entities |              |                |              |              |                       |         |
|          | list_name    | entity_id      | create_if    | update_if    | label                 |         |
|          | cases        | ${case_uid}    | true()       | false()      | ${case_ref}           |         |
| settings |              |                |              |              |                       |         |
|          | form_id      | version        | namespaces   |              | client_editable       |         |
|          | trip_in      | 1              | case="https://saif.iom.int/case" | | true              |         |
"""
ASSISTANCE = """
| survey   |              |                |              |                       |
|          | type         | name           | label        | bind::case:field      |
|          | start        | start          |              |                       |
|          | end          | end            |              |                       |
|          | select_one_from_file cases.csv | case_uid | Case | case_file.case_id  |
|          | date         | interview_date | Held on      | interview.held_on     |
|          | text         | narrative      | What was said | interview.narrative  |
|          | begin_repeat | service        | Service      | service               |
|          | text         | sv_provider    | By whom      | organisation_by_name: service.organisation_id |
|          | image        | photo          | Photo        |                       |
|          | end_repeat   |                |              |                       |
| settings |              |                |              |                       |
|          | form_id      | version        | namespaces   | client_editable       |
|          | trip_on      | 1              | case="https://saif.iom.int/case" | true |
"""
REPEATS = {"trip_in": "/data/picture", "trip_on": "/data/service"}


@pytest.fixture(scope="module")
def forms():
    """A form that begins a case, and one that goes on with it."""
    found = {
        name: publish.check(text.encode(), f"{name}.md")
        for name, text in (("trip_in", SCREENING), ("trip_on", ASSISTANCE))
    }
    assert all(one.ok for one in found.values()), [one.findings for one in found.values()]
    return found


@pytest.fixture(scope="module", params=[3, MAX_ATTACHMENTS + 1])
def trip(request, phone, forms):  # noqa: F811 -- the fixture
    """A screening, assistance, and an edit of each, with so many pictures, as the phone sends them."""
    pictures = request.param
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for form_id, one in forms.items():
            (folder / f"{form_id}.xml").write_bytes(one.compiled.xform)
        (folder / "cases.csv").write_text("name,label,__version\n")

        def fill(form_id, answers, before=None):
            if before is not None:
                (folder / "edited.xml").write_bytes(before.interview.xml)
            found = interviews.fill(
                phone, folder, folder, form_id, answers if before else answers | {REPEATS[form_id]: pictures},
                seed=1, edit=folder / "edited.xml" if before else None,
            )  # fmt: skip
            files = (before.files if before else {}) | found.files
            assert len(files) == pictures
            return Finished(0, 0, 0, found, files, edit=before is not None)

        screening = fill("trip_in", {"case_ref": "MDCHI-26-0000aaaa", "interview_date": "2026-01-01"})
        assistance = fill("trip_on", {"interview_date": "2026-02-01"})
        yield (
            screening,
            assistance,
            fill("trip_in", {"family_name": "Exemplar"}, screening),
            fill("trip_on", {"narrative": "Corrected"}, assistance),
        )


def deliver(server, finished):
    """As Collect does it: a hundred files a request, the XML with each."""
    names = sorted(finished.files)
    parts = [names[at : at + MAX_ATTACHMENTS] for at in range(0, len(names), MAX_ATTACHMENTS)] or [[]]
    for number, part in enumerate(parts, 1):
        server.post(finished, part, more=number < len(parts))


def has_all(server, finished):
    """Whether a version has the very files that the phone finished it with, its own or carried. Of many, every tenth is
    read: to read one is to read the interview."""
    house = server.house
    asked = {"keyring": house.keyring, "actor": policy.COMMAND, "mission_id": house.mission_id,
             "instance_id": finished.interview.instance_id}  # fmt: skip
    with house.session() as session:
        files = submissions.read_submission(session, **asked).files
        assert all(one.present for one in files)
        assert {one.name: one.size for one in files} == {
            name: len(one) for name, one in finished.files.items()
        }
        read = sorted(finished.files)[:: 10 if len(files) > 10 else 1]
        return all(
            b"".join(submissions.read_file(session, blobs=house.blobs, name=name, **asked).chunks)
            == finished.files[name]
            for name in read
        )


ORDERS = ((1, 0, 2, 3), (3, 2, 1, 0))
"""Assistance before its screening; both edits before what they edit."""


def test_in_whatever_order_they_come_the_case_is_the_same_and_every_picture_is_there(trip, forms, new_server):
    server = new_server(forms, phones=1)
    for one in trip:
        deliver(server, one)
        server.work()
    (case_id,) = server.house.cases()
    rows = server.house.rows(case_id)
    assert {row["family_name"] for (table, _), row in rows.items() if table == "person"} == {"Exemplar"}
    assert sum(table == "service" for table, _ in rows) == len(trip[1].files)
    assert all(has_all(server, one) for one in trip)
    expected = server.held()
    assert server.faults() == []
    for order in ORDERS:
        server = new_server(forms, phones=1)
        for number in order:
            deliver(server, trip[number])
            server.work()
        wrong, counted = weeks.compared(expected, server.held())
        assert wrong == []
        assert server.faults() == []
        assert counted["submissions"] == 4
        assert counted["files"] == 2 * (len(trip[0].files) + len(trip[1].files))


def test_edits_from_the_office_come_without_files_and_have_them_all_the_same(trip, forms, new_server):
    server = new_server(forms, phones=1)
    screening, assistance, *edits = trip
    for edit in edits:
        server.post(edit, [], more=False)
    server.work()
    for original in (assistance, screening):
        deliver(server, original)
    server.work()
    assert all(has_all(server, one) for one in edits)
