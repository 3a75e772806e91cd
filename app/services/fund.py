"""The Global Assistance Fund: what it is asked to decide, on what evidence, what it decided, and what it pays for.

The criteria propose (`submissions.eligibility`); a person decides. The decision is a part of the fold, so a replay
keeps it, and it remembers what the criteria came to when it was made.
"""

import csv
import io
import uuid
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final

from sqlalchemy import ColumnElement, extract, func, select
from sqlalchemy.orm import Session

from app import ledger, policy, problems
from app.db import writing
from app.keys import Keyring
from app.language import _
from app.models import TABLES, CaseState, Mission
from app.policy import Actor
from app.services import remembering
from app.services.case_detail import CaseDetail, Row, Value
from app.services.deciding import find_case, folded, keep, settle
from app.services.recording import here
from app.services.remembering import remembered
from app.services.reveal import need_reason
from submissions import eligibility
from xlsforms import dictionary

PROGRAMME: Final = "gaf"
_ELIGIBILITY, _SERVICE, _FILE = TABLES["eligibility"].c, TABLES["service"].c, TABLES["case_file"].c


@dataclass(frozen=True, slots=True)
class Evidence:
    """One criterion, what it comes to (yes, no, pending), and the value it rests on with its source and its row."""

    criterion: str
    outcome: str
    value: Value | None
    row: Row | None


@dataclass(frozen=True, slots=True)
class Charged:
    """A service charged to the fund. `doubts`: other_category (the fund does not pay for such), early (dated before
    the fund approved), undecided (nobody has approved)."""

    row: Row
    doubts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Proposal:
    """What the fund is asked about a case. `proposed` is what the criteria come to (eligible, not_eligible, pending),
    `decided` what a person said since (approved, declined), or None; `changed`: a criterion comes out otherwise than
    when it was decided."""

    rules: str
    proposed: str
    decided: Value | None
    decided_on: str | None
    changed: bool
    evidence: tuple[Evidence, ...]
    charged: tuple[Charged, ...]


@dataclass(slots=True)
class Total:
    """A country (alpha-2, empty: not known) and a year: decisions, services charged, and their cost by currency."""

    country: str
    year: int | None
    approved: int = 0
    declined: int = 0
    services: int = 0
    costs: dict[str, float] = field(default_factory=dict)


# ---- one case --------------------------------------------------------------------------------------------------


def proposal(case: CaseDetail) -> Proposal | None:
    """The fund's side of a case; None where neither an interview nor the fund has spoken of it."""
    order = {one.interview_id: place for place, one in enumerate(case.interviews)}
    rows = [
        row
        for row in case.rows.get("eligibility", ())
        if not row.earlier and (named := _value(row, "programme")) and named.value == PROGRAMME
    ]
    if not rows:
        return None
    row = max(rows, key=lambda one: order.get(one.interview_id or "", -1))
    said = {f"eligibility.{value.column}": value for value in row.fields}
    rows_of = dict.fromkeys(said, row)
    for table in ("screening", "case_file"):
        for other in case.rows.get(table, ()):
            if not other.earlier and other.interview_id in (None, row.interview_id):
                its = {f"{table}.{value.column}": value for value in other.fields}
                said, rows_of = said | its, rows_of | dict.fromkeys(its, other)
    version = said.get("eligibility.rule_version")
    rules = str(version.value) if version is not None else eligibility.DEFAULT_RULES
    outcomes = eligibility.judge(
        {name: value.value if isinstance(value.value, str) else None for name, value in said.items()},
        rules=rules,
    )
    result = said.get("eligibility.result")
    decided = result if result is not None and result.value in eligibility.DECIDED else None
    on = said.get("eligibility.decided_on")
    decided_on = str(on.value) if decided is not None and on is not None else None
    approved = decided_on if decided is not None and decided.value == "approved" else None
    return Proposal(
        rules=rules,
        proposed=eligibility.result(outcomes),
        decided=decided,
        decided_on=decided_on,
        changed=any(finding.code == "eligibility_changed" for finding in case.findings),
        evidence=tuple(
            Evidence(one.criterion, one.outcome, said.get(name), rows_of.get(name))
            for one in outcomes
            for name in (_ASKED.get(one.asks, one.asks),)
        ),
        charged=tuple(
            Charged(service, _doubts(service, approved))
            for service in case.rows.get("service", ())
            if not service.earlier and (paid := _value(service, "funding")) and paid.value == "gaf"
        ),
    )


_ASKED: Final[Mapping[str, str]] = {"country.gaf_excluded": "case_file.identified_country"}


def _value(row: Row, column: str) -> Value | None:
    return next((value for value in row.fields if value.column == column), None)


def _doubts(service: Row, approved: str | None) -> tuple[str, ...]:
    category, started = _value(service, "category"), _value(service, "started_on")
    found = []
    if category is not None and category.value not in eligibility.ASSISTANCE:
        found.append("other_category")
    if approved is None:
        found.append("undecided")
    elif started is not None and str(started.value) < approved:
        found.append("early")
    return tuple(found)


def decide(
    session: Session,
    *,
    keyring: Keyring,
    actor: Actor,
    case_id: uuid.UUID,
    result: str,
    reason: str,
    decided_on: str | None = None,
) -> uuid.UUID:
    """Approve or decline the assistance of the fund. `decided_on` is a date, today if it is not given."""
    if result not in eligibility.DECIDED:
        raise problems.invalid(_("The fund approves or declines."), _("Choose one of the two."))
    with writing(session):
        case = find_case(session, actor, case_id)
        policy.require(actor, "eligibility.decide", case.mission_id)
        today = here(session, case)
        try:
            day = date.fromisoformat(decided_on or today).isoformat()
        except ValueError:
            raise problems.invalid(_("The date of the decision must be a date, like 2026-11-22.")) from None
        if day > today:
            raise problems.invalid(_("The date of the decision lies in the future."))
        body: dict[str, Any] = {"case_uid": str(case.case_id), "programme": PROGRAMME}
        body |= {"result": result, "decided_on": day}
        state = folded(session, keyring, case.case_id)
        rows = [one for one in state.rows.get("eligibility", ()) if one.value("programme") == PROGRAMME]
        if rows:
            body["seen"] = eligibility.snapshot(rows[-1].columns)
        made = keep(
            session,
            keyring,
            actor,
            "eligibility",
            case.case_id,
            case.mission_id,
            reason,
            body,
            detail={"result": result},
        )
        settle(session, keyring, cases=[case.case_id])
        return made


# ---- a mission -------------------------------------------------------------------------------------------------


def choose_rules(session: Session, *, actor: Actor, mission_id: int, rules: str, reason: str) -> None:
    """Say by which criteria the fund proposes in a mission. Cases take them up when they are folded the next time."""
    policy.require(actor, "eligibility.rules", mission_id)
    known = dictionary.load().rule_sets
    if rules not in known:
        raise problems.invalid(
            _("There are no such criteria."), _("Choose one of %(rules)s.", rules=", ".join(known))
        )
    reason = need_reason(reason)
    with writing(session):
        mission = session.get_one(Mission, mission_id)
        mission.programme_rules = None if known[rules].default else rules
        ledger.write(
            session,
            actor=actor.ref,
            action="eligibility.rules",
            mission_id=mission_id,
            object=f"mission:{mission_id}",
            reason=reason,
            detail={"rules": rules},
        )


def totals(session: Session, *, actor: Actor, mission_id: int) -> tuple[Total, ...]:
    """Decisions by the country of identification and the year of the decision, services by the country where they were
    given (else that of identification) and the year they began. The newest year first."""
    policy.require(actor, "case.read", mission_id)
    at = remembering.revision(session, actor=actor, mission_id=mission_id)
    return remembered(at, "totals of the fund", lambda: _totals(session, mission_id))


def _totals(session: Session, mission_id: int) -> tuple[Total, ...]:
    found: dict[tuple[str, int | None], Total] = {}

    def total(country: str | None, year: Any) -> Total:
        key = country or "", int(year) if year is not None else None
        return found.setdefault(key, Total(*key))

    ours: ColumnElement[bool] = CaseState.mission_id == mission_id
    year = extract("year", _ELIGIBILITY.decided_on)
    decisions = (
        select(_FILE.identified_country, year, _ELIGIBILITY.result, func.count())
        .select_from(CaseState)
        .join(TABLES["eligibility"], _ELIGIBILITY.case_id == CaseState.case_id)
        .outerjoin(TABLES["case_file"], _FILE.case_id == CaseState.case_id)
        .where(ours, _ELIGIBILITY.programme == PROGRAMME, _ELIGIBILITY.result.in_(eligibility.DECIDED))
        .group_by(_FILE.identified_country, year, _ELIGIBILITY.result)
    )
    for country, of_year, result, count in session.execute(decisions):
        one = total(country, of_year)
        setattr(one, result, getattr(one, result) + count)
    began, where = (
        extract("year", _SERVICE.started_on),
        func.coalesce(_SERVICE.country, _FILE.identified_country),
    )
    charged = (
        select(where, began, _SERVICE.currency, func.count(), func.sum(_SERVICE.cost))
        .select_from(CaseState)
        .join(TABLES["service"], _SERVICE.case_id == CaseState.case_id)
        .outerjoin(TABLES["case_file"], _FILE.case_id == CaseState.case_id)
        .where(ours, _SERVICE.funding == "gaf")
        .group_by(where, began, _SERVICE.currency)
    )
    costs: dict[tuple[str, int | None], dict[str, float]] = defaultdict(lambda: defaultdict(float))
    for country, of_year, currency, count, cost in session.execute(charged):
        one = total(country, of_year)
        one.services += count
        if cost is not None:
            costs[one.country, one.year][currency or ""] += cost
    for key, amounts in costs.items():
        found[key].costs = dict(sorted(amounts.items()))
    return tuple(sorted(found.values(), key=lambda one: (-(one.year or 0), one.country)))


COLUMNS: Final = ("country", "year", "approved", "declined", "services", "currency", "cost")


def totals_csv(session: Session, *, actor: Actor, mission_id: int) -> bytes:
    """The totals as CSV in UTF-8, a line a country and year; where there are costs in several currencies, one for each,
    the counts on the first. The ledger says who took them."""
    policy.require(actor, "submission.export", mission_id)
    out = io.StringIO()
    write = csv.writer(out, lineterminator="\r\n")
    write.writerow(COLUMNS)
    found = totals(session, actor=actor, mission_id=mission_id)
    for one in found:
        counts: list[Any] = [one.approved, one.declined, one.services]
        for currency, cost in one.costs.items() or [("", None)]:
            shown = "" if cost is None else f"{cost:.2f}"
            write.writerow([one.country, one.year or "", *counts, currency, shown])
            counts = ["", "", ""]
    with writing(session):
        ledger.write(
            session,
            actor=actor.ref,
            action="eligibility.export",
            mission_id=mission_id,
            object=f"mission:{mission_id}",
            detail={"rows": len(found)},
        )
    return out.getvalue().encode()
