"""Texts given out to translators as XLSX and PO, and taken back into the designer's own workbook."""

import io
import shutil
import subprocess
import zipfile
from importlib.resources import files

import openpyxl
import pytest
from babel.messages.pofile import read_po

from xlsforms import cell_writing, convert, translation_po, translation_sheet, translations
from xlsforms.translate import translate, translate_here
from xlsforms.workbook import Limits

SCREENING = files("xlsforms").joinpath("forms", "screening.xlsx").read_bytes()
ENGLISH, FRENCH, ARABIC = "English (en)", "Français (fr)", "العربية (ar)"
FORM = """
| survey |
|        | type           | name    | label::English (en)  | label::Français (fr) | hint::English (en) | constraint | constraint_message |
|        | text           | surname | Surname              | Nom                  | As on papers       |            |                    |
|        | select_one sex | sex     | Sex of ${surname}    |                      |                    |            |                    |
|        | integer        | age     | =Age "now" \\\\ then | Âge                  |                    | . > 0      | More than 0        |
| choices |
|        | list_name      | name    | label::English (en)  | label::Français (fr) |
|        | sex            | female  | Female               | Féminin              |
|        | sex            | male    | Male                 |                      |
| settings |
|        | form_id        | version | form_title           | default_language     |
|        | visit          | 1       | Visit                | English (en)         |
"""


@pytest.fixture(scope="module")
def texts():
    return translations.of_workbook(convert.read(FORM.encode(), "md"))


@pytest.fixture(scope="module")
def screening():
    return translations.of_workbook(convert.read(SCREENING, "xlsx"))


def sheet_of(texts, *languages, cells=None) -> bytes:
    """The workbook for translators, with some of its cells filled: {(place, header): value}."""
    made = translation_sheet.write(texts, languages, form_id="visit", version="1")
    book = openpyxl.load_workbook(io.BytesIO(made))
    page = book["texts"]
    columns = {cell.value: cell.column for cell in page[1]}
    rows = {page.cell(number, 1).value: number for number in range(2, page.max_row + 1)}
    for (place, header), value in (cells or {}).items():
        page.cell(rows[place], columns[header]).value = value
    filled = io.BytesIO()
    book.save(filled)
    return filled.getvalue()


def po_of(texts, language=FRENCH, **changes) -> bytes:
    made = translation_po.write(texts, language, form_id="visit", version="1").decode()
    for old, new in changes.get("replaced", ()):
        assert old in made
        made = made.replace(old, new)
    return made.encode()


def bring(file, form=FORM, kind="md", language=""):
    content = form if isinstance(form, bytes) else form.encode()
    return translate_here(content, kind, file, language=language, limits=Limits())


def codes(brought):
    return [one.code for one in brought.findings if one.code != "workbook_rewritten"]


def read(brought):
    return translations.of_workbook(convert.read(brought.workbook, "xlsx"))


# --- what is given out --------------------------------------------------------------------------------------------


def test_the_sheet_for_translators_says_where_each_text_stands_and_how_its_translations_do(texts):
    page = openpyxl.load_workbook(io.BytesIO(sheet_of(texts, FRENCH, ARABIC)))["texts"]
    assert [cell.value for cell in page[1]] == [
        "key", "sheet", "row", "part", "context", f"source: {ENGLISH}",
        FRENCH, f"state: {FRENCH}", ARABIC, f"state: {ARABIC}",
    ]  # fmt: skip
    assert [cell.value for cell in page[2]][:8] == [
        "survey/surname:label", "survey", 2, "label", "text", "Surname", "Nom", "ok",
    ]  # fmt: skip
    sources = {page.cell(row, 1).value: page.cell(row, 6) for row in range(2, page.max_row + 1)}
    assert sources["survey/age:label"].data_type != "f", "a text that begins with = is no formula"
    assert (page.freeze_panes, page.protection.sheet) == ("A2", True)
    assert (page["A2"].protection.locked, page["F2"].protection.locked, page["G2"].protection.locked) == (
        True,
        True,
        False,
    )
    assert page["I2"].alignment.readingOrder == 2
    coloured = {
        rule.formula[0]: rule.dxf.fill.bgColor.rgb
        for one in page.conditional_formatting
        for rule in one.rules
    }
    assert len(set(coloured.values())) == 3
    assert {'$H2="stale"', '$H2="missing"', '$J2="ok"'} <= set(coloured)


def test_a_po_file_is_what_gettext_reads(texts, tmp_path):
    stale = translations.carried(texts, [], {("survey/surname:label", FRENCH): "Last name"})
    content = po_of(stale)
    if msgfmt := shutil.which("msgfmt"):  # where gettext is installed; Babel reads it in any case
        (tmp_path / "fr.po").write_bytes(content)
        command = [msgfmt, "--check", "--verbose", "-o", "/dev/null", "fr.po"]
        checked = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
        assert checked.returncode == 0, checked.stderr
        assert "2 translated messages, 1 fuzzy translation, 4 untranslated messages" in checked.stderr
    catalog = read_po(io.BytesIO(content), abort_invalid=True)
    assert (catalog.locale_identifier, catalog.charset.lower()) == ("fr", "utf-8")
    message = catalog.get("Surname", context="survey/surname:label")
    assert (message.string, message.fuzzy) == ("Nom", True)
    assert '#| msgid "Last name"' in content.decode()
    age = catalog.get('=Age "now" \\\\ then', context="survey/age:label")
    assert (age.string, age.auto_comments) == ("Âge", ["integer"])
    assert catalog.get("Sex of ${surname}", context="survey/sex:label").auto_comments == [
        "select_one sex · choices: Female, Male"
    ]


# --- and taken back -----------------------------------------------------------------------------------------------


def test_what_was_given_out_and_not_touched_changes_nothing(screening):
    for file in (sheet_of(screening, FRENCH, "Español (es)"), po_of(screening)):
        brought = bring(file, SCREENING, "xlsx")
        assert (codes(brought), brought.written) == ([], 0)
        assert len(brought.made_from) >= len(screening.texts)


def test_a_text_goes_into_its_cell_and_nothing_else_of_the_workbook_changes(screening):
    place = "choices/country/KW:label"
    brought = bring(sheet_of(screening, FRENCH, cells={(place, FRENCH): "Koweit"}), SCREENING, "xlsx")
    assert (codes(brought), brought.written) == ([], 1)
    old, new = (zipfile.ZipFile(io.BytesIO(one)) for one in (SCREENING, brought.workbook))
    assert old.namelist() == new.namelist()
    assert [name for name in old.namelist() if old.read(name) != new.read(name)] == [
        "xl/worksheets/sheet2.xml"
    ]
    before, after = (
        openpyxl.load_workbook(io.BytesIO(one))["choices"] for one in (SCREENING, brought.workbook)
    )
    row = screening.by_place[place].row
    for theirs, ours in zip(before.iter_rows(), after.iter_rows(), strict=True):
        for cell, twin in zip(theirs, ours, strict=True):
            assert (twin.style_id, twin.coordinate) == (cell.style_id, cell.coordinate)
            assert twin.value == cell.value or (twin.row, twin.value) == (row, "Koweit")
    assert read(brought).by_place[place].said[FRENCH] == "Koweit"


def test_a_new_language_gets_columns_that_look_like_the_others(screening):
    cells = {
        ("survey/again:label", ARABIC): "هل هذه مقابلة ثانية؟",
        ("survey/again:hint", ARABIC): "لا",
        ("choices/yn/yes:label", ARABIC): "نعم",
    }
    brought = bring(sheet_of(screening, ARABIC, cells=cells), SCREENING, "xlsx")
    assert (codes(brought), brought.written) == (["translation_language_new"], 3)
    book = openpyxl.load_workbook(io.BytesIO(brought.workbook))
    survey = book["survey"]
    assert [cell.value for cell in survey[1]][-2:] == [f"label::{ARABIC}", f"hint::{ARABIC}"]
    assert survey.cell(1, 24).style_id == survey["C1"].style_id
    assert survey.column_dimensions["X"].width == survey.column_dimensions["C"].width
    assert len(survey.data_validations.dataValidation) == 2
    found = read(brought)
    assert found.languages == (ENGLISH, FRENCH, "Español (es)", ARABIC)
    assert found.by_place["choices/yn/yes:label"].said[ARABIC] == "نعم"
    assert found.count(ARABIC) == {"ok": 3, "missing": 870, "stale": 0}


@pytest.mark.parametrize("named", [{}, {"language": "fr"}, {"language": FRENCH}])
def test_a_po_file_is_matched_to_a_language_by_its_name_or_code(texts, named):
    content = po_of(
        texts,
        replaced=[
            ('msgid "Sex of ${surname}"\nmsgstr ""', 'msgid "Sex of ${surname}"\nmsgstr "Sexe de ${surname}"')
        ],
    )
    if named:
        content = content.replace(f"X-Form-Language: {FRENCH}".encode(), b"X-Other: x")
    brought = bring(content, **named)
    assert (codes(brought), brought.written) == ([], 1)
    assert read(brought).by_place["survey/sex:label"].said[FRENCH] == "Sexe de ${surname}"


def test_a_form_in_another_format_comes_back_as_a_workbook_of_the_sheets_that_are_read(texts):
    brought = bring(sheet_of(texts, FRENCH, cells={("choices/sex/male:label", FRENCH): "Masculin"}))
    assert [one.code for one in brought.findings] == ["workbook_rewritten"]
    ours, theirs = convert.read(brought.workbook, "xlsx"), convert.read(FORM.encode(), "md")
    assert ours["survey"] == theirs["survey"]
    assert ours["settings"] == theirs["settings"]
    assert ours["choices"].rows[1] == {**theirs["choices"].rows[1], "label::Français (fr)": "Masculin"}


# --- what does not fit is said ------------------------------------------------------------------------------------


def one_finding(brought, code, **where):
    found = [one for one in brought.findings if one.code == code]
    assert len(found) == 1, brought.findings
    for name, value in where.items():
        assert getattr(found[0], name) == value
    return found[0]


def test_a_text_that_is_gone_is_a_finding_with_the_nearest_one(texts):
    file = po_of(texts, replaced=[("survey/surname:label", "survey/surnames:label")])
    found = one_finding(bring(file), "translation_place_gone")
    assert "survey/surname:label" in found.mend


def test_a_source_that_changed_underneath_is_a_finding_and_the_translation_is_stale(texts):
    file = po_of(
        texts, replaced=[('msgid "Surname"\nmsgstr "Nom"', 'msgid "Last name"\nmsgstr "Nom de famille"')]
    )
    brought = bring(file)
    one_finding(brought, "translation_outdated", sheet="survey", row=2, column="label::Français (fr)")
    found = translations.carried(read(brought), [texts], brought.made_from)
    assert found.by_place["survey/surname:label"].said[FRENCH] == "Nom de famille"
    assert found.by_place["survey/surname:label"].made_from == {FRENCH: "Last name"}


def test_a_stale_translation_is_said_to_be_right_in_either_format(texts):
    stale = translations.carried(texts, [], {("survey/surname:label", FRENCH): "Last name"})
    assert stale.count(FRENCH)["stale"] == 1
    looked_at = {("survey/surname:label", f"state: {FRENCH}"): "ok"}
    for file in (
        sheet_of(stale, FRENCH, cells=looked_at),
        po_of(stale, replaced=[("#, fuzzy\n", ""), ('#| msgid "Last name"\n', "")]),
    ):
        brought = bring(file)
        assert brought.written == 0
        assert translations.carried(texts, [stale], brought.made_from).count(FRENCH)["stale"] == 0
    for file in (sheet_of(stale, FRENCH), po_of(stale)):
        assert translations.carried(texts, [stale], bring(file).made_from).count(FRENCH)["stale"] == 1


def test_references_that_differ_are_said_and_unknown_ones_left_out(texts):
    place = ("survey/sex:label", FRENCH)
    for said, code, written in (
        ("Sexe", "translation_references", 1),
        ("Sexe de ${age}", "translation_references", 1),
        ("Sexe de ${surnme}", "translation_reference_unknown", 0),
        ("Sexe de ${surname", "translation_reference_unknown", 0),
        ("Sexe de <output value='/visit/age'/> ${surname}", "translation_references", 1),
    ):
        brought = bring(sheet_of(texts, FRENCH, cells={place: said}))
        one_finding(brought, code, row=3, column="label::Français (fr)")
        assert brought.written == written, said


def test_formulas_are_texts_of_nobody(texts):
    brought = bring(
        sheet_of(texts, FRENCH, cells={("survey/sex:label", FRENCH): '=HYPERLINK("https://example.org")'})
    )
    one_finding(brought, "translation_formula", sheet="survey", row=3)
    assert brought.written == 0
    book = openpyxl.load_workbook(io.BytesIO(cell_writing.rewrite(convert.read(FORM.encode(), "md"))))
    book["choices"]["D3"] = '=CONCATENATE("a","b")'
    made = io.BytesIO()
    book.save(made)
    brought = bring(
        sheet_of(texts, FRENCH, cells={("choices/sex/male:label", FRENCH): "Masculin"}),
        made.getvalue(),
        "xlsx",
    )
    one_finding(brought, "translation_formula", sheet="choices", row=3, column="label::Français (fr)")
    assert (
        openpyxl.load_workbook(io.BytesIO(brought.workbook))["choices"]["D3"].value == '=CONCATENATE("a","b")'
    )


def test_unfinished_unusable_and_source_texts_are_left_out(texts):
    replaced = [
        ('msgid "Female"\nmsgstr "Féminin"', 'msgid "Female"\nmsgstr "Femme"'),
        ("#: choices:2\n", "#: choices:2\n#, fuzzy\n"),
    ]
    brought = bring(po_of(texts, replaced=replaced))
    one_finding(brought, "translation_fuzzy", sheet="choices", row=2)
    assert brought.written == 0
    long = po_of(texts, replaced=[('msgid "Male"\nmsgstr ""', f'msgid "Male"\nmsgstr "{"x" * 40_000}"')])
    one_finding(bring(long), "translation_unusable")
    source = po_of(texts, replaced=[(f"X-Form-Language: {FRENCH}", f"X-Form-Language: {ENGLISH}")])
    one_finding(bring(source), "translation_of_source")
    odd = po_of(
        texts,
        replaced=[(f"X-Form-Language: {FRENCH}", "X-Form-Language: a::b"), ("Language: fr", "Language: ")],
    )
    one_finding(bring(odd), "translation_language_unusable")


def test_many_findings_of_one_kind_are_told_as_how_many(screening):
    content = (
        po_of(screening)
        .decode()
        .replace('msgid "', 'msgid "Old ', 900)
        .replace('msgid "Old "\nmsgstr ""\n"Project', 'msgid ""\nmsgstr ""\n"Project')
    )
    content = content.replace('msgstr "', 'msgstr "Neuf ').replace(
        'msgstr "Neuf "\n"Project', 'msgstr ""\n"Project'
    )
    found = [
        one
        for one in bring(content.encode(), SCREENING, "xlsx").findings
        if one.code == "translation_outdated"
    ]
    assert len(found) == 201
    assert "more texts" in found[-1].message


# --- hostile and wrong files --------------------------------------------------------------------------------------


def bomb() -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", b" " * (40 << 20))
    return made.getvalue()


def picture_in_a_zip() -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        archive.writestr("picture.png", b"\x89PNG")
    return made.getvalue()


@pytest.mark.parametrize(
    ("file", "code"),
    [
        (b"", "translation_file_unreadable"),
        (b"\x89PNG\r\n\x1a\n" + bytes(range(256)), "translation_file_unreadable"),
        (b"/etc/passwd", "translation_file_unreadable"),
        (b"just a text\nof two lines", "translation_file_unreadable"),
        (b'msgid "a"\nmsgstr "b"\nrubbish here\n', "translation_file_unreadable"),
        (b'msgid "a\nmsgstr "b"\n', "translation_file_unreadable"),
        (b'msgid "a"\nmsgstr "b"\n', "translation_file_unreadable"),
        ('msgid "a"\nmsgstr "\xe4"\n'.encode("latin-1"), "translation_file_unreadable"),
        (b'msgid ""\nmsgstr "Language: fr\\n"\n\nmsgid "a"\nmsgstr "b"\n', "translation_of_another_form"),
        (SCREENING, "translation_file_unreadable"),
        (b"PK\x03\x04 and nothing more", "workbook_unreadable"),
        (picture_in_a_zip(), "translation_file_unreadable"),
        (bomb(), "workbook_bomb"),
    ],
    ids=["empty", "picture", "path", "text", "rubbish", "quote", "no language", "latin-1", "other form", "the form itself", "cut", "zip", "bomb"],
)  # fmt: skip
def test_what_is_no_file_of_texts_is_a_finding(file, code):
    brought = bring(file)
    assert [one.code for one in brought.findings] == [code]
    assert brought.workbook is None
    assert brought.findings[0].mend


def test_the_child_reads_within_limits_and_answers_the_same(texts):
    file = sheet_of(texts, FRENCH, cells={("choices/sex/male:label", FRENCH): "Masculin"})
    ours, apart = bring(file), translate(FORM.encode(), "md", file)
    assert (apart.findings, apart.written, apart.made_from) == (ours.findings, ours.written, ours.made_from)
    assert read(apart) == read(ours)
    assert [
        one.code for one in translate(FORM.encode(), "md", file, limits=Limits(wall_seconds=0)).findings
    ] == ["translation_file_unreadable"]
    assert [one.code for one in translate(FORM.encode(), "md", bytes(11 << 20)).findings] == [
        "workbook_too_large"
    ]
