"""A coordinator's day: 40 interviews come in from the phones of two missions, and she works from her home page to a
closed case. Each step is looked up on the page, in the store and in the ledger."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app import ledger
from app.db import writing
from app.models import TABLES, CaseEntity, CaseState, Form, LedgerEntry, Organisation, Submission, Twin, User
from app.policy import COMMAND
from app.services import devices, publish
from app.services.replay import replay
from app.state import State
from app.tasks import run_once
from tests.clients.collect.collect_client import CollectClient
from tests.clients.fixtures import phone  # noqa: F401 -- a fixture
from tests.clients.make_demo import assistance, screening, value
from tests.server import threaded
from tests.ui.browser import NARROW, WIDE
from tests.ui.casework import WHY
from tests.ui.office import PASSWORD, Office, hire

pytestmark = pytest.mark.browser

HERS, OTHER = 1, 2
"""The missions."""
PHONES = {"Shelter": HERS, "Border": HERS, "Hotline": HERS, "Riverside": OTHER, "Airport": OTHER}
PEOPLE = range(1, 26)
ELSEWHERE = range(26, 34)
FOLLOWED = (2, 4, 6, 10, 12)
INTERVIEWS = 40
ON = "2026-11-20"


@dataclass(frozen=True, slots=True)
class Spoken:
    """An interview as it left a phone: the case it is about, and that case's reference as it has it."""

    instance_id: str
    case_id: UUID | None
    reference: str


@dataclass(frozen=True, slots=True)
class Day:
    """What came in. `first` and `again` are two screenings of one person, `stray` names no case by a slip of the
    finger, `foreign` is what the other mission was told."""

    url: str
    office: Office
    state: State
    phones: dict[str, CollectClient]
    first: Spoken
    again: Spoken
    stray: Spoken
    foreign: list[Spoken]

    def work(self) -> None:
        """What the worker does, until there is nothing left."""
        work(self.state)

    def ask(self, statement: Any) -> list[Any]:
        """Rows of the store behind the pages."""
        with Session(self.state.engine) as session:
            return list(session.execute(statement).all())

    def rows(self, table: str, **like: Any) -> list[Any]:
        """Rows of the case she works on in a table of the case store."""
        sql = TABLES[table]
        where = [sql.c.case_id == self.first.case_id, *(sql.c[name] == said for name, said in like.items())]
        return [one._mapping for one in self.ask(select(sql).where(*where))]

    def case_of(self, one: Spoken) -> UUID | None:
        """The case that an interview is in."""
        ((found,),) = self.ask(select(Submission.case_id).where(Submission.instance_id == one.instance_id))
        return found

    def told(self, action: str, table: str | None = None) -> LedgerEntry:
        """The one entry of the ledger about something that she did once; `table`: what she recorded."""
        entries = [one for (one,) in self.ask(select(LedgerEntry).where(LedgerEntry.action == action))]
        (entry,) = [one for one in entries if table is None or one.detail["table"] == table]
        self.hers([entry])
        return entry

    def hers(self, entries: Iterable[LedgerEntry]) -> None:
        """They stand under her name, in her mission."""
        ((user,),) = self.ask(select(User.id).where(User.email == self.office.email))
        assert {(one.actor, one.mission_id) for one in entries} == {(f"user:{user}", HERS)}


def work(state: State) -> None:
    while run_once(state.engine, keyring=state.keyring, blobs=state.blobs):
        pass


def interview(client: CollectClient, form: str, answers: dict[str, Any], *, seed: int) -> Spoken:
    """Hold an interview on a phone; it is sent with the next `send`."""
    folder = client.fill(form, answers, seed=seed, options=("--only-answers", "--ignore-unused"))
    xml = (folder / f"{folder.name}.xml").read_text()
    case = value(xml, "case_uid")
    return Spoken(client.phone.report["instanceID"], UUID(case) if case else None, value(xml, "case_ref"))


@pytest.fixture(scope="module")
def day(empty_office, tmp_path_factory, phone):  # noqa: F811 -- a fixture
    """Both missions at work: what their phones said has come in and was read."""
    office = empty_office.moved(tmp_path_factory.mktemp("day"))
    app = office.app()
    state = app.extensions["saif"]
    hire(state, HERS)
    tokens = {}
    with Session(state.engine) as session, writing(session):
        for form in session.scalars(select(Form).order_by(Form.id)).all():
            publish.assign(session, actor=COMMAND, form=form, mission_id=OTHER)
        for name, mission in PHONES.items():
            _, tokens[name] = devices.create(
                session, actor=COMMAND, mission_id=mission, display_name=name, keyring=state.keyring
            )
    with threaded(app) as url:
        clients = {
            name: CollectClient(
                f"{url}/v1/key/{tokens[name]}/projects/{mission}",
                state=tmp_path_factory.mktemp(name),
                phone=phone,
            )
            for name, mission in PHONES.items()
        }
        yield Day(
            url,
            replace(office, email="coordinator@saif.example", password=PASSWORD),
            state,
            clients,
            **hold(state, clients),
        )
        for client in clients.values():
            client.session.close()
    state.engine.dispose()


def hold(state: State, clients: dict[str, CollectClient]) -> dict[str, Any]:
    """All the interviews, in the order of a day: screenings, then what is known of the cases comes to the phones, then
    assistance interviews about cases picked from their lists."""
    hers = [clients[name] for name, mission in PHONES.items() if mission == HERS]
    others = [clients[name] for name, mission in PHONES.items() if mission == OTHER]
    synced(clients.values())
    screened = {n: interview(hers[n % 3], "ct_screening", screening(n), seed=n) for n in PEOPLE}
    foreign = [interview(others[n % 2], "ct_screening", screening(n), seed=n) for n in ELSEWHERE]
    again = interview(hers[0], "ct_screening", screening(1), seed=100)
    sent(state, clients)
    synced(clients.values())
    for n in FOLLOWED:
        answers = assistance(n, ON, "initial", {}, str(screened[n].case_id))
        interview(hers[(n + 1) % 3], "ct_assistance", answers, seed=n)
    right = screened[1].reference
    slip = right[:-1] + ("0" if right[-1] != "0" else "1")
    stray = interview(hers[2], "ct_assistance", assistance(1, ON, "initial", {"typed": slip}, ""), seed=1)
    sent(state, clients)
    return {"first": screened[1], "again": again, "stray": stray, "foreign": foreign}


def synced(clients: Iterable[CollectClient]) -> None:
    for client in clients:
        client.sync()


def sent(state: State, clients: dict[str, CollectClient]) -> None:
    for client in clients.values():
        client.send()
    work(state)


@pytest.fixture(scope="module")
def house(day):
    """For `enter`: she signs in here."""
    return day.url, day.office


def on_phone(day: Day, case: Spoken) -> bool:
    """Whether a phone of her mission lists the case, once it has looked."""
    client = day.phones["Shelter"]
    client.sync()
    return str(case.case_id) in (client.state / "entities" / "cases.csv").read_text()


def test_from_what_came_in_to_a_closed_case(enter, day):
    case, twin = day.first, day.again
    home = f"{day.url}/projects/{HERS}"
    page = enter()

    def see(words: str) -> str:
        """Wait until the page says this; then nothing on it is the other mission's. The page's text."""
        page.get_by_text(words).first.wait_for()
        page.wait_for_load_state()
        content = page.content()
        assert "Phnom Penh" not in content
        for one in day.foreign:
            assert str(one.case_id) not in content
            assert one.reference not in content
        return page.inner_text("main")

    def begin(reason: str, link: str) -> None:
        """From the home page, to where something that asks for attention is decided."""
        page.goto(home)
        item = page.locator(".todo > li", has=page.locator("strong", has_text=re.compile(reason)))
        item.locator("summary").click()
        item.get_by_role("link", name=re.compile(link)).click()

    def act(title: str, button: str, **answers: str) -> None:
        """Do something with the case, on its page."""
        page.goto(f"{home}/cases/{case.case_id}")
        page.locator("nav.acts").get_by_role("link", name=title, exact=True).click()
        see("What will happen")
        give(button, **answers)

    def give(button: str, **answers: str) -> None:
        for name, said in answers.items():
            field = page.locator(f"#act-{name}")
            if field.evaluate("e => e.tagName") == "SELECT":
                field.select_option(said)
            else:
                field.fill(said)
        page.locator("textarea[name=reason]").fill(WHY)
        page.get_by_role("button", name=button, exact=True).click()

    # In the morning: what came in, and how much of it is hers.
    everything = dict(day.ask(select(Submission.mission_id, func.count()).group_by(Submission.mission_id)))
    assert sum(everything.values()) == INTERVIEWS
    assert everything[OTHER] == len(ELSEWHERE)
    ((waiting,),) = day.ask(select(func.count()).where(Submission.state == "waiting"))
    assert waiting == 1
    page.goto(home)
    assert re.search(rf"{everything[HERS]}\s+in the last seven days", see("in the last seven days"))
    assert re.search(r"1\s+Submission waits", page.inner_text("main"))

    # On her way in, with a small screen, she looks through the screenings and approves them together.
    page.set_viewport_size({"width": NARROW, "height": 900})
    page.click("text=All submissions")
    page.wait_for_url(f"{home}/submissions")
    page.select_option("#form", "ct_screening")
    page.wait_for_selector("table.of-form")
    page.check("[data-select-all]")
    page.fill("#bulk-comment", "Read through this morning")
    page.get_by_role("button", name="Review", exact=True).click()
    screenings = len(PEOPLE) + 1
    see(f"{screenings} submissions reviewed.")
    assert page.locator("td[data-label=Review]", has_text="Approved").count() == screenings
    reviewed = day.ask(
        select(Submission.id, Submission.mission_id, Submission.xml_form_id).where(
            Submission.review_state == "approved"
        )
    )
    assert {one[1:] for one in reviewed} == {(HERS, "ct_screening")}
    entries = [
        one for (one,) in day.ask(select(LedgerEntry).where(LedgerEntry.action == "submission.review"))
    ]
    assert sorted(one.object for one in entries) == sorted(f"submission:{one.id}" for one in reviewed)
    assert len(entries) == screenings
    day.hers(entries)
    page.set_viewport_size({"width": WIDE, "height": 900})

    # One interview named no case: a slip in the reference. It goes where it belongs.
    begin("Submission waits", "Decide")
    see(f"Typed as its case: {day.stray.reference}")
    assert day.case_of(day.stray) is None
    page.get_by_role("button", name=f"Attach to {case.reference}").click()
    see("The interview is part of the case now.")
    see("Every submission has its case")
    assert day.case_of(day.stray) == case.case_id
    assert day.told("case.attach").object == f"case:{case.case_id}"

    # Somebody was screened twice, it seems; merged, looked at, and taken apart again.
    pair = {case.case_id, twin.case_id}
    assert pair in [set(one) for one in day.ask(select(Twin.case_id, Twin.other_id))]
    begin("Possible duplicate", "Decide")
    see("What speaks for it")
    both = page.locator("tr[data-row]", has_text=case.reference).filter(has_text=twin.reference)
    both.get_by_role("link", name=re.compile("^Compare")).click()
    see("Are they one person?")
    page.check(f"input[name=into][value='{case.case_id}']")
    page.fill("#merge-reason", WHY)
    page.get_by_role("button", name="Merge", exact=True).click()
    see("The two are one case now.")
    assert day.case_of(twin) == day.case_of(case) == case.case_id
    assert not day.ask(select(CaseState.case_id).where(CaseState.case_id == twin.case_id))
    merged = day.told("case.merge")
    assert (merged.object, merged.reason) == (f"case:{twin.case_id}", WHY)
    page.click("text=Undo the merge")
    see("stands by itself again")
    give("Undo the merge")
    see("The merge is undone")
    assert (day.case_of(case), day.case_of(twin)) == (case.case_id, twin.case_id)
    assert len(day.ask(select(CaseState.case_id).where(CaseState.case_id.in_(pair)))) == 2
    assert day.case_of(day.stray) == case.case_id, "the undoing leaves alone what was decided before"
    assert day.told("case.unmerge").object == f"case:{twin.case_id}"

    # The fund: the criteria propose, she decides.
    (proposed,) = day.rows("eligibility", programme="gaf")
    assert (proposed["result"], proposed["decided_on"]) == ("eligible", None)
    begin("Eligibilit(y|ies) to decide", "Decide")
    see("The criteria propose")
    card = page.locator("section[data-row]", has=page.get_by_role("link", name=case.reference))
    while not card.count():
        onward = page.get_by_role("link", name="Next", exact=True).get_attribute("href")
        page.goto(f"{day.url}{onward}")
        see("The criteria propose")
    card.locator("summary", has_text=re.compile("^Decide$")).click()
    card.get_by_label("Approve").check()
    card.get_by_label("Why?").fill(WHY)
    card.get_by_role("button", name="Decide", exact=True).click()
    see("The decision stands in the case.")
    assert [one["result"] for one in day.rows("eligibility", programme="gaf")] == ["approved"]
    decided = day.told("case.eligibility")
    assert (decided.object, decided.reason) == (f"case:{case.case_id}", WHY)

    # The plan has one more step.
    act(
        "Add to the plan",
        "Add",
        type="legal",
        objective="A residence permit",
        due_on="2999-01-01",
        status="planned",
    )
    see("The plan has a new item.")
    assert "A residence permit" in page.text_content("#plan")
    (item,) = day.rows("plan_item", objective="A residence permit")
    assert (item["type"], str(item["due_on"]), item["status"]) == ("legal", "2999-01-01", "planned")
    assert day.told("case.record", "plan_item").object == f"case:{case.case_id}"

    # Nobody is referred to an organisation without an agreement: she notes the one that was signed.
    page.goto(f"{home}/cases")
    see(case.reference)
    page.get_by_role("link", name="Organisations").click()
    page.fill("#new-name", "Casa Segura")
    page.get_by_role("button", name="Add", exact=True).click()
    page.wait_for_selector("h1:has-text('Casa Segura')")
    page.fill("#from", "2026-01-01")
    page.fill("#until", "2999-12-31")
    page.get_by_role("button", name="Save", exact=True).click()
    see("until 2999-12-31")
    ((organisation,),) = day.ask(select(Organisation.id).where(Organisation.name == "Casa Segura"))
    assert day.told("organisation.create").object == day.told("organisation.update").object
    act("Refer", "Propose the referral", organisation=str(organisation), category="legal")
    see("The referral is proposed.")
    assert "Casa Segura" in page.text_content("#referrals")
    (referral,) = day.rows("referral", organisation_id=organisation)
    assert (referral["direction"], referral["state"], referral["consented"]) == ("out", "proposed", True)
    assert day.told("case.record", "referral").object == f"case:{case.case_id}"

    # A value was written down wrong.
    page.goto(f"{home}/cases/{case.case_id}")
    page.locator("summary", has_text="Where “Number of children” came from").click()
    page.get_by_role("link", name="Correct “Number of children”").click()
    see("What will happen")
    give("Correct", value="3")
    see("Number of children is corrected")
    fact = page.locator(".fact", has=page.locator("dt", has_text="Number of children"))
    assert fact.locator("dd.value").inner_text() == "3"
    assert [one["number_of_children"] for one in day.rows("person")] == [3]
    corrected = day.told("case.correct")
    assert (corrected.object, corrected.reason) == (f"case:{case.case_id}", WHY)

    # The case is closed, and leaves the phones and the home page's count.
    open_ones = select(func.count()).where(CaseEntity.mission_id == HERS, CaseEntity.open)
    ((before,),) = day.ask(open_ones)
    assert on_phone(day, case)
    case_page = page.url
    page.goto(home)
    told = int(re.search(r"(\d+)\s+open cases", see("open cases"))[1])
    page.goto(case_page)
    act("Close", "Close the case", closure_reason="plan_completed")
    see("The case is closed.")
    assert "Plan completed" in page.inner_text("main")
    (file,) = day.rows("case_file")
    assert (file["status"], file["closure_reason"]) == ("closed", "plan_completed")
    closed = day.told("case.close")
    assert (closed.object, closed.reason) == (f"case:{case.case_id}", WHY)
    assert day.ask(open_ones) == [(before - 1,)]
    assert not on_phone(day, case)
    page.goto(home)
    assert re.search(rf"\b{told - 1}\s+open cases", see("open cases"))
    assert case.reference not in page.text_content(".todo")

    # The other mission's cases are no pages of hers, wherever she asks for them.
    theirs = day.foreign[0]
    assert day.case_of(theirs) == theirs.case_id
    ((sent_in,),) = day.ask(select(Submission.id).where(Submission.instance_id == theirs.instance_id))
    there = f"{day.url}/projects/{OTHER}"
    for address, status in (
        (f"{home}/cases/{theirs.case_id}", 404),
        (f"{home}/submissions/{sent_in}", 404),
        (f"{home}/cases/{case.case_id}/act/merge?reference={theirs.reference}", 200),
        (f"{there}", 403),
        (f"{there}/cases/{theirs.case_id}", 403),
        (f"{there}/submissions/{sent_in}", 403),
    ):
        answer = page.request.get(address)
        assert answer.status == status
        assert str(theirs.case_id) not in answer.text()

    # All she decided is kept as decisions: read and folded again from the beginning, nothing comes out otherwise.
    day.work()
    again = replay(
        day.state.engine,
        keyring=day.state.keyring,
        blobs=day.state.blobs,
        actor=COMMAND,
        mission_id=HERS,
    )
    assert (again.submissions, again.rows_changed) == (everything[HERS], 0)
    day.work()
    with Session(day.state.engine) as session:
        verdict = ledger.verify(session)
    assert (verdict.ok, verdict.unchained) == (True, 0)
