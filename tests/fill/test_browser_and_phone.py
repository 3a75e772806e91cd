"""The same answers in the browser and on a phone: what they send differs in nothing that the office sees."""

import base64
import dataclasses
import uuid

import pytest
import requests
from lxml import etree
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.models import Submission
from app.tasks import run_once
from submissions import normalise, record
from tests.clients.fixtures import phone  # noqa: F401 -- a fixture
from tests.clients.javarosa.phone import Refused
from tests.fill.conftest import begin, ready
from tests.line.phones import ASSISTANCES, NEW
from xlsforms import dictionary, mapping, xform

pytestmark = [pytest.mark.browser, pytest.mark.java]

INSERT = """async ({form, xml, files}) => {
  const [{Store}, vault, server, interviews] = await Promise.all(
    ["store", "vault", "server", "interviews"].map((name) => import(`/static/fill/${name}.js`)));
  const session = await server.session();
  const store = await Store.of(session.device);
  store.use(await vault.bySecret(await store.box(), session.secret));
  const blank = (await server.blanks(store)).find((one) => one.form === form);
  const bytes = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  const kept = files.map(([name, text]) => new File([bytes(text)], name));
  await interviews.keep(store, interviews.fresh(blank), {xml, files: kept, language: null});
}"""
"""Answers are laid into the browser as it keeps those that somebody gave: sealed, as an interview that is not finished."""
OF_THE_DEVICE = {"end", "deviceid", "username", "instanceID", "audit"}


@pytest.fixture
def blanks(desk, tmp_path):
    """`blanks(form)`: a form as the device gets it at this moment, in a folder with its files."""

    def fetch(form):
        with requests.Session() as browser:
            link = desk.link.partition("#")[2]
            said = browser.post(f"{desk.url}/fill/session", json={"link": link}).json()
            server = f"{desk.url}{said['server']}"
            blank = next(one for one in browser.get(f"{server}/blanks").json() if one["form"] == form)
            folder = tmp_path / form
            folder.mkdir()
            (folder / "form.xml").write_bytes(browser.get(f"{server}/{blank['xform']}").content)
            for file in blank["files"]:
                (folder / file["name"]).write_bytes(browser.get(f"{server}/{file['path']}").content)
        return folder / "form.xml"

    return fetch


def on_the_phone(phone, form, answers):  # noqa: F811 -- a fixture
    """Filled by JavaRosa, every question answered, with two rows of each repeat."""
    for seed in range(1, 61):
        try:
            return phone.fill(form, answers, seed=seed, repeats=2, media=form.parent, ignore_unused=True)
        except Refused as refused:
            if refused.status not in (5, 6):
                raise
    raise AssertionError("no random answers satisfy the form")


def answers_of(xml, form):
    """The answers alone: what is calculated goes, but for what is made once; and the interview is another."""
    calculated = {
        bind.get("nodeset")
        for bind in etree.fromstring(form).iter("{*}bind")
        if "once(" not in bind.get("calculate", "once(")
    }
    root = etree.fromstring(xml)
    for node in root.iter(etree.Element):
        path = "/".join(
            [
                "",
                *(etree.QName(one).localname for one in reversed(list(node.iterancestors()))),
                etree.QName(node).localname,
            ]
        )
        name = etree.QName(node).localname
        if path in calculated or name == "audit":
            node.text = None
        if name == "instanceID":
            node.text = f"uuid:{uuid.uuid4()}"
    return etree.tostring(root, encoding="unicode")


def in_the_browser(page, desk, form_id, xml, files):
    """What the server holds after the interview was gone on with, and sent. Gives its row and its XML."""
    page.evaluate(
        INSERT,
        {
            "form": form_id,
            "xml": xml,
            "files": [[name, base64.b64encode(path.read_bytes()).decode()] for name, path in files.items()],
        },
    )
    page.click("[data-refresh]")
    page.get_by_role("button", name="Go on").click()
    ready(page)
    sent = page.locator("li:has(.fill-state.sent)", has_text=page.inner_text("#form h1 >> visible=true"))
    page.get_by_role("button", name="Send").click()
    sent.or_(page.locator("#form .form-error-message")).wait_for()
    refused = page.locator(".question-container:has(.validation-message:visible)")
    assert not page.locator(".form-error-message").count(), refused.all_inner_texts()
    here = desk.state
    with Session(here.engine) as session:
        row = session.scalars(select(Submission).where(Submission.xml_form_id == form_id)).one()
        return row, here.keyring.open(row.xml, f"submission:{row.id}")


def seen(xml, form):
    """What normalising sees, and every answer by where it stands; without what is the device's own."""
    read = xform.read(form)
    said = record.read(xml, read)
    intake = normalise.normalise(said, mapping.read(read, dictionary.load())[0], form=read, submission="s")
    answers = {
        one.xpath: one.text for one in said.answers if one.xpath.rpartition("/")[2] not in OF_THE_DEVICE
    }
    own = {"instance_id": "", "ended_at": ""}
    return dataclasses.replace(intake, **own), answers


def test_a_screening_and_an_assistance_interview_say_the_same_from_either(desk, profile, blanks, phone):  # noqa: F811 -- a fixture
    page = begin(profile(), desk)
    cases = []
    for form_id, answers in (("ct_screening", NEW), ("ct_assistance", ASSISTANCES[0][1])):
        form = blanks(form_id)
        filled = on_the_phone(phone, form, answers)
        xml = answers_of(filled.xml, form.read_bytes())
        files = {name: path for name, path in filled.attachments.items() if name != "audit.csv"}
        _, sent = in_the_browser(page, desk, form_id, xml, files)
        by_phone, by_browser = seen(filled.xml, form.read_bytes()), seen(sent, form.read_bytes())
        assert by_browser[1] == by_phone[1]
        assert by_browser[0] == by_phone[0]
        assert len(by_phone[0].rows) > 5
        assert len(by_phone[1]) > 100
        while run_once(desk.state.engine, keyring=desk.state.keyring, blobs=desk.state.blobs):
            pass
        with Session(desk.state.engine) as session:
            row = session.scalars(select(Submission).where(Submission.xml_form_id == form_id)).one()
            cases.append((row.state, row.case_id))
        page.click("[data-refresh]")
        page.wait_for_selector("text=Connected")
    assert cases[0][1] is not None
    assert cases[0] == cases[1]
