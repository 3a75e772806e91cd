"""What programs decide about cases: the same services as the pages, by the same rules."""

from collections.abc import Callable, Mapping
from typing import Any, Final
from uuid import UUID

from app import auth, problems
from app.api import door
from app.api.door import Door
from app.api.schemas.cases import DECISION, NEW_DECISION
from app.auth import needs
from app.db import db
from app.services import decide, fund, recording, referrals, transfers, twin_desk
from app.services.deciding import find_case
from app.state import state

bp = Door(
    "decisions",
    __name__,
    url_prefix="/v1/projects/<int:project_id>/cases/<uuid:case_id>/decisions",
    description="What the office decides about a case.",
)


@bp.post("")
@needs("case.decide")
@bp.arguments(NEW_DECISION)
@bp.response(201, DECISION)
def create_decision(wanted: dict[str, Any], project_id: int, case_id: UUID) -> dict[str, Any]:
    """Decide about a case

    `kind` says what, `body` the rest (docs/api.md has a table); every decision needs a reason, becomes a part of the
    fold, and leaves an entry in the ledger. `accept` and `decline` answer a transfer, in the project that is asked.
    """
    door.project(project_id)
    kind, body = wanted["kind"], wanted["body"]
    if kind not in ANSWERS and find_case(db.session, auth.actor(), case_id).mission_id != project_id:
        raise problems.not_found("case")
    said: dict[str, Any] = {
        "keyring": state().keyring,
        "actor": auth.actor(),
        "case_id": case_id,
        "reason": wanted["reason"],
    }
    if kind in ANSWERS:
        made = transfers.answer(db.session, mission_id=project_id, take=kind == "accept", **said)
    else:
        run, arguments = KINDS[kind]
        made = run(db.session, **arguments(Body(body)), **said)
    db.session.commit()
    return {"id": made, "kind": kind, "caseId": case_id}


class Body:
    """The body of a decision, read field by field. Raises the Problem `invalid` that names the field."""

    def __init__(self, said: Mapping[str, Any]) -> None:
        self.said = said

    def text(self, name: str) -> str:
        value: str = self._of(name, str)
        return value

    def maybe(self, name: str) -> str | None:
        return self.text(name) if self.said.get(name) is not None else None

    def number(self, name: str) -> int:
        value: int = self._of(name, int)
        if isinstance(value, bool) or abs(value) >= 1 << 31:
            raise problems.invalid(f"{name} is not an id.")
        return value

    def uid(self, name: str) -> UUID:
        try:
            return UUID(self.text(name))
        except ValueError:
            raise problems.invalid(f"{name} is not a UUID.") from None

    def values(self, name: str) -> Mapping[str, Any]:
        return self._of(name, dict) if self.said.get(name) is not None else {}

    def _of(self, name: str, kind: type) -> Any:
        if not isinstance(value := self.said.get(name), kind):
            raise problems.invalid(
                f"The body lacks {name}, or it is not what it must be.", "See docs/api.md."
            )
        return value


Arguments = Callable[[Body], dict[str, Any]]
ANSWERS: Final = ("accept", "decline")
KINDS: Final[Mapping[str, tuple[Callable[..., UUID], Arguments]]] = {
    "assign": (
        decide.assign,
        lambda body: {"owner_id": body.number("ownerId") if body.said.get("ownerId") is not None else None},
    ),
    "close": (
        decide.close,
        lambda body: {
            "closed_on": body.text("closedOn"),
            "closure_reason": body.text("closureReason"),
            "closure_details": body.maybe("closureDetails"),
            "status": body.maybe("status") or "closed",
        },
    ),
    "reopen": (decide.reopen, lambda _: {}),
    "merge": (decide.merge, lambda body: {"into": body.uid("into")}),
    "unmerge": (decide.unmerge, lambda _: {}),
    "distinct": (twin_desk.distinct, lambda body: {"other": body.uid("other")}),
    "undistinct": (twin_desk.undistinct, lambda body: {"other": body.uid("other")}),
    "correct": (
        decide.correct,
        lambda body: {
            "table": body.text("table"),
            "row_id": body.text("rowId"),
            "column": body.text("column"),
            "value": body.said.get("value"),
        },
    ),
    "record": (
        recording.record,
        lambda body: {
            "table": body.text("table"),
            "row_id": body.maybe("rowId"),
            "values": body.values("values"),
        },
    ),
    "refer": (
        referrals.refer,
        lambda body: {
            "direction": body.text("direction"),
            "organisation_id": body.uid("organisationId") if body.said.get("organisationId") else None,
            "details": {name: body.values("details").get(name) for name in referrals.DETAILS},
        },
    ),
    "referral": (referrals.step, lambda body: {"row_id": body.text("rowId"), "to": body.text("to")}),
    "fund": (
        fund.decide,
        lambda body: {"result": body.text("result"), "decided_on": body.maybe("decidedOn")},
    ),
    "transfer": (transfers.propose, lambda body: {"to_mission_id": body.number("projectId")}),
    "take-back": (transfers.take_back, lambda _: {}),
}
"""By name: the service, and its arguments from the body."""
