"""The stand-in for the phone: many forms in one process give what single runs give."""

import re
import subprocess

import pytest

from tests.clients.javarosa import phone as javarosa
from tests.clients.javarosa.phone import Refused
from tests.forms.conftest import CONSENT

pytestmark = pytest.mark.java

VARYING = re.compile(
    r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"
    r"|\b\d{4}-\d\d-\d\dT[\d:.]+Z?"
    r"|(?<=MDCHI-\d\d-)[0-9a-f]{8}"
)
"""Identifiers and times of day, which differ from run to run."""


def without_what_varies(xml):
    return VARYING.sub("…", xml.decode())


def test_a_form_filled_after_others_is_filled_as_if_it_were_the_first(phone, xforms, lists, tmp_path):
    single = tmp_path / "single.xml"
    before = (lists / "cases.csv").read_text()
    options = [
        "--seed",
        "11",
        "--repeats",
        "1",
        "--property",
        "username=someone",
        "--entity-lists",
        str(lists),
    ]
    form = xforms / "assistance.xml"
    command = javarosa.run.command(
        "FillForm", str(form), "-", str(single), *options, java=("-Duser.timezone=UTC",)
    )
    run = subprocess.run(command, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    (lists / "cases.csv").write_text(before)
    phone.fill(
        xforms / "screening.xml",
        seed=3,
        language="Français (fr)",
        properties={"username": "another"},
        entity_lists=lists,
    )
    for _ in ("parsed from its XML", "opened before"):
        (lists / "cases.csv").write_text(before)
        filled = phone.fill(form, seed=11, repeats=1, properties={"username": "someone"}, entity_lists=lists)
        assert without_what_varies(filled.xml) == without_what_varies(single.read_bytes())


def test_seeds_are_honoured(phone, xforms, lists):
    one, other, again = (
        phone.fill(xforms / "screening.xml", seed=seed, entity_lists=lists) for seed in (1, 2, 1)
    )
    assert without_what_varies(one.xml) == without_what_varies(again.xml) != without_what_varies(other.xml)
    assert one.instance_id != again.instance_id


def test_a_phone_goes_on_after_a_refusal(phone, xforms, lists):
    with pytest.raises(Refused, match="3 to 12 capital letters") as refusal:
        phone.fill(xforms / "screening.xml", {"interviewer_code": "no"}, entity_lists=lists)
    assert refusal.value.status == 5
    with pytest.raises(Refused, match="cannot read"):
        phone.fill(xforms / "absent.xml")
    filled = phone.fill(xforms / "screening.xml", {"interviewer_code": "ABC12"}, entity_lists=lists)
    assert filled.answer("interviewer_code") == "ABC12"


def test_texts_come_back_in_any_script(phone, xforms, lists):
    name = "Ștefănescu שלום ខ្មែរ 👩‍🌾 <&>"
    filled = phone.fill(
        xforms / "screening.xml", CONSENT | {"family_name": name}, optional=0, entity_lists=lists
    )
    assert filled.answer("family_name") == name
    assert "Ștefănescu שלום ខ្មែរ 👩‍🌾 &lt;&amp;&gt;" in filled.xml.decode()


def test_the_signature_and_the_audit_log_travel_with_the_interview(phone, xforms, lists):
    filled = phone.fill(xforms / "screening.xml", CONSENT | {"consent_method": "signed"}, entity_lists=lists)
    picture, audit = sorted(filled.attachments)
    assert audit == "audit.csv"
    assert filled.attachments[picture].read_bytes().startswith(b"\xff\xd8")
    assert f"<consent_signature>{picture}</consent_signature>" in filled.xml.decode()
