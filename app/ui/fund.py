"""The Global Assistance Fund: proposals to decide, their evidence, and what it pays for."""

import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from app import auth
from app.auth import needs
from app.db import db
from app.language import _
from app.models import Mission
from app.services import cases, fund
from app.state import state
from app.ui import facts, frame, questions
from app.ui.words.attention import reasons
from app.ui.words.fund import CRITERIA, DOUBTS
from submissions.eligibility import DEFAULT_RULES
from xlsforms import dictionary

bp = Blueprint("fund", __name__, url_prefix="/projects/<int:project_id>/fund")

PAGE: Final = 6
"""Each is a whole case, read and folded for the evidence of its criteria."""
QUEUES: Final = ("eligibility_pending", "eligibility_changed")


@dataclass(frozen=True, slots=True)
class Shown:
    """A case with the fund's side of it; `lines` are its evidence in words, a criterion with its outcome each,
    `services` those charged."""

    case: cases.CaseDetail
    proposal: fund.Proposal
    lines: tuple[tuple[str, str, facts.Line | None], ...]
    services: tuple[tuple[facts.Block, tuple[str, ...]], ...]


@bp.get("")
@needs("case.read")
def listing(project_id: int) -> str:
    """What waits for a decision, with its evidence, a page at a time; and the totals."""
    which = frame.one_of("which", QUEUES) or QUEUES[0]
    page = cases.list_cases(
        db.session,
        actor=auth.actor(),
        mission_id=project_id,
        attention=which,
        cursor=request.args.get("after"),
        limit=PAGE,
    )
    details = cases.read_cases(db.session, keyring=state().keyring, lines=page.items)
    held = [one for case in details for one in case.interviews]
    labels = questions.labels(held, locale=frame.locale())
    return render_template(
        "fund/list.html",
        which=which,
        queues=reasons(QUEUES),
        shown=[one for case in details if (one := show(case, labels)) is not None],
        pages=frame.pages("ui.fund.listing", project_id, page.next),
        totals=fund.totals(db.session, actor=auth.actor(), mission_id=project_id),
        rules=db.session.get_one(Mission, project_id).programme_rules or DEFAULT_RULES,
        rule_sets=dictionary.load().rule_sets.values(),
        decisions=_decisions(details),
    )


@bp.post("/<uuid:case_id>")
@needs("eligibility.decide")
def decide(project_id: int, case_id: uuid.UUID) -> AnyResponse:
    """Approve or decline, with a reason."""
    cases.read_case(
        db.session, keyring=state().keyring, actor=auth.actor(), case_id=case_id, mission_id=project_id
    )
    fund.decide(
        db.session,
        keyring=state().keyring,
        actor=auth.actor(),
        case_id=case_id,
        result=request.form.get("result", ""),
        decided_on=request.form.get("decided_on") or None,
        reason=request.form.get("reason", ""),
    )
    flash(_("The decision stands in the case."), "success")
    if request.form.get("back") == "fund":
        return redirect(url_for("ui.fund.listing", project_id=project_id))
    return redirect(url_for("ui.cases.one", project_id=project_id, case_id=case_id, _anchor="fund"))


@bp.post("/rules")
@needs("eligibility.rules")
def choose(project_id: int) -> AnyResponse:
    """Choose the criteria by which the fund proposes in this mission."""
    fund.choose_rules(
        db.session,
        actor=auth.actor(),
        mission_id=project_id,
        rules=request.form.get("rules", ""),
        reason=request.form.get("reason", ""),
    )
    said = _(
        "Interviews are judged by these criteria from now on; cases that are here, when they are folded again."
    )
    flash(said, "success")
    return redirect(url_for("ui.fund.listing", project_id=project_id))


@bp.get("/totals.csv")
@needs("submission.export")
def totals(project_id: int) -> Response:
    """The totals as CSV."""
    content = fund.totals_csv(db.session, actor=auth.actor(), mission_id=project_id)
    return frame.download(content, "global-assistance-fund.csv")


def show(case: cases.CaseDetail, labels: Mapping[str, questions.Labels]) -> Shown | None:
    """The fund's side of a case in words."""
    found = fund.proposal(case)
    if found is None:
        return None
    lines = tuple(
        (_(CRITERIA[one.criterion]), one.outcome, _line(case, one, labels)) for one in found.evidence
    )
    rows = [one.row for one in found.charged]
    blocks = facts.blocks(case, "service", rows, locale=frame.locale(), labels=labels)
    doubts = [tuple(_(DOUBTS[doubt]) for doubt in one.doubts) for one in found.charged]
    return Shown(case, found, lines, tuple(zip(blocks, doubts, strict=False)))


def _line(
    case: cases.CaseDetail, one: fund.Evidence, labels: Mapping[str, questions.Labels]
) -> facts.Line | None:
    if one.value is None or one.row is None:
        return None
    label = _(CRITERIA[one.criterion])
    return facts.line(case, label, one.value, one.row, locale=frame.locale(), labels=labels)


def _decisions(details: Iterable[cases.CaseDetail]) -> dict[str, Any]:
    return {str(one.id): one for detail in details for one in detail.decisions}
