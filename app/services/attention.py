"""What about a case asks for somebody's attention. Pure: a view of its fold."""

from submissions.case import CaseRow, CaseState

CASE_KINDS = (
    "imminent_danger",
    "self_harm",
    "unaccompanied_child",
    "guardian_conflict",
    "override",
    "eligibility_pending",
    "finding",
    "contact",
)
"""Kinds a case can have, the most urgent first."""

SUBMISSION_KINDS = ("failed", "waiting", "conflict", "finding")
"""Kinds a submission can have, the most urgent first."""

_CLOSED = ("closed", "closed_referred")


def of(state: CaseState) -> dict[str, str | None]:
    """Kind → the date from which it is due (None: at once). A closed case asks for nothing but its
    findings."""
    found: dict[str, str | None] = {}
    if state.findings:
        found["finding"] = None
    if state.value("case_file", "status") in _CLOSED:
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
    if screening is not None and screening.value("override_reason"):
        found["override"] = None
    eligibility = state.rows.get("eligibility", ())
    if eligibility and _last(state, eligibility).value("result") == "pending":
        found["eligibility_pending"] = None
    if day := state.value("case_file", "next_contact_on"):
        found["contact"] = str(day)
    return found


def _latest(state: CaseState, table: str) -> CaseRow | None:
    """The row of the last interview that has one."""
    rows = state.rows.get(table, ())
    return _last(state, rows) if rows else None


def _last(state: CaseState, rows: "tuple[CaseRow, ...] | list[CaseRow]") -> CaseRow:
    order = {head.id: place for place, head in enumerate(state.interviews)}
    return max(rows, key=lambda row: order.get(row.interview_id or "", -1))


def _says(row: CaseRow | None, column: str, value: str) -> bool:
    return row is not None and row.value(column) == value
