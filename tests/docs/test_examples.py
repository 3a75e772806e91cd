"""The examples in the docs are run: doctests against a server, `saif` commands, forms as tables."""

import doctest
import re
from pathlib import Path

import pytest
import requests
from click.testing import CliRunner

from app.cli import main
from xlsforms.compile import compile_form

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted(ROOT.glob("docs/*.md"))
FORM = re.compile(
    r"^```xlsform\n(.*?)^```\n(?:(?:(?!```)[^\n]*\n)*```findings\n(.*?)^```)?", re.MULTILINE | re.DOTALL
)
BLOCK = re.compile(r"^```(python|console)\n(.*?)^```", re.MULTILINE | re.DOTALL)


def blocks(page: Path, language: str) -> list[str]:
    return [text for kind, text in BLOCK.findall(page.read_text()) if kind == language]


@pytest.mark.parametrize("page", [p for p in PAGES if blocks(p, "python")], ids=lambda p: p.name)
def test_the_python_examples_of_a_page_do_what_they_show(page, first_run):
    names = {
        "requests": requests,
        "saif": first_run["url"],
        "email": first_run["email"],
        "password": first_run["password"],
        "token": first_run["token"],
    }
    parser = doctest.DocTestParser()
    runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE)
    output: list[str] = []
    for number, text in enumerate(blocks(page, "python")):
        test = parser.get_doctest(text, names, f"{page.name}:{number}", str(page), 0)
        names = test.globs
        runner.run(test, out=output.append, clear_globs=False)
    assert not runner.failures, "".join(output)


@pytest.mark.parametrize("page", [p for p in PAGES if blocks(p, "console")], ids=lambda p: p.name)
def test_the_commands_of_a_page_do_what_they_show(page, first_run, monkeypatch):
    monkeypatch.setenv("SAIF_HOME", first_run["home"])
    monkeypatch.chdir(ROOT)
    checker = doctest.OutputChecker()
    for text in blocks(page, "console"):
        for command, expected in re.findall(r"^\$ saif (.*)\n((?:(?!\$ ).*\n)*)", text, re.MULTILINE):
            done = CliRunner().invoke(main, command.split())
            assert done.exit_code == 0, f"saif {command}: {done.output}"
            wanted = expected.replace("…", "...")
            options = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
            assert checker.check_output(wanted, done.stdout, options), f"saif {command}:\n{done.stdout}"


@pytest.mark.parametrize("page", [p for p in PAGES if FORM.search(p.read_text())], ids=lambda p: p.name)
def test_the_forms_of_a_page_are_what_it_says_of_them(page):
    """A form in the docs compiles; one with findings below it gets exactly those."""
    for form, findings in FORM.findall(page.read_text()):
        compiled = compile_form(form.encode(), f"{page.stem}.md")
        said = [f"{one.severity}: {one.message} ({one.where}) {one.mend}" for one in compiled.findings]
        assert said == findings.splitlines() if findings else compiled.ok, said
