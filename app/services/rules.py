"""Which rule set proposes for the fund in which mission. It is an argument of the fold."""

import uuid

from sqlalchemy import Connection, select
from sqlalchemy.orm import Session

from app.models import CaseState, Mission
from submissions.eligibility import DEFAULT_RULES


def chosen(connection: Connection) -> dict[int, str]:
    """Mission → rule set, for those that chose another than the default."""
    found = select(Mission.id, Mission.programme_rules).where(Mission.programme_rules.is_not(None))
    return {row.id: row.programme_rules or DEFAULT_RULES for row in connection.execute(found)}


def of_case(session: Session, case_id: uuid.UUID) -> str:
    """The rule set of the mission of a case."""
    found = select(Mission.programme_rules).join(CaseState, CaseState.mission_id == Mission.id)
    return session.scalar(found.where(CaseState.case_id == case_id)) or DEFAULT_RULES
