"""Pictures and recordings of a submission on its page: after a reason, to that session, for a while, and never as a page."""

import io
import re
import wave

import pytest
from playwright.sync_api import expect
from sqlalchemy.orm import Session

from app.db import writing
from app.policy import COMMAND
from app.services import publish, senders, shown_files
from app.state import open_state
from app.tasks import run_once
from tests.ui.casework import entries
from tests.ui.conftest import text_of
from tests.ui.test_edits import picture

FORM = """| survey |       |       |              |
|        | type  | name  | label        |
|        | image | photo | Her passport |
|        | audio | voice | Her voice    |
|        | file  | paper | A paper      |
|        | image | late  | Another      |
| settings | form_id | version |
|          | media   | 1       |
"""
XML = b"""<data id="media" version="1"><photo>Ana.png</photo><voice>voice.m4a</voice><paper>paper.pdf</paper>
<late>late.jpg</late><meta><instanceID>uuid:media</instanceID></meta></data>"""
WHY = {"reason": "To see whether it is hers"}


def sound():
    content = io.BytesIO()
    with wave.open(content, "wb") as made:
        made.setnchannels(1)
        made.setsampwidth(1)
        made.setframerate(8000)
        made.writeframes(bytes(range(256)) * 60)
    return content.getvalue()


FILES = {
    "Ana.png": ("image/png", picture()),
    "voice.m4a": ("audio/mp4", sound()),  # phones call things as they like
    "paper.pdf": ("image/png", b"<html><script>alert(1)</script>"),
    "extra.svg": ("image/svg+xml", b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>"),
}


def receive(state):
    """The submission as a phone sends it, worked off: the path of its page."""
    checked = publish.check(FORM.encode(), "media.md")
    with Session(state.engine) as session, writing(session):
        draft = publish.save_draft(session, checked, actor=COMMAND, mission_id=1)
        publish.publish(session, actor=COMMAND, version=draft)
    incoming = []
    for name, (media_type, content) in FILES.items():
        incoming.append(state.inbox.file(name, media_type))
        incoming[-1].write(content)
    sender = senders.Sender(mission_id=1, actor="test", forms={"media": "open"})
    receipt = state.inbox.receive(sender, xml=XML, files=incoming)
    while run_once(state.engine, keyring=state.keyring, blobs=state.blobs):
        pass
    return f"/submissions/{receipt.submission_id}"


def addresses(page):
    return [one.replace("&amp;", "&") for one in re.findall(r'src="(/projects/1/submissions/[^"]+)"', page)]


def test_media_are_shown_after_a_reason_to_who_gave_it_and_for_a_while(visit, store, monkeypatch):
    visitor = visit("coordinator")
    path = receive(visitor.client.application.extensions["saif"])
    page = visitor.get(path)
    assert not addresses(page)
    assert "Picture (png)" in text_of(page)
    assert "Ana.png" not in page
    assert not entries(store, "submission.file")
    page = visitor.post(f"{path}/reveal", WHY)
    photo, voice = addresses(page)
    assert 'alt="Her passport"' in page
    assert "Ana.png" in page
    assert "Ana" not in photo
    assert "not sent yet" in text_of(page)
    (entry,) = entries(store, "submission.file")
    assert entry.reason == WHY["reason"]
    answer = visitor.client.get(photo)
    assert (answer.data, answer.mimetype) == (picture(), "image/png")
    assert answer.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Cache-Control"] == "no-store"
    assert visitor.client.get(voice).mimetype == "audio/wav"
    part = visitor.client.get(voice, headers={"Range": "bytes=100-199"})
    assert (part.status_code, part.data) == (206, sound()[100:200])
    assert visitor.client.get(voice, headers={"Range": "bytes=999999-"}).status_code == 416
    # Neither another session, nor another file, nor later.
    assert visit("coordinator").client.get(photo).status_code == 404
    assert visit("form_designer").client.get(photo).status_code == 403
    name = re.search(r"/media/([0-9a-f]+)", voice)[1]
    assert visitor.client.get(re.sub(r"/media/[0-9a-f]+", f"/media/{name}", photo)).status_code == 404
    assert visitor.client.get(photo.partition("?")[0]).status_code == 404
    assert visitor.client.get(re.sub(r"until=\d+", "until=99999999999", photo)).status_code == 404
    now = shown_files.time.time
    monkeypatch.setattr(shown_files.time, "time", lambda: now() + shown_files.LASTS + 1)
    assert visitor.client.get(photo).status_code == 404
    assert len(entries(store, "submission.file")) == 1


@pytest.mark.browser
def test_a_browser_shows_the_picture_and_plays_the_recording(enter, house):
    url, office = house
    state = open_state(office.config)
    path = receive(state)
    state.engine.dispose()
    page = enter()
    page.goto(f"{url}/projects/1{path}")
    expect(page.locator(".files img")).to_have_count(0)
    page.click("#files >> text=Give a reason")
    page.fill("#reveal-reason", WHY["reason"])
    page.click("dialog[open] button.main")
    seen = page.eval_on_selector(".files img", "one => one.decode().then(() => one.naturalWidth)")
    assert seen > 0
    lasts = """one => new Promise((done) => {
      const told = () => done(one.duration);
      one.readyState ? told() : one.addEventListener("loadedmetadata", told);
    })"""
    assert page.eval_on_selector(".files audio", lasts) == pytest.approx(1.92)
    jump = """one => new Promise((done) => {
      one.addEventListener("seeked", () => done(one.currentTime));
      one.currentTime = 1.5;
    })"""
    assert page.eval_on_selector(".files audio", jump) == 1.5
