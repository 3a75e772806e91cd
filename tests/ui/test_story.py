"""From a spreadsheet to a case, and back to its answers, in the browser alone."""

import io
import re
from pathlib import Path

import openpyxl
import pytest

import xlsforms
from app.state import open_state
from app.tasks import run_once
from tests.ui import interviews
from tests.ui.browser import open_page
from tests.ui.interviews import picture, question, speak

pytestmark = pytest.mark.browser

SCREENING = Path(xlsforms.__file__).parent / "forms" / "screening.xlsx"
LANGUAGES = ("English (en)", "Français (fr)", "Español (es)")
TODAY = "Date of the interview"
REGISTRATION = [
    ("choose", "Where does the interview take place?", "IOM office"),
    ("type", "Interviewer code", "MD07"),
    ("choose", "Language of the interview", "English"),
    ("choose", "Is an interpreter used?", "No"),
]
FOLLOWED_UP = [
    ("choose", "Kind of interview", "Follow-up"),
    *REGISTRATION,
    ("choose", "Does the person still agree", "Yes"),
    ("choose", "Does the person wish to change any earlier consent?", "No"),
    ("choose", "Requests about the person's data", "None"),
    ("choose", "Overall risk", "Medium"),
    ("choose", "Status of the case after this interview", "Active"),
]
SAID = [
    ("choose", "Is this a second screening", "No"),
    *REGISTRATION,
    ("choose", "Interviewer's organisation", "IOM"),
    ("choose", "Was the person's preference", "Yes"),
    ("choose", "Who else is present?", "Nobody else"),
    ("choose", "Is the place private", "Yes"),
    ("choose", "Were water, food, rest", "Yes"),
    ("choose", "Is anyone nearby", "No"),
    ("choose", "Is the person in immediate danger?", "No"),
    ("choose", "Does the person need urgent medical care?", "No"),
    ("choose", "Is the person, or may the person be, under 18?", "No"),
    ("choose", "Does the person agree to the interview?", "Yes"),
    ("choose", "Does the person agree that IOM records and stores", "Yes"),
    ("choose", "May data needed for a service be shared", "Yes"),
    ("choose", "May data be shared with law enforcement?", "No"),
    ("choose", "May non-identifying data be used for research?", "No"),
    ("choose", "How was consent given?", "Signed"),
    ("choose", "Who referred the person?", "Self-referral"),
    ("pick", "In which country was the person identified?", "Moldova"),
    ("choose", "Has anyone already identified", "No"),
    ("type", "Family name", "Exampla"),
    ("choose", "Sex", "Female"),
    ("choose", "Gender", "Feminine"),
    ("choose", "Is the date of birth known?", "Yes"),
    ("type", "Date of birth", "01/15/1995"),
    ("pick", "Citizenship", "Moldova"),
    ("choose", "Safest way to contact the person", "Do not contact"),
    ("choose", "Which of these did someone do to the person?", "None of these"),
    ("choose", "How did the person enter the process?", "Marriage or marriage offer"),
    ("choose", "Did the person move, or was the person moved?", "No movement"),
    ("choose", "Was the person exploited?", "No exploitation"),
    ("choose", "Your determination", "Not a victim of trafficking"),
    ("type", "Grounds of the determination", "Nothing of it happened."),
    ("choose", "Who makes the determination?", "IOM"),
    ("choose", "Which other situation describes the person best?", "Smuggled migrant"),
    ("choose", "Immediate needs", "Food"),
    ("choose", "Risk to the person now", "Low"),
    ("choose", "Does the person want assistance?", "Yes"),
    ("choose", "Programmes the person will be proposed for", "Project of this mission"),
    ("choose", "Next steps agreed", "Assistance interview"),
    ("choose", "Was the person asked how they feel", "Yes"),
]


def workbook(*, fault: bool) -> dict:
    """Our screening form with a repeat for the children; with the fault, a condition names a question wrongly."""
    book = openpyxl.load_workbook(SCREENING)
    survey = book["survey"]
    columns = {cell.value: cell.column for cell in survey[1]}
    names = {survey.cell(row, columns["name"]).value: row for row in range(2, survey.max_row + 1)}
    at = names["number_of_children"] + 1
    survey.insert_rows(at, 3)
    for row, (type_, name, *labels) in enumerate(
        [
            ("begin_repeat", "child", "Child", "Enfant", "Niño"),
            ("text", "child_called", "Name of the child", "Nom de l'enfant", "Nombre del niño"),
            ("end_repeat", None),
        ],
        at,
    ):
        said = {"type": type_, "name": name}
        said |= {f"label::{one}": text for one, text in zip(LANGUAGES, labels, strict=False)}
        for column, text in said.items():
            survey.cell(row, columns[column], text)
    if fault:
        survey.cell(names["narrative"] + 3, columns["relevant"], "${famly_name} != ''")
    settings = book["settings"]
    version = next(cell.column for cell in settings[1] if cell.value == "version")
    settings.cell(2, version, "2026112699")
    out = io.BytesIO()
    book.save(out)
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    return {"name": "screening.xlsx", "mimeType": kind, "buffer": out.getvalue()}


BEFORE_CONSENT = next(at for at, one in enumerate(SAID) if "agree to the interview" in one[1])


@pytest.fixture
def desk(browser):
    """The browser of an interviewer who has no phone."""
    page = open_page(browser)
    yield page
    page.context.close()


def work(office):
    state = open_state(office.config)
    while run_once(state.engine, keyring=state.keyring, blobs=state.blobs):
        pass
    state.engine.dispose()


def send(desk, title):
    desk.locator("#form .footer button").click()
    desk.locator("[data-interviews] li", has_text=title).locator(".sent").wait_for()


def today(page):
    page.get_by_role("combobox", name=TODAY).click()
    page.click("[data-p-today=true] >> visible=true")


def test_a_form_becomes_an_interview_a_case_and_a_second_version(enter, house, desk):
    url, office = house
    home = f"{url}/projects/{office.mission_id}"
    page = enter()

    # The designer uploads, reads, mends, looks, publishes.
    page.goto(f"{home}/forms/new")
    page.set_input_files("#workbook", workbook(fault=True))
    page.click("text=Upload and check")
    page.wait_for_selector("h1:has-text('was not taken')", timeout=60_000)
    said = page.inner_text("#findings")
    assert "famly_name" in said
    assert "family_name" in said, "the nearest name"
    page.set_input_files("#workbook", workbook(fault=False))
    page.click("text=Upload and check")
    page.wait_for_selector("text=This is a draft", timeout=60_000)
    page.click("main >> text=Preview")
    interviews.ready(page)
    speak(page, "Español (es)")
    question(page, "¿Es una segunda entrevista").wait_for()
    page.click("text=Back to the form’s page")
    page.fill("#publish-note", "Ask for each child")
    page.click("text=Publish to phones")
    page.wait_for_selector("text=is published")

    # The interviewer fills it in at a desk, with a repeat and a signature.
    page.goto(f"{home}/devices")
    page.fill("#name", "Desk 1")
    page.click("text=Add device")
    page.wait_for_selector("text=Scan this code")
    link = page.locator("code.address", has_text="/fill#").text_content()
    interviews.come_in(desk, link.strip())
    interviews.begin(desk, "Screening interview")
    today(desk)
    interviews.answer(desk, SAID[:BEFORE_CONSENT])
    for point in question(desk, "Tick every point").locator(".value-option").all():
        point.click()
    interviews.answer(desk, SAID[BEFORE_CONSENT:])
    interviews.attach(desk, "Signature", "signed.png", picture())
    for number, name in enumerate(("Ali", "Bintou")):
        if number:
            desk.get_by_role("button", name="Add Child").click()
        question(desk, "Name of the child").nth(number).locator("input").fill(name)
    send(desk, "Screening interview")

    # The coordinator sees it as a case, and mends a name.
    work(office)
    page.goto(f"{home}/submissions")
    page.locator('tbody a[href*="/submissions/"]').first.click()
    page.click("text=Open case")
    page.wait_for_selector("h1")
    reference = re.search("DEMO1-26-[0-9a-f]{8}", page.inner_text("main"))[0]
    assert "Female" in page.inner_text("main")
    page.go_back()
    page.click("text=Edit answers")
    page.fill("#edit-reason", "The shelter spelt it otherwise")
    page.click("text=Open the form")
    interviews.ready(page)
    assert question(page, "Name of the child").nth(1).locator("input").input_value() == "Bintou"
    interviews.type_in(page, "Family name", "Exemplar")
    page.get_by_role("button", name="Finish and keep as a new version").click()
    page.wait_for_selector("text=What differs")
    work(office)
    page.reload()
    assert page.locator("#versions tbody tr").count() == 2
    (changed,) = page.locator("#changes .changes >> nth=0").locator("tbody tr").all_inner_texts()
    assert "Family name" in changed
    assert page.locator("#files li").count() == 1, "the signature of the version before"

    # The next interview is about the case, which is picked from the list.
    interviews.look_for_changes(desk)
    interviews.begin(desk, "Assistance interview")
    interviews.answer(
        desk,
        [
            ("choose", "Is the case in the list on this phone?", "Yes"),
            ("pick", "Case reference", reference),
        ],
    )
    today(desk)
    interviews.answer(desk, FOLLOWED_UP)
    for repeat in ("Family member", "Item of the plan", "Service", "Referral"):
        interviews.take_away(desk, repeat)
    send(desk, "Assistance interview")
    work(office)
    page.goto(f"{home}/submissions?form=ct_assistance")
    page.locator('tbody a[href*="/submissions/"]').first.click()
    page.click("text=Open case")
    page.wait_for_selector(f"text={reference}")
    assert "Medium" in page.inner_text("main")
