"""compile_form, with the child process as it runs in the application."""

import io
import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import openpyxl
import pytest
from lxml import etree
from pyxform.xls2xform import convert

from tests.xlsforms.conftest import SETTINGS
from xlsforms import apart
from xlsforms.compile import CompiledForm, compile_form, compile_here
from xlsforms.finding import warning
from xlsforms.workbook import Limits

TABLE = """
| survey |
|        | type      | name | label |
|        | text      | a    | A     |
|        | calculate | b    |       |
"""
GOOD = TABLE.replace("| label |", "| label | calculation |").replace("|       |", "|       | 1 |") + SETTINGS


def test_a_markdown_table_becomes_an_xform_with_its_schema():
    compiled = compile_form(GOOD.encode(), "trial.md")
    assert compiled.ok
    assert compiled.kind == "md"
    assert compiled.xform.startswith(b"<?xml")
    assert compiled.schema.form_id == "trial"
    assert [q.name for q in compiled.schema.questions()] == ["a", "b", "instanceID"]
    assert compiled.media == ()
    assert compiled.files == {}


NESTED = """
| survey |
|        | type         | name  | label | default |
|        | begin_repeat | visit | Visit |         |
|        | date         | on    | On    | today() |
|        | begin_group  | g     | G     |         |
|        | begin_repeat | call  | Call  |         |
|        | date         | on    | On    | today() |
|        | end_repeat   |       |       |         |
|        | end_group    |       |       |         |
|        | date         | until | Until | now()   |
|        | end_repeat   |       |       |         |
|        | begin_repeat | again | Call  |         |
|        | date         | on    | On    | today() |
|        | end_repeat   |       |       |         |
"""


def test_a_default_is_computed_in_the_repeat_nearest_to_it_as_pyxform_says(compiled):
    made = compiled(NESTED).xform
    assert made.decode() == convert(xlsform=NESTED + SETTINGS, file_type=".md").xform
    root = etree.fromstring(made)
    in_repeats = {
        one.get("nodeset"): [each.get("ref") for each in one if each.tag.endswith("}setvalue")]
        for one in root.iter("{*}repeat")
    }
    assert in_repeats == {
        "/data/visit": ["/data/visit/on", "/data/visit/until"],
        "/data/visit/g/call": ["/data/visit/g/call/on"],
        "/data/again": ["/data/again/on"],
    }


def test_the_steps_are_told_while_they_are_taken():
    told = []
    assert compile_form(GOOD.encode(), "trial.md", progress=lambda step, _: told.append(step)).ok
    assert list(dict.fromkeys(told)) == ["reading", "converting", "checking"]


def test_a_workbook_and_the_same_table_give_the_same_form():
    book = openpyxl.Workbook()
    survey = book.active
    survey.title = "survey"
    for row in (["type", "name", "label", "calculation"], ["text", "a", "A"], ["calculate", "b", None, 1]):
        survey.append(row)
    settings = book.create_sheet("settings")
    settings.append(["form_id", "version", "namespaces"])
    settings.append(["trial", 1, 'case="https://saif.iom.int/case"'])
    file = io.BytesIO()
    book.save(file)
    compiled = compile_form(file.getvalue(), "whatever.xlsx")
    assert compiled.ok
    assert compiled.schema == compile_form(GOOD.encode(), "trial.md").schema


def test_a_csv_form_compiles():
    lines = ["survey,,,", ",type,name,label", ",text,a,A", "settings,,,", ",form_id,version,", ",trial,1,"]
    compiled = compile_form("\n".join(lines).encode(), "trial.csv")
    assert compiled.kind == "csv"
    assert compiled.ok
    notes = ["about the form,,,", ",what,who,", ",first draft,Ana,"]
    assert (
        compile_form("\n".join(lines[:3] + notes + lines[3:]).encode(), "trial.csv").xform == compiled.xform
    )


def test_a_csv_whose_sheet_is_misspelt_is_told_so():
    lines = ["surveys,,,", ",type,name,label", ",text,a,A", "settings,,,", ",form_id,version,", ",trial,1,"]
    (told, *_) = compile_form("\n".join(lines).encode(), "trial.csv").findings
    assert told.is_error
    assert "surveys" in told.message


@pytest.mark.parametrize(
    ("name", "form_id"),
    [
        ("../../etc/My form (2).xlsx", "My_form_2"), ("C:\\temp\\Überblick.md", "berblick"), ("2026.md", "form_2026"),
        ("…", "form"), ("a" * 200 + ".md", "a" * 64), ("<script>.md", "script"),
    ],
)  # fmt: skip
def test_a_form_without_an_id_takes_a_safe_one_from_the_file_name(name, form_id, compiled):
    table = (
        TABLE.replace("|        | calculate | b    |       |\n", "")
        + "| settings |\n| | version |\n| | 1 |\n"
    )
    found = compiled(table, name=name)
    assert found.schema.form_id == form_id
    assert [one.code for one in found.findings if one.severity == "warning"] == ["form_id_missing"]


def test_the_child_gets_no_secrets_and_no_shell(monkeypatch):
    monkeypatch.setenv("SAIF_KEYS", "/secret")
    seen = {}
    real = subprocess.Popen

    def watch(command, **options):
        seen.update(options, command=command)
        return real(command, **options)

    apart.end()
    monkeypatch.setattr(subprocess, "Popen", watch)
    assert compile_form(GOOD.encode(), "trial.md").ok
    assert set(seen["env"]) == {"PYTHONPATH", "PYTHONDONTWRITEBYTECODE", "LC_ALL"}
    assert "shell" not in seen
    assert seen["command"][0] == sys.executable


def costly(rows: int) -> bytes:
    """A form each of whose labels shows the answer before: 6,000 rows take seconds and more than 100 MB."""
    lines = "".join(f"| | text | q{n} | ${{q{max(n - 1, 0)}}} |\n" for n in range(rows))
    return f"| survey |\n| | type | name | label |\n{lines}{SETTINGS}".encode()


@pytest.mark.parametrize(
    ("limits", "word"),
    [
        (Limits(wall_seconds=1), "1 seconds"),
        (Limits(cpu_seconds=1), "1 seconds of computing"),
        (Limits(memory=80 << 20), "80 MB of memory"),
    ],
    ids=["time", "computing", "memory"],
)
def test_a_conversion_that_costs_too_much_is_stopped_and_told(limits, word):
    start = time.monotonic()
    compiled = compile_form(costly(6000), "trial.md", limits=limits)
    (finding,) = compiled.findings
    assert (finding.code, compiled.xform) == ("workbook_too_costly", None)
    assert word in finding.message
    assert time.monotonic() - start < 60
    assert compile_form(GOOD.encode(), "trial.md").ok, "the next upload is none the worse"


def test_too_many_cells_are_refused(compiled):
    found = compiled(TABLE, limits=Limits(cells=5))
    assert [finding.code for finding in found.findings] == ["workbook_too_large"]


def test_an_xform_larger_than_the_limit_is_refused(compiled):
    found = compiled(GOOD, limits=Limits(xform=500))
    assert [finding.code for finding in found.findings if finding.is_error] == ["xml_too_large"]
    assert not found.ok


def test_whatever_the_converter_raises_is_a_finding(monkeypatch, compiled):
    from pyxform import xls2xform

    for fault, code in ((KeyError("x"), "conversion_failed"), (RecursionError(), "nesting")):

        def fail(*_, fault=fault, **__):
            raise fault

        monkeypatch.setattr(xls2xform, "convert", fail)
        assert code in [finding.code for finding in compiled(GOOD).findings if finding.is_error]


def test_an_uploaded_xform_that_is_none_is_refused():
    compiled = compile_form(b"<data/>", "form.xml")
    assert [finding.code for finding in compiled.findings if finding.is_error] == ["xform_no_instance"]
    assert (compiled.ok, compiled.xform, compiled.kind) == (False, None, "xml")


def test_a_file_that_is_no_form_is_refused():
    compiled = compile_form(b"", "form.xlsx")
    assert (compiled.kind, compiled.ok) == (None, False)


def test_the_mapping_column_needs_its_namespace(compiled):
    table = """
    | survey   |
    |          | type | name | label | bind::case:field   |
    |          | text | a    | A     | person.family_name |
    | settings |
    |          | form_id | version |
    |          | trial   | 1       |
    """
    finding = next(one for one in compiled(table).findings if one.code == "namespace_missing")
    assert (finding.severity, finding.sheet, finding.column) == ("error", "settings", "namespaces")
    assert 'case="' in finding.mend


def test_errors_come_first_and_a_cell_is_complained_about_once(compiled):
    table = """
    | survey |
    |        | type | name | label | relevant  | constraint |
    |        | text | a    | A     | ${bb} = 1 | . > 1      |
    |        | text | b    | B     |           |            |
    """
    findings = compiled(table).findings
    assert [finding.severity for finding in findings] == ["error", "warning"]
    assert (findings[0].code, findings[0].row, findings[0].column) == ("reference_unknown", 2, "relevant")
    assert findings[0].mend == "Did you mean ${b}?"


def test_choices_kept_outside_come_back_as_a_file(compiled):
    table = """
    | survey           |
    |                  | type                  | name | label | choice_filter |
    |                  | text                  | s    | S     |               |
    |                  | select_one_external v | q    | Q     | state=${s}    |
    | external_choices |
    |                  | list_name | name | label | state |
    |                  | v         | a    | A     | x     |
    """
    found = compiled(table)
    assert found.ok
    assert found.media == ("itemsets.csv",)
    assert b'"v","a","A","x"' in found.files["itemsets.csv"]


def test_a_form_with_warnings_may_be_published():
    assert CompiledForm("md", (warning("a", "b"),), xform=b"<x/>").ok
    assert not CompiledForm("md", ()).ok


def test_in_this_process_and_apart_it_is_the_same():
    in_this = compile_here(
        "md", GOOD.encode(), "trial.md", beside={"a.png"}, limits=Limits(), progress=lambda *_: None
    )
    assert compile_form(GOOD.encode(), "trial.md", beside={"a.png"}) == in_this


def test_an_upload_after_the_forking_process_died_starts_another():
    assert compile_form(GOOD.encode(), "trial.md").ok
    os.kill(apart.process(), signal.SIGKILL)
    assert compile_form(GOOD.encode(), "trial.md").ok


def test_several_uploads_at_once_are_answered_each_its_own():
    texts = {f"form_{n}": GOOD.replace("trial", f"form_{n}").encode() for n in range(8)}
    with ThreadPoolExecutor(4) as threads:
        forms = threads.map(lambda id_: compile_form(texts[id_], "trial.md").schema.form_id, texts)
        assert list(forms) == list(texts)


def test_the_forking_process_ends_when_nobody_needs_it():
    program = (
        "import socket; from xlsforms import child; one, other = socket.socketpair(); child.serve(one, 0.01)"
    )
    assert subprocess.run([sys.executable, "-c", program], timeout=60).returncode == 0


def test_a_child_that_breaks_down_is_told(monkeypatch):
    def broken(*_, **__):
        raise apart.Stopped("crash")

    monkeypatch.setattr(apart, "run", broken)
    assert [one.code for one in compile_form(GOOD.encode(), "trial.md").findings] == ["conversion_failed"]


def test_a_fault_of_our_own_is_told_and_leaves_no_exception(monkeypatch):
    monkeypatch.setattr(apart, "run", lambda *_, **__: {"fault": "KeyError"})
    (finding,) = compile_form(GOOD.encode(), "trial.md").findings
    assert (finding.code, finding.severity) == ("conversion_failed", "error")
    assert "KeyError" in finding.message
