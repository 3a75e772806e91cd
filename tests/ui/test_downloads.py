"""Downloads: with and without identifiers, always with a reason."""

import csv
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


def test_a_format_a_language_and_days_are_chosen_and_kept_where_something_is_wrong(visitor):
    answer, archive = fetch(visitor, format="xlsx", language="English (en)")
    assert "attachment; filename=ct_screening.xlsx" in answer.headers["Content-Disposition"]
    assert "xl/workbook.xml" in archive.namelist()
    _, archive = fetch(visitor, until="2001-01-01")
    assert len(archive.read("ct_screening.csv").splitlines()) == 1
    sent = {"form": "ct_screening", "format": "files", "from": "2026-01-01", "state": "approved"}
    page = visitor.post("/download", {**sent, "reason": "Monthly report"}, status=422)
    assert "Files identify people" in page
    assert 'value="files" checked' in page
    assert 'value="2026-01-01"' in page
    assert 'value="approved" selected' in page
    assert "A date is none" in visitor.post(
        "/download", {**sent, "from": "soon", "reason": "Monthly report"}, status=422
    )


def test_the_page_says_how_many_submissions_there_are(visitor):
    page = text_of(visitor.client.get(f"{visitor.home}/download").text)
    _, archive = fetch(visitor)
    rows = len(archive.read("ct_screening.csv").decode().splitlines()) - 1
    assert f"({rows})" in page


def test_cases_come_by_the_htcds_with_a_reason_only(visitor):
    page = visitor.post("/download/htcds", {"reason": "", "identifiers": "on"}, status=422)
    assert "only with a reason" in page
    assert 'name="identifiers" checked' in page
    sent = {"csrf_token": visitor.token(), "reason": "Handover to the shelter", "spreadsheet": "on"}
    answer = visitor.client.post(f"{visitor.home}/download/htcds", data=sent)
    assert "attachment; filename=htcds.csv" in answer.headers["Content-Disposition"]
    rows = list(csv.DictReader(io.StringIO(answer.get_data(as_text=True))))
    assert rows
    assert {row["prs_FirstName"] for row in rows} == {""}
    assert "Feminine" in {row["prs_Gender"] for row in rows}
