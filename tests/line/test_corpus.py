"""Forms from the field on a running server: uploaded, published, filled by JavaRosa, sent, and downloaded as JavaRosa reports.

The forms lie beside the checkout (SAIF_FORMS_CORPUS, else ../shared/forms-corpus); without them these tests are skipped.
"""

from pathlib import Path

import pytest

from tests.clients.collect.collect_client import ClientError, CollectClient
from tests.corpus.conftest import CORPUS, measured
from tests.line import compare, feeds, formats
from tests.line.said import Said, unlike
from xlsforms.compile import compile_form

ROWS = measured()
FILES = [row["file"] for row in ROWS if not row["file"].startswith("htcds--")]  # test_htcds has that one
REFUSED = [row["file"] for row in ROWS if row["pyxform"] == "fail" or row["fillform_exit"] == "4"]
FILLED = [file for file in FILES if file not in REFUSED]
HOUSEHOLD = [f"{sex}_{age}" for sex in ("male", "female") for age in ("child", "adol", "adults", "elders")]
HOUSEHOLD += ["new_born_male", "new_born_female"]
FED = [row["file"] for row in ROWS if row["file"] in FILLED and int(row["repeats"]) < 20]
"""Whose feeds are read: all but one of 69 tables, each of which takes requests of its own."""
GIVEN = {"koboloader--XLSform_template.xlsx": dict.fromkeys(HOUSEHOLD, 1) | {"total_members": len(HOUSEHOLD)}}
"""Answers that chance does not find: members of a household, and their sum."""
MEDIA = {"collect--create-or-update-entities-from-repeats.xml": {"people.csv": b"name,label,__version\n"}}
"""Files of forms that the corpus does not have."""

pytestmark = [
    pytest.mark.java,
    pytest.mark.skipif(
        not ROWS, reason="needs the forms corpus (SAIF_FORMS_CORPUS, else ../shared/forms-corpus)"
    ),
]


def upload(office, file):
    content = (CORPUS / file).read_bytes()
    return office.upload(content, Path(file).suffix[1:], form_id=Path(file).stem.partition("--")[2])


@pytest.fixture(scope="module")
def forms(sqlite_office):
    """file → form id, all of them published."""
    found = {}
    for file in FILLED:
        answer = upload(sqlite_office, file)
        assert answer.status_code == 200, f"{file}: {answer.text}"
        found[file] = answer.json()["xmlFormId"]
        beside = {one.name: one.read_bytes() for one in (CORPUS / "media" / Path(file).stem).glob("*")}
        for name, media in (beside | MEDIA.get(file, {})).items():
            sqlite_office.attach(found[file], name, media)
        sqlite_office.publish(found[file])
    assert len(set(found.values())) == len(found), "two forms have one id"
    return found


@pytest.fixture(scope="module")
def client(sqlite_office, forms, java, tmp_path_factory):
    phone = CollectClient(sqlite_office.device("Corpus"), state=tmp_path_factory.mktemp("corpus"), phone=java)
    phone.sync()
    yield phone
    phone.session.close()


def fill_twice(client, java, form_id, given=None):
    """Two submissions, filled by chance and waiting on the phone, and what they said."""
    said = []
    for seed in range(1, 60):
        try:
            client.fill(form_id, given, seed=seed, options=("--repeats", str(1 + len(said) * 2)))
        except ClientError as refusal:
            if refusal.status != 5:
                raise
            continue
        said.append(Said(form_id, java.report["instanceID"], java.report))
        if len(said) == 2:
            break
    assert len(said) == 2
    return said


@pytest.mark.parametrize("file", FILLED)
def test_what_is_filled_comes_back_equal(file, forms, client, java, sqlite_office):
    form_id = forms[file]
    said = fill_twice(client, java, form_id, GIVEN.get(file))
    for elsewhere in (client.state / "work").glob("*.url"):
        elsewhere.unlink()  # some forms name a server of their own, and Collect would send there
    client.send()
    sqlite_office.wait([form_id])
    listed = sqlite_office.submissions(form_id)
    if not any(one.key for one in said):  # the form has no instanceID: the server gave each its own
        for one, line in zip(said, reversed(listed), strict=True):
            one.key = line["instanceId"]
    assert {one["instanceId"] for one in listed} == {one.key for one in said}
    assert [unlike(one.report) for one in said] == [[], []]
    if said[0].report["encrypted"]:  # by the phone, for a key that no server of ours has
        assert all("encrypted" in [finding["code"] for finding in one["findings"]] for one in listed)
        for one in said:
            one.values = {
                path: text for path, text in one.values.items() if path.endswith("/meta/instanceID")
            }
    else:
        assert {one["state"] for one in listed} == {"normalised"}
    wrong, counted = compare.in_download(said, sqlite_office.download(form_id), form_id)
    assert wrong == []
    assert counted["interviews"] == 2
    assert counted["answers"] >= 2
    assert formats.differences(sqlite_office, form_id) == []
    if file in FED:
        wrong, counted = feeds.differences(sqlite_office, form_id, said)
        assert wrong == []
        assert counted["cells read by pandas"] == counted["cells read by pyODK"] >= 2


def test_submissions_of_two_versions_are_in_one_feed(client, java, sqlite_office):
    """A form with repeats in repeats; its second version asks something more in the innermost."""
    file = "onadata--childrens_survey_unicode.xlsx"
    first = compile_form((CORPUS / file).read_bytes(), file).xform.decode()
    first = first.replace('id="onadata--childrens_survey_unicode" version="2014111"', 'id="two" version="1"')
    second = first.replace('id="two" version="1"', 'id="two" version="2"')
    place = "/data/children.info/cartoons/characters/since.when"
    for before, after in (
        ("<good_or_evil/>", "<good_or_evil/><since.when/>"),
        ('<bind nodeset="/data/tel/tel.office"', f'<bind nodeset="{place}" type="date"/><bind nodeset="/data/tel/tel.office"'),
        (f'<input ref="{place.replace("since.when", "name")}">', f'<input ref="{place}"><label>3.4</label></input><input ref="{place.replace("since.when", "name")}">'),
    ):  # fmt: skip
        assert before in second
        second = second.replace(before, after)
    said = []
    for xform in (first, second):
        answer = sqlite_office.upload(xform.encode(), "xml", form_id="two")
        assert answer.status_code == 200, answer.text
        sqlite_office.publish("two")
        client.sync()
        said += fill_twice(client, java, "two")
    client.send()
    sqlite_office.wait(["two"])
    asked = [[path for path in one.values if "since.when" in path] for one in said]
    assert not any(asked[:2])
    assert all(asked[2:])
    assert compare.in_download(said, sqlite_office.download("two"), "two")[0] == []
    wrong, counted = feeds.differences(sqlite_office, "two", said)
    assert wrong == []
    assert counted["cells read by pandas"] == counted["cells read by pyODK"] > 40
    listed = {one["instanceId"]: one["state"] for one in sqlite_office.submissions("two")}
    assert listed == {one.key: "normalised" for one in said}


@pytest.mark.parametrize("file", REFUSED)
def test_a_form_that_does_not_compile_or_stops_on_the_phone_is_refused_with_a_finding_that_points_at_the_fault(
    file, sqlite_office
):
    answer = upload(sqlite_office, file)
    assert answer.status_code == 400
    assert "application/" in answer.headers["Content-Type"]
    findings = [one for one in answer.json()["details"]["findings"] if one["severity"] == "error"]
    assert findings
    assert all(one["message"] and one["mend"] for one in findings)
    assert any(one["sheet"] and one["row"] for one in findings)
