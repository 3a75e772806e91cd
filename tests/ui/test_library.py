"""The library, as pages."""

import io

import openpyxl
import pytest

from tests.ui.conftest import text_of


@pytest.fixture
def designer(visit):
    return visit("form_designer")


def test_the_library_is_searched_by_words_of_questions_fields_lists_and_codes(designer):
    assert "Library" in designer.get("/forms")
    everything = text_of(designer.get("/library"))
    assert "Information and consent" in everything
    assert "country" in everything
    some = text_of(designer.get("/library?q=apellido"))
    assert "Personal data" in some
    assert "Journey" not in some
    assert "labour_sector" in text_of(designer.get("/library?q=fishing"))
    none = text_of(designer.get("/library?q=zzz"))
    assert "No block has that" in none
    assert "No list has that" in none


def test_a_block_shows_its_questions_and_what_it_left_out_and_is_downloaded_with_a_prefix(designer):
    page = text_of(designer.get("/library/blocks/person"))
    assert "person.family_name" in page
    assert "person , relevant: ${consent_ok} = 1" in page
    answer = designer.client.get(f"{designer.home}/library/blocks/person.xlsx?prefix=v_")
    assert "filename=v_person.xlsx" in answer.headers["Content-Disposition"]
    names = [
        row[1]
        for row in openpyxl.load_workbook(io.BytesIO(answer.data))["survey"].iter_rows(values_only=True)
    ]
    assert "v_family_name" in names
    assert "A prefix begins with a letter" in designer.get("/library/blocks/person.xlsx?prefix=1", status=422)


def test_a_code_list_shows_its_languages_and_what_htcds_calls_its_codes(designer):
    page = text_of(designer.get("/library/lists/marital"))
    assert "Soltero" in page
    assert "In HTCDS" in page
    assert "person.marital_status" in page
    assert designer.client.get(f"{designer.home}/library/lists/marital.xlsx").status_code == 200


def test_the_columns_are_explained_and_the_starter_is_there(designer):
    page = designer.get("/library/columns")
    assert "<code>bind::case:field</code>" in page
    assert "<code>${kids} = &#39;yes&#39;</code>" in page
    assert designer.client.get(f"{designer.home}/library/starter.xlsx").data.startswith(b"PK")


def test_what_is_not_in_the_library_is_not_there(designer):
    for path in ("blocks/none", "blocks/none.xlsx", "lists/none", "lists/none.xlsx"):
        designer.get(f"/library/{path}", status=404)
