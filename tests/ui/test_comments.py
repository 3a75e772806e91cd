"""Comments on a case, and telling somebody of them, as people without scripts do it."""

import re

import pytest
from sqlalchemy.orm import Session

from app.db import writing
from app.policy import COMMAND
from app.services import users
from tests.ui.casework import entries, uid
from tests.ui.conftest import signed_in, text_of
from tests.ui.office import PASSWORD


@pytest.fixture
def colleague(office, open_app):
    """A second coordinator of the mission, signed in."""
    app = open_app(office)
    with Session(app.extensions["saif"].engine) as session, writing(session):
        user, _ = users.create(
            session, actor=COMMAND, email="vera@saif.example", display_name="Vera Rusu", password=PASSWORD
        )
        users.grant(session, actor=COMMAND, user=user, role="coordinator", mission_id=office.mission_id)
    return signed_in(app, office, "vera@saif.example", PASSWORD)


def test_somebody_is_told_of_a_case_and_reads_it_away(visit, colleague, store):
    mine, path = visit("coordinator"), visit("coordinator").first("/cases")
    page = mine.get(f"{path}/comments")
    offered = dict(re.findall(r'name="tell" value="(\d+)"> <span>([^<]+)', page))
    assert "Vera Rusu" in offered.values()
    assert not {"Form designer", "Elsewhere", "Nobody", "Coordinator"} & set(offered.values())
    vera = next(one for one, name in offered.items() if name == "Vera Rusu")
    page = mine.post(f"{path}/comments", {"body": "Who saw <i>her</i> last?", "tell": vera})
    assert "told to: Vera Rusu" in page
    assert "Who saw &lt;i&gt;her&lt;/i&gt; last?" in page
    assert "told: Vera Rusu" in text_of(page)
    assert "1 comment" in text_of(mine.get(path))
    page = colleague.get()
    assert "Mentions for you" in page
    assert "1 unread mention" in text_of(page)
    assert "her" not in text_of(page).partition("All mentions")[2].partition("Needs attention")[0]
    assert f'href="{colleague.home}{path}/comments"' in page
    assert "Who saw" in colleague.get(f"{path}/comments")
    assert "Mentions for you" not in colleague.get()
    assert "Coordinator" in text_of(colleague.get("/mentions"))
    assert "Nobody has mentioned you" in mine.get("/mentions")
    assert {one.object for one in entries(store, "case.comments")} == {f"case:{uid(path)}"}


def test_who_may_not_read_a_case_neither_reads_nor_writes_nor_is_chosen(visit):
    mine, path = visit("coordinator"), visit("coordinator").first("/cases")
    for who in ("form_designer", "administrator", "elsewhere"):
        visit(who).get(f"{path}/comments", status=403)
    mine.post(f"{path}/comments", {"body": "x", "tell": "999"}, status=422)
    mine.post(f"{path}/comments", {"body": "x", "tell": "⁵"}, status=400)
    mine.get("/cases/00000000-0000-4000-8000-000000000000/comments", status=404)
    assert "Mentions" in visit("form_designer").get("/mentions")
