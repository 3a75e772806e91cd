"""The page of translations: what is missing and stale, files for translators, and what comes back."""

import io

import pytest

from tests.ui.conftest import text_of

FORM = """
| survey   |                |         |                     |                      |
|          | type           | name    | label::English (en) | label::العربية (ar)  |
|          | text           | surname | {source}            | اللقب                |
|          | select_one sex | sex     | Sex                 |                      |
| choices  |                |         |                     |                      |
|          | list_name      | name    | label::English (en) | label::العربية (ar)  |
|          | sex            | female  | Female              | أنثى                 |
| settings |                |         |                     |                      |
|          | form_id        | version | form_title          | default_language     |
|          | visit          | {version} | Visit             | English (en)         |
"""


@pytest.fixture
def designer(visit):
    return visit("form_designer")


def upload(designer, source="Surname", version="1"):
    content = FORM.format(source=source, version=version).encode()
    designer.post("/forms/new", {"workbook": (io.BytesIO(content), "visit.md"), "note": "New"})
    return designer.page.request.args["version"]


def test_a_form_goes_to_translators_and_comes_back_translated_with_its_stale_texts_marked(designer):
    upload(designer)
    designer.post("/forms/visit/publish")
    texts = f"/forms/visit/{upload(designer, source='Family name', version='2')}/texts"
    shown = texts.removesuffix("/texts").replace("/visit/", "/visit?version=")
    assert "العربية (ar) 66 % 1 missing" in text_of(designer.get(shown))
    page = designer.get(texts)
    assert '<th scope="row" lang="ar">' in page
    assert 'lang="ar" dir="rtl">اللقب' in page
    words = text_of(page)
    assert "العربية (ar) 66 % 1 missing" in words
    assert "Family name Surname اللقب stale" in words, "the text it was made from stands below"
    assert "survey 3 label" in words
    designer.get(f"{texts}/file?to=po&language=العربية (ar)")
    assert designer.page.headers["Content-Disposition"].endswith("visit-2-ar.po")
    file = designer.page.data.decode().replace('msgid "Sex"\nmsgstr ""', 'msgid "Sex"\nmsgstr "الجنس"')
    page = text_of(designer.post(texts, {"file": (io.BytesIO(file.encode()), "ar.po")}))
    assert "1 text is in the draft of Visit now." in page
    made = designer.page.request.args["version"]
    assert "100 %" in text_of(designer.get(f"/forms/visit/{made}/texts"))
    looked_at = file.replace("#, fuzzy\n", "")
    page = text_of(
        designer.post(f"/forms/visit/{made}/texts", {"file": (io.BytesIO(looked_at.encode()), "ar.po")})
    )
    assert "No text of Visit changed." in page
    assert "All translated" in page


def test_a_file_that_is_none_says_so_on_the_page(designer):
    texts = f"/forms/visit/{upload(designer)}/texts"
    wrong = {"file": (io.BytesIO(b"\x89PNG\r\n"), "picture.xlsx")}
    page = designer.post(texts, wrong)
    words = text_of(page)
    assert "picture.xlsx was not taken" in words
    assert "Nothing was changed." in words
    assert "cannot be read as translations of a form" in words
    assert f'action="{designer.home}{texts}"' in page, "there is the place to bring a mended one"
    assert "/annotated" not in page, "it is no workbook of a form"


def test_whoever_may_not_upload_sees_what_is_missing_and_brings_nothing(designer, visit):
    texts = f"/forms/visit/{upload(designer)}/texts"
    coordinator = visit("coordinator")
    assert "Bring translations back" not in coordinator.get(texts)
    coordinator.post(texts, {"file": (io.BytesIO(b"x"), "x.po")}, status=403)


def test_a_form_uploaded_as_an_xform_says_where_to_translate_it(designer):
    version = upload(designer)
    designer.get(f"/forms/visit/{version}/xform")
    xform = designer.page.data
    designer.post("/forms/new", {"workbook": (io.BytesIO(xform), "visit.xml"), "note": "As XForm"})
    version = designer.page.request.args["version"]
    assert "No cells to translate" in text_of(designer.get(f"/forms/visit/{version}/texts"))
    assert (
        "Translate"
        not in designer.get(f"/forms/visit?version={version}")
        .partition('id="findings"')[2]
        .partition('id="fields"')[0]
    )


# --- in Chromium ---------------------------------------------------------------------------------------------------


@pytest.mark.browser
def test_what_translators_sent_is_brought_watched_mended_and_brought_again(enter, house):
    url, office = house
    page = enter()
    page.goto(f"{url}/projects/{office.mission_id}/forms/new")
    content = FORM.format(source="Surname", version="1").replace("visit ", "spoken").encode()
    page.set_input_files("#workbook", {"name": "spoken.md", "mimeType": "text/markdown", "buffer": content})
    page.click("text=Upload and check")
    page.wait_for_selector("text=Visit is a draft now")
    page.click("#translations >> text=Translate")
    page.wait_for_selector("#texts")
    asked = page.request.get(f"{page.url.split('?')[0]}/file?to=po&language=العربية (ar)")
    file = asked.text().replace('msgid "Sex"\nmsgstr ""', 'msgid "Sex"\nmsgstr "الجنس"')
    for name, buffer, then in (
        ("ar.po", b"\x89PNG\r\n", "h1:has-text('ar.po was not taken')"),
        ("ar.po", file.encode(), "text=1 text is in the draft of Visit now."),
    ):
        page.set_input_files("#file", {"name": name, "mimeType": "text/plain", "buffer": buffer})
        page.click("text=Import and check")
        page.wait_for_selector(then)
