"""A form on paper, from its page."""

import io
import re

import pytest
from pypdf import PdfReader


@pytest.fixture
def designer(visit):
    return visit("form_designer")


def paper_of(visitor):
    pattern = rf'href="{re.escape(visitor.home)}(/forms/ct_assistance/[0-9a-f-]{{36}}/paper)"'
    return re.search(pattern, visitor.get("/forms/ct_assistance"))[1]


def test_a_form_is_printed_in_one_language_or_in_two(designer):
    path = paper_of(designer)
    page = designer.get(path)
    assert "<option>Español (es)</option>" in page
    answer = designer.client.get(
        f"{designer.home}{path}/questionnaire.pdf",
        query_string={"language": "English (en)", "beside": "Español (es)"},
    )
    assert answer.content_type == "application/pdf"
    assert re.search(r"filename=ct_assistance-\d+\.pdf", answer.headers["Content-Disposition"])
    text = "".join(page.extract_text() for page in PdfReader(io.BytesIO(answer.data)).pages[:2])
    assert "Consent review" in text
    assert "Revisión del consentimiento" in text


def test_a_language_the_form_does_not_speak_is_told(designer):
    page = designer.get(f"{paper_of(designer)}/questionnaire.pdf?language=Klingon", status=422)
    assert "The form has no such language." in page


def test_the_paper_of_a_version_of_another_form_is_not_there(designer):
    path = paper_of(designer).replace("ct_assistance", "ct_screening")
    designer.get(path, status=404)
    designer.get(f"{path}/questionnaire.pdf", status=404)
