"""The interface in the reader's language: whoever reads Arabic reads from the right, and nothing goes half translated."""

import re
import string
import tomllib
from functools import cache
from html.parser import HTMLParser

import pytest
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.pofile import read_po
from markupsafe import Markup

from app import language, policy
from app.policy.permissions import ROLE_NAMES
from app.ui.filters import reworded
from app.ui.words.columns import COLUMNS, NAMES, column_label
from app.ui.words.sections import HIDDEN
from tests.ui.bare import TEMPLATES, texts_of
from tests.ui.conftest import text_of
from xlsforms import binding, cells, dictionary, target
from xlsforms.finding import Finding
from xlsforms.marked import worded
from xlsforms.schema import Question
from xlsforms.workbook import Sheet, Workbook

ROOT = language.CATALOGUES.parents[1]
TRANSLATED = [name for name in language.LANGUAGES if name != "en"]


def entries(name):
    with (language.CATALOGUES / f"{name}.po").open("rb") as file:
        for message in read_po(file, locale=name):
            if message.id:
                one = message.id if isinstance(message.id, str) else message.id[-1]
                said = [message.string] if isinstance(message.string, str) else list(message.string)
                yield message, one, said


def placeholders(text):
    return sorted(re.findall(r"%(?:\(\w+\)[sd]|.)", text))


def tags(text):
    found = []
    parser = HTMLParser()
    parser.handle_starttag = lambda tag, attrs: found.append(
        (tag, dict(attrs).get("href"), dict(attrs).get("class"))
    )
    parser.handle_endtag = lambda tag: found.append(tag)
    parser.feed(text)
    return sorted(map(str, found))


@pytest.mark.parametrize("name", TRANSLATED)
def test_a_translation_has_the_values_and_the_marks_of_its_text(name):
    for message, one, said in entries(name):
        for text in filter(None, said):
            number = {"%(num)s", "%(count)s"} if len(said) > 1 else set()
            kept = set(placeholders(one)) - number
            assert kept <= set(placeholders(text)) <= set(placeholders(one)), message.id
            assert tags(text) == tags(one), message.id
            assert '"' not in text or '"' in one, f"it may stand in an attribute: {message.id}"
            assert one[:1].isspace() == text[:1].isspace(), message.id
            assert text.strip(string.whitespace), message.id


def test_every_column_of_a_case_has_a_label_that_can_be_translated():
    shown = {
        name
        for table in dictionary.load().tables.values()
        for field in table.fields.values()
        if table.scope == "case" and field.type != "uuid" and (name := field.name) not in HIDDEN
    }
    assert [name for name in shown if name not in COLUMNS and name.split(".")[1] not in NAMES] == []
    assert column_label("person", "given_names") == "Given names", (
        "one the dictionary does not know is written out"
    )


def test_a_template_says_nothing_that_cannot_be_translated():
    found = {str(path): texts_of(path.read_text()) for path in TEMPLATES.rglob("*.html")}
    assert len(found) > 90
    assert {name: texts for name, texts in found.items() if texts} == {}


@cache
def extracted():
    """The texts of the interface as they stand in the source, by the keywords and places of `make words`."""
    found = set()
    mappings = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["babel"]["mappings"]
    methods = [(one["pattern"], one["method"]) for one in mappings]
    keywords = DEFAULT_KEYWORDS | {"N_": None, "worded": None}
    for _place, _line, said, _comments, context in extract_from_dir(str(ROOT), methods, keywords=keywords):
        found.add((context, said if isinstance(said, str) else said[0]))
    return found


@pytest.mark.parametrize("name", ["fr", "es"])
def test_every_text_of_the_interface_is_translated(name):
    """One that is missing: `make words`, then translate what is empty in app/translations."""
    known = {
        (message.context, message.id if isinstance(message.id, str) else message.id[0])
        for message, _one, said in entries(name)
        if all(said)
    }
    assert sorted(map(str, extracted() - known)) == []


def test_every_role_has_a_name_that_can_be_translated():
    assert set(ROLE_NAMES) >= set(policy.ROLES)


def test_what_is_put_into_a_text_of_a_template_is_escaped_and_the_text_is_not():
    say, many, told_apart = (language.MARKED[name] for name in ("_", "ngettext", "pgettext"))
    assert say("In <b>bold</b>, 100 %%") == "In <b>bold</b>, 100 %" == say("In <b>bold</b>, 100 %%")
    assert say("<b>%(message)s</b> %(link)s", message="<i>", link=Markup("<a>")) == "<b>&lt;i&gt;</b> <a>"
    assert many("%(num)s & %(one)s", "%(num)s &amp; %(one)s", 2, one="&") == "2 &amp; &amp;"
    assert told_apart("button", "%(context)s of %(message)s", context="'", message=1) == "&#39; of 1"
    for name in TRANSLATED:
        with language.spoken(name):
            assert say("Cases") == language.gettext("Cases") != "Cases"
            assert say("") == ""


def test_a_page_speaks_the_language_its_reader_chose(visit):
    visitor = visit("coordinator")
    visitor.home = ""
    page = visitor.post("/account/language", {"language": "ar"})
    assert '<html lang="ar" dir="rtl">' in page
    assert "العربية" in text_of(page)
    assert '<html lang="fr" dir="ltr">' in visitor.post("/account/language", {"language": "fr"})
    assert '<html lang="en" dir="ltr">' in visitor.post("/account/language", {"language": "en"})
    assert "does not speak" in text_of(visitor.post("/account/language", {"language": "xx"}, status=422))


def test_who_has_not_signed_in_is_answered_in_the_language_of_the_browser(visit):
    client = visit("coordinator").client
    client.delete_cookie("saif")
    for wanted, spoken in (
        ("es-CO,es;q=0.9,en;q=0.8", "es"),
        ("ar", "ar"),
        ("sw,fr;q=0.5", "fr"),
        ("sw", "en"),
    ):
        answer = client.get("/sign-in", headers={"Accept-Language": wanted})
        assert f'<html lang="{spoken}"' in answer.text
    refused = client.get("/v1/projects", headers={"Accept-Language": "fr"})
    assert refused.json["message"].startswith("Not signed in"), "programs are answered in English"


def test_where_a_browser_is_a_device_its_own_language_is_spoken_whoever_else_signed_in_with_it(visit):
    client = visit("coordinator").client
    assert '<html lang="fr"' in client.get("/fill", headers={"Accept-Language": "fr"}).text


@pytest.mark.parametrize(
    ("page", "scripts", "called", "besides"),
    [
        (
            "fill/page.html",
            "fill/*.js",
            r'\bwords\(\s*"(\w+)"',
            {"connected", "noNetwork", "noAnswer", "place", "placeOfTest"},  # named by a variable
        ),
        (
            "interview.html",
            "engine.js",
            r'\btext\(place, "(\w+)"',
            {"finish"},
        ),  # of each page that extends it
    ],
)
def test_what_scripts_say_stands_in_their_page(page, scripts, called, besides):
    """A text that is missing would be found by nobody before it was to be said."""
    app = language.CATALOGUES.parent
    written = re.findall(r"data-say-([\w-]+)=", (app / "templates" / page).read_text())
    known = {re.sub(r"-(\w)", lambda letter: letter[1].upper(), name) for name in written}
    said = {name for path in (app / "static").glob(scripts) for name in re.findall(called, path.read_text())}
    assert said ^ known == besides


def test_words_within_a_finding_are_of_its_language_too():
    number = Question("n", "/data/n", "integer")
    unfit = binding.unfit(number, target.parse("person.birthdate"), dictionary.load())
    survey = Sheet("survey", ("type", "name"), ({"type": "begin repeat", "name": "r"},))
    (open_,) = [one for one in cells.check(Workbook({"survey": survey})) if one.code == "group_not_ended"]
    assert unfit.mend == "Use a question of type date or dateTime or today, or leave the mapping cell empty."
    assert open_.message == "This repeat is never ended."
    for spoken, types, kind in (
        ("fr", "date ou dateTime ou today", "(répétition)"),
        ("es", "date o dateTime o today", "(repetición)"),
        ("ar", "date أو dateTime أو today", "(تكرار)"),
    ):
        with language.spoken(spoken):
            assert types in reworded(Finding.from_json(unfit.to_json()).mend)
            assert kind in reworded(open_.message)


def test_a_finding_is_said_anew_in_the_language_of_who_reads_it(tmp_path, monkeypatch):
    texts = {
        "The text is missing in %(language)s.": "Le texte manque en %(language)s.",
        "the language without a name": "la langue sans nom",
        "Add the file.": "Ajouter le fichier.",
    }
    written = "".join(f'msgid "{one}"\nmsgstr "{other}"\n\n' for one, other in texts.items())
    (tmp_path / "fr.po").write_text(
        f'msgid ""\nmsgstr "Content-Type: text/plain; charset=utf-8\\n"\n\n{written}'
    )
    monkeypatch.setattr(language, "CATALOGUES", tmp_path)
    language.catalogue.cache_clear()
    try:
        with language.spoken("fr"):
            inner = worded("the language without a name")
            assert reworded(worded("The text is missing in %(language)s.", language=inner)).endswith(
                "langue sans nom."
            )
            assert reworded("Add the file.") == "Ajouter le fichier."
            assert reworded("5 % of what was stored before.") == "5 % of what was stored before."
            assert reworded(worded("No %(name)s", name="Add the file.")) == "No Add the file.", "values stay"
    finally:
        language.catalogue.cache_clear()
