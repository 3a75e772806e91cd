"""Every form of the corpus that phones can open is opened by the engine of the preview, on its page, under its policy."""

import pytest

from tests.corpus.conftest import CORPUS, measured
from tests.corpus.test_corpus import FAULTS
from tests.corpus.test_peculiar import FORMS
from tests.server import threaded
from tests.ui.browser import open_page, sign_in
from tests.ui.conftest import empty_office  # noqa: F401 -- a fixture
from xlsforms.compile import compile_form

ROWS = measured()
OPENED = [row["file"] for row in ROWS if row["file"] not in FAULTS]
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not ROWS, reason=f"the forms corpus is not at {CORPUS}"),
]
HARMLESS = ("404 (NOT FOUND)", "Geolocation access has been blocked")
"""What the console may say: the corpus has no media, and a page of ours never tells the place."""
SHOW = """async (xform) => {
  const { show } = await import("/static/interview.js");
  (await window.takeAway)?.();
  const before = document.querySelector("#form"), place = before.cloneNode();
  before.replaceWith(place);
  const file = (name) => fetch(place.dataset.file.replace(/FILE$/, encodeURIComponent(name)));
  return new Promise((done) => {
    window.takeAway = show(place, { xform, file, onReady: () => done("ready"), onRefused: () => done("error") });
  });
}"""
"""Put another form in the place of the one on the page, as the page put that there."""


@pytest.fixture(scope="module")
def opened(browser, empty_office, tmp_path_factory):  # noqa: F811 -- a fixture
    """`opened(xform)`: what the page of the preview made of it: `ready` or `error`, the engine's words, complaints."""
    office = empty_office.moved(tmp_path_factory.mktemp("office"))
    app = office.app()
    with threaded(app) as url:
        page, complaints = open_page(browser), []

        def note(message):
            if message.type == "error" and not any(one in message.text for one in HARMLESS):
                complaints.append(message.text)

        page.on("console", note)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on(
            "request",
            lambda request: (
                request.url.startswith(("http:", "https:"))
                and not request.url.startswith(f"{url}/")
                and complaints.append(request.url)
            ),
        )
        sign_in(page, url, office.email, office.password)
        page.goto(f"{url}/projects/{office.mission_id}/forms/ct_screening")
        page.click("main >> text=Preview")
        page.wait_for_selector(".form-initialization-status.ready", state="attached")

        def open_form(xform):
            complaints.clear()
            state = page.evaluate(SHOW, xform.decode())
            words = "" if state == "ready" else page.inner_text(".form-load-failure-dialog .message")
            return state, words, list(complaints)

        yield open_form
        page.context.close()
    app.extensions["saif"].engine.dispose()


@pytest.mark.parametrize("file", OPENED)
def test_what_phones_open_opens_in_the_browser_and_asks_no_other_host(file, corpus, opened):
    assert opened(corpus[file].xform) == ("ready", "", [])


def test_a_function_of_another_product_is_named(corpus, opened):
    state, words, _ = opened(corpus["surveycto-templates--repeat_allows_selection.xlsx"].xform)
    assert state == "error"
    assert "device-info" in words


def test_odd_forms_open_too(opened):
    odd = ("old header", "add prompts", "loop", "table-list", "or_other", "external", "osm", "bg-audio", "search",
           "repeat count", "last-saved", "intent", "geo maps", "nested parens 100")  # fmt: skip
    states = {name: opened(compile_form(FORMS[name].encode(), "odd.md").xform) for name in odd}
    assert {name: state for name, state in states.items() if state != ("ready", "", [])} == {}
