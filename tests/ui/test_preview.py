"""The preview of a form: what the server gives the engine, and the engine in Chromium."""

import csv
import io
import re

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.models import LedgerEntry, Submission, Trial
from app.state import open_state
from app.ui import previews
from tests.ui.browser import NARROW, open_page, overflow, sign_in
from tests.ui.conftest import text_of
from tests.ui.interviews import choose, picture, question, ready, speak, upload_draft

VISIT = """
| survey  |                               |        |             |             |                   |              |
|         | type                          | name   | label::English (en) | label::Français (fr) | relevant | media::image::English (en) |
|         | select_one yn                 | kids   | Any children? | Des enfants ? |              | face.png     |
|         | begin_repeat                  | child  | Child       | Enfant      | ${kids} = 'yes'   |              |
|         | text                          | called | Name        | Nom         |                   |              |
|         | end_repeat                    |        |             |             |                   |              |
|         | select_one_from_file towns.csv | town  | Town        | Ville       |                   |              |
|         | image                         | photo  | Picture     | Photo       |                   |              |
|         | audio                         | voice  | Recording   | Enregistrement |                |              |
|         | geotrace                      | way    | Way here    | Chemin      |                   |              |
| choices |                               |        |             |             |                   |              |
|         | list_name                     | name   | label::English (en) | label::Français (fr) |  |              |
|         | yn                            | yes    | Yes         | Oui         |                   |              |
|         | yn                            | no     | No          | Non         |                   |              |
| settings |                              |        |             |             |                   |              |
|         | form_id                       | version | form_title | default_language |              |              |
|         | visit                         | 1      | Visit       | English (en) |                  |              |
"""
TOWNS = b"name,label\nt1,Cahul\nt2,Soroca\n"
UNREADABLE = """
| survey   |           |       |       |                                         |
|          | type      | name  | label | calculation                             |
|          | geopoint  | here  | Place |                                         |
|          | calculate | far   |       | distance(${here})                       |
| settings |           |       |       |                                         |
|          | form_id   | version | form_title |                                  |
|          | far       | 1     | Far   |                                         |
"""


# --- what the server gives ---------------------------------------------------------------------------------------


@pytest.fixture
def designer(visit):
    """Somebody with a draft that has its files."""
    visitor = visit("form_designer")
    visitor.post("/forms/new", {"workbook": (io.BytesIO(VISIT.encode()), "visit.md")})
    for name, content in (("towns.csv", TOWNS), ("face.png", picture())):
        visitor.post("/forms/visit/media", {"name": name, "file": (io.BytesIO(content), name)})
    return visitor


def preview_of(visitor, form_id):
    """The path of the preview that the page of a form leads to, from the home of the mission on."""
    pattern = rf'href="{re.escape(visitor.home)}(/forms/{form_id}/[0-9a-f-]{{36}}/preview)"'
    return re.search(pattern, visitor.get(f"/forms/{form_id}"))[1]


def test_only_the_page_with_the_engine_lets_it_style_and_read_xpath_and_no_page_evaluates_text(designer):
    policies = {}
    for path in ("/forms/visit", preview_of(designer, "visit")):
        designer.get(path)
        text = designer.page.headers["Content-Security-Policy"]
        policies[path.endswith("preview")] = dict(one.split(" ", 1) for one in text.split("; "))
    assert policies[False].get("script-src", "'self'") == policies[False]["default-src"] == "'self'"
    assert policies[True]["script-src"] == "'self' 'wasm-unsafe-eval'"
    assert policies[True]["style-src"] == "'self' 'unsafe-inline'"
    assert all("http" not in sources and "*" not in sources for sources in policies[True].values())
    assert policies[True].items() >= policies[False].items()


def test_the_page_says_what_differs_from_a_phone_and_which_files_are_missing(visit, designer):
    page = designer.get(preview_of(designer, "visit"))
    assert "<code>way</code>: the browser shows no map" in page
    assert "<code>voice</code>" not in page
    assert "Not uploaded yet" not in page
    other = visit("form_designer")
    other.post(
        "/forms/new", {"workbook": (io.BytesIO(VISIT.replace("visit ", "empty ").encode()), "empty.md")}
    )
    page = other.get(preview_of(other, "empty"))
    assert "Not uploaded yet" in page
    assert "<code>towns.csv</code>" in page


def test_the_engine_gets_the_files_of_the_version_and_a_browser_never_shows_them(designer):
    path = preview_of(designer, "visit")
    assert designer.get(f"{path}/towns.csv").encode() == TOWNS
    answer = designer.client.get(f"{designer.home}{path}/face.png")
    assert answer.data == picture()
    assert answer.headers["Content-Type"] == "image/png"
    assert answer.headers["Content-Disposition"].startswith("attachment")
    for name in ("cases.csv", "visit.md", "..%2Ftowns.csv"):
        designer.get(f"{path}/{name}", status=404)


def test_cases_in_a_preview_are_made_up_and_the_mission_is_the_own(designer, office):
    path = preview_of(designer, "ct_screening")
    rows = list(csv.DictReader(io.StringIO(designer.get(f"{path}/cases.csv"))))
    assert rows
    assert all(row["label"].startswith("TEST-") and "fiction" in row["label"] for row in rows)
    (mission,) = csv.DictReader(io.StringIO(designer.get(f"{path}/mission.csv")))
    assert mission["name"] == "DEMO1"


def test_the_outline_says_type_skip_and_field_of_each_question_and_runs_as_its_language_does(designer):
    path = preview_of(designer, "ct_screening").replace("/preview", "/outline")
    page = text_of(designer.get(f"{path}?language=Español (es)"))
    assert "Apellido" in page
    assert "person.family_name · P3" in page
    assert "Only if consent_ok is 1" in page
    assert "${consent_ok} = 1" in page
    assert "instanceID" not in page


def test_a_form_that_would_hold_up_the_browser_is_opened_only_if_somebody_says_so(designer, monkeypatch):
    monkeypatch.setattr(previews, "LONG", 8)
    path = preview_of(designer, "ct_screening")
    page = designer.get(path)
    assert "A browser takes minutes to open it" in text_of(page)
    assert "preview.js" not in page
    assert "preview.js" in designer.get(f"{path}?whole")


def test_a_version_of_another_form_is_not_there(designer):
    path = preview_of(designer, "visit").replace("/visit/", "/ct_screening/")
    designer.get(path, status=404)
    designer.get(f"{path}/towns.csv", status=404)
    designer.get(path.replace("/preview", "/outline"), status=404)


# --- in Chromium -------------------------------------------------------------------------------------------------

in_chromium = pytest.mark.browser


@pytest.fixture
def preview(enter, house):
    """`preview(form)`: the preview of a form, opened from its page, when it can be filled in."""
    url, office = house

    def open_preview(form_id, *, page=None, **how):
        page = page or enter(**how)
        page.goto(f"{url}/projects/{office.mission_id}/forms/{form_id}")
        page.click("main >> text=Preview")
        ready(page)
        return page

    return open_preview


@pytest.fixture
def uploaded(enter, house):
    """`uploaded(markdown, **files)`: a draft made on the pages, as a designer makes one."""
    url, office = house

    def upload(workbook, **files):
        page = enter()
        upload_draft(page, f"{url}/projects/{office.mission_id}", workbook, **files)
        return page

    return upload


def sent(page):
    """The XML that would be sent, as the page shows it at the end."""
    page.get_by_role("button", name="Finish and see what would be sent").click()
    page.wait_for_selector("[data-end]:not([hidden])")
    assert "Nothing was stored, and nothing was sent." in page.inner_text("[data-end]")
    page.click("text=As XML")
    return page.inner_text("[data-xml]")


def stored(office):
    """What there is of interviews, tests of them, and notes about either."""
    state = open_state(office.config)
    with Session(state.engine) as session:
        counts = [
            session.scalar(select(func.count()).select_from(one)) for one in (Submission, Trial, LedgerEntry)
        ]
    state.engine.dispose()
    return counts


@in_chromium
def test_the_screening_form_speaks_its_three_languages_and_is_filled_to_its_end(preview, house):
    page = preview("ct_screening")
    before = stored(house[1])
    assert question(page, "Is this a second screening of a known case?").is_visible()
    speak(page, "Français (fr)")
    question(page, "S'agit-il d'un second entretien").wait_for()
    speak(page, "Español (es)")
    question(page, "¿Es una segunda entrevista").wait_for()
    speak(page, "English (en)")

    assert question(page, "Is the case in the list on this phone?").count() == 0
    choose(page, "Is this a second screening", "Yes")
    choose(page, "Is the case in the list on this phone?", "Yes")
    page.get_by_role("combobox", name="Case reference").click()
    page.get_by_role("option", name="TEST-0002 (fiction)").click()
    assert "TEST-0002" in question(page, "Write it on the paper file").inner_text()
    choose(page, "Is this a second screening", "No")
    assert question(page, "Is the case in the list on this phone?").count() == 0

    page.get_by_role("button", name="Finish and see").click()
    page.wait_for_selector("text=/\\d+ questions with errors/")
    page.get_by_role("combobox", name="Date of the interview").click()
    page.click("[data-p-today=true] >> visible=true")
    choose(page, "Where does the interview take place?", "IOM office")
    question(page, "Interviewer code").locator("input").fill("MD07")
    question(page, "Interviewer's organisation").locator(".value-option").first.click()
    choose(page, "Was the person's preference", "Yes")
    question(page, "Language of the interview").locator(".value-option").first.click()
    choose(page, "Is an interpreter used?", "No")
    choose(page, "Who else is present?", "Nobody else")
    choose(page, "Is the place private", "Yes")
    choose(page, "Were water, food, rest", "Yes")
    choose(page, "Is anyone nearby", "No")
    choose(page, "Is the person in immediate danger?", "No")
    choose(page, "Does the person need urgent medical care?", "No")
    choose(page, "Is the person, or may the person be, under 18?", "No")
    for point in question(page, "Tick every point").locator(".value-option").all():
        point.click()
    choose(page, "Does the person agree to the interview?", "No")
    page.locator("#form").get_by_text("Thank the person, offer contact details").wait_for()

    xml = sent(page)
    assert re.match('<data [^>]*id="ct_screening"', xml)
    assert "<consent_interview>no</consent_interview>" in xml
    assert "<mission_code>DEMO1</mission_code>" in xml
    assert "<family_name" not in xml
    assert "no" in page.locator("[data-answers] li", has_text="consent_interview").last.inner_text()
    assert stored(house[1]) == before


@in_chromium
def test_a_draft_shows_its_picture_and_its_list_and_takes_a_repeat_and_a_file(uploaded, preview):
    page = preview("visit", page=uploaded(VISIT, **{"towns.csv": TOWNS, "face.png": picture()}))
    page.wait_for_function("document.querySelector('.question-container img')?.naturalWidth === 64")
    assert page.get_by_role("button", name="Add Child").count() == 0
    choose(page, "Any children?", "Yes")
    for number, name in enumerate(("Ali", "Bintou")):
        if number:
            page.get_by_role("button", name="Add Child").click()
        page.get_by_role("textbox", name="Name").nth(number).fill(name)
    choose(page, "Town", "Soroca")
    question(page, "Picture").locator("input[type=file]").last.set_input_files(
        {"name": "shot.png", "mimeType": "image/png", "buffer": picture()}
    )
    question(page, "Picture").locator("img").wait_for()
    recording = question(page, "Recording")
    for name in ("wrong.mp3", "said.mp3"):
        recording.locator("input[type=file]").last.set_input_files(
            {"name": name, "mimeType": "audio/mpeg", "buffer": name.encode()}
        )
        recording.get_by_text(".mp3").wait_for()
        if name.startswith("wrong"):
            recording.get_by_role("button", name="Remove file").click()
            recording.get_by_text(".mp3").wait_for(state="detached")
    speak(page, "Français (fr)")
    page.get_by_role("button", name="Add Enfant").wait_for()
    xml = sent(page)
    assert re.findall("<called>(.*?)</called>", xml) == ["Ali", "Bintou"]
    assert "<town>t2</town>" in xml
    (file,) = re.findall(r"<photo>(\d+\.png)</photo>", xml)
    (voice,) = re.findall(r"<voice>(\d+\.mp3)</voice>", xml)
    assert page.locator("[data-files] li").all_inner_texts() == [f"{file}, 1 kB", f"{voice}, 1 kB"]

    page.get_by_role("button", name="Go on answering").click()
    choose(page, "Des enfants", "Non")
    assert "<child>" not in sent(page)


@in_chromium
def test_it_is_filled_with_the_keyboard_alone_and_fits_a_narrow_phone(uploaded, preview):
    arabic = VISIT.replace("label::Français (fr)", "label::العربية (ar)").replace("Des enfants ?", "أطفال؟")
    uploaded(arabic.replace("visit ", "keyed "), **{"towns.csv": TOWNS, "face.png": picture()})
    page = preview("keyed", width=NARROW)
    assert overflow(page) <= 0
    press = page.keyboard.press
    press("Tab")
    assert page.evaluate("document.activeElement.className") == "saif-skip"
    press("Enter")

    def to(selector):
        for _ in range(20):
            if page.evaluate("one => document.activeElement.matches(one)", selector):
                return
            press("Tab")
        raise AssertionError(f"{selector} is not reached")

    to("input[type=radio]")
    press("Space")
    page.wait_for_selector("text=Add Child")
    to("input[type=text], .p-inputtext")
    page.keyboard.type("Ali")
    to(".button-add-instance")
    press("Enter")
    page.locator(".p-inputtext").nth(1).wait_for()
    to(".footer button")
    press("Enter")
    page.wait_for_selector("[data-end]:not([hidden])")
    assert page.evaluate("document.activeElement.matches('[data-end]')")
    assert "Ali" in page.inner_text("[data-answers]")
    assert overflow(page) <= 0

    page.get_by_role("button", name="Go on answering").click()
    speak(page, "العربية (ar)")
    question(page, "أطفال؟").wait_for()
    assert page.locator("#form").get_attribute("dir") == "rtl"
    yes = question(page, "أطفال؟").locator(".value-option").first
    mark, word = yes.locator(".p-radiobutton").bounding_box(), yes.locator(".text-content").bounding_box()
    assert word["x"] + word["width"] <= mark["x"]
    assert overflow(page) <= 0


@in_chromium
def test_what_the_engine_cannot_read_is_said_in_words(uploaded):
    page = uploaded(UNREADABLE)
    page.click("main >> text=Preview")
    page.wait_for_selector("text=The browser cannot open this form.")
    assert page.get_by_text("Nothing is stored and nothing is sent.").is_visible()


@in_chromium
def test_a_form_that_does_not_arrive_is_said_in_words(browser, house):
    url, office = house
    page = open_page(browser)
    sign_in(page, url, office.email, office.password)
    page.route("**/xform", lambda route: route.abort())
    page.goto(f"{url}/projects/{office.mission_id}/forms/ct_screening")
    page.click("main >> text=Preview")
    page.wait_for_selector("text=The server was not reached, so the form is missing. Load the page again.")
    page.context.close()


@in_chromium
def test_the_outline_is_searched_beside_the_form_leads_to_a_question_and_takes_its_place_on_a_phone(preview):
    page = preview("ct_assistance")
    search, outline = page.get_by_label("Find a question"), page.locator(".saif-outline")
    search.focus()
    page.keyboard.type("interviewer P0")
    outline.get_by_text(re.compile(r"^1 of \d+ questions$")).wait_for()
    page.keyboard.press("Tab")  # to the language
    outline.get_by_text("C. Profile").wait_for(state="hidden")
    found = outline.locator("[data-find]:visible summary")
    found.focus()
    page.keyboard.press("Enter")
    outline.get_by_text("regex(., '^[A-Z0-9]{3,12}$')").wait_for()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")  # Show it in the form
    page.wait_for_selector(".question-container.saif-shown >> text=Interviewer code")
    page.keyboard.type("MD07")
    assert question(page, "Interviewer code").locator("input").input_value() == "MD07"

    page.get_by_label("Language", exact=True).select_option("Français (fr)")
    found.locator("bdi[lang=fr]").wait_for()
    search.fill("no such thing")
    outline.get_by_text("No question has that in its name").wait_for()
    search.fill("")
    outline.get_by_text(re.compile(r"^\d+ questions$")).wait_for()

    page.set_viewport_size({"width": NARROW, "height": 800})
    assert outline.is_hidden()
    page.get_by_role("button", name="Outline").click()
    assert outline.is_visible()
    assert page.locator("#form").is_hidden()
    assert overflow(page) <= 0
    page.get_by_role("button", name="Form").click()
    assert question(page, "Interviewer code").is_visible()
