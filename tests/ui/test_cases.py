"""Cases: no name without a reason, and for every value where it came from."""

import io
import re
from datetime import date

import pytest
from pypdf import PdfReader
from sqlalchemy import event, select
from sqlalchemy.orm import Session

from app.models import TABLES, LedgerEntry
from app.ui import cases as pages
from tests.ui.conftest import signed_in, text_of


@pytest.fixture
def visitor(visit):
    return visit("coordinator")


def ledger_of(visitor, action):
    with Session(visitor.client.application.extensions["saif"].engine) as session:
        return session.scalars(select(LedgerEntry).where(LedgerEntry.action == action)).all()


def full_case(visitor):
    """The path of a case that was screened and assisted."""
    for nth in range(20):
        path = visitor.first("/cases", nth)
        if "Assistance delivered" in visitor.get(path) and "Family name" in visitor.get(path):
            return path
    raise AssertionError("the demo has such a case")


def fact(page, label):
    """The line of a fact, from its label to the next one."""
    return page.split(f"<dt>{label}</dt>")[1].split('<div class="fact">')[0]


def test_the_list_shows_references_and_no_names(visitor):
    page = text_of(visitor.get("/cases"))
    assert re.search(r"DEMO1-26-[0-9a-f]{8}", page)
    assert "Female, adult" in page


def test_the_list_is_narrowed_by_what_is_chosen(visitor):
    every = len(re.findall("data-row", visitor.get("/cases")))
    some = len(re.findall("data-row", visitor.get("/cases?risk_level=imminent")))
    assert 0 < some < every
    assert "No case fits" in visitor.post("/cases", {"reference": "XX-nothing"})
    reference = re.search(r"DEMO1-26-[0-9a-f]{8}", visitor.get("/cases"))[0]
    assert len(re.findall("data-row", visitor.post("/cases", {"reference": reference.lower()}))) == 1


def test_what_the_filter_does_not_know_narrows_nothing(visitor):
    every = len(re.findall("data-row", visitor.get("/cases")))
    assert len(re.findall("data-row", visitor.get("/cases?status=nonsense"))) == every


def test_a_case_hides_names_and_free_text(visitor):
    page = visitor.get(full_case(visitor))
    line = fact(page, "Family name")
    assert "••••••" in line
    assert "hidden" in line
    title = page.split("<title>")[1].split("</title>")[0]
    assert title == "Case · SAIF"


def test_a_value_says_which_interview_and_question_it_came_from(visitor):
    page = visitor.get(full_case(visitor))
    line = fact(page, "Sex")
    assert "/submissions/" in line
    assert "<code" in line
    assert "Screening interview" in line


def test_a_value_that_changed_shows_what_it_was(visitor):
    assert re.search(r"\d earlier", visitor.get(full_case(visitor)))


def test_codes_are_read_in_the_language_of_the_reader(visitor, office, open_app):
    from app.db import writing
    from app.services import users

    path = full_case(visitor)
    with Session(visitor.client.application.extensions["saif"].engine) as session, writing(session):
        users.set_locale(session, user=users.find(session, "coordinator@saif.example"), locale="es")
    assert "Entrevista" in visitor.get(path)


def test_names_are_revealed_for_a_reason_that_stands_in_the_ledger(visitor):
    path = full_case(visitor)
    page = visitor.post(f"{path}/reveal", {"section": "person", "reason": "The shelter asks who is coming"})
    assert '<bdi class="revealed">' in fact(page, "Family name")
    assert "you gave a reason" in page
    (entry,) = ledger_of(visitor, "reveal")
    assert entry.reason == "The shelter asks who is coming"
    assert entry.object == f"case:{path.rpartition('/')[2]}"
    assert "person.family_name" in entry.detail["fields"]
    assert "••••••" in fact(visitor.get(path), "Family name")


def test_only_the_section_asked_for_is_revealed(visitor):
    path = full_case(visitor)
    page = visitor.post(f"{path}/reveal", {"section": "person", "reason": "The shelter asks who is coming"})
    screening = page.split('id="screening"')[1].split('class="panel facts"')[0]
    assert "••••••" in screening
    page = visitor.post(f"{path}/reveal", {"section": "all", "reason": "A copy of everything for the person"})
    screening = page.split('id="screening"')[1].split('class="panel facts"')[0]
    assert "••••••" not in screening


def test_without_a_reason_nothing_is_revealed(visitor):
    path = full_case(visitor)
    page = visitor.post(f"{path}/reveal", {"section": "person", "reason": " . "}, status=422)
    assert "only with a reason" in page
    assert not ledger_of(visitor, "reveal")
    assert "Why do you need to see it?" in visitor.get(f"{path}/reveal?section=person")


def test_a_case_of_another_mission_is_not_found(visit):
    path = visit("coordinator").first("/cases")
    elsewhere = visit("elsewhere")
    assert elsewhere.client.get(f"/projects/2{path}").status_code == 404
    assert elsewhere.client.get(f"/projects/2{path}/reveal").status_code == 404


def test_a_case_that_is_none_is_not_found(visitor):
    visitor.get("/cases/00000000-0000-4000-8000-000000000000", status=404)
    visitor.get("/cases/not-a-case", status=404)


def test_a_merged_case_leads_to_the_one_that_carries_on(visitor):
    from uuid import UUID

    from app.policy import COMMAND
    from app.services import decide

    ends, stays = visitor.first("/cases", 0), visitor.first("/cases", 1)
    state = visitor.client.application.extensions["saif"]
    with Session(state.engine) as session:
        decide.merge(
            session,
            keyring=state.keyring,
            actor=COMMAND,
            case_id=UUID(ends.rpartition("/")[2]),
            into=UUID(stays.rpartition("/")[2]),
            reason="The same person, screened twice",
        )
        session.commit()
    answer = visitor.client.get(visitor.home + ends)
    assert answer.location == visitor.home + stays
    page = text_of(visitor.get(stays))
    assert "Merged into another case" in page
    assert "The same person, screened twice" in page


def test_the_determination_is_told_in_sentences(visitor):
    page = text_of(visitor.get(full_case(visitor)).split('id="determination"')[1].split("</section>")[0])
    for word in ("Act", "Means", "Purpose", "The rules suggest", "Decided", "determination-2026"):
        assert word in page


def test_the_timeline_has_assistance_and_referrals_beside_interviews(visitor):
    page = visitor.get(full_case(visitor)).split('class="timeline"')[1].split("</ol>")[0]
    assert "Service" in text_of(page)
    assert "Screening interview" in text_of(page)


def test_a_case_takes_the_same_queries_however_many_there_are_and_whatever_is_in_them(visitor):
    engine = visitor.client.application.extensions["saif"].engine
    counts = []

    def count(*_):
        counts[-1] += 1

    paths = [visitor.first("/cases", nth) for nth in range(3)] + [full_case(visitor)]
    event.listen(engine, "before_cursor_execute", count)
    try:
        for path in paths:
            counts.append(0)
            visitor.get(path)
    finally:
        event.remove(engine, "before_cursor_execute", count)
    assert max(counts) <= 32, counts


def found(visitor, query):
    return re.findall(
        r'<tr data-row>.*?href="[^"]*/cases/([0-9a-f-]{36})"', visitor.get(f"/cases?{query}"), re.S
    )


def test_each_filter_gives_the_cases_the_store_has(visitor, store):
    cases, person, episode = (TABLES[name].c for name in ("case_file", "person", "episode"))
    kinds, programmes = TABLES["episode_exploitation"].c, TABLES["eligibility"].c
    for query, wanted in (
        ("sex=female", select(person.case_id).where(person.sex == "female")),
        ("age_group=child", select(cases.case_id).where(cases.is_minor)),
        ("trafficking_status=actual", select(cases.case_id).where(cases.trafficking_status == "actual")),
        (
            "exploitation=forced_labour",
            select(kinds.case_id).where(kinds.facet == "type", kinds.code == "forced_labour"),
        ),
        ("programme=gaf", select(programmes.case_id).where(programmes.programme == "gaf")),
    ):
        expected = {str(uid) for (uid,) in store(wanted)}
        assert set(found(visitor, query)) == expected, query
    (country,) = next(
        iter(store(select(episode.exploitation_country).where(episode.exploitation_country.is_not(None))))
    )
    expected = {
        str(uid) for (uid,) in store(select(episode.case_id).where(episode.exploitation_country == country))
    }
    assert set(found(visitor, f"country={country}")) == expected
    every, overdue = set(found(visitor, "")), set(found(visitor, "due=overdue"))
    assert overdue < every
    assert overdue <= set(found(visitor, "due=week")) <= set(found(visitor, "due=month"))


def test_each_order_goes_on_from_page_to_page(visitor, store, monkeypatch):
    monkeypatch.setattr(pages, "PAGE", 4)
    every = {str(uid) for (uid,) in store(select(TABLES["case_file"].c.case_id))}
    for order in ("changed", "registered", "contact"):
        path, seen = f"/cases?sort={order}", []
        while path:
            page = visitor.get(path)
            seen += re.findall(r'<tr data-row>.*?href="[^"]*/cases/([0-9a-f-]{36})"', page, re.S)
            following = re.search(r'href="([^"]+)" rel="next"', page)
            path = following[1].replace("&amp;", "&").removeprefix(visitor.home) if following else None
        assert len(seen) == len(set(seen)), order
        assert set(seen) == every, order
        if order == "contact":
            file = TABLES["case_file"].c
            agreed = store(select(file.case_id, file.status, file.next_contact_on))
            days = {str(uid): None if status.startswith("closed") else day for uid, status, day in agreed}
            told = [days[one] or date(9999, 1, 1) for one in seen]
            assert told == sorted(told)


def test_a_case_as_pdf_has_names_only_if_they_are_asked_for_and_always_a_reason(visitor, store):
    path = full_case(visitor)
    letter = (io.BytesIO(b"%PDF-1.7 a letter"), "Ana Lungu.pdf")
    visitor.post(f"{path}/documents", {"file": letter, "kind": "referral", "dated_on": "2026-03-01"})
    assert "What is it for?" in visitor.get(f"{path}/paper")
    assert "only with a reason" in visitor.post(f"{path}/paper", {"names": "yes", "reason": ""}, status=422)
    sent = {"csrf_token": visitor.token(), "reason": "The hearing on Monday"}
    masked, whole = (
        visitor.client.post(f"{visitor.home}{path}/paper", data={**sent, "names": names}).data
        for names in ("no", "yes")
    )
    texts = [
        " ".join(page.extract_text() for page in PdfReader(io.BytesIO(content)).pages)
        for content in (masked, whole)
    ]
    assert all(re.search(r"DEMO1-26-[0-9a-f]{8}", text) for text in texts)
    assert "hidden" in texts[0].split("Family name")[1][:20]
    assert "hidden" not in texts[1].split("Family name")[1][:20]
    for text, name in zip(texts, ("hidden", "Ana Lungu.pdf"), strict=True):
        assert f"Referral or letter {name} 2026-03-01" in " ".join(text.split())
    assert "Ana Lungu" not in texts[0]
    assert [entry.detail["revealed"] for entry in ledger_of(visitor, "case.paper")] == [False, True]
    assert len(ledger_of(visitor, "reveal")) == 1


def test_filters_of_the_list_are_kept_under_a_name_for_oneself_or_for_the_mission(visit):
    mine, others = visit("coordinator"), visit("coordinator")
    asked = "?status=active&sort=contact&country=NL&reference=DEMO1-26-Typed&owner="
    assert "Keep these filters" in mine.post("/cases", {"status": "active", "reference": "DEMO1-26-Typed"})
    page = mine.post("/cases/views", {"name": "To call", "back": asked})
    assert mine.page.request.query_string == b"status=active&sort=contact&country=NL"
    assert "Typed" not in page, "what was typed may name a person"
    mine.post("/cases/views", {"name": "Ours", "back": "?due=week", "shared": "1"})
    first, second = re.findall(r'action="[^"]*(/cases/views/\d+)"', mine.page.text)
    assert "Soon" in mine.post(first, {"name": "Soon"}), "the views stand by their names"
    mine.post(second, {"name": "Soon"}, status=409)
    assert "Soon" not in mine.get("/submissions?form=ct_screening"), "a form has views of its own"
    visit("form_designer").post("/cases/views", {"name": "x", "back": ""}, status=403)
    visit("elsewhere").post(first, {"delete": "1"}, status=403)
    assert "To call" not in mine.post(second, {"delete": "1"})
    assert "Soon" in others.get("/cases")


def test_a_view_that_is_shared_is_read_by_others_and_changed_by_none_of_them(visit, office, open_app):
    mine = visit("coordinator")
    mine.post("/cases/views", {"name": "Only mine", "back": "?due=week"})
    mine.post("/cases/views", {"name": "Ours", "back": "?due=month", "shared": "1"})
    other = signed_in(open_app(office), office, office.email, office.password)
    page = other.get("/cases")
    assert "Ours" in page
    assert f'href="{other.home}/cases?due=month"' in page
    assert "Only mine" not in page
    assert not re.findall(r'action="[^"]*/cases/views/\d+"', page)
    theirs = re.findall(r'action="[^"]*(/cases/views/\d+)"', mine.get("/cases"))
    for one in theirs:
        other.post(one, {"delete": "1"}, status=404)
