"""What holds of every page: axe finds nothing serious, and the policy of its content is as tight as its kind allows.

One walk over all pages and what they show in between, that of the pictures.
"""

import re
from pathlib import Path

import pytest
from axe_playwright_python.base import AXE_SCRIPT

from tests.ui import screenshots
from tests.ui.test_browser import ACCESSIBLE

ROOT = Path(__file__).parents[2]
AXE = """async () => {
  const alike = ["tr", "li", ".fact"].map((one) => [`${one}:nth-child(n+8)`]).concat([[".facts ~ .facts ~ .facts ~ .facts"]]);
  const open = document.querySelector("dialog[open]");
  const found = await axe.run(open ?? { exclude: alike }, {
    resultTypes: ["violations"], iframes: false, selectors: false, rules: { "color-contrast": { enabled: false } },
  });
  return found.violations
    .filter((one) => ["serious", "critical"].includes(one.impact))
    .map((one) => `${one.id}: ${one.nodes.slice(0, 3).map((node) => node.html.slice(0, 160)).join(" | ")}`);
}"""
"""All but contrast. Of what stands many times in one list the first are looked at."""


CONTRAST = """async (known) => {
  const grounds = new Map([[null, ""]]);
  const ground = (one) => {
    if (!grounds.has(one)) {
      const { backgroundColor, backgroundImage, opacity } = getComputedStyle(one);
      const own = `${backgroundColor} ${backgroundImage} ${opacity}`;
      const bare = own === "rgba(0, 0, 0, 0) none 1";
      grounds.set(one, ground(one.parentElement) + (bare ? "" : ` / ${own}`));
    }
    return grounds.get(one);
  };
  const look = (one) => {
    const { color, fontSize, fontWeight, textShadow } = getComputedStyle(one);
    const large = parseFloat(fontSize) >= (fontWeight >= 700 ? 18.66 : 24);
    return `${color} ${large ? "large" : ""} ${textShadow} on ${ground(one)}`;
  };
  const says = (one) => !one.closest(".only-read, .skip, .saif-skip")
    && (one.matches("input:not([type=checkbox], [type=radio]), select, textarea")
      || [...one.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && node.data.trim()));
  const found = new Map();
  for (const one of (document.querySelector("dialog[open]") ?? document.body).querySelectorAll("*"))
    if (says(one) && one.checkVisibility() && !known.includes(look(one)) && !found.has(look(one)))
      found.set(look(one), one);
  if (!found.size) return [[], []];
  const seen = await axe.run({ include: [...found.values()] }, {
    resultTypes: ["violations", "passes"], iframes: false, selectors: false, elementRef: true, runOnly: "color-contrast",
  });
  const nodes = (results) => results.flatMap((one) => one.nodes);
  const passed = new Set(nodes(seen.passes).map((node) => node.element));
  return [
    nodes(seen.violations).map((node) => `color-contrast: ${node.html.slice(0, 160)}`),
    [...found].filter(([, one]) => passed.has(one)).map(([look]) => look),
  ];
}"""
"""Contrast costs axe the most by far, and is the same where colour, ground and largeness are: of each look that is not `known`
one text is looked at, wherever on a page it stands."""


SEEN = ("case-source", "case-revealed")
"""The page of a case again, with a detail open. It is the largest there is, and axe takes its time."""


def directives(policy: str) -> dict[str, set[str]]:
    return {
        name: set(sources) for name, *sources in (one.split() for one in policy.split(";") if one.strip())
    }


def misses_of(policy: str, *, engine: bool) -> list[str]:
    """What a policy allows that a page of this kind must not have, or forbids that it needs."""
    said = directives(policy)
    scripts = said.get("script-src", said.get("default-src", set()))
    styles = said.get("style-src", said.get("default-src", set()))
    wrong = [
        f"{name} {one}"
        for name, sources in said.items()
        for one in sources
        if re.search(r"[.*]|//|https?:", one)
    ]
    if "'unsafe-eval'" in scripts or "'unsafe-inline'" in scripts or not scripts:
        wrong.append(f"scripts: {scripts}")
    if ("'wasm-unsafe-eval'" in scripts) != engine or ("'unsafe-inline'" in styles) != engine:
        wrong.append(f"of an engine page only: {scripts} {styles}")
    shut = ("base-uri", "object-src", "frame-ancestors")
    return wrong + [f"{name}: {said.get(name)}" for name in shut if said.get(name) != {"'none'"}]


@pytest.mark.browser
def test_axe_finds_nothing_serious_on_any_page_and_none_runs_what_it_was_not_given(browser, house):
    url, office = house
    page = screenshots.open_page(browser)
    policies, complaints, wrong = {}, [], {}
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda message: "Content Security" in message.text and complaints.append(message.text))
    page.on(
        "request",
        lambda request: (
            request.url.startswith((f"{url}/", "data:", "blob:")) or complaints.append(request.url)
        ),
    )

    def keep(response):
        if response.headers.get("content-type", "").startswith("text/html"):
            policies[response.url.partition("#")[0]] = response.headers.get("content-security-policy", "")

    page.on("response", keep)
    page.add_init_script(AXE_SCRIPT)
    names, looks = [], set()

    def look():
        faint, passed = page.evaluate(CONTRAST, list(looks))
        looks.update(passed)
        return page.evaluate(AXE) + faint

    for name in screenshots.walk(page, url, office):
        names.append(name)
        engine = page.locator("[data-engine]").count() > 0
        found = misses_of(policies[page.url.partition("#")[0]], engine=engine)
        if name not in SEEN:
            found += look()
        if not engine and name != "sign-in" and name != "programs":
            found += page.evaluate(ACCESSIBLE)
        if found:
            wrong[name] = found
    page.goto(f"{url}/account")
    page.evaluate(
        """document.querySelector('main').innerHTML = '<input><a href="/"></a><p>Faint</p>';
        document.querySelector('main p').style.color = '#aaa';"""
    )
    assert [one.partition(":")[0] for one in look()] == ["label", "link-name", "color-contrast"], "axe looks"
    page.context.close()
    assert wrong == {}
    assert complaints == []
    assert {
        "form-refused",
        "preview",
        "form-compare",
        "form-texts",
        "submission-edit",
        "fill-interview",
    } <= set(names)


def test_no_template_holds_a_script_a_style_or_a_handler_and_none_names_another_host():
    for template in (ROOT / "app/templates").rglob("*.html"):
        text = re.sub(r"\{\{.*?\}\}|\{%.*?%\}", "", template.read_text())
        assert not re.search(r"<script(?![^>]*\bsrc=)", text), template
        assert not re.search(r"<style\b|\sstyle=|\son[a-z]+=|javascript:", text), template
        assert not re.search(r"""(?:src|href|action)=["'](?:https?:)?//""", text), template


def test_no_script_of_ours_makes_code_of_text_nor_asks_another_host():
    scripts = [one for one in (ROOT / "app/static").rglob("*.js") if one.parent.name != "odk"]
    assert scripts
    for script in scripts:
        text = script.read_text()
        assert not re.search(
            r"\beval\(|new Function|setTimeout\(\s*[\"'`]|document\.write|https?://", text
        ), script
