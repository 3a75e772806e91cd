"""Edits from ODK Collect on a running server: every row of the protocol's section on edits (openrosa.md, 6.4)."""

import itertools
import shutil
import uuid

import pytest

from app.services import publish
from tests.clients.collect.collect_client import ClientError, CollectClient
from tests.line.test_round_trips import SCREENING

pytestmark = pytest.mark.java

FORM = "edit_me"
SUCCESS = "full submission upload was successful!"
SENT = itertools.count(1)


class Interviewer:
    """Somebody with a phone, and what the office says of what was sent from it."""

    def __init__(self, office, java, folder, name):
        self.office, self.java = office, java
        self.phone = CollectClient(office.device(name), state=folder / name, phone=java)
        self.phone.sync()

    def fill(self, pictures=0, **answers):
        """A finished interview; gives the name of its folder, as Collect lists it."""
        said = {"case_ref": f"EDIT-{next(SENT):06d}", "/data/picture": pictures, **answers}
        return self.phone.fill(FORM, said, options=("--ignore-unused",)).name

    def edit(self, name, **answers):
        return self.phone.fill(FORM, answers, edit=name, options=("--ignore-unused",)).name

    def where(self, name):
        folder = self.phone.state
        return next(one / name for one in (folder / "instances", folder / "sent") if (one / name).exists())

    def number(self, name):
        """The instanceID of an interview."""
        text = (self.where(name) / f"{name}.xml").read_text()
        return text.partition("<instanceID>")[2].partition("<")[0]

    def send(self, *names):
        """These alone, in this order, until the office has read them; gives the server's messages."""
        waiting = self.phone.state / "instances"
        held = self.phone.state / "held"
        held.mkdir(exist_ok=True)
        said = []
        for one in list(waiting.iterdir()):
            shutil.move(one, held / one.name)
        for name in names:
            source = held / name if (held / name).exists() else self.phone.state / "sent" / name
            shutil.move(source, waiting / name)
            said += self.phone.send()
        for one in list(held.iterdir()):
            shutil.move(one, waiting / one.name)
        self.office.wait([FORM])
        return said

    def copy_to(self, other, name):
        """The instance on another phone, as when its card is copied."""
        shutil.copytree(self.where(name), other.phone.state / "sent" / name)

    # --- what the office sees

    def listed(self, name):
        """The submission of which this is a version."""
        return self.office._json("GET", f"/forms/{FORM}/submissions/{self.number(name)}")

    def versions(self, name):
        """instanceID → whether it counts."""
        found = self.office._json("GET", f"/forms/{FORM}/submissions/{self.number(name)}/versions")
        return {one["instanceId"]: one["current"] for one in found}

    def person(self, name):
        """The rows about the person in the case."""
        case = self.listed(name)["caseId"]
        told = self.office._json("GET", f"/cases/{case}", params={"reveal": "comparing answers"})
        return told["tables"]["person"]


@pytest.fixture(scope="module")
def published():
    return publish.check(SCREENING.replace("trip_in", FORM).encode(), "edit_me.md")


@pytest.fixture(scope="module")
def interviewers(office, java, published, tmp_path_factory):
    """Ana and Ion, each with a phone that has the form."""
    assert office.upload(published.compiled.xform, "xml", form_id=FORM).status_code == 200
    office.publish(FORM)
    folder = tmp_path_factory.mktemp("interviewers")
    met = [Interviewer(office, java, folder, name) for name in ("Ana", "Ion")]
    yield met
    for one in met:
        one.phone.session.close()


@pytest.fixture
def ana(interviewers):
    return interviewers[0]


@pytest.fixture
def ion(interviewers):
    return interviewers[1]


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_a_chain_arrives_in_any_order_every_version_is_kept_and_the_latest_shown(ana, order):
    first = ana.fill(family_name="Exampla")
    second = ana.edit(first, family_name="Exemplar")
    third = ana.edit(second, family_name="Beispiel")
    chain = (first, second, third)
    assert ana.send(*(chain[place] for place in order)) == [SUCCESS] * 3
    numbers = [ana.number(one) for one in chain]
    assert len(set(numbers)) == 3
    for one in chain:
        assert ana.listed(one)["instanceId"] == numbers[0]
    assert ana.versions(third) == {numbers[0]: False, numbers[1]: False, numbers[2]: True}
    (row,) = ana.person(first)
    assert row["family_name"] == "Beispiel"
    assert ana.listed(third)["findings"] == []


def test_an_edit_whose_original_is_still_on_the_device_is_taken_and_counts(ana):
    first = ana.fill(family_name="Exampla")
    second = ana.edit(first, family_name="Exemplar")
    assert ana.send(second) == [SUCCESS]
    assert ana.listed(second)["state"] == "normalised"
    assert ana.versions(second) == {ana.number(second): True}
    assert [row["family_name"] for row in ana.person(second)] == ["Exemplar"]


def test_the_original_sent_again_after_its_edit_is_a_repeat_and_changes_nothing(ana):
    first = ana.fill(family_name="Exampla", pictures=2)
    ana.send(first)
    second = ana.edit(first, family_name="Exemplar")
    ana.send(second)
    before = ana.listed(second), ana.versions(second), ana.person(second)
    assert ana.send(first, second, first) == [SUCCESS] * 3
    assert (ana.listed(second), ana.versions(second), ana.person(second)) == before


def test_two_phones_that_edit_the_same_record_are_both_kept_and_a_finding_asks_to_compare(ana, ion):
    first = ana.fill(family_name="Exampla")
    ana.send(first)
    ana.copy_to(ion, first)
    one = ana.edit(first, family_name="Of Ana")
    other = ion.edit(first, family_name="Of Ion")
    assert ion.send(other) == [SUCCESS]
    assert ana.send(one) == [SUCCESS]
    told = ana.listed(one)
    assert [finding["code"] for finding in told["findings"]] == ["edited_twice"]
    assert set(ana.versions(one)) == {ana.number(first), ana.number(one), ion.number(other)}
    assert [row["family_name"] for row in ana.person(first)] == ["Of Ion"], "the one finished last"


def test_an_edit_of_what_the_office_edited_meanwhile_is_kept_with_a_finding_too(ana, office):
    first = ana.fill(family_name="Exampla", pictures=1)
    ana.send(first)
    xml = (ana.where(first) / f"{first}.xml").read_text()
    number, new = ana.number(first), f"uuid:{uuid.uuid4()}"
    edit = xml.replace("Exampla", "Of the office").replace(
        f"<instanceID>{number}</instanceID>",
        f"<instanceID>{new}</instanceID><deprecatedID>{number}</deprecatedID>",
    )
    answer = office.ask(
        "PUT",
        f"/forms/{FORM}/submissions/{number}",
        data=edit.encode(),
        headers={"Content-Type": "application/xml"},
    )
    assert answer.status_code == 200, answer.text
    second = ana.edit(first, family_name="Exemplar")
    assert ana.send(second) == [SUCCESS]
    told = ana.listed(second)
    assert [finding["code"] for finding in told["findings"]] == ["edited_twice"]
    assert set(ana.versions(second)) == {number, new, ana.number(second)}


@pytest.mark.parametrize("pictures", [3, 120])
def test_all_files_come_again_with_an_edit_and_each_version_has_its_own(ana, office, pictures):
    first = ana.fill(pictures=pictures)
    assert ana.send(first) == [SUCCESS]
    second = ana.edit(first, family_name="Exemplar")
    assert ana.send(second) == [SUCCESS]
    names = {one.name for one in ana.where(first).iterdir() if one.suffix != ".xml"}
    assert len(names) == pictures
    files = office._json("GET", f"/forms/{FORM}/submissions/{ana.number(second)}/attachments")
    assert {one["name"]: one["exists"] for one in files} == dict.fromkeys(names, True)
    for name in sorted(names)[:3]:
        found = office.ask("GET", f"/forms/{FORM}/submissions/{ana.number(second)}/attachments/{name}")
        assert found.content == (ana.where(first) / name).read_bytes()


def test_other_content_under_the_same_number_is_refused_in_words_and_nothing_is_overwritten(ana):
    first = ana.fill(family_name="Exampla")
    ana.send(first)
    file = ana.where(first) / f"{first}.xml"
    file.write_text(file.read_text().replace("Exampla", "Changed"))
    with pytest.raises(ClientError, match="kept aside for your coordinator") as refusal:
        ana.send(first)
    assert refusal.value.status == 409
    assert [row["family_name"] for row in ana.person(first)] == ["Exampla"]


def test_editing_makes_no_other_case(ana, office):
    first = ana.fill(family_name="Exampla")
    ana.send(first)
    case = ana.listed(first)["caseId"]
    second = ana.edit(first, family_name="Exemplar")
    ana.send(second)
    assert ana.listed(second)["caseId"] == case
    ana.phone.sync()
    rows = (ana.phone.state / "entities" / "cases.csv").read_text()
    assert rows.count(case) <= 1
