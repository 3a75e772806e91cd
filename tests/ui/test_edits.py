"""Editing a submission in the office: who may, what the browser is given, and what becomes of what it sends."""

import html
import re
import uuid
from urllib.parse import quote

import pytest
from lxml import etree
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.db import writing
from app.models import CaseEntity, Entity, LedgerEntry, Rendition, Submission
from app.policy import COMMAND, permissions
from app.services import comments, demo, form_keys, forms, publish, senders
from app.state import open_state
from app.tasks import run_once
from tests.clients.encrypting import encrypt
from tests.field import parts
from tests.services.conftest import answer as said
from tests.services.conftest import edited
from tests.services.made import assistance, screening
from tests.ui.browser import overflow
from tests.ui.conftest import text_of
from tests.ui.interviews import picture, question, ready

WHY = "The shelter spelt the name — Ă"


@pytest.fixture
def visitor(visit):
    return visit("coordinator")


@pytest.fixture
def state(visitor):
    return visitor.client.application.extensions["saif"]


@pytest.fixture
def receive(state):
    """`receive(xml, **files)`: what a phone sends, read by the worker. Gives the path of its page."""

    def receive(xml, **files):
        form_id = etree.fromstring(xml).get("id")
        sender = senders.Sender(mission_id=1, actor="test", forms={form_id: "open"})
        incoming = []
        for name, content in files.items():
            incoming.append(state.inbox.file(name, "application/octet-stream"))
            incoming[-1].write(content)
        receipt = state.inbox.receive(sender, xml=xml, files=incoming)
        work(state)
        return f"/submissions/{receipt.submission_id}"

    return receive


def work(state):
    while run_once(state.engine, keyring=state.keyring, blobs=state.blobs):
        pass


def interview(**answers):
    """A screening with personal data of the demo, as another interview."""
    xml = next(one.read_bytes() for one in demo.instances() if said(one.read_bytes(), "family_name"))
    root = etree.fromstring(edited(xml, f"uuid:{uuid.uuid4()}", case_uid=str(uuid.uuid4()), **answers))
    for node in root.xpath("//*[local-name()='deprecatedID']"):
        node.getparent().remove(node)
    return etree.tostring(root)


def signed():
    """A screening with a file."""
    number, uid = f"uuid:{uuid.uuid4()}", str(uuid.uuid4())
    return screening(case_uid=uid, instance_id=number, family_name="Exampla", consent_signature="signed.png")


def opened(visitor, path, reason=WHY):
    """The XML that the page holds for the engine."""
    page = visitor.post(f"{path}/edit", {"reason": reason})
    return html.unescape(re.search(r"<div hidden data-instance>(.*?)</div>", page, re.DOTALL)[1]).encode()


def send(visitor, path, xml, *, reason=WHY, query="", **files):
    head = {
        "X-CSRF-Token": visitor.token(),
        "Accept": "application/problem+json",
        "X-Reason": quote(reason),
    }
    return visitor.client.post(
        f"{visitor.home}{path}/edit/send{query}", data=parts(xml, **files), headers=head
    )


def entries(state, *actions):
    with Session(state.engine) as session:
        return session.scalars(
            select(LedgerEntry).where(LedgerEntry.action.in_(actions)).order_by(LedgerEntry.id)
        ).all()


def test_before_the_form_is_opened_the_page_says_what_differs_and_asks_for_a_reason(visitor, receive):
    path = receive(interview())
    assert "Edit answers" in text_of(visitor.get(path))
    page = visitor.get(f"{path}/edit")
    assert "Why do you edit it?" in page
    assert "has no surface to draw on" in page
    assert "family_name&gt;" not in page
    page = visitor.post(f"{path}/edit", {"reason": "x"}, status=422)
    assert "only with a reason" in page
    assert "family_name&gt;" not in page


def test_the_answers_are_on_that_page_alone_once_the_ledger_has_the_reason(visitor, receive, state):
    xml = interview(family_name="Exemplar")
    path = receive(xml)
    shown, sent = (
        etree.tostring(etree.fromstring(one), method="c14n") for one in (opened(visitor, path), xml)
    )
    assert shown == sent
    headers = visitor.page.headers
    assert headers["Cache-Control"] == "no-store"
    assert "'wasm-unsafe-eval'" in headers["Content-Security-Policy"]
    assert "unsafe-inline" not in re.search("script-src ([^;]*)", headers["Content-Security-Policy"])[1]
    object_ = f"submission:{path.rpartition('/')[2]}"
    found = {(one.action, one.object, one.reason) for one in entries(state, "reveal", "submission.raw")}
    assert found == {
        ("reveal", object_, WHY),
        ("submission.raw", object_, WHY),
    }  # numbers of one millisecond are in any order
    assert "Exemplar" not in visitor.get(path)
    assert "Exemplar" not in visitor.get(f"{path}/edit")


def test_who_may_not_see_names_cannot_edit_a_form_that_asks_for_them_and_is_told_so(
    visitor, receive, monkeypatch
):
    path = receive(interview())
    shown = permissions.SIGHT["coordinator"].shown
    monkeypatch.setitem(permissions.SIGHT, "coordinator", permissions.Sight(shown, frozenset()))
    page = text_of(visitor.get(path))
    assert "Edit answers" not in page
    assert "one must be allowed to see them" in page
    assert "one must be allowed to see them" in text_of(visitor.get(f"{path}/edit", status=403))
    visitor.post(f"{path}/edit", {"reason": WHY}, status=403)


def test_an_edit_is_a_new_version_with_its_reason_and_its_differences(visitor, receive, state):
    path = receive(interview(family_name="Exampla"), **{"signed.png": b"signature"})
    xml = edited(opened(visitor, path), "uuid:mended", family_name="Exemplar")
    answer = send(visitor, path, xml)
    assert answer.status_code == 201
    assert send(visitor, path, xml).json == answer.json, "sent again it is the same version"
    work(state)
    page = visitor.get("/!" + answer.json["page"].partition("#")[0])
    assert "this one" in page
    assert "Family name" in page.split('id="changes"')[1].split("</section>")[0]
    assert "This version was replaced by another. Edit the newest one." in text_of(visitor.get(path))
    visitor.get(f"{path}/edit", status=409)
    with Session(state.engine) as session:
        sender, replaces = session.execute(
            select(Submission.user_id, Submission.deprecated_id).where(
                Submission.instance_id == "uuid:mended"
            )
        ).one()
        (comment,) = comments.listing(
            session,
            keyring=state.keyring,
            actor=COMMAND,
            about=comments.OfSubmission(1, "ct_screening", "uuid:mended"),
        )
    assert comment.body == WHY
    assert (sender, replaces) == (comment.user_id, said(xml, "deprecatedID"))


@pytest.mark.parametrize("reason", ["", "short"])
def test_without_a_reason_nothing_is_kept(visitor, receive, reason):
    path = receive(interview())
    answer = send(visitor, path, edited(opened(visitor, path), "uuid:mended"), reason=reason)
    assert (answer.status_code, answer.json["problem"]) == (422, "reason_needed")
    assert "Edit answers" in text_of(visitor.get(path))


def test_what_is_no_edit_of_this_version_is_refused_in_words(visitor, receive):
    path = receive(interview())
    xml = opened(visitor, path)
    for sent in (xml, b"<data", interview(), edited(xml, said(xml, "instanceID"))):
        answer = send(visitor, path, sent)
        assert 400 <= answer.status_code < 500
        assert answer.json["message"]


def test_of_two_who_edit_at_once_the_second_is_told_and_loses_nothing(visitor, receive, state):
    path = receive(interview(family_name="Exampla"))
    xml = opened(visitor, path)
    theirs = send(visitor, path, edited(xml, "uuid:theirs", family_name="Theirs"))
    mine = edited(xml, "uuid:mine", family_name="Mine")
    refused = send(visitor, path, mine)
    assert (refused.status_code, refused.json["problem"]) == (409, "outdated_edit")
    assert refused.json["page"] == theirs.json["page"]
    kept = send(visitor, path, mine, query="?beside")
    assert kept.status_code == 201
    work(state)
    page = visitor.get("/!" + kept.json["page"].partition("#")[0])
    compared = page.split('id="changes"')[1].split("</section>")[0]
    assert "Family name" in compared
    with Session(state.engine) as session:
        versions = session.scalars(
            select(Submission).where(Submission.instance_id.in_(["uuid:mine", "uuid:theirs"]))
        )
        found = {one.instance_id: [finding["code"] for finding in one.findings] for one in versions}
    assert len(found) == 2
    assert sum(("edited_twice" in codes) for codes in found.values()) == 1


def test_what_the_form_does_not_know_and_files_that_were_not_sent_again_stay(visitor, receive, state):
    strange = etree.fromstring(signed())
    etree.SubElement(strange, "of_another_time").text = "kept"
    path = receive(etree.tostring(strange), **{"signed.png": b"signature"})
    shown = etree.fromstring(edited(opened(visitor, path), "uuid:mended"))
    for node in shown.findall("of_another_time"):
        shown.remove(node)  # as the engine does
    answer = send(visitor, path, etree.tostring(shown))
    work(state)
    path = answer.json["page"].partition("#")[0].removeprefix(visitor.home)
    page = visitor.post(f"{path}/reveal", {"reason": WHY})
    assert "of_another_time" in page
    assert "signed.png" in page.split('id="files"')[1]
    assert "of an earlier version" in page.split('id="files"')[1]
    sent = {"csrf_token": visitor.token(), "name": "signed.png", "reason": WHY}
    assert visitor.client.post(f"{visitor.home}{path}/file", data=sent).data == b"signature"


def test_a_file_chosen_anew_comes_with_the_edit(visitor, receive):
    path = receive(signed(), **{"signed.png": b"signature"})
    xml = edited(opened(visitor, path), "uuid:mended", consent_signature="17.png")
    answer = send(visitor, path, xml, **{"17.png": b"another"})
    path = answer.json["page"].partition("#")[0].removeprefix(visitor.home)
    sent = {"csrf_token": visitor.token(), "name": "17.png", "reason": WHY}
    assert visitor.client.post(f"{visitor.home}{path}/file", data=sent).data == b"another"


def test_behind_a_refused_consent_nothing_is_given_to_the_browser(visitor, receive):
    path = receive(screening(consent="no", family_name="Secretname", case_uid=str(uuid.uuid4())))
    xml = opened(visitor, path)
    assert b"Secretname" not in xml
    assert said(xml, "consent_ok") == "0"


def test_the_lists_are_the_missions_own_and_hold_what_was_chosen_even_if_it_is_there_no_more(
    visitor, receive, state
):
    with Session(state.engine) as session:
        closed = session.scalars(select(CaseEntity).where(~CaseEntity.open)).first()
        chosen, label = str(closed.case_id), closed.label
        also = session.scalars(select(CaseEntity.label).where(CaseEntity.open)).first()
    unknown = str(uuid.uuid4())
    for uid, shown in ((chosen, label), (unknown, unknown)):
        path = receive(assistance(case_uid=uid, case_ref=shown, instance_id=f"uuid:{uuid.uuid4()}"))
        cases = visitor.get(f"{path}/edit/files/cases.csv")
        lines = {line.split(",")[0]: line.split(",")[1] for line in cases.splitlines()}
        assert lines[uid] == shown
        assert also in lines.values()
        assert "fiction" not in cases
    assert chosen not in cases
    visitor.get(f"{path}/edit/files/other.csv", status=404)


def test_an_edit_changes_no_entity(visitor, receive, state):
    path = receive(interview())
    before = _entities(state)
    send(visitor, path, edited(opened(visitor, path), "uuid:mended", family_name="Exemplar"))
    work(state)
    assert _entities(state) == before


def _entities(state):
    with Session(state.engine) as session:
        return {row.entity_id for row in session.scalars(select(Entity))}


def test_what_a_phone_encrypted_is_edited_as_any_other(visitor, receive, state):
    with Session(state.engine) as session:
        form = forms.get(session, 1, "ct_screening").form
        key = form_keys.make_key(session, keyring=state.keyring, actor=COMMAND, form=form, mission_id=1)
        session.commit()
        xform = session.scalars(select(Rendition.xform).where(Rendition.key_id == key.id)).one()
    xml = interview(family_name="Exampla")
    parcel = encrypt(xform, xml)
    path = receive(parcel.manifest, **parcel.files)
    shown = opened(visitor, path)
    assert said(shown, "family_name") == "Exampla"
    assert send(visitor, path, edited(shown, "uuid:mended", family_name="Exemplar")).status_code == 201


# --- in Chromium -------------------------------------------------------------------------------------------------

EVERYTHING = """
| survey   |                                |        |          |                 |                |
|          | type                           | name   | label    | relevant        | calculation    |
|          | start                          | begun  |          |                 |                |
|          | deviceid                       | phone  |          |                 |                |
|          | audit                          | audit  |          |                 |                |
|          | calculate                      | made   |          |                 | once(uuid())   |
|          | select_one yn                  | kids   | Children |                 |                |
|          | begin_repeat                   | child  | Child    | ${kids} = 'yes' |                |
|          | text                           | called | Name     |                 |                |
|          | audio                          | cry    | Voice    |                 |                |
|          | end_repeat                     |        |          |                 |                |
|          | select_one_from_file towns.csv | town   | Town     |                 |                |
|          | select_multiple yn             | both   | Both     |                 |                |
|          | rank yn                        | order  | Order    |                 |                |
|          | acknowledge                    | seen   | Seen     |                 |                |
|          | image                          | photo  | Picture  |                 |                |
|          | image                          | late   | Later    |                 |                |
|          | audio                          | voice  | Told     |                 |                |
|          | video                          | film   | Film     |                 |                |
|          | file                           | paper  | Paper    |                 |                |
|          | geopoint                       | here   | Here     |                 |                |
|          | geotrace                       | way    | Way      |                 |                |
|          | barcode                        | code   | Code     |                 |                |
|          | dateTime                       | seen_at | When    |                 |                |
|          | time                           | clock  | Time     |                 |                |
|          | decimal                        | height | Height   |                 |                |
|          | date                           | day    | Day      |                 |                |
|          | calculate                      | era    |          |                 | if(decimal-date-time(${day}) > 20000, 'late', 'early') |
|          | calculate                      | recent |          |                 | if(date(${day}) > date('2020-01-01'), 'yes', 'no') |
| choices  |                                |        |          |                 |                |
|          | list_name                      | name   | label    |                 |                |
|          | yn                             | yes    | Yes      |                 |                |
|          | yn                             | no     | No       |                 |                |
| settings |                                |        |          |                 |                |
|          | form_id                        | version | form_title |              |                |
|          | everything                     | 1      | Everything |               |                |
"""
ANSWERS = """<data id="everything" version="1"><begun>2026-01-01T10:00:00.000+02:00</begun><phone>collect:abc</phone>
<made>11111111-1111-4111-8111-111111111111</made><kids>yes</kids>
<child><called>Ali</called><cry>ali.m4a</cry></child><child><called>Bintou</called><cry>bintou.m4a</cry></child>
<town>gone</town><both>no yes</both><order>no yes</order><seen>OK</seen><photo>face.png</photo><late>late.jpg</late>
<voice>told.m4a</voice><film>film.mp4</film><paper>paper.pdf</paper><here>1.5 2.5 0.0 3.0</here>
<way>1.0 2.0 0.0 0.0;3.0 4.0 0.0 0.0</way><code>B-7</code><seen_at>2026-01-01T10:00:00.000+02:00</seen_at>
<clock>10:30:00.000+02:00</clock><height>1.75</height><day>2026-01-05</day><era>late</era><recent>yes</recent><former>of an older form</former>
<meta><audit>audit.csv</audit><instanceID>uuid:everything</instanceID></meta></data>"""


@pytest.fixture
def everything(house):
    """A submission with an answer of every kind, in the house: the state of its office."""
    _, office = house
    state = open_state(office.config)
    checked = publish.check(EVERYTHING.encode(), "everything.md")
    with Session(state.engine) as session, writing(session):
        draft = publish.save_draft(session, checked, actor=COMMAND, mission_id=1)
        publish.set_media(
            session, actor=COMMAND, version=draft, name="towns.csv", content=b"name,label\nt1,Cahul\n",
            content_type=None,
        )  # fmt: skip
        publish.publish(session, actor=COMMAND, version=draft, note="For a test")
    incoming = state.inbox.file("face.png", "image/png")
    incoming.write(picture())
    sender = senders.Sender(mission_id=1, actor="test", forms={"everything": "open"})
    receipt = state.inbox.receive(sender, xml=ANSWERS.encode(), files=[incoming])
    work(state)
    yield state, receipt.submission_id
    state.engine.dispose()


@pytest.mark.browser
def test_an_edit_in_the_browser_changes_what_is_changed_and_nothing_else(enter, house, everything):
    url, office = house
    state, number = everything
    page = enter()
    mine, theirs = page, page.context.new_page()
    for each in (mine, theirs):
        each.goto(f"{url}/projects/{office.mission_id}/submissions/{number}")
        each.click("text=Edit answers")
        each.fill("#edit-reason", WHY)
        each.click("text=Open the form")
        ready(each)
    assert "of an older form" not in mine.content(), "the XML is out of the page once it is read"
    mine.wait_for_function("document.querySelector('.question-container img')?.naturalWidth === 64")
    for each, name in ((mine, "Exemplar"), (theirs, "Another")):
        question(each, "Name").first.locator("input").fill(name)
    assert _stored(mine) == ""
    mine.get_by_role("button", name="Finish and keep as a new version").click()
    mine.wait_for_selector("text=What differs")
    assert "Exemplar" not in mine.url

    with Session(state.engine) as session:
        row = session.scalars(select(Submission).where(Submission.deprecated_id == "uuid:everything")).one()
        after = state.keyring.open(row.xml, f"submission:{row.id}")
    own = {"instanceID", "deprecatedID"}
    before = sorted(_leaves(ANSWERS.encode(), own))
    assert sorted(_leaves(after, own)) == sorted(
        ("called", "Exemplar") if leaf == ("called", "Ali") else leaf for leaf in before
    )

    theirs.once("dialog", lambda dialog: dialog.dismiss())  # "leave the page?"
    theirs.click("text=Back to the submission")
    theirs.get_by_role("button", name="Finish and keep as a new version").click()
    theirs.wait_for_selector("text=Somebody else edited this interview meanwhile")
    assert theirs.get_by_role("link", name="See what they changed").get_attribute("href").endswith("#changes")
    assert question(theirs, "Name").first.locator("input").input_value() == "Another"
    assert overflow(theirs) <= 0
    theirs.get_by_role("button", name="Keep mine beside theirs").click()
    theirs.wait_for_selector("text=What differs")
    assert theirs.locator("#versions tbody tr").count() == 3


def _leaves(xml, but):
    for node in etree.fromstring(xml).iter():
        name = etree.QName(node).localname
        if not len(node) and node.text and name not in but:
            yield name, node.text


def _stored(page):
    """What the browser keeps for the page's host."""
    return page.evaluate(
        "async () => [...Object.values(localStorage), ...Object.values(sessionStorage),"
        " ...(await indexedDB.databases()).map((one) => one.name), ...(await caches.keys())].join()"
    )
