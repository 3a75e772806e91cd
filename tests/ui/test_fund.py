"""The page of the Global Assistance Fund, and its section on the page of a case."""

import re

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.models import LedgerEntry
from tests.ui.conftest import text_of

REASON = "All criteria are met, the file is complete"


def test_a_proposal_is_decided_on_its_evidence_and_leaves_the_queue(visit):
    visitor = visit("coordinator")
    page = visitor.get("/fund")
    card = page.split('<section class="panel facts"')[1].split("</section>")[0]
    assert "Identified as a victim" in text_of(card)
    assert "/submissions/" in card, "evidence leads to its interview"
    action = re.search(r'action="/projects/\d+(/fund/[0-9a-f-]{36})"', card)[1]
    case_id = action.rsplit("/", 1)[1]
    assert visitor.post(action, {"result": "approved", "reason": "no"}, status=422)
    page = visitor.post(
        action, {"result": "approved", "decided_on": "2026-11-20", "reason": REASON, "back": "fund"}
    )
    assert "The decision stands in the case." in page
    assert f"/fund/{case_id}" not in page
    case = text_of(visitor.get(f"/cases/{case_id}"))
    assert "the fund has approved on 2026-11-20" in case
    assert "Decide anew" in case
    with Session(visitor.client.application.extensions["saif"].engine) as session:
        entry = session.scalars(select(LedgerEntry).where(LedgerEntry.action == "case.eligibility")).one()
    assert (entry.reason, entry.object) == (REASON, f"case:{case_id}")
    assert "1" in text_of(visitor.get("/fund").split('id="totals"')[1])


def test_the_totals_are_downloaded_and_the_criteria_chosen(visit):
    visitor = visit("coordinator")
    assert visitor.get("/fund/totals.csv").startswith(
        "country,year,approved,declined,services,currency,cost\r\n"
    )
    page = visitor.post("/fund/rules", {"rules": "gaf-2021", "reason": "The fund asked missions to change"})
    assert re.search(r'value="gaf-2021" selected', page)
    visitor.post("/fund/rules", {"rules": "gaf-1950", "reason": REASON}, status=422)


def test_nobody_decides_without_the_role(visit):
    visitor = visit("form_designer")
    assert visitor.client.get(f"{visitor.home}/fund").status_code == 403
