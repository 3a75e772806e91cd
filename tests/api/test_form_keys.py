"""Keys of forms over REST."""

import re
import uuid

import pytest

from app.services import demo, normalise
from tests.clients.encrypting import encrypt


@pytest.fixture
def path(world):
    return f"/projects/{world.mission}/forms/ct_screening/keys"


@pytest.fixture
def phone(client, world):
    """What a phone of the mission gets as ct_screening: the version it is listed with, and its bytes."""

    def get():
        base = f"/v1/key/{world.device_token}/projects/{world.mission}"
        head = {"X-OpenRosa-Version": "1.0"}
        listed = client.get(f"{base}/formList?formID=ct_screening", headers=head).text
        version = listed.partition("<version>")[2].partition("<")[0]
        url = listed.partition("<downloadUrl>")[2].partition("<")[0]
        return version, client.get(url[url.index("/v1") :], headers=head).data

    return get


def test_a_key_is_made_replaced_and_retired(coordinator, phone, path):
    assert coordinator.get(path).json == []
    plain, _ = phone()
    first = coordinator.post(path).json
    assert first["retiredAt"] is None
    version, xform = phone()
    assert version.startswith(f"{plain}[encrypted:")
    assert first["public"].encode() in xform
    second = coordinator.post(path).json
    listed = coordinator.get(path).json
    assert [one["id"] for one in listed] == [second["id"], first["id"]]
    assert listed[1]["retiredAt"] is not None
    assert phone()[0] not in (plain, version)
    assert coordinator("DELETE", path).json == {"success": True}
    assert coordinator("DELETE", path).json == {"success": True}
    assert phone()[0] == plain
    assert all(one["retiredAt"] for one in coordinator.get(path).json)


def test_no_private_half_is_given_out(coordinator, path):
    assert set(coordinator.post(path).json) == {"id", "public", "createdAt", "retiredAt"}


def test_a_form_that_is_not_here_has_no_keys(coordinator, world):
    missing = f"/projects/{world.mission}/forms/nothing/keys"
    assert coordinator.get(missing).status_code == 404
    assert coordinator.post(missing).status_code == 404


def test_an_encrypted_interview_comes_by_script_and_is_had_as_it_was_written_and_as_it_was_sent(
    coordinator, phone, path, engine, keyring, blobs
):
    coordinator.post(path)
    version, xform = phone()
    written = re.sub(
        rb'version="[^"]*"', f'version="{version}"'.encode(), demo.instances()[0].read_bytes(), count=1
    )
    named = f"uuid:{uuid.uuid4()}"
    written = re.sub(rb"uuid:[0-9a-f-]{36}(?=</instanceID>|</orx:instanceID>)", named.encode(), written)
    parcel = encrypt(xform, written)
    submissions = f"{path.removesuffix('/keys')}/submissions"
    made = coordinator.post(submissions, data=parcel.manifest, content_type="application/xml")
    assert made.json["instanceId"] == named
    normalise.run_until_empty(engine, keyring=keyring, blobs=blobs)
    one = coordinator.get(f"{submissions}/{named}").json
    assert one["state"] == "waiting"
    assert [finding["code"] for finding in one["findings"]] == ["encrypted_files_missing"]
    file = f"{submissions}/{named}/attachments/submission.xml.enc"
    added = coordinator.post(
        file, data=parcel.files["submission.xml.enc"], content_type="application/octet-stream"
    )
    assert added.status_code == 200
    normalise.run_until_empty(engine, keyring=keyring, blobs=blobs)
    one = coordinator.get(f"{submissions}/{named}").json
    assert one["state"] == "normalised"
    assert one["formVersion"] == version.partition("[")[0]
    reason = "reason=a+check+of+mine"
    assert coordinator.get(f"{submissions}/{named}.xml?{reason}").data == written
    assert coordinator.get(f"{submissions}/{named}.xml?{reason}&asSent=true").data == parcel.manifest
