"""Uploading a form with its files on the page: how its check goes on, what it says, and mending."""

import io
import re

import openpyxl
import pytest

from tests.ui.browser import NARROW, open_page, overflow, sign_in
from tests.ui.conftest import text_of
from tests.ui.test_browser import ACCESSIBLE, CONTRAST
from tests.visit import BAD, VISIT
from tests.xlsforms.test_hostile import REFUSED


def sent(*files, **more):
    return {"workbook": [(io.BytesIO(content), name) for name, content in files], **more}


@pytest.fixture
def designer(visit):
    return visit("form_designer")


def test_the_page_of_a_check_says_where_it_is_and_loads_itself_again(designer):
    page = designer.client.post(
        f"{designer.home}/forms/new",
        data=sent(("visit.md", VISIT.encode())) | {"csrf_token": designer.token()},
        follow_redirects=True,
    )
    assert "Checking visit.md" in page.text
    assert "Step 1 of 4: wait for its turn." in text_of(page.text)
    assert '<noscript><meta http-equiv="refresh" content="2"></noscript>' in page.text
    where = page.request.path
    assert "Checking visit.md" in designer.client.get(where).text, "it survives a reload"
    second = designer.client.post(
        f"{designer.home}/forms/new",
        data=sent(("other.md", VISIT.encode())) | {"csrf_token": designer.token()},
        follow_redirects=True,
    )
    assert "1 upload before it" in text_of(second.text)
    designer._wait(where)
    assert "Visit is a draft now" in text_of(designer.page.text)
    assert designer.client.get(where).status_code == 303, "for whoever comes back to it"


def test_what_is_refused_shows_its_cells_gives_the_file_back_and_keeps_the_pictures(designer):
    page = designer.post("/forms/new", sent(("visit.md", BAD.encode()), ("face.png", b"\x89PNG")))
    assert "visit.md was not taken" in text_of(page)
    assert "Sheet survey row 3" in text_of(page)
    assert "Kept from the last time" in page
    assert "face.png" in page
    (original,) = re.findall(r'href="([^"]+/original)"', page)
    answer = designer.client.get(original)
    assert answer.data == BAD.encode()
    assert "visit.md" in answer.headers["Content-Disposition"]
    (earlier,) = re.findall(r'name="earlier" value="([^"]+)"', page)
    page = text_of(designer.post("/forms/new", sent(("visit.md", VISIT.encode()), earlier=earlier)))
    assert "face.png there" in page
    assert "towns.csv missing" in page


def test_a_workbook_made_to_harm_is_refused_in_words(designer):
    page = designer.post("/forms/new", sent(("visit.xlsx", REFUSED["a sheet that is a bomb"][0]())))
    assert "far more than a form needs" in text_of(page)
    assert "Delete empty rows and columns" in text_of(page)


def test_who_closed_the_page_finds_the_upload_on_the_list_of_forms_until_it_is_over(designer, visit):
    assert "Your uploads" not in designer.get("/forms")
    designer.post("/forms/new", sent(("visit.md", BAD.encode())))
    page = designer.get("/forms")
    assert "to be mended" in page
    assert re.search(r'href="[^"]+/forms/uploads/[0-9a-f-]{36}">visit.md</a>', page)
    assert "Your uploads" not in visit("administrator").get("/forms")
    designer.post("/forms/new", sent(("visit.md", VISIT.encode())))
    assert "Your uploads" not in designer.get("/forms")


def test_files_that_are_no_form_are_told_at_once(designer):
    page = designer.post("/forms/new", sent(("a.png", b"x"), ("b.png", b"y")), status=422)
    assert "None of the files is a form" in text_of(page)


def test_an_upload_is_seen_in_its_mission_by_those_who_may_upload(designer, visit):
    page = designer.post("/forms/new", sent(("visit.md", BAD.encode())))
    (original,) = re.findall(r'href="([^"]+/original)"', page)
    where = original.removesuffix("/original").removeprefix(designer.home)
    designer.get(where)
    designer.get("/forms/uploads/00000000-0000-0000-0000-000000000000", status=404)
    visit("coordinator").get(where, status=403)


FAULTS = """
| survey   |         |       |       |                          |
|          | type    | name  | label | hint                     |
|          | txet    | town  | Town  | <script>alert(1)</script> |
|          | text    | Town  |       |                          |
| choices  |         |       |       |                          |
|          | list_name | name | label |                        |
|          | unused  | a     | A     |                          |
| settings |         |       |       |                          |
|          | form_id | version | form_title |                   |
|          | faults  | 1     | Faults |                         |
"""


def test_findings_stand_beside_their_row_and_are_narrowed_by_severity_and_sheet(designer):
    page = designer.post("/forms/new", sent(("faults.md", FAULTS.encode())))
    assert re.search(r'<td class="faulty"[^>]*><mark>txet</mark>', page)
    assert "&lt;script&gt;" in page
    assert "Errors (" in page
    assert "Warnings (" in page
    where = designer.page.request.path.removeprefix(designer.home)
    narrowed = designer.get(f"{where}?severity=warning&sheet=choices")
    assert "Errors (" not in narrowed
    assert set(re.findall(r'Sheet <span class="cell">(\w+)', narrowed)) == {"choices"}
    assert "choice_list_unused" in narrowed
    assert "None of the findings is such" in designer.get(f"{where}?severity=info&sheet=choices")
    assert "Errors (" in designer.get(f"{where}?severity=all&sheet=nothing"), "nothing else narrows"


def test_a_draft_shows_its_findings_beside_their_rows_too(designer):
    page = designer.post("/forms/new", sent(("visit.md", VISIT.encode())))
    assert re.search(r'<td class="faulty"[^>]*><mark>face.png</mark>', page)
    assert "ODK Validate, which thinks as phones do, is still to look at it" in page
    assert "missing" in page


def test_the_workbook_comes_back_with_findings_as_comments(designer):
    for text, name in ((FAULTS, "faults"), (VISIT, "visit")):
        page = designer.post("/forms/new", sent((f"{name}.md", text.encode())))
        (link,) = re.findall(r'href="([^"]+/annotated)"', page)
        answer = designer.client.get(link)
        assert answer.status_code == 200
        assert f"{name}-findings.xlsx" in answer.headers["Content-Disposition"]
        book = openpyxl.load_workbook(io.BytesIO(answer.data))
        assert book.sheetnames[0] == "_findings"
        assert any(cell.comment for row in book["survey"].iter_rows() for cell in row)


def test_what_is_no_workbook_has_no_comments(designer):
    page = designer.post("/forms/new", sent(("visit.xlsx", b"\x89PNG\r\n\x1a\n" + bytes(100))))
    assert "workbook_unreadable" in page
    assert "/annotated" not in page


def test_every_code_leads_to_its_explanation(designer):
    page = designer.get("/!/findings")
    assert 'id="media_missing"' in page
    assert 'id="name_missing"' in page
    assert "<code>select_one_from_file</code>" in page


# --- in Chromium ---------------------------------------------------------------------------------------------------

DROP = """([area, files]) => {
  const all = new DataTransfer();
  for (const [name, text] of files) all.items.add(new File([text], name));
  const target = document.querySelector(area);
  for (const kind of ["dragenter", "dragover", "drop"])
    target.dispatchEvent(new DragEvent(kind, {bubbles: true, cancelable: true, dataTransfer: all}));
}"""


@pytest.mark.browser
def test_files_are_dropped_checked_mended_and_dropped_again(enter, house):
    url, office = house
    page = enter(width=NARROW)
    page.goto(f"{url}/findings")
    assert page.evaluate(ACCESSIBLE) == []
    assert overflow(page) <= 0
    page.goto(f"{url}/projects/{office.mission_id}/forms/new")
    page.evaluate(DROP, ["[data-drop]", [["face.png", "x"]]])
    page.evaluate(DROP, ["[data-drop]", [["visit.md", BAD], ["wrong.txt", "x"]]])
    assert page.locator("[data-dropped] code").all_inner_texts() == ["face.png", "visit.md", "wrong.txt"]
    page.click("text=Remove >> nth=2")
    assert page.evaluate("document.activeElement.id") == "workbook"
    page.click("text=Upload and check")
    page.wait_for_selector("h1:has-text('visit.md was not taken')")
    assert "nota" in page.inner_text("#findings")
    assert overflow(page) <= 0
    assert page.evaluate(ACCESSIBLE) == []
    assert page.evaluate(CONTRAST) == []
    marked, box = (page.locator(one).first.bounding_box() for one in (".faulty", ".excerpt"))
    assert box["x"] <= marked["x"] < box["x"] + box["width"], "the cell at fault is in sight"
    page.keyboard.press("j")
    assert page.evaluate("document.activeElement.closest('.finding') !== null")
    page.evaluate(DROP, ["[data-drop]", [["visit.md", VISIT], ["towns.csv", "name,label\na,A\n"]]])
    page.click("text=Upload and check")
    page.wait_for_selector("text=Visit is a draft now")
    assert page.get_by_text("Visit is a draft now").count() == 1
    assert "missing" not in page.inner_text("#files")
    assert "/forms/visit?version=" in page.url


@pytest.mark.browser
def test_an_upload_works_without_scripts(browser, house):
    url, office = house
    page = open_page(browser, script=False)
    sign_in(page, url, office.email, office.password)
    page.goto(f"{url}/projects/{office.mission_id}/forms/new")
    page.set_input_files(
        "#workbook", {"name": "visit.md", "mimeType": "text/markdown", "buffer": BAD.encode()}
    )
    page.click("text=Upload and check")
    page.wait_for_selector(
        "h1:has-text('visit.md was not taken')"
    )  # the page of the check loads itself again
    page.context.close()
