"""The texts of a form in its languages: which there are, which are missing, and which are out of date."""

from hypothesis import example, given
from hypothesis import strategies as st

from xlsforms import convert, translations
from xlsforms.translations import Translations

FORM = """
| survey |
|        | type        | name    | label::English (en) | label::Français (fr) | hint         | media::image::English (en) | required_message::English (en) |
|        | begin_group | person  | Person              | Personne             |              |                            |                                |
|        | text        | surname | Surname             | {french}             | As on papers | papers.png                 | Needed                         |
|        | select_one sex | sex  | Sex of ${{surname}} |                      |              |                            |                                |
|        | end_group   |         |                     |                      |              |                            |                                |
| choices |
|        | list_name   | name    | label::English (en) | label::Français (fr) |
|        | sex         | female  | Female              | Féminin              |
|        | sex         | male    | {english}           | Masculin             |
| settings |
|        | form_id     | version | form_title          | default_language     |
|        | visit       | 1       | Visit               | English (en)         |
"""
FRENCH = "Français (fr)"


def texts(french="Nom", english="Male") -> Translations:
    return translations.of_workbook(convert.read(FORM.format(french=french, english=english).encode(), "md"))


def states(found, language=FRENCH):
    return {one.place: one.state(language, found.source) for one in found.texts}


def test_every_text_has_a_place_that_says_where_it_belongs():
    found = texts()
    assert [one.place for one in found.texts] == [
        "survey/person:label",
        "survey/surname:label",
        "survey/surname:hint",
        "survey/surname:required_message",
        "survey/surname:image",
        "survey/sex:label",
        "choices/sex/female:label",
        "choices/sex/male:label",
    ]
    assert (found.source, found.languages, found.title) == ("English (en)", ("English (en)", FRENCH), "Visit")
    surname = found.by_place["survey/surname:label"]
    assert (surname.sheet, surname.row, surname.context) == ("survey", 3, "text · in Person")
    sex = found.by_place["survey/sex:label"]
    assert sex.context == "select_one sex · choices: Female, Male · in Person"
    assert found.by_place["choices/sex/male:label"].context == "choice of sex · asked: Sex of ${surname}"


def test_a_column_without_a_language_is_in_the_default_one_as_phones_have_it():
    assert texts().by_place["survey/surname:hint"].said == {"English (en)": "As on papers"}


def test_what_has_a_source_and_no_translation_is_missing():
    found = texts()
    assert found.count(FRENCH) == {"ok": 4, "missing": 4, "stale": 0}
    assert [one.place for one in found.to_mend(FRENCH)][-1] == "survey/sex:label"
    assert found.count("English (en)")["missing"] == 0


def test_a_translation_is_stale_when_its_source_changed_after_it_was_made():
    first = translations.carried(texts(), [])
    second = translations.carried(texts(english="Man"), [first])
    assert states(second)["choices/sex/male:label"] == "stale"
    assert second.by_place["choices/sex/male:label"].made_from == {FRENCH: "Male"}
    assert second.count(FRENCH)["stale"] == 1
    third = translations.carried(texts(english="Gentleman"), [second])
    assert third.by_place["choices/sex/male:label"].made_from == {FRENCH: "Male"}, (
        "still what it was made from"
    )


def test_it_is_not_when_the_source_comes_back_or_the_translation_changes_too():
    second = translations.carried(texts(english="Man"), [texts()])
    back = translations.carried(texts(), [second])
    assert states(back)["choices/sex/male:label"] == "ok"
    other = translations.carried(texts(french="Nom de famille"), [texts()])
    assert states(other)["survey/surname:label"] == "ok"


def test_what_a_translator_had_before_them_goes_before_what_versions_tell():
    old = texts()
    place = ("choices/sex/male:label", FRENCH)
    new = texts(english="Man")
    assert states(translations.carried(new, [old], {place: "Man"}))[place[0]] == "ok"
    assert states(translations.carried(old, [], {place: "Boy"}))[place[0]] == "stale"


def test_two_questions_of_one_name_are_told_apart_by_their_groups():
    form = b"""
| survey |
|        | type        | name | label |
|        | begin_group | a    | A     |
|        | text        | age  | Age   |
|        | end_group   |      |       |
|        | begin_group | b    | B     |
|        | text        | age  | Years |
|        | end_group   |      |       |
"""
    found = translations.of_workbook(convert.read(form, "md"))
    assert [one.place for one in found.texts if one.part == "label"] == [
        "survey/a:label", "survey/a/age:label", "survey/b:label", "survey/b/age:label",
    ]  # fmt: skip
    assert found.source == ""


def test_json_and_back_is_the_same():
    found = translations.carried(texts(english="Man"), [texts()])
    assert Translations.from_json(found.to_json()) == found


WORDS = st.sampled_from(["", "a", "b", "c"])


@given(st.lists(st.tuples(WORDS, WORDS), min_size=1, max_size=8))
@example([("b", "a"), ("", "a"), ("a", "a")])
def test_stale_is_what_does_not_stand_beside_the_source_it_first_stood_beside(history):
    """Over any history of (source, translation): counted from all versions at once, as the definition has it."""
    known, seen = None, []
    for source, said in history:
        place = translations.Text(
            "p", "survey", 2, "label", "", {k: v for k, v in (("en", source), ("fr", said)) if v}
        )
        form = Translations("en", ("en", "fr"), (place,))
        known = translations.carried(form, [known])
        seen.append((source, said))
        run = list(seen)
        while any(text != said for _, text in run):
            run.pop(0)
        # `run` begins where the present translation began to stand; the first source beside it that is not empty counts
        first = next((each for each, _ in run if each), "")
        expected = (
            "missing" if source and not said else "stale" if source and said and first != source else "ok"
        )
        assert known.texts[0].state("fr", "en") == expected, seen
