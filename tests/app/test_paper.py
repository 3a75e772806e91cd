"""A questionnaire as PDF, read back by another program than the one that made it."""

import io
from dataclasses import replace
from pathlib import Path

import pytest
from pypdf import PdfReader

from app.exports import paper
from tests.xlsforms.test_questionnaire import AMHARIC, ARABIC, ENGLISH, VISIT
from xlsforms import questionnaire
from xlsforms.compile import compile_form

FORMS = Path(__file__).parents[2] / "xlsforms/forms"


@pytest.fixture(scope="module")
def form():
    return compile_form(VISIT.encode(), "visit.md").schema


def opened(form, *languages):
    return PdfReader(io.BytesIO(paper.pdf(questionnaire.read(form, languages))))


def test_the_screening_form_is_a_tagged_pdf_with_numbered_pages_and_everything_that_is_asked():
    form = compile_form((FORMS / "screening.xlsx").read_bytes(), "screening.xlsx").schema
    pdf = opened(form, "Français (fr)")
    assert pdf.metadata.title == "Screening interview"
    assert pdf.trailer["/Root"]["/MarkInfo"]["/Marked"]
    assert pdf.trailer["/Root"]["/Lang"] == "fr"
    first, third = (" ".join(pdf.pages[number].extract_text().split()) for number in (0, 2))
    assert f"3 sur {len(pdf.pages)}" in third
    assert all(f"ct_screening · version {form.version} · Français (fr)" in page for page in (first, third))
    assert "Seulement si 1.1 (S'agit-il d'un second entretien" in first
    text = first.replace(" ", "")
    for line in questionnaire.read(form, ("Français (fr)",)).lines[:8]:
        assert line.label[0].replace(" ", "")[:20] in text, line.name


def test_arabic_amharic_and_latin_letters_are_drawn_each_with_a_font(form):
    pdf = opened(form, ARABIC, AMHARIC)
    fonts = {
        str(font.get_object()["/BaseFont"])
        for page in pdf.pages
        for font in page["/Resources"]["/Font"].get_object().values()
    }
    assert any("Arabic" in one for one in fonts)
    assert any("Ethiopic" in one for one in fonts)
    assert pdf.trailer["/Root"]["/ViewerPreferences"]["/DisplayDocTitle"], (
        "it keeps to PDF/UA: no letter is missing"
    )
    assert "የቤተሰብ" in pdf.pages[0].extract_text()


def test_letters_without_a_font_are_told_on_the_first_page(form):
    unwritten = replace(form, title="\U00012000 Visit")  # Cuneiform
    text = " ".join(opened(unwritten, ENGLISH).pages[0].extract_text().split())
    assert "could not be printed (Cuneiform)" in text


def test_what_a_designer_writes_is_text_and_never_carried_out(form):
    hostile = replace(form, title='#panic("x") $ \\ *a* @b <c> `d` //e', form_id='#read("/etc/passwd")')
    text = opened(hostile, ENGLISH).pages[0].extract_text()
    assert '#panic("x") $ \\ *a* @b <c> `d` //e' in text
    assert '#read("/etc/passwd")' in text
