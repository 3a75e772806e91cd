"""Reading cases: the list, and one case. Deciding about them is in `decide`."""

from app.services.case_detail import CaseDetail, DecisionLine, Interview, Row, Value, read_case, read_cases
from app.services.case_list import CaseLine, count_cases, list_cases, proposed, read_line

__all__ = [
    "CaseDetail",
    "CaseLine",
    "DecisionLine",
    "Interview",
    "Row",
    "Value",
    "count_cases",
    "list_cases",
    "proposed",
    "read_case",
    "read_cases",
    "read_line",
]
