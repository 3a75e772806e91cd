"""What the office records of a case on its page, and the rules it does so by."""

import re
from uuid import UUID

import pytest
from sqlalchemy import select

from app.models import Organisation
from tests.ui.casework import WHY, an_open_case, entries, rows, uid
from tests.ui.conftest import text_of


@pytest.fixture
def visitor(visit):
    return visit("coordinator")


@pytest.fixture
def path(visitor):
    return an_open_case(visitor)


def agree(visitor, name="Casa Segura", until="2999-12-31"):
    """An organisation with an agreement, kept on its page."""
    visitor.post("/organisations", {"name": name})
    link = visitor.page.request.path.removeprefix(visitor.home)
    visitor.post(link, {"name": name, "type": "ngo", "country": "MD", "from": "2026-01-01", "until": until})
    return link.rpartition("/")[2]


def consent(visitor, path, word):
    visitor.post(f"{path}/act/consent", {"purpose": "referral", "granted": word, "reason": WHY})


def test_the_next_contact_is_set_for_a_day_to_come(visitor, store, path):
    answers = {"next_contact_on": "2020-01-01", "reason": WHY}
    assert "lies in the past" in visitor.post(f"{path}/act/contact", answers, status=422)
    page = text_of(visitor.post(f"{path}/act/contact", {"next_contact_on": "2998-02-03", "reason": WHY}))
    assert "Next contact: 2998-02-03" in page
    (file,) = rows(store, "case_file", path)
    assert str(file["next_contact_on"]) == "2998-02-03"


def test_the_plan_grows_and_is_carried_on(visitor, store, path):
    before = len(rows(store, "plan_item", path))
    assert "This is needed: type" in visitor.post(
        f"{path}/act/plan", {"objective": "A room", "status": "planned", "reason": WHY}, status=422
    )
    answers = {
        "type": "social_care",
        "objective": "A room",
        "due_on": "2020-02-02",
        "status": "planned",
        "reason": WHY,
    }
    page = visitor.post(f"{path}/act/plan", answers)
    assert len(rows(store, "plan_item", path)) == before + 1
    assert "overdue" in text_of(page.split('id="plan"')[1].split('class="panel facts"')[0])
    item = re.findall(r"act/plan-item\?about=([0-9a-f-]{36})", page)[-1]
    page = visitor.get(f"{path}/act/plan-item?about={item}")
    assert "A room</textarea>" in page
    visitor.post(f"{path}/act/plan-item", {**answers, "about": item, "status": "done", "reason": WHY})
    made = next(one for one in rows(store, "plan_item", path) if one["objective"] == "A room")
    assert made["status"] == "done"
    assert made["done_on"] is not None
    assert [one.detail["table"] for one in entries(store, "case.record")] == ["plan_item", "plan_item"]


def test_assistance_is_recorded_by_its_types(visitor, store, path):
    answers = {"category": "medical", "type": "treatment", "status": "completed", "started_on": "2026-05-02",
               "ended_on": "2026-05-01", "cost": "12.50", "currency": "XTS", "reason": WHY}  # fmt: skip
    assert "ends before it begins" in visitor.post(f"{path}/act/service", answers, status=422)
    visitor.post(f"{path}/act/service", {**answers, "ended_on": "2026-05-03"})
    made = next(one for one in rows(store, "service", path) if one["currency"] == "XTS")
    assert (made["category"], made["cost"], str(made["ended_on"])) == ("medical", 12.5, "2026-05-03")


def test_nobody_is_referred_without_consent_and_an_agreement(visitor, store, path):
    agreed, ended = agree(visitor), agree(visitor, "Old Friends", until="2026-02-01")
    answers = {"organisation": agreed, "category": "medical", "details": "Secret detail", "reason": WHY}
    consent(visitor, path, "no")
    assert "has not consented" in visitor.post(f"{path}/act/refer", answers, status=409)
    consent(visitor, path, "yes")
    refused = visitor.post(f"{path}/act/refer", {**answers, "organisation": ended}, status=409)
    assert "no agreement in force with Old Friends" in refused
    assert "Old Friends (no agreement in force)" in refused
    before = {one["referral_id"] for one in rows(store, "referral", path)}
    page = visitor.post(f"{path}/act/refer", answers)
    assert "Secret detail" not in page
    (made,) = [one for one in rows(store, "referral", path) if one["referral_id"] not in before]
    assert (made["direction"], made["state"], made["consented"]) == ("out", "proposed", True)
    assert made["organisation_id"] == UUID(agreed)
    step = {"about": str(made["referral_id"]), "reason": WHY}
    assert "is proposed" in visitor.post(f"{path}/act/referral-step", {**step, "to": "done"}, status=409)
    visitor.post(f"{path}/act/referral-step", {**step, "to": "accepted"})
    consent(visitor, path, "no")
    assert "does not, or no longer, consent" in visitor.get(path)
    assert "has not consented" in visitor.post(
        f"{path}/act/referral-step", {**step, "to": "done"}, status=409
    )
    page = text_of(visitor.post(f"{path}/act/referral-step", {**step, "to": "revoked"}))
    assert "State: Revoked" in page
    assert "does not, or no longer, consent" not in page
    assert "it has ended" in visitor.get(f"{path}/act/referral-step?about={made['referral_id']}")


def test_who_referred_a_person_to_us_is_taken_down(visitor, store, path):
    before = {one["referral_id"] for one in rows(store, "referral", path)}
    visitor.post(f"{path}/act/take-in", {"source_type": "hotline", "reason": WHY})
    (made,) = [one for one in rows(store, "referral", path) if one["referral_id"] not in before]
    assert (made["direction"], made["state"], made["source_type"]) == ("in", "proposed", "hotline")


def test_organisations_are_kept_with_their_agreements(visitor, visit, store):
    key = agree(visitor)
    assert "until 2999-12-31" in visitor.get("/organisations")
    assert "already" in visitor.post("/organisations", {"name": " casa  SEGURA"}, status=409)
    wrong = {"name": "Casa Segura", "from": "2026-02-01", "until": "2026-01-01"}
    assert "ends before it begins" in visitor.post(f"/organisations/{key}", wrong, status=422)
    assert "no date" in visitor.post(f"/organisations/{key}", {**wrong, "until": "soon"}, status=422)
    assert "No organisation fits" in visitor.get("/organisations?name=nobody")
    (kept,) = store(select(Organisation.type, Organisation.country).where(Organisation.id == UUID(key)))
    assert kept == ("ngo", "MD")
    assert len(entries(store, "organisation.update")) == 1
    visit("form_designer").get("/organisations", status=403)
    visit("administrator").get(f"/organisations/{key}")


def test_a_case_is_proposed_to_another_mission_which_takes_it(visitor, visit, store, path):
    page = visitor.get(f"{path}/act/transfer")
    assert "Phnom Penh" in page
    consent = {"purpose": "case_management", "granted": "yes", "reason": WHY}
    visitor.post(f"{path}/act/consent", consent)
    assert "No mission was chosen" in visitor.post(f"{path}/act/transfer", {"reason": WHY}, status=422)
    page = visitor.post(f"{path}/act/transfer", {"mission": "2", "reason": WHY})
    assert "has not answered yet" in page
    assert "act/transfer-back" in page
    there = visit("elsewhere")
    there.home = "/projects/2"
    assert "1 case of another mission" in text_of(there.get("/cases")).lower()
    assert WHY in there.get("/cases/transfers")
    there.get(path, status=404)
    answers = {"take": "yes", "reason": "ok"}
    assert "only with a reason" in there.post(f"/cases/transfers/{uid(path)}", answers, status=422)
    page = there.post(f"/cases/transfers/{uid(path)}", {**answers, "reason": WHY})
    assert "Handed to another mission" in page
    assert "DEMO1 to KHPNH" in page
    assert "in another mission" in page, "the interviews were held elsewhere"
    visitor.get(path, status=404)
    assert [one.detail["state"] for one in entries(store, "case.transfer")] == ["proposed", "accepted"]
