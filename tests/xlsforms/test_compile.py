"""compile_form, with the child process as it runs in the application."""

import io
import json
import subprocess
import sys

import openpyxl
import pytest

from tests.xlsforms.conftest import SETTINGS
from xlsforms import compile as compiling
from xlsforms import convert as converting
from xlsforms.compile import CompiledForm, compile_form
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
    real = subprocess.run

    def watch(command, **options):
        seen.update(options, command=command)
        return real(command, **options)

    monkeypatch.setattr(subprocess, "run", watch)
    assert compile_form(GOOD.encode(), "trial.md").ok
    assert set(seen["env"]) == {"PYTHONPATH", "PYTHONDONTWRITEBYTECODE", "LC_ALL", "TMPDIR"}
    assert "shell" not in seen
    assert seen["command"][0] == sys.executable


def test_a_conversion_that_takes_too_long_is_stopped_and_told():
    compiled = compile_form(GOOD.encode(), "trial.md", limits=Limits(wall_seconds=0))
    assert [finding.code for finding in compiled.findings] == ["workbook_too_costly"]
    assert compiled.xform is None


def test_a_conversion_that_computes_too_long_is_stopped_and_told():
    rows = "".join(f"| | text | q{n} | ${{q{max(n - 1, 0)}}} |\n" for n in range(6000))
    table = f"| survey |\n| | type | name | label |\n{rows}{SETTINGS}"
    compiled = compile_form(table.encode(), "trial.md", limits=Limits(cpu_seconds=1))
    assert [finding.code for finding in compiled.findings] == ["workbook_too_costly"]
    assert "computing" in compiled.findings[0].message


def test_a_conversion_that_wants_too_much_memory_is_stopped_and_told():
    compiled = compile_form(GOOD.encode(), "trial.md", limits=Limits(memory=30 << 20))
    assert [finding.code for finding in compiled.findings] == ["workbook_too_costly"]
    assert "memory" in compiled.findings[0].message


def test_too_many_cells_are_refused(compiled):
    found = compiled(TABLE, limits=Limits(cells=5))
    assert [finding.code for finding in found.findings] == ["workbook_too_large"]


def test_an_xform_larger_than_the_limit_is_refused(compiled):
    found = compiled(GOOD, limits=Limits(xform=500))
    assert [finding.code for finding in found.findings if finding.is_error] == ["xml_too_large"]
    assert not found.ok


def test_whatever_the_converter_raises_is_a_finding(monkeypatch, compiled):
    from pyxform import xls2xform

    for fault, code in ((KeyError("x"), "conversion_failed"), (RecursionError(), "nesting"),
                        (MemoryError(), "workbook_too_costly")):  # fmt: skip

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


def test_the_child_program_answers_with_json(monkeypatch, capsys):
    limits = {"cpu_seconds": 3600, "memory": 1 << 40}
    monkeypatch.setattr(sys, "argv", ["convert", json.dumps(limits), "md", "trial"])
    monkeypatch.setattr(converting.resource, "setrlimit", lambda *_: None)
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(GOOD.encode())))
    converting.main()
    answer = json.loads(capsys.readouterr().out)
    assert set(answer) == {"xform", "itemsets", "sheets", "warnings", "error"}
    assert answer["sheets"]["survey"]["columns"] == ["type", "name", "label", "calculation"]


def test_the_limits_hold_in_the_child():
    program = """
import resource, sys
from xlsforms import convert
sys.argv = ["convert", '{"cpu_seconds": 7}', "md", "trial"]
convert.main()
sys.stderr.write(repr([resource.getrlimit(which)[0] for which in (resource.RLIMIT_CPU, resource.RLIMIT_AS)]))
"""
    said = subprocess.run(
        [sys.executable, "-c", program],
        input=GOOD.encode(),
        capture_output=True,
        cwd=compiling._ROOT,
        timeout=60,
    )
    assert said.stderr.endswith(f"[7, {1 << 30}]".encode())
