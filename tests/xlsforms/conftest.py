"""Forms written as markdown tables, compiled in this process: starting a child for each would take minutes."""

import json
import warnings

import pytest

from xlsforms import compile as compiling
from xlsforms.convert import convert

SETTINGS = """
| settings |
|          | form_id | version | namespaces                          | attribute::case:gate |
|          | trial   | 1       | case="https://saif.iom.int/case"    |                      |
"""


def convert_here(content, kind, name, limits):
    """What the child would answer."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # openpyxl remarks on what it leaves out
        answer = convert(content, kind, stem=compiling._stem(name), limits=limits)
    return json.loads(json.dumps(answer))


@pytest.fixture
def compiled(monkeypatch):
    """A function from a markdown table (survey, and settings unless it has its own) to a CompiledForm."""
    monkeypatch.setattr(compiling, "_convert", convert_here)

    def compile_table(table: str, *, name="trial.md", **options):
        text = table if "| settings" in table else table + SETTINGS
        return compiling.compile_form(text.encode(), name, **options)

    return compile_table


@pytest.fixture
def found(compiled):
    """A function from a markdown table to the findings with a code."""

    def find(table: str, code: str):
        return [finding for finding in compiled(table).findings if finding.code == code]

    return find
