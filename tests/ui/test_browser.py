"""The walk of a coordinator through the pages, in Chromium."""

import io
import re
import zipfile
from pathlib import Path

import pytest
import zxingcpp
from PIL import Image

from tests.clients.collect.collect_client import decode_settings
from tests.server import threaded
from tests.ui import screenshots
from tests.ui.browser import NARROW, WIDE, go, open_page, overflow, sign_in

pytestmark = pytest.mark.browser


def home_of(house):
    url, office = house
    return f"{url}/projects/{office.mission_id}"


def test_from_the_empty_house_to_the_name_of_a_person_and_back_to_where_it_was_said(
    browser, empty_office, tmp_path
):
    from app.tasks import run_once

    office = empty_office.moved(tmp_path / "walk")
    app = office.app()
    with threaded(app) as url:
        page = open_page(browser)
        sign_in(page, url, office.email, office.password)
        page.click("text=Fill with demo interviews")
        page.wait_for_selector("text=60 fictional interviews came in.")
        state = app.extensions["saif"]
        while run_once(state.engine, keyring=state.keyring, blobs=state.blobs):
            pass
        page.goto(f"{url}/projects/{office.mission_id}")
        page.click("text=Needs attention >> xpath=../.. >> ol a >> nth=0")
        page.wait_for_url(re.compile(r"/cases/[0-9a-f-]{36}$"))
        page.click("a[data-choose=person]")
        page.fill("#reveal-reason", "The shelter asks who is coming")
        page.click("dialog[open] button.main")
        page.wait_for_load_state()
        name = page.locator("#person .fact", has_text="Family name")
        assert name.locator("bdi.revealed").inner_text().strip()
        name.locator("summary").click()
        assert "Family name" in name.locator(".trace").inner_text()
        name.locator(".trace a").click()
        page.wait_for_load_state()
        assert "/submissions/" in page.url
        assert "Family name" in page.inner_text("#answers")
        assert page.locator(".revealed").count() == 0
        page.goto(f"{url}/projects/{office.mission_id}/download")
        page.fill("#reason", "Monthly report")
        with page.expect_download() as started_download:
            page.click("main button.main")
        archive = zipfile.ZipFile(io.BytesIO(Path(started_download.value.path()).read_bytes()))
        assert any(name.endswith(".csv") for name in archive.namelist())
        page.context.close()
    app.extensions["saif"].engine.dispose()


def test_the_keyboard_reaches_everything(enter, house):
    page = enter()
    go(page, "c", "**/cases")
    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.id") == "reference"
    page.keyboard.type("g c ?")
    assert page.url.endswith("/cases")
    assert not page.locator("#shortcuts[open]").count()
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("j")
    page.keyboard.press("j")
    second = page.evaluate("document.activeElement.getAttribute('href')")
    page.keyboard.press("k")
    assert page.evaluate("document.activeElement.getAttribute('href')") != second
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"/cases/[0-9a-f-]{36}$"))
    page.keyboard.press("?")
    assert page.locator("#shortcuts[open]").count() == 1
    page.keyboard.press("Escape")
    assert page.locator("#shortcuts[open]").count() == 0
    go(page, "s", "**/submissions")


def test_the_first_stop_of_the_tab_key_skips_to_the_content(enter, house):
    page = enter()
    page.goto(home_of(house) + "/cases")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "content"


CUT = """() => [...document.querySelectorAll('.panel .tag')].filter(one => {
  const [inside, around] = [one, one.closest('.panel')].map(each => each.getBoundingClientRect());
  return one.checkVisibility() && (inside.right > around.right || inside.left < around.left)
    && !one.closest('.only-read, pre, .excerpt');
}).map(one => one.textContent)"""
"""Tags whose end a panel hides."""


def choose_language(page, house, name):
    page.goto(f"{house[0]}/account")
    page.select_option("#reads", name)
    page.wait_for_selector(f"html[lang={name}]")


def test_no_page_is_wider_than_a_narrow_phone_and_none_complains(enter, house):
    """In French, whose words are the longest."""
    page = enter(width=NARROW)
    choose_language(page, house, "fr")
    for path in screenshots.PAGES.values():
        if path == "/nothing":
            continue
        page.goto(home_of(house) + path)
        assert overflow(page) <= 0, path
        assert page.evaluate(CUT) == [], path
    for listing in ("/cases", "/submissions"):
        page.goto(home_of(house) + listing)
        page.click("tbody a >> nth=0")
        page.wait_for_load_state()
        page.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true })")
        assert overflow(page) <= 0, listing
    choose_language(page, house, "en")


def test_in_arabic_pages_run_from_the_right_and_stay_within_their_window(enter, house):
    page = enter()
    choose_language(page, house, "ar")
    for width in (WIDE, NARROW):
        page.set_viewport_size({"width": width, "height": 900})
        for path in ("", "/cases", "/submissions?form=ct_screening", "/figures", "/forms/ct_screening"):
            page.goto(home_of(house) + path)
            assert overflow(page) <= 0, path
            brand, title = (page.locator(one).first.bounding_box() for one in (".brand", "h1"))
            assert brand["x"] > width / 2, path
            assert title["x"] + title["width"] > width / 2, path
    choose_language(page, house, "en")


ACCESSIBLE = """() => {
  const wrong = [];
  const named = (e) => (e.getAttribute('aria-label') || e.getAttribute('aria-labelledby')
    || e.textContent.trim() || e.getAttribute('title'));
  for (const e of document.querySelectorAll('input:not([type=hidden]), select, textarea'))
    if (!e.labels.length && !e.getAttribute('aria-label')) wrong.push('no label: ' + e.outerHTML.slice(0, 80));
  for (const e of document.querySelectorAll('a[href], button, summary'))
    if (!named(e)) wrong.push('no name: ' + e.outerHTML.slice(0, 80));
  for (const e of document.querySelectorAll('img:not([alt]), svg:not([aria-hidden]):not([role]'
      + ' [role=img] *)')) if (!e.closest('[aria-hidden], [role=img]')) wrong.push('picture: ' + e.outerHTML.slice(0, 80));
  const ids = [...document.querySelectorAll('[id]')].map(e => e.id);
  for (const id of ids) if (ids.indexOf(id) !== ids.lastIndexOf(id)) wrong.push('twice: ' + id);
  for (const e of document.querySelectorAll('[aria-labelledby], [aria-describedby]'))
    for (const id of (e.getAttribute('aria-labelledby') || e.getAttribute('aria-describedby')).split(' '))
      if (!document.getElementById(id)) wrong.push('points nowhere: ' + id);
  for (const e of document.querySelectorAll('table'))
    if (!e.caption || !e.querySelector('th[scope]')) wrong.push('table without caption or headers');
  if (document.querySelectorAll('main').length !== 1) wrong.push('not one main');
  if (document.querySelectorAll('h1').length !== 1) wrong.push('not one h1');
  if (!document.documentElement.lang) wrong.push('no language');
  let level = 1;
  for (const e of document.querySelectorAll('main h1, main h2, main h3, main h4')) {
    if (e.closest('dialog')) continue;
    const own = Number(e.tagName[1]);
    if (own > level + 1) wrong.push('heading jumps: ' + e.textContent.trim().slice(0, 40));
    level = own;
  }
  return wrong;
}"""


CONTRAST = """() => {
  const parse = (c) => { const m = c.match(/[\\d.]+/g).map(Number);
    return c.startsWith('color(') ? m.slice(0, 3).map(v => v * 255).concat(m[3] ?? 1) : m.concat(m.length > 3 ? [] : [1]); };
  const lum = ([r, g, b]) => { const f = [r, g, b].map(v => { v /= 255; return v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4; });
    return 0.2126 * f[0] + 0.7152 * f[1] + 0.0722 * f[2]; };
  const over = (top, under) => top.slice(0, 3).map((v, i) => v * top[3] + under[i] * (1 - top[3]));
  const ground = (e) => { const stack = []; for (let n = e; n; n = n.parentElement) stack.push(parse(getComputedStyle(n).backgroundColor));
    let c = [255, 255, 255]; for (const one of stack.reverse()) if (one[3] > 0) c = over(one, c); return c; };
  const wrong = new Set();
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) {
    const e = walk.currentNode.parentElement;
    if (!walk.currentNode.textContent.trim() || !e.checkVisibility() || e.closest('.only-read, .skip, option, dialog, script')) continue;
    const style = getComputedStyle(e), a = lum(over(parse(style.color), ground(e))), b = lum(ground(e));
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (ratio < 4.5) wrong.add(e.tagName + '.' + e.className + ' ' + ratio.toFixed(2));
  }
  return [...wrong];
}"""


def test_text_stands_out_from_its_ground_in_the_dark(enter, house):
    """In the light axe says so of every page."""
    page = enter(dark=True)
    for path in ("", "/cases", "/submissions", "/forms/ct_screening", "/devices", "/download"):
        page.goto(home_of(house) + path)
        assert page.evaluate(CONTRAST) == [], path
    page.goto(home_of(house) + "/cases")
    page.click("tbody a >> nth=0")
    page.wait_for_load_state()
    assert page.evaluate(CONTRAST) == []


@pytest.mark.parametrize("device", [1, 2], ids=["managed", "manual"])
def test_the_sheet_is_one_page_whose_code_a_camera_reads(enter, house, device):
    """Printed in Arabic, with the longest texts there are; and what is read is what Collect takes."""
    page = enter()
    if device == 2:
        page.goto(f"{home_of(house)}/devices")
        page.fill("#name", "A phone with a name as long as they come, " * 2)
        page.click("summary >> text=Group, forms and access")
        page.select_option("#language", "ar")
        page.select_option("#forms", "manual")
        page.select_option("#access", "user")
        page.click("text=Add device")
        page.wait_for_selector("text=Scan this code")
        page.click("text=Sheet for the interviewer")
        page.wait_for_selector("ol.steps")
    else:
        page.goto(f"{home_of(house)}/devices/{device}/sheet")
    printed = page.pdf(format="A4")
    assert len(re.findall(rb"/Type /Page\b(?!s)", printed)) == 1
    page.emulate_media(media="print")
    assert not page.locator("text=Print").is_visible()
    picture = Image.open(io.BytesIO(page.screenshot(full_page=True)))
    (code,) = zxingcpp.read_barcodes(picture, formats=zxingcpp.BarcodeFormat.QRCode)
    settings = decode_settings(code.text)
    assert f"/projects/{house[1].mission_id}" in settings["general"]["server_url"]
    assert settings["general"]["app_language"] == ("ar" if device == 2 else "en")


def test_everything_works_without_scripts(browser, house):
    url, office = house
    page = open_page(browser, script=False)
    sign_in(page, url, office.email, office.password)
    page.goto(home_of(house) + "/cases")
    page.click("tbody a >> nth=0")
    page.click("text=Reveal names and free text")
    page.fill("#reveal-reason", "The shelter asks who is coming")
    page.select_option("#reveal-section", "all")
    page.click("main button.main")
    page.wait_for_selector("bdi.revealed", state="attached")
    page.goto(home_of(house) + "/devices")
    page.click("a:has-text('Cut off')")
    page.wait_for_selector("h2:has-text('Cut off Demo phone?') >> visible=true")
    page.context.close()


def test_who_can_be_told_of_a_comment_is_offered_after_an_at_sign(enter, house):
    page = enter()
    page.goto(home_of(house) + "/cases")
    page.goto(
        page.url.partition("/projects")[0] + page.get_attribute("tbody a >> nth=0", "href") + "/comments"
    )
    page.click("#body")
    page.keyboard.type("Call them, @co")
    page.click("#offers >> text=@Coordinator")
    assert page.input_value("#body") == "Call them, @Coordinator "
    page.keyboard.type("and mail@co")
    assert not page.is_visible("#offers")
    page.click("text=Keep it")
    page.wait_for_selector("text=told: Coordinator")
