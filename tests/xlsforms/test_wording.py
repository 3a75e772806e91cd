"""Conditions in words, and the texts of paper."""

import pytest

from xlsforms import language, wording
from xlsforms.compile import compile_form

FORM = """
| survey  |                     |       |                     |                      |                   |
|         | type                | name  | label::English (en) | label::Français (fr) | relevant          |
|         | select_one yn       | kids  | Any **children**?   | Des enfants ?        |                   |
|         | select_multiple yn  | which | Which?              | Lesquels ?           |                   |
|         | integer             | age   | Age                 | Âge                  |                   |
|         | text                | more  | More                | Plus                 | {relevant} |
| choices |                     |       |                     |                      |                   |
|         | list_name           | name  | label::English (en) | label::Français (fr) |                   |
|         | yn                  | yes   | Yes                 | Oui                  |                   |
|         | yn                  | no    | No                  | Non                  |                   |
| settings |                    |       |                     |                      |                   |
|         | form_id             | version | form_title        | default_language     |                   |
|         | w                   | 1     | W                   | English (en)         |                   |
"""


@pytest.fixture(scope="module")
def form():
    return compile_form(FORM.replace("{relevant}", "${kids} = 'yes'").encode(), "w.md").schema


def said(form, expression, spoken="English (en)"):
    return wording.say(
        expression,
        context="/data/more",
        names=wording.names(form, spoken),
        phrases=wording.phrases(spoken),
    )


@pytest.mark.parametrize(
    ("expression", "words"),
    [
        ("/data/kids = 'yes'", "Any children is “Yes”"),
        ("/data/kids != 'no' and ../age >= 18", "Any children is not “No” and Age is at least 18"),
        ("/data/kids = 'yes' or /data/kids = 'no' or /data/age < 3", "Any children is “Yes” or “No” or Age is less than 3"),
        ("(/data/kids = 'yes' or /data/age > 17) and /data/age != ''", "(Any children is “Yes” or Age is more than 17) and Age is answered"),
        ("selected(/data/which, 'yes') or selected( ../which , 'no')", "Which includes “Yes” or “No”"),
        ("not(selected(/data/which, 'yes'))", "Which does not include “Yes”"),
        ("count-selected(/data/which) > 1", "how many are chosen of Which is more than 1"),
        ("/data/age = ''", "Age is not answered"),
        (". <= today()", "the answer is at most today"),
        ("regex(/data/more, '^/data/a$')", "regex(${more}, '^/data/a$')"),
        ("instance('c')/root/item[name = /data/kids ]/x = 1", "instance('c')/root/item[name = ${kids} ]/x = 1"),
        ("/data/kids = ", "${kids} ="),
    ],
)  # fmt: skip
def test_a_condition_is_said_in_words_or_else_as_its_author_wrote_it(form, expression, words):
    assert said(form, expression) == words


def test_it_is_said_in_the_language_of_the_form_and_in_english_where_we_have_no_phrases(form):
    assert said(form, "/data/kids = 'yes' and /data/age > 17", "Français (fr)") == (
        "Des enfants est « Oui » et Âge est supérieur à 17"
    )
    assert "is “Yes”" in said(form, "/data/kids = 'yes'", "አማርኛ (am)")


@pytest.mark.parametrize(
    ("label", "bare"),
    [
        ("# Part\n**Read** this *aloud* and [see](https://x.example/y)", "Part\nRead this aloud and see"),
        ('<span style="color:red">Stop</span> here', "Stop here"),
        ("5 * 3 and snake_case_name, 2*4*6", "5 * 3 and snake_case_name, 2*4*6"),
    ],
)
def test_marks_of_labels_are_not_read_out(label, bare):
    assert wording.plain(label) == bare


@pytest.mark.parametrize(
    ("name", "tag", "direction"),
    [
        ("English (en)", "en", "ltr"),
        ("العربية (ar)", "ar", "rtl"),
        ("Arabic", "", "rtl"),
        ("فارسی", "", "rtl"),
        ("Azeri (az-Arab)", "az-Arab", "rtl"),
        ("Panjabi (pa)", "pa", "ltr"),
        ("Urdu (ur-Latn)", "ur-Latn", "ltr"),
        ("ur", "ur", "rtl"),
        ("", "", "ltr"),
    ],
)
def test_a_language_tells_its_tag_and_where_its_lines_run(name, tag, direction):
    assert (language.tag(name), language.direction(name)) == (tag, direction)
