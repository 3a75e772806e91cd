"""Interviews in Chromium: the network is cut, the page reloaded, the tab closed, the browser ended; nothing is lost, and
nothing lies open."""

import json
import re

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.models import Assignment, Form, Submission, SubmissionFile
from app.policy import COMMAND
from app.services import devices
from tests.fill.conftest import PASSPHRASE, begin, ready, unlock
from tests.ui.browser import NARROW, overflow
from tests.ui.test_pages import AXE, CONTRAST
from tests.ui.test_preview import choose, picture, question, speak

pytestmark = pytest.mark.browser

MARKS = ["Xylophone Ferry", "Quixotic Lamplight", "Zephyrine Marmalade", "Umbrella Volcano"]
SOUND = b"ID3 Recorded Nightingale " * 5000
DUMP = """async () => {
  const text = (one) => one instanceof ArrayBuffer || ArrayBuffer.isView(one)
    ? new TextDecoder("latin1").decode(one) : one && typeof one === "object"
    ? Object.entries(one).map(([name, value]) => name + "=" + text(value)).join("\\n") : String(one);
  const found = { storage: [], caches: [], databases: [] };
  for (const kind of [localStorage, sessionStorage]) found.storage.push(...Object.entries(kind).flat());
  for (const name of await caches.keys())
    for (const request of await (await caches.open(name)).keys()) found.caches.push(request.url);
  for (const { name } of await indexedDB.databases()) {
    const database = await new Promise((done) => (indexedDB.open(name).onsuccess = (event) => done(event.target.result)));
    for (const store of database.objectStoreNames) {
      const objects = database.transaction(store).objectStore(store);
      const all = (how) => new Promise((done) => (objects[how]().onsuccess = (event) => done(event.target.result)));
      const [keys, values] = [await all("getAllKeys"), await all("getAll")];
      keys.forEach((key, at) => found.databases.push(key + "\\n" + text(values[at])));
    }
    database.close();
  }
  found.storage.push(JSON.stringify(history.state), location.href, document.cookie);
  return found;
}"""


def kept(page):
    """When the answers are on the device."""
    page.wait_for_selector("[data-saved][aria-busy=false]:text-matches('^Kept')")


def on_disk(folder):
    """All that the browser wrote, as one text in which a text is found in whichever of its encodings."""
    whole = b"\n".join(path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file())
    return whole + whole.replace(b"\0", b"")


def serious(page):
    """What axe finds on the page as it is."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE_SCRIPT)
    faint, _ = page.evaluate(CONTRAST, [])
    return page.evaluate(AXE) + faint


def put(desk, state):
    """Put the form on phones, or take it off."""
    with desk.changing() as (session, _):
        one = select(Assignment).join(Form, Form.id == Assignment.form_id).where(Form.xml_form_id == "visit")
        session.scalars(one).one().state = state


def attach(page, label, name, content):
    page.wait_for_selector(".question-container")
    question(page, label).locator("input[type=file]").last.set_input_files(
        {"name": name, "mimeType": "application/octet-stream", "buffer": content}
    )


def names(page):
    return [one.input_value() for one in page.get_by_role("textbox", name=re.compile("Name|Nom")).all()]


def answered(page):
    """Everything that was answered, in French, as the page shows it."""
    ready(page)
    page.get_by_role("button", name="Add Enfant").wait_for()
    assert page.get_by_role("textbox", name="Lieu").input_value() == MARKS[0]
    assert names(page) == MARKS[1:3]
    question(page, "Photo").locator("img").wait_for()
    question(page, "Enregistrement").get_by_text(".mp3").wait_for()


def test_the_network_is_cut_the_page_reloaded_the_tab_closed_and_the_browser_ended(desk, profile):
    context = profile(width=NARROW)
    page = begin(context, desk)
    assert page.url == f"{desk.url}/fill"
    page.locator("[data-blanks] li", has_text="Visit").get_by_role("button").click()
    page.wait_for_selector("text=Before you begin")
    assert "shows no map" in page.inner_text("[data-lacks]")
    assert "Way here" in page.inner_text("[data-lacks]")
    assert serious(page) == []
    page.click("[data-begin]")
    ready(page)
    assert overflow(page) <= 0
    page.get_by_role("textbox", name="Met at").fill(MARKS[0])
    choose(page, "Any children?", "Yes")
    page.get_by_role("textbox", name="Name").fill(MARKS[1])
    attach(page, "Picture", "shot.png", picture())

    context.set_offline(True)
    page.get_by_role("button", name="Add Child").click()
    page.get_by_role("textbox", name="Name").nth(1).fill(MARKS[2])
    attach(page, "Recording", "said.mp3", SOUND)
    question(page, "Recording").get_by_text(".mp3").wait_for()
    speak(page, "Français (fr)")
    page.get_by_role("button", name="Add Enfant").wait_for()
    kept(page)

    page.reload()
    page.wait_for_selector("text=There is no network: your passphrase opens")
    unlock(page, "quiet lantern orchid")
    page.wait_for_selector("text=This is not the passphrase.")
    unlock(page)
    answered(page)

    page.close()
    page = context.new_page()
    page.goto(f"{desk.url}/fill")
    unlock(page)
    page.get_by_role("button", name="Go on").click()
    answered(page)
    identity = page.evaluate("indexedDB.databases().then((found) => found.map(({name}) => name))")
    assert identity == [f"saif-fill-{desk.device_id}"]

    page.get_by_role("button", name="Send").click()
    page.wait_for_selector("text=Waits to be sent.")
    assert overflow(page) <= 0

    dumped = json.dumps(page.evaluate(DUMP), ensure_ascii=False)
    assert "answers/" in dumped, "what is searched is what is kept"
    context.close()
    written = on_disk(context.folder)
    assert b"answers/" in written
    for secret in [*MARKS[:3], "Recorded Nightingale", PASSPHRASE, desk.token, "ct_screening"]:
        assert secret not in dumped
        assert secret.encode() not in written, secret

    context = profile()
    page = context.new_page()
    sending = []

    def break_off_once(route):
        """The network goes with the second request, of which there is one for each large file."""
        sending.append(route.request.url)
        route.abort() if len(sending) == 2 else route.continue_()

    context.route("**/submission?*", break_off_once)
    page.goto(f"{desk.url}/fill")
    page.wait_for_selector("text=No network. Nothing is lost")
    page.click("[data-refresh]")
    page.wait_for_selector("text=Its answers are no longer on this device.")
    assert len(sending) == 4, "what may have arrived is sent again"
    assert not re.search("(answers|attached)/", json.dumps(page.evaluate(DUMP)))

    here = desk.state
    with Session(here.engine) as session:
        stored = session.scalars(select(Submission)).one()
        xml = here.keyring.open(stored.xml, f"submission:{stored.id}").decode()
        files = session.scalars(select(SubmissionFile).where(SubmissionFile.submission_id == stored.id)).all()
    assert stored.device_id == desk.device_id
    assert re.findall("<(?:met|called)>(.*?)<", xml) == MARKS[:3]
    assert re.search("<start>2[^<]+</start><phone>saif:[0-9a-f-]{36}</phone>", xml)
    assert sorted(one.size for one in files) == sorted([len(SOUND), len(picture())])
    assert re.search(r"<photo>\d+\.png</photo><voice>\d+\.mp3</voice>", xml)


def test_locked_and_cut_off_it_opens_nothing_with_a_new_link_everything_and_what_is_refused_stays(
    desk, profile
):
    context = profile()
    page = begin(context, desk)
    page.locator("[data-blanks] li", has_text="Visit").get_by_role("button").click()
    page.click("[data-begin]")
    ready(page)
    page.get_by_role("textbox", name="Met at").fill(MARKS[3])
    kept(page)
    assert serious(page) == []

    other = context.new_page()
    other.goto(f"{desk.url}/fill")
    other.get_by_role("button", name="Go on").click()
    other.wait_for_selector("text=This interview is open in another tab")
    other.close()

    page.click("[data-lock]")
    page.wait_for_selector("[data-locked-why]:text('The page is locked.')")
    assert context.cookies(f"{desk.url}/fill") == []
    assert serious(page) == []
    page.reload()
    page.wait_for_selector("[data-locked-why]:text('The page was locked.')")
    for _ in range(5):
        unlock(page, "a wrong passphrase")
        page.wait_for_selector("text=This is not the passphrase.")
        page.evaluate("document.querySelector('[data-said]').textContent = ''")
    unlock(page)
    page.wait_for_selector("text=/That was wrong too often. Wait \\d+ seconds./")

    # Somebody who forgot the passphrase has the link.
    page.goto("about:blank")
    page.goto(desk.link)
    page.wait_for_selector("text=Choose a passphrase")
    page.fill("#new-passphrase", "12345678901")
    page.fill("#again", "12345678901")
    page.click("text=Keep it >> nth=0")
    page.wait_for_selector("text=This is guessed too easily.")
    assert serious(page) == []
    page.click("text=Keep the one I have")
    page.get_by_role("button", name="Go on").click()
    ready(page)
    assert page.get_by_role("textbox", name="Met at").input_value() == MARKS[3]
    page.click("[data-close]")
    page.get_by_role("button", name="Go on").wait_for()
    assert serious(page) == []

    with desk.changing() as (session, device):
        devices.revoke(session, actor=COMMAND, device=device)
    page.click("[data-refresh]")
    page.wait_for_selector("text=The server does not accept this browser")
    context.set_offline(True)
    page.reload()
    page.wait_for_selector("[data-view=door]:not([hidden])")
    assert not page.is_visible("#passphrase"), "nothing here opens it any more"
    assert serious(page) == []
    context.set_offline(False)
    with desk.changing() as (session, device):
        devices.rotate(session, actor=COMMAND, device=device, keyring=desk.state.keyring)
    page.goto("about:blank")
    page.goto(desk.link)
    page.fill("#new-passphrase", PASSPHRASE)
    page.fill("#again", PASSPHRASE)
    page.click("text=Keep it >> nth=0")
    page.get_by_role("button", name="Go on").click()
    ready(page)
    assert page.get_by_role("textbox", name="Met at").input_value() == MARKS[3]

    # What the server refuses stays, with its reason, until somebody tries again.
    put(desk, "closed")
    page.get_by_role("button", name="Send").click()
    page.wait_for_selector("text=This form is closed and takes no new interviews.")
    assert serious(page) == []
    put(desk, "open")
    page.get_by_role("button", name="Try again").click()
    page.wait_for_selector("text=Its answers are no longer on this device.")
