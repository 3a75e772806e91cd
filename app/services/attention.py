"""What about a case asks for somebody's attention. Pure: a view of its fold."""

from datetime import date, timedelta
from typing import Final

from submissions.case import CaseRow, CaseState
from submissions.derivation import CLOSED

ORDER: Final = (
    ("case", "imminent_danger"),
    ("case", "self_harm"),
    ("case", "unaccompanied_child"),
    ("case", "guardian_conflict"),
    ("case", "finding"),
    ("submission", "failed"),
    ("submission", "finding"),
    ("submission", "conflict"),
    ("case", "override"),
    ("case", "eligibility_pending"),
    ("case", "eligibility_changed"),
    ("case", "second_screening"),
    ("case", "contact"),
    ("case", "plan_item"),
    ("submission", "waiting"),
)
"""What can ask for attention: a case or a submission, and why; the most urgent first."""
CASE_KINDS: Final = tuple(kind for on, kind in ORDER if on == "case")
SUBMISSION_KINDS: Final = tuple(kind for on, kind in ORDER if on == "submission")
DATED: Final = ("second_screening", "contact", "plan_item")
"""Kinds that are due from a date on; the others at once."""
SECOND_SCREENING: Final = timedelta(days=14)
"""How long after a screening that left it open a second one is due."""

_DONE = ("done", "dropped")


def of(state: CaseState) -> dict[str, str | None]:
    """Kind → the date from which it is due (None: at once). A closed case asks for nothing but its
    findings."""
    found: dict[str, str | None] = {}
    if state.findings:
        found["finding"] = None
    if state.value("case_file", "status") in CLOSED:
        return found
    screening, health = _latest(state, "screening"), _latest(state, "health")
    consents = [row for row in state.rows.get("consent", ()) if row.value("guardian_available") is not None]
    if state.value("case_file", "risk_level") == "imminent" or _says(screening, "immediate_danger", "yes"):
        found["imminent_danger"] = None
    if _says(health, "distress", "risk_self_harm"):
        found["self_harm"] = None
    if consents and _last(state, consents).value("guardian_available") is False:
        found["unaccompanied_child"] = None
    if any(row.value("guardian_conflict") == "yes" for row in state.rows.get("consent", ())):
        found["guardian_conflict"] = None
    if screening is not None and _overrides(screening):
        found["override"] = None
    eligibility = state.rows.get("eligibility", ())
    if eligibility and _last(state, eligibility).value("result") in ("eligible", "pending"):
        found["eligibility_pending"] = None
    if any(finding.code == "eligibility_changed" for finding in state.findings):
        found["eligibility_changed"] = None
    if state.value("case_file", "trafficking_status") == "possible" and (held := _held_on(state)):
        found["second_screening"] = (held + SECOND_SCREENING).isoformat()
    if day := state.value("case_file", "next_contact_on"):
        found["contact"] = str(day)
    planned = [row for row in state.rows.get("plan_item", ()) if row.value("status") not in _DONE]
    if days := [str(day) for row in planned if (day := row.value("due_on"))]:
        found["plan_item"] = min(days)
    return found


def _overrides(screening: CaseRow) -> bool:
    """Whether what was determined differs from what the rules suggest, and nobody in the office has looked: to correct
    it or to say that it stands is a decision about the value."""
    said = screening.columns.get("trafficking_status")
    if said is not None and said.decision is not None:
        return False
    differs = said is not None and said.value not in (None, screening.value("suggested_status"))
    return differs or bool(screening.value("override_reason"))


def _held_on(state: CaseState) -> date | None:
    """The day of the last screening interview."""
    days = [head.held_on for head in state.interviews if head.kind == "screening" and head.held_on]
    try:
        return date.fromisoformat(max(days)) if days else None
    except ValueError:
        return None


def _latest(state: CaseState, table: str) -> CaseRow | None:
    """The row of the last interview that has one."""
    rows = state.rows.get(table, ())
    return _last(state, rows) if rows else None


def _last(state: CaseState, rows: "tuple[CaseRow, ...] | list[CaseRow]") -> CaseRow:
    order = {head.id: place for place, head in enumerate(state.interviews)}
    return max(rows, key=lambda row: order.get(row.interview_id or "", -1))


def _says(row: CaseRow | None, column: str, value: str) -> bool:
    return row is not None and row.value(column) == value
