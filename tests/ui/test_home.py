"""The home page: what came in, what needs attention, and an empty house with a way to fill it."""

import pytest

from app.services import attention
from app.tasks import run_once
from app.ui import words
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
    assert f"{visitor.home}/cases?attention=imminent_danger" in page
    assert "Came in last" in page


def test_everything_that_can_need_attention_has_words():
    for kind in (*attention.CASE_KINDS, *attention.SUBMISSION_KINDS):
        assert words.ATTENTION[kind].one


@pytest.mark.parametrize(
    ("who", "shown", "hidden"),
    [
        ("coordinator", ["Submissions", "Cases", "Devices", "Download"], ["Ledger"]),
        ("form_designer", ["Home", "Forms"], ["Submissions", "Cases", "Devices", "Download", "Ledger"]),
        ("administrator", ["Forms", "Devices"], ["Submissions", "Cases", "Download"]),
    ],
)
def test_the_navigation_shows_what_the_role_allows(visit, who, shown, hidden):
    rail = visit(who).get().split('aria-label="Main"')[1].split("</nav>")[0]
    for label in shown:
        assert label in rail
    for label in hidden:
        assert label not in rail


def test_a_role_that_sees_no_interviews_is_told_so(visit):
    page = text_of(visit("form_designer").get())
    assert "Your role here sees no interviews" in page
    assert "Nothing has come in yet" not in page


@pytest.mark.parametrize("path", ["/submissions", "/cases", "/devices", "/download", "/ledger", "/forms/new"])
def test_what_the_navigation_hides_is_refused_too(visit, path):
    allowed = {
        "form_designer": {"/forms/new"},
        "coordinator": {"/submissions", "/cases", "/devices", "/download"},
    }
    for who, paths in allowed.items():
        visit(who).get(path, status=200 if path in paths else 403)


def test_with_several_missions_one_can_go_from_one_to_another(office, open_app):
    visitor = signed_in(open_app(office), office, office.email, office.password)
    assert "Phnom Penh" in visitor.get()
    answer = visitor.client.get("/switch?mission=2")
    assert answer.location == "/projects/2"
    assert "<h1>Phnom Penh</h1>" in visitor.client.get("/projects/2").text
