"""A form as it is asked on paper."""

from dataclasses import replace

import pytest

from xlsforms import questionnaire
from xlsforms.compile import compile_form

ENGLISH, ARABIC, AMHARIC = "English (en)", "العربية (ar)", "አማርኛ (am)"
VISIT = """
| survey  |                     |       |                     |                    |                  |                              |          |               |
|         | type                | name  | label::English (en) | label::العربية (ar) | label::አማርኛ (am) | relevant                     | required | calculation   |
|         | start               | start |                     |                    |                  |                              |          |               |
|         | note                | hello | Read **aloud**      | اقرأ               | አንብብ             |                              |          |               |
|         | begin_group         | pages |                     |                    |                  |                              |          |               |
|         | text                | n     | Family name         | اسم العائلة        | የቤተሰብ ስም         |                              | yes      |               |
|         | end_group           |       |                     |                    |                  |                              |          |               |
|         | begin_group         | who   | Person              | الشخص              | ሰው               |                              |          |               |
|         | select_one sex      | sex   | Sex of ${n}         | الجنس              | ጾታ               |                              | yes      |               |
|         | integer             | age   | Age                 |                    | ዕድሜ              |                              |          |               |
|         | begin_repeat        | kid   | Child               | طفل                | ልጅ               | ${sex} = 'f' and ${age} > 17 |          |               |
|         | date                | born  | Born on             | تاريخ الميلاد      | የተወለደበት ቀን       | ${grown} = 1                 |          |               |
|         | select_one country  | from  | From                | من                 | ከ                |                              |          |               |
|         | end_repeat          |       |                     |                    |                  |                              |          |               |
|         | end_group           |       |                     |                    |                  |                              |          |               |
|         | calculate           | half  |                     |                    |                  |                              |          | ${age} div 2  |
|         | calculate           | grown |                     |                    |                  |                              |          | ${half} > 9   |
| choices |                     |       |                     |                    |                  |                              |          |               |
|         | list_name           | name  | label::English (en) | label::العربية (ar) | label::አማርኛ (am) |                              |          |               |
|         | sex                 | f     | Female              | أنثى               | ሴት               |                              |          |               |
|         | sex                 | m     | Male                | ذكر                | ወንድ              |                              |          |               |
{countries}
| settings |                    |       |                     |                    |                  |                              |          |               |
|         | form_id             | version | form_title        | default_language   |                  |                              |          |               |
|         | visit               | 7     | Visit               | English (en)       |                  |                              |          |               |
""".replace(
    "{countries}", "\n".join(f"| | country | c{n} | Land {n} | بلد {n} | አገር {n} | | | |" for n in range(30))
)


@pytest.fixture(scope="module")
def form():
    return compile_form(VISIT.encode(), "visit.md").schema


def lines(form, *languages):
    return {one.name: one for one in questionnaire.read(form, languages).lines}


def test_what_is_asked_is_numbered_and_what_is_not_asked_is_not_there(form):
    found = lines(form, ENGLISH)
    assert {name: line.number for name, line in found.items()} == {
        "hello": "", "n": "1", "who": "2", "sex": "2.1", "age": "2.2", "kid": "2.3", "born": "2.3.1", "from": "2.3.2",
    }  # fmt: skip
    assert (found["kid"].kind, found["hello"].kind, found["n"].required) == ("repeat", "note", True)
    assert found["hello"].label == ("Read aloud",)


def test_skips_are_in_words_that_name_number_and_label(form):
    assert lines(form, ENGLISH)["kid"].condition == (
        "2.1 (Sex of ${n}) is “Female” and 2.2 (Age) is more than 17",
    )


def test_a_name_in_a_label_is_what_that_question_is_called(form):
    assert lines(form, ENGLISH)["sex"].label == ("Sex of [Family name]",)


def test_two_languages_stand_beside_each_other_and_a_gap_stays_one(form):
    found = lines(form, ENGLISH, ARABIC)
    assert found["n"].label == ("Family name", "اسم العائلة")
    assert found["age"].label == ("Age", "")
    assert lines(form, ARABIC)["age"].label == ("Age",), (
        "alone, an untranslated question is asked all the same"
    )


def test_a_long_list_stands_once_at_the_end_and_what_conditions_need_of_the_phone_too(form):
    read = questionnaire.read(form, (ENGLISH,))
    assert lines(form, ENGLISH)["from"].annex == "A"
    (annex,) = read.annexes
    assert len(annex.choices) == 30
    assert [one.name for one in read.worked] == ["half", "grown"]


def test_a_form_that_is_too_long_for_paper_is_refused(form):
    (sex,) = (one for one in form.questions() if one.name == "sex")
    many = tuple(
        replace(sex, name=f"s{n}", path=f"/data/s{n}") for n in range(questionnaire.MOST_LINES // 3 + 1)
    )
    with pytest.raises(questionnaire.TooLong):
        questionnaire.read(replace(form, children=many), (ENGLISH,))
