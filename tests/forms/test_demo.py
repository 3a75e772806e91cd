"""The demonstration's interviews are of the forms as they are now, and of nobody."""

import re
from collections import Counter
from datetime import date
from pathlib import Path

import pytest
from lxml import etree

import app
from tests.forms.conftest import NAMES
from xlsforms.dictionary import load

FOLDER = Path(app.__file__).parent / "demo" / "instances"
INSTANCES = sorted(FOLDER.glob("*.xml"))


@pytest.fixture(scope="module")
def models(xforms):
    """{form id: (version, paths of all nodes)} of the forms as they compile now."""
    found = {}
    for name in NAMES:
        root = etree.parse(xforms / f"{name}.xml").getroot()
        data = root.find(".//{*}model/{*}instance/*")
        found[data.get("id")] = data.get("version"), set(paths(data))
    return found


def paths(node, above=""):
    path = f"{above}/{etree.QName(node).localname}"
    yield path
    for child in node:
        yield from paths(child, path)


def of(form):
    return [etree.parse(file).getroot() for file in INSTANCES if file.stem.endswith(form)]


@pytest.mark.parametrize("file", INSTANCES, ids=lambda file: file.stem)
def test_each_is_of_the_current_version_and_has_no_other_nodes(models, file):
    root = etree.parse(file).getroot()
    version, known = models[root.get("id")]
    assert root.get("version") == version, "run python -m tests.clients.make_demo"
    assert set(paths(root)) <= known


@pytest.mark.parametrize("file", INSTANCES, ids=lambda file: file.stem)
def test_each_comes_with_the_files_it_names(file):
    root = etree.parse(file).getroot()
    named = {node.text for node in root.iter("consent_signature", "audit") if node.text}
    assert named == {one.name for one in file.with_suffix("").iterdir()}


def test_there_are_60_interviews_of_40_people():
    screenings, assistances = of("screening"), of("assistance")
    assert (len(screenings), len(assistances)) == (40, 20)
    assert len({root.findtext(".//case_uid") for root in screenings}) == 40
    assert len({etree.parse(file).getroot().findtext("meta/instanceID") for file in INSTANCES}) == 60
    kinds = Counter(root.findtext(".//interview_type") for root in assistances)
    assert set(kinds) == {"initial", "follow_up", "monitoring", "closure"}


def test_they_show_every_outcome():
    screenings = of("screening")

    def answers(name):
        return {root.findtext(f".//{name}") for root in screenings} - {None, ""}

    codes = load().code_lists
    assert answers("suggested_status") == answers("trafficking_status") == set(codes["trafficking_status"])
    assert answers("gaf_result") == {"eligible", "pending", "not_eligible"}
    assert answers("can_proceed") == answers("consent_ok") == answers("is_minor") == {"0", "1"}
    assert any(root.findtext(".//override_reason") for root in screenings)
    assert len(answers("interview_language")) >= 7


def test_assistance_follows_its_screening_except_where_the_case_is_unknown():
    screened = {root.findtext(".//case_uid"): root.findtext(".//interview_date") for root in of("screening")}
    unknown = []
    for root in of("assistance"):
        uid = root.findtext(".//case_uid")
        if uid is None:
            unknown.append(root.findtext(".//typed_ref"))
        else:
            assert date.fromisoformat(screened[uid]) < date.fromisoformat(root.findtext(".//interview_date"))
    assert unknown == ["DEMO1-26-0000beef"]


def test_nobody_can_be_reached():
    for file in INSTANCES:
        root = etree.parse(file).getroot()
        for phone in root.iter("contact_phone"):
            assert re.fullmatch(r"\+120255501\d\d", phone.text or "+12025550100")
        for email in root.iter("contact_email"):
            assert not email.text or email.text.endswith("@example.org")
