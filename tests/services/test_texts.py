"""The texts of a form go out to translators, and come back as its draft."""

import pytest
from sqlalchemy import select

from app.db import writing
from app.models import FormMedia, LedgerEntry
from app.policy import COMMAND
from app.problems import Problem
from app.services import forms, publish, texts
from xlsforms import convert, translations

FORM = """
| survey |
|        | type | name    | label::English (en) | label::Français (fr) | media::image::English (en) |
|        | text | surname | {source}            | Nom                  | papers.png                 |
|        | text | town    | Town                |                      |                            |
| settings |
|        | form_id | version   | form_title | default_language |
|        | visit   | {version} | Visit      | English (en)     |
"""
FRENCH = "Français (fr)"


@pytest.fixture
def upload(session):
    def upload(source="Surname", version="1", *, published=False):
        checked = publish.check(FORM.format(source=source, version=version).encode(), "visit.md")
        with writing(session):
            found = publish.save_draft(session, checked, actor=COMMAND, mission_id=None)
            if published:
                publish.publish(session, actor=COMMAND, version=found, note="n")
        return found

    return upload


def po(version, *replaced):
    made = texts.export(version, form_id="visit", to="po", languages=["fr"]).decode()
    for old, new in replaced:
        assert old in made
        made = made.replace(old, new)
    return made.encode()


def bring(session, version, file):
    brought = texts.bring(version, file, form_id="visit")
    with writing(session):
        return texts.save(session, brought, actor=COMMAND, mission_id=None, version=version)


TOWN = ('msgid "Town"\nmsgstr ""', 'msgid "Town"\nmsgstr "Ville"')


def test_translations_come_back_as_a_draft_with_a_version_string_of_its_own(session, upload):
    first = upload(published=True)
    draft = bring(session, first, po(first, TOWN))
    assert not draft.published
    assert draft.version not in ("", "1")
    assert (draft.workbook_type, draft.note) == ("xlsx", "Translations")
    assert (
        translations.of_workbook(convert.read(draft.workbook, "xlsx"))
        .by_place["survey/town:label"]
        .said[FRENCH]
        == "Ville"
    )
    assert b"Ville" in draft.xform
    assert "workbook_rewritten" in {one["code"] for one in draft.findings}
    assert texts.of(draft).count(FRENCH)["missing"] == 1, "the picture"
    with writing(session):
        publish.publish(session, actor=COMMAND, version=draft)


def test_what_is_stale_is_known_through_all_drafts_on_the_way(session, upload):
    first = upload(published=True)
    draft = upload(source="Family name", version="2")
    assert texts.of(draft).by_place["survey/surname:label"].made_from == {FRENCH: "Surname"}
    again = upload(source="Last name", version="2")
    assert again.id == draft.id
    assert texts.of(again).by_place["survey/surname:label"].made_from == {FRENCH: "Surname"}
    assert texts.of(first).count(FRENCH)["stale"] == 0
    translated = bring(
        session, again, po(again, ("#, fuzzy\n", ""), ('msgstr "Nom"', 'msgstr "Nom de famille"'))
    )
    assert translated.version == "2"
    assert texts.of(translated).count(FRENCH)["stale"] == 0


def test_saying_that_a_stale_translation_is_right_makes_no_draft(session, upload):
    upload(published=True)
    second = upload(source="Family name", version="2", published=True)
    assert texts.of(second).count(FRENCH)["stale"] == 1
    before = (second.sha256, second.workbook)
    kept = bring(session, second, po(second, ("#, fuzzy\n", "")))
    assert kept.id == second.id
    assert (kept.sha256, kept.workbook) == before
    assert texts.of(second).count(FRENCH)["stale"] == 0
    assert forms.draft(session, forms.find(session, None, "visit")) is None
    entry = session.scalars(select(LedgerEntry).where(LedgerEntry.action == "form.texts")).one()
    assert entry.detail["version"] == "2"


def test_a_file_that_is_none_changes_nothing(session, upload):
    first = upload(published=True)
    with pytest.raises(Problem) as raised:
        bring(session, first, b"nothing\nof the kind")
    assert raised.value.code == "form_refused"
    assert raised.value.details["findings"][0]["code"] == "translation_file_unreadable"
    assert session.scalars(select(FormMedia)).all() == []


def test_a_form_uploaded_as_an_xform_has_no_cells_to_translate(session, upload):
    xform = upload().xform
    with writing(session):
        version = publish.save_draft(
            session, publish.check(xform, "visit.xml"), actor=COMMAND, mission_id=None
        )
    for ask in (lambda: texts.of(version), lambda: texts.bring(version, b"", form_id="visit")):
        with pytest.raises(Problem) as raised:
            ask()
        assert raised.value.code == "no_texts"


def test_versions_from_before_texts_were_kept_are_read_when_asked(session, upload):
    version = upload()
    known = texts.of(version)
    with writing(session):
        version.texts = None
    assert texts.of(version) == known


def test_texts_are_not_translated_into_their_own_language_nor_into_none(session, upload):
    version = upload()
    for languages in (["English (en)"], ["a:b"], ["x" * 61]):
        with pytest.raises(Problem):
            texts.export(version, form_id="visit", to="xlsx", languages=languages)
    with pytest.raises(Problem):
        texts.export(version, form_id="visit", to="po", languages=["fr", "Deutsch (de)"])
