"""The queue of submissions without a case, as a coordinator works it off."""

import re

from app.services.receive import Sender
from app.tasks import run_once
from tests.services.made import assistance
from tests.ui.conftest import text_of


def test_a_stray_is_attached_with_one_click_from_the_queue_and_from_its_page(visit):
    visitor = visit("coordinator")
    state = visitor.client.application.extensions["saif"]
    reference = re.search(r"DEMO1-26-[0-9a-f]{8}", visitor.get("/cases"))[0]
    mistyped = reference[:-1] + ("0" if reference[-1] != "0" else "1")
    mission = int(visitor.home.split("/")[-1])
    sender = Sender(mission_id=mission, actor="device:1", forms={"ct_assistance": "open"})
    for _ in range(2):
        state.inbox.receive(
            sender, xml=assistance(case_uid="", case_ref=mistyped, held_on="2027-01-01"), files=[]
        )
    while run_once(state.engine, keyring=state.keyring, blobs=state.blobs):
        pass
    assert "/strays" in visitor.get()
    page = visitor.get("/strays")
    assert f"Typed as its case: {mistyped}" in text_of(page)
    card = page.split("Typed as its case")[1].split("</section>")[0]
    assert "differs in one or two letters" in card
    action = re.search(r'action="/projects/\d+([^"]+/place)"', card)[1]
    case, reason = (re.search(rf'name="{name}"[^>]*value="([^"]+)"', card)[1] for name in ("case", "reason"))
    page = text_of(visitor.post(action, {"case": case, "reason": reason, "back": "strays"}))
    assert "The interview is part of the case now." in page
    assert page.count(f"Typed as its case: {mistyped}") == 1
    own = re.search(
        r'action="/projects/\d+(/submissions/[^"]+)/place"', visitor.get("/strays").split("Typed as")[1]
    )[1]
    page = visitor.get(own)
    assert "Which case does it belong to?" in page
    assert "differs in one or two letters" in page
    page = visitor.post(f"{own}/place", {"case": case, "reason": "Typed wrongly by the interviewer"})
    assert f"Open case {reference}" in page
