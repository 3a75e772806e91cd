"""Downloads: with and without identifiers, always with a reason."""

import io
import zipfile

import pytest

from tests.ui.conftest import text_of


@pytest.fixture
def visitor(visit):
    return visit("coordinator")


def fetch(visitor, **data):
    sent = {"csrf_token": visitor.token(), "form": "ct_screening", "reason": "Monthly report", **data}
    answer = visitor.client.post(f"{visitor.home}/download", data=sent)
    assert answer.status_code == 200, answer.text
    return answer, zipfile.ZipFile(io.BytesIO(answer.data))


def test_a_download_holds_the_submissions_without_names(visitor):
    answer, archive = fetch(visitor)
    assert "attachment; filename=ct_screening.csv.zip" in answer.headers["Content-Disposition"]
    assert answer.headers["Cache-Control"] == "no-store"
    table = archive.read("ct_screening.csv").decode()
    assert "interview_date" in table
    assert "family_name" not in table


def test_a_download_with_identifiers_has_them(visitor):
    _, archive = fetch(visitor, identifiers="on")
    assert "family_name" in archive.read("ct_screening.csv").decode()


def test_without_a_reason_there_is_no_download_and_the_choice_is_kept(visitor):
    page = visitor.post("/download", {"form": "ct_screening", "reason": "", "identifiers": "on"}, status=422)
    assert "only with a reason" in page
    assert 'name="identifiers" checked' in page


def test_a_form_that_is_none_is_refused_in_words(visitor):
    sent = {"form": "nothing", "reason": "Monthly report"}
    assert "Not found" in text_of(visitor.post("/download", sent, status=404))


def test_where_nothing_is_published_the_page_says_what_to_do(visit):
    page = visit("elsewhere").client.get("/projects/2/download").text
    assert "Nothing to download" in page
