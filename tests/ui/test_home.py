"""The home page: what came in, what needs attention, and an empty house with a way to fill it."""

import csv
import html
import io
import re
import sqlite3

from app.services import attention
from app.tasks import run_once
from app.ui.words.attention import ATTENTION, COMING
from tests.services.conftest import statements
from tests.ui.conftest import signed_in, text_of


def test_an_empty_home_page_offers_the_demo_and_fills_it(new_office, open_app):
    app = open_app(new_office)
    visitor = signed_in(app, new_office, new_office.email, new_office.password)
    assert "Nothing has come in yet" in visitor.get()
    page = text_of(visitor.post("/demo"))
    assert "60 fictional interviews came in." in page
    assert "being read" in page
    state = app.extensions["saif"]
    while run_once(state.engine, keyring=state.keyring, blobs=state.blobs):
        pass
    page = text_of(visitor.get())
    assert "Needs attention" in page
    assert "Fill with demo interviews" not in page


def test_the_home_page_counts_and_leads_on(visit):
    visitor = visit("coordinator")
    page = visitor.get()
    assert "60 came in today" in text_of(page)
    assert "Came in last" in page
    assert "Coming next" in page


def test_a_second_look_takes_few_statements_whatever_waits(visit):
    visitor = visit("coordinator")
    page = visitor.get()
    with statements(visitor.client.application.extensions["saif"].engine) as said:
        assert visitor.get().count("<li data-row>") == page.count("<li data-row>") > 5
    assert len(said) <= 60, said


def test_every_count_is_the_length_of_the_list_it_leads_to(visit, office):
    """And the open cases are those the chart beside them counts, and an independent query finds."""
    visitor = visit("coordinator")
    page = visitor.get()

    def length(path):
        rows = 0
        while path:
            said = visitor.get(html.unescape(path).removeprefix(visitor.home))
            rows += said.count("<tr data-row>")
            onward = re.search(r'href="([^"]+)"[^>]*rel="next"', said)
            path = onward and onward[1]
        return rows

    tiles = re.findall(r'<a class="tile" href="([^"]+)"><b>([\d,]+)</b>', page)
    assert len(tiles) == 3
    for path, said in tiles:
        assert length(path) == int(said.replace(",", "")), path
    every = re.findall(
        r'<summary>\D*>(\d+)<(?:(?!</details>).)*?href="([^"]+/attention/[^"]+)">All', page, re.S
    )
    assert every
    for said, path in every:
        assert length(path) == int(said), path
    with sqlite3.connect(office.config.home / "saif.db") as store:
        statuses = dict(
            store.execute("SELECT coalesce(status, 'active'), count(*) FROM case_file GROUP BY 1").fetchall()
        )
    opened = sum(count for status, count in statuses.items() if status not in ("closed", "closed_referred"))
    assert int(tiles[2][1]) == opened
    charted = visitor.get("/figures/cases_by_status.csv")
    shown = {row["code"]: int(row["count"]) for row in csv.DictReader(io.StringIO(charted.lstrip("\ufeff")))}
    assert sum(count for code, count in shown.items() if not code.startswith("closed")) == opened


def test_each_reason_for_attention_is_a_count_with_its_first_items_and_a_list_of_all(visit):
    """Items lead to their case, and where there are more than ten, one page after the other has them all."""
    visitor = visit("coordinator")
    parts = visitor.get().split('id="attention"')[1].split("</ul>")[0].split("<li data-row>")[1:]
    more = 0
    for part in parts:
        count = int(re.search(r"<summary>\D*>(\d+)<", part)[1])
        items = part.split("<ol")[1].split("</ol>")[0]
        assert items.count("<li>") == min(count, 10)
        assert re.search(rf'href="{visitor.home}/(cases|submissions)/[0-9a-f-]{{36}}"', items)
        if desk := re.search(rf'href="{visitor.home}([^"]+)">Decide', part):
            visitor.get(desk[1])
            continue
        every = re.search(r'href="([^"]+/attention/[^"]+)">All', part)
        assert (every is not None) == (count > 10)
        if every is not None:
            more += 1
            assert visitor.get(every[1].removeprefix(visitor.home)).count("<tr data-row>") == min(count, 50)
    assert len(parts) > 5
    assert more
    visitor.get("/attention/case/nothing", status=404)
    visit("form_designer").get("/attention/case/contact", status=403)


def test_everything_that_can_need_attention_has_words():
    for _, kind in attention.ORDER:
        assert ATTENTION[kind].one
    assert set(COMING) == set(attention.DATED)


NAVIGATION = {
    "coordinator": (["Submissions", "Cases", "Devices", "Download"], ["Ledger"]),
    "form_designer": (["Home", "Forms"], ["Submissions", "Cases", "Devices", "Download", "Ledger"]),
    "administrator": (["Forms", "Devices"], ["Submissions", "Cases", "Download"]),
}


def test_the_navigation_shows_what_the_role_allows(visit):
    for who, (shown, hidden) in NAVIGATION.items():
        rail = visit(who).get().split('aria-label="Main"')[1].split("</nav>")[0]
        assert [label for label in shown if label not in rail] == [], who
        assert [label for label in hidden if label in rail] == [], who


def test_a_role_that_sees_no_interviews_is_told_so(visit):
    page = text_of(visit("form_designer").get())
    assert "Your role here sees no interviews" in page
    assert "Nothing has come in yet" not in page


def test_what_the_navigation_hides_is_refused_too(visit):
    allowed = {
        "form_designer": {"/forms/new"},
        "coordinator": {"/submissions", "/cases", "/devices", "/download"},
    }
    for who, paths in allowed.items():
        visitor = visit(who)
        for path in ("/submissions", "/cases", "/devices", "/download", "/ledger", "/forms/new"):
            visitor.get(path, status=200 if path in paths else 403)


def test_with_several_missions_one_can_go_from_one_to_another(office, open_app):
    visitor = signed_in(open_app(office), office, office.email, office.password)
    assert "Phnom Penh" in visitor.get()
    answer = visitor.client.get("/switch?mission=2")
    assert answer.location == "/projects/2"
    assert "<h1><bdi>Phnom Penh</bdi></h1>" in visitor.client.get("/projects/2").text
