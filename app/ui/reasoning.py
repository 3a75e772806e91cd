"""Why the rules suggest what they do: the determination of a case in sentences, from what the fold computed."""

from dataclasses import dataclass
from typing import Final

from app.language import _
from app.services.cases import CaseDetail, Row
from app.ui import facts
from app.ui.words.columns import column_label
from submissions.determination import MEANS


@dataclass(frozen=True, slots=True)
class Step:
    """One element of the definition: whether it is there, and what speaks for it."""

    title: str
    holds: str
    because: str


@dataclass(frozen=True, slots=True)
class Reasoning:
    """The last screening's: its elements, what follows from them by the rules, and what was decided."""

    steps: tuple[Step, ...]
    suggested: str
    decided: str
    differs: bool
    why: str
    rule: str
    held_on: str


_DIMENSIONS: Final = tuple(f"dim_{name}" for name in MEANS)


def of(case: CaseDetail, locale: str) -> Reasoning | None:
    """The reasoning of the last screening that has one."""
    order = {one.interview_id: place for place, one in enumerate(case.interviews)}
    rows = [row for row in case.rows.get("screening", ()) if not row.earlier and _value(row, "rule_version")]
    if not rows:
        return None
    row = max(rows, key=lambda one: order.get(one.interview_id or "", -1))
    held = next((one.held_on for one in case.interviews if one.interview_id == row.interview_id), None)
    suggested, decided = _text(row, "suggested_status", locale), _text(row, "trafficking_status", locale)
    return Reasoning(
        steps=_steps(case, row, locale),
        suggested=suggested,
        decided=decided,
        differs=bool(decided) and decided != suggested,
        why=_text(row, "override_reason", locale),
        rule=str(_value(row, "rule_version")),
        held_on=held or "",
    )


def _steps(case: CaseDetail, row: Row, locale: str) -> tuple[Step, ...]:
    acts = [_text(one, "act", locale) for one in _beside(case, "screening_act", row)]
    seen = [_text(one, "code", locale) for one in _beside(case, "indicator", row)]
    positive = [column_label("screening", name) for name in _DIMENSIONS if _value(row, name) is True]
    if _value(row, "child_rule") is True:
        means = Step(_("Means"), _("not needed"), _("The person was under 18, at the interview or at entry."))
    elif positive:
        means = Step(
            _("Means"), _("established"), _("Enough indicators of: %(means)s.", means=_("; ").join(positive))
        )
    elif _value(row, "means_any") is True:
        means = Step(
            _("Means"), _("not established"), _("There are signs of a means, and too few indicators of any.")
        )
    else:
        means = Step(_("Means"), _("none seen"), "")
    purpose = _text(row, "exploitation_status", locale)
    found = (
        Step(_("Act"), _holds(row, "act_present"), _listed(acts)),
        means,
        Step(
            _("Purpose"),
            _holds(row, "purpose_present"),
            _("Exploitation: %(purpose)s.", purpose=purpose) if purpose else "",
        ),
    )
    return (*found, Step(_("Indicators"), str(len(seen)), _listed(seen))) if seen else found


def _listed(texts: list[str]) -> str:
    said = _("; ").join(filter(None, texts))
    return f"{said}." if said else ""


def _beside(case: CaseDetail, table: str, row: Row) -> list[Row]:
    """The rows of another table from the same interview."""
    return [
        one for one in case.rows.get(table, ()) if one.interview_id == row.interview_id and not one.earlier
    ]


def _holds(row: Row, column: str) -> str:
    return _("present") if _value(row, column) is True else _("not present")


def _value(row: Row, column: str) -> object:
    return next((one.value for one in row.fields if one.column == column), None)


def _text(row: Row, column: str, locale: str) -> str:
    found = next((one for one in row.fields if one.column == column), None)
    return "" if found is None or found.masked else facts.text_of(found.value, found.code_list, locale)
