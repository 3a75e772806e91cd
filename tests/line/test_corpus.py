"""Forms from the field on a running server: uploaded, published, filled by JavaRosa, sent, and downloaded as JavaRosa reports.

The forms lie beside the checkout (SAIF_FORMS_CORPUS, else ../shared/forms-corpus); without them these tests are skipped.
"""

from pathlib import Path

import pytest

from tests.clients.collect.collect_client import ClientError, CollectClient
from tests.corpus.conftest import CORPUS, measured
from tests.line import compare, formats
from tests.line.said import Said, unlike

ROWS = measured()
FILES = [row["file"] for row in ROWS if not row["file"].startswith("htcds--")]  # test_htcds has that one
REFUSED = [row["file"] for row in ROWS if row["pyxform"] == "fail" or row["fillform_exit"] == "4"]
FILLED = [file for file in FILES if file not in REFUSED]
HOUSEHOLD = [f"{sex}_{age}" for sex in ("male", "female") for age in ("child", "adol", "adults", "elders")]
HOUSEHOLD += ["new_born_male", "new_born_female"]
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


@pytest.mark.parametrize("file", FILLED)
def test_what_is_filled_comes_back_equal(file, forms, client, java, sqlite_office):
    form_id, said = forms[file], []
    for seed in range(1, 60):
        try:
            client.fill(form_id, GIVEN.get(file), seed=seed, options=("--repeats", str(1 + len(said) * 2)))
        except ClientError as refusal:
            if refusal.status != 5:
                raise
            continue
        said.append(Said(form_id, java.report["instanceID"], java.report))
        if len(said) == 2:
            break
    assert len(said) == 2
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
