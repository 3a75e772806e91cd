"""An interview that a phone encrypted, edited in the office over HTTP: all that follows is as for one in clear."""

import re
import uuid
from xml.etree import ElementTree as ET

import pytest
from lxml import etree

from app.services import normalise
from tests.clients.encrypting import Encrypted, encrypt
from tests.field import parts
from tests.openrosa.answers import LIST, SUCCESS, path_of, said
from tests.services.conftest import edited
from tests.services.made import screening

FILES = {"signed.png": b"\x89PNG a signature", "audit.csv": b"event,node,start,end\n"}
WHY = "reveal=comparing+two+interviews"


class Story:
    """An interview held on a phone of the mission, and what the office makes of it; everything over HTTP."""

    def __init__(self, client, office, world, work):
        self.client, self.office, self.work = client, office, work
        self.base = f"/v1/key/{world.device_token}/projects/{world.mission}"
        self.project = f"/projects/{world.mission}"
        self.path = f"{self.project}/forms/ct_screening/submissions"
        self.case, self.first, self.second, self.third = (str(uuid.uuid4()) for _ in range(4))

    def hold(self):
        """The phone finishes the interview on the form that it is offered, encrypted if that has a key."""
        (listed,) = ET.fromstring(self.client.get(f"{self.base}/formList?formID=ct_screening").data)
        xform = self.client.get(path_of(listed.findtext(f"{LIST}downloadUrl"))).data
        xml = etree.fromstring(
            screening(
                case_uid=self.case, case_ref=f"DEMO1-26-{self.case[:8]}", instance_id=f"uuid:{self.first}",
                family_name="Exampla", sex="male", consent_signature="signed.png",
            ).replace(b"<meta>", b"<meta><audit>audit.csv</audit>")
        )  # fmt: skip
        xml.set("version", listed.findtext(f"{LIST}version"))
        whole = etree.tostring(xml)
        with_key = b"base64RsaPublicKey" in xform
        self.parcel = encrypt(xform, whole, FILES) if with_key else Encrypted(whole, FILES)
        return with_key

    def send(self, *, without=""):
        files = {
            name: content
            for name, content in self.parcel.files.items()
            if not name.startswith(without or "?")
        }
        answer = self.client.post(f"{self.base}/submission", data=parts(self.parcel.manifest, **files))
        assert (answer.status_code, said(answer)) == (201, SUCCESS)

    def edit(self, number, **answers):
        """What the office is shown of the present version, with other answers and under another number."""
        shown = self.office.get(f"{self.path}/uuid:{self.first}.xml")
        assert shown.status_code == 200
        return edited(shown.data, f"uuid:{number}", **answers)

    def put(self, xml):
        return self.office("PUT", f"{self.path}/uuid:{self.first}", data=xml, content_type="application/xml")

    def told(self):
        """All that the office can see of it; ids as numbers in the order in which they are met, and no times."""
        one = f"{self.path}/uuid:{self.first}"
        files = self.office.get(f"{one}/attachments").json
        versions = self.office.get(f"{one}/versions").json
        diffs = self.office.get(f"{one}/diffs?{WHY}").json
        found = {
            "submission": self.office.get(one).json,
            "listed": [one for one in self.office.get(self.path).json if self.first in one["instanceId"]],
            "versions": versions,
            "diffs": [diffs.get(version["instanceId"]) for version in versions],
            "timeline": self.office.get(f"{one}/timeline").json,
            "files": {
                file["name"]: self.office.get(f"{one}/attachments/{file['name']}").data if file["exists"] else None
                for file in files
            },
            "case": self.office.get(f"{self.project}/cases/{self.case}?provenance=true&{WHY}").json,
        }  # fmt: skip
        numbers = {
            number: place for place, number in enumerate((self.case, self.first, self.second, self.third))
        }
        text = re.sub(
            r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}",
            lambda met: f"id {numbers.setdefault(met[0], len(numbers))}",
            repr(found).replace(f"26-{self.case[:8]}", "26-its own"),
        )
        return found, re.sub(r"'\w+At': '[^']*'", "", text)


@pytest.fixture
def work(engine, keyring, blobs):
    return lambda: normalise.run_until_empty(engine, keyring=keyring, blobs=blobs)


@pytest.fixture
def stories(client, coordinator, world, work):
    """The same interview twice: in clear, then, once phones have a key, encrypted."""
    clear, secret = (Story(client, coordinator, world, work) for _ in range(2))
    assert not clear.hold()
    assert coordinator.post(f"{clear.project}/forms/ct_screening/keys").status_code == 200
    assert secret.hold()
    return clear, secret


def both(stories, act):
    """Let the same happen to both; what is told of the encrypted one, which is what is told of the other."""
    told = []
    for story in stories:
        act(story)
        told.append(story.told())
    (_, clear), (found, secret) = told
    assert secret == clear
    return found


@pytest.mark.parametrize("again", ["before the worker has read the edit", "after it"])
def test_an_edit_in_the_office_counts_and_the_original_sent_again_does_not(stories, again):
    def happens(story):
        story.send()
        story.work()
        edit = story.edit(story.second, family_name="Exemplar", sex="female")
        assert story.put(edit).json["instanceId"] == f"uuid:{story.first}"
        if again == "after it":
            story.work()
            before = story.told()
        story.send()
        story.work()
        if again == "after it":
            assert story.told() == before, "what is there already changes nothing"

    found = both(stories, happens)
    first, second = (f"uuid:{number}" for number in (stories[1].first, stories[1].second))
    assert [(one["instanceId"], one["current"]) for one in found["versions"]] == [
        (second, True),
        (first, False),
    ]
    assert found["submission"]["state"] == "normalised"
    assert found["submission"]["reviewState"] == "edited"
    assert found["submission"]["findings"] == []
    (person,) = found["case"]["tables"]["person"]
    assert (person["family_name"]["value"], person["sex"]["value"]) == ("Exemplar", "female")
    assert found["files"] == FILES
    assert {tuple(one["path"]) for one in found["diffs"][0]} >= {
        ("person", "family_name"),
        ("person", "sex"),
    }


def test_a_file_of_the_original_that_comes_after_the_edit_is_there_and_the_edit_still_counts(stories):
    def happens(story):
        story.send(without="signed.png")
        story.work()
        assert story.put(story.edit(story.second, family_name="Exemplar")).status_code == 200
        story.work()
        assert story.told()[0]["files"]["signed.png"] is None
        story.send()
        story.work()

    found = both(stories, happens)
    assert found["versions"][0] | {"createdAt": ""} == {
        "instanceId": f"uuid:{stories[1].second}", "current": True, "createdAt": ""
    }  # fmt: skip
    assert found["case"]["tables"]["person"][0]["family_name"]["value"] == "Exemplar"
    assert found["files"] == FILES
    assert stories[1].work().claimed == 0


def test_an_edit_of_a_version_that_was_replaced_is_refused_and_the_same_one_again_is_not(stories):
    def happens(story):
        story.send()
        story.work()
        edit, other = (story.edit(number, sex="female") for number in (story.second, story.third))
        assert [story.put(edit).status_code for _ in range(2)] == [200, 200]
        refused = story.put(other)
        assert (refused.status_code, refused.json["problem"]) == (409, "outdated_edit")
        story.work()
        story.put(story.edit(story.third, family_name="Beispiel"))
        story.work()

    found = both(stories, happens)
    assert [one["instanceId"] for one in found["versions"]] == [
        f"uuid:{number}" for number in (stories[1].third, stories[1].second, stories[1].first)
    ]
    (person,) = found["case"]["tables"]["person"]
    assert (person["family_name"]["value"], person["sex"]["value"]) == ("Beispiel", "female")


def test_the_office_has_what_the_phone_wrote_and_what_it_sent(stories):
    _, secret = stories
    secret.send()
    secret.work()
    path = f"{secret.path}/uuid:{secret.first}"
    secret.put(secret.edit(secret.second, sex="female"))
    secret.work()
    version = f"{path}/versions/uuid:{secret.first}.xml"
    assert b"<sex>male</sex>" in secret.office.get(version).data
    assert b"<sex>female</sex>" in secret.office.get(f"{path}.xml").data
    assert b"encrypted" not in etree.fromstring(secret.office.get(f"{path}.xml").data).attrib
