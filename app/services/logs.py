"""The logs that phones keep of interviews, among the files of a submission: which they are, and what of them is handed
out. Never where somebody was, unless the form asks for it and the mission allows it."""

from collections.abc import Iterable, Iterator

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.models import Mission
from app.services.plans import Plan
from submissions import audit
from submissions.record import Record

_NAME = "audit.csv"
"""What phones call it, whatever the form says."""


def log_names(plan: Plan | None, said: Record | None) -> set[str]:
    """Names of the logs that the answers speak of."""
    if plan is None or said is None:
        return set()
    asking = {path for path, question in plan.questions.items() if question.type == "audit"}
    return {answer.text for answer in said.answers if answer.path in asking}


def may_hold_places(name: str, plan: Plan | None, said: Record | None) -> bool:
    """Whether a file is a log; also one that no answer names, or that nothing can be read of."""
    return is_log(name, log_names(plan, said))


def is_log(name: str, known: set[str]) -> bool:
    """Whether a file is a log, of which those in `known` are."""
    return name.strip().casefold() == _NAME or name in known


def places_allowed(session: Session, mission_id: int, plan: Plan | None) -> bool:
    """Whether logs of this form may tell places here."""
    if plan is None or not any("location-priority" in one.parameters for one in plan.questions.values()):
        return False
    return session.scalar(select(Mission.log_places).where(Mission.id == mission_id)) is True


def cleaned(content: Iterable[bytes]) -> Iterator[bytes]:
    """The content of a log without its places."""
    yield audit.without_locations(content)
