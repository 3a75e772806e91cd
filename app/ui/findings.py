"""What the checks said of a form, as pages show it: each finding beside its row of the sheet, by severity; narrowed by
severity and sheet of the URL."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from app.language import N_, _
from app.ui import frame
from xlsforms.excerpt import Excerpt, excerpt
from xlsforms.finding import Finding, Severity
from xlsforms.workbook import Workbook

AT_ONCE: Final = 300
"""Findings on one page; the annotated workbook holds all."""
_SEVERITIES: Final[dict[Severity, tuple[str, str]]] = {
    "error": (N_("Errors"), N_("keep the form from becoming a draft")),
    "warning": (N_("Warnings"), N_("work, and should be looked at")),
    "info": (N_("Notes"), N_("worth knowing")),
}


@dataclass(frozen=True, slots=True)
class FindingLine:
    """A finding and its row of the sheet, where there is one."""

    finding: Finding
    excerpt: Excerpt | None


@dataclass(frozen=True, slots=True)
class FindingGroup:
    """The findings of one severity: how many there are, and those that are shown."""

    severity: Severity
    title: str
    means: str
    count: int
    lines: tuple[FindingLine, ...]


@dataclass(frozen=True, slots=True)
class FindingTable:
    """All of it, as narrowed by the URL. `sheets` are those that findings name."""

    groups: tuple[FindingGroup, ...]
    count: int
    left_out: int
    sheets: tuple[str, ...]
    severity: str | None
    sheet: str | None


def table(findings: Sequence[Finding], workbook: Workbook) -> FindingTable:
    """The findings of a form with the cells of its workbook; `severity` and `sheet` of the URL narrow them."""
    sheets = tuple(dict.fromkeys(one.sheet for one in findings if one.sheet))
    severity = frame.one_of("severity", _SEVERITIES)
    sheet = frame.one_of("sheet", sheets)
    chosen = [
        one
        for one in findings
        if (severity is None or one.severity == severity) and (sheet is None or one.sheet == sheet)
    ]
    shown = {id(one) for one in chosen[:AT_ONCE]}
    groups = []
    for name, (title, means) in _SEVERITIES.items():
        of_it = [one for one in chosen if one.severity == name]
        lines = tuple(FindingLine(one, excerpt(workbook, one)) for one in of_it if id(one) in shown)
        if lines:
            groups.append(FindingGroup(name, _(title), _(means), len(of_it), lines))
    return FindingTable(tuple(groups), len(findings), max(len(chosen) - AT_ONCE, 0), sheets, severity, sheet)
