"""Forms written as markdown tables, compiled in this process."""

import pytest

from xlsforms import compile as compiling

SETTINGS = """
| settings |
|          | form_id | version | namespaces                          | attribute::case:gate |
|          | trial   | 1       | case="https://saif.iom.int/case"    |                      |
"""


@pytest.fixture(autouse=True)
def _compiled_anew(monkeypatch):
    """What is said of compiling is said of compiling, not of what was kept."""
    monkeypatch.setattr(compiling, "_compile", compiling.compile_apart)


@pytest.fixture
def here(monkeypatch):
    """Forms are compiled in this process, where a fault of ours is seen and not told."""
    monkeypatch.setattr(compiling, "_compile", compiling.compile_here)


@pytest.fixture
def compiled(here):
    """A function from a markdown table (survey, and settings unless it has its own) to a CompiledForm."""

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
