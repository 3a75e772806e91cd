"""Cases: the list, and one case with the source of every value."""

import uuid
from typing import Any, Final

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response

from app import auth
from app.auth import needs
from app.db import db, writing
from app.language import N_
from app.problems import Problem
from app.services import cases as service
from app.services import comments, documents, missions, twin_desk
from app.services.attention import CASE_KINDS
from app.services.case_filters import AGE_GROUPS, DUE
from app.services.case_list import OPEN, SORTS
from app.services.reveal import Reveal
from app.state import state
from app.ui import facts, frame, fund, questions, reasoning, timelines, typed, views
from app.ui.act import Act, Asked, today
from app.ui.case_actions import ACTS
from app.ui.inputs import codes
from app.ui.words.attention import ATTENTION, reasons
from xlsforms import dictionary

bp = Blueprint("cases", __name__, url_prefix="/projects/<int:project_id>/cases")

PAGE: Final = 50
_TYPED: Final = ("reference",)
"""Arguments that are typed."""
_FURTHER: Final = (
    ("trafficking_status", N_("Determination"), "trafficking_status"),
    ("sex", N_("Sex"), "sex"),
    ("country", N_("Country of exploitation"), "country"),
    ("exploitation", N_("Type of exploitation"), "exploitation_type"),
    ("programme", N_("Programme"), "programme"),
)
"""Filters that are a code: argument of the URL, label, code list."""


@bp.get("")
@needs("case.read")
def listing(project_id: int) -> str | Response:
    """Cases narrowed and ordered by what the URL says, a page at a time."""
    if typed.in_plain(_TYPED):
        return _searched(project_id, request.args)
    lists = dictionary.load().code_lists
    chosen: dict[str, Any] = {
        "reference": typed.read("reference") or None,
        "status": frame.one_of("status", (OPEN, *lists["case_status"])),
        "risk_level": frame.one_of("risk_level", lists["risk_level"]),
        "attention": frame.one_of("attention", CASE_KINDS),
        "trafficking_status": frame.one_of("trafficking_status", lists["trafficking_status"]),
        "sex": frame.one_of("sex", lists["sex"]),
        "age_group": frame.one_of("age_group", AGE_GROUPS),
        "country": frame.one_of("country", lists["country"]),
        "exploitation": frame.one_of("exploitation", lists["exploitation_type"]),
        "programme": frame.one_of("programme", lists["programme"]),
        "due": frame.one_of("due", DUE),
    }
    owners = {str(one.id): one.code for one in missions.interviewers(db.session, project_id)}
    owner = frame.one_of("owner", owners)
    sort = frame.one_of("sort", SORTS) or "changed"
    page = service.list_cases(
        db.session,
        actor=auth.actor(),
        mission_id=project_id,
        cursor=request.args.get("after"),
        limit=PAGE,
        sort=sort,
        owner_id=int(owner) if owner else None,
        **chosen,
    )
    return render_template(
        "cases/list.html",
        sort=sort,
        owner=owner,
        owners=owners,
        further=_FURTHER,
        narrowed=bool(owner) or any(chosen[name] for name, *_ in _FURTHER),
        page=page,
        proposed=len(service.proposed(db.session, actor=auth.actor(), mission_id=project_id))
        if frame.can("case.decide")
        else 0,
        chosen=chosen,
        statuses=list(lists["case_status"]),
        risk_levels=list(lists["risk_level"]),
        codes=codes,
        attention=reasons(CASE_KINDS),
        views=views.listed(project_id),
        back=f"?{request.query_string.decode()}",
        pages=frame.pages("ui.cases.listing", project_id, page.next),
    )


@bp.post("")
@needs("case.read")
def search(project_id: int) -> Response:
    """What was chosen and typed to narrow the list: to the address that shows it."""
    return _searched(project_id, request.form)


def _searched(project_id: int, said: MultiDict[str, str]) -> Response:
    kept = typed.arguments(said, _TYPED)
    return redirect(frame.address("ui.cases.listing", kept, project_id=project_id), 303)


@bp.get("/<uuid:case_id>")
@needs("case.read")
def one(project_id: int, case_id: uuid.UUID) -> str | Response:
    """One case: interviews, and the facts by section, identifiers and free text masked."""
    detail = _read(project_id, case_id)
    if detail.case_id != case_id:  # it was merged into another one
        return redirect(url_for("ui.cases.one", project_id=project_id, case_id=detail.case_id))
    return _page(detail)


@bp.get("/<uuid:case_id>/reveal")
@needs("case.reveal")
def ask(project_id: int, case_id: uuid.UUID) -> str:
    """The question for a reason as a page of its own, for browsers that open no dialog."""
    detail = _read(project_id, case_id)
    return _ask(detail)


@bp.post("/<uuid:case_id>/reveal")
@needs("case.reveal")
def reveal(project_id: int, case_id: uuid.UUID) -> str | tuple[str, int]:
    """The case with what is masked in one section, or in all, for a reason that goes into the ledger.

    The answer is not a redirect: what was revealed has no address of its own.
    """
    masked = _read(project_id, case_id)
    asked = request.form.get("section", "")
    parts = facts.sections(masked, locale=frame.locale())
    fields = next((part.fields for part in parts if part.key == asked), None)
    try:
        with writing(db.session):
            detail = _read(project_id, case_id, Reveal(request.form.get("reason", ""), fields))
    except Problem as problem:
        if problem.code != "reason_needed":
            raise
        return _ask(masked, wrong=problem.message), problem.status
    return _page(detail)


def _read(project_id: int, case_id: uuid.UUID, reveal: Reveal | None = None) -> service.CaseDetail:
    return service.read_case(
        db.session,
        keyring=state().keyring,
        actor=auth.actor(),
        case_id=case_id,
        mission_id=project_id,
        reveal=reveal,
    )


def _page(detail: service.CaseDetail) -> str:
    labels = questions.labels(detail.interviews, locale=frame.locale())
    now = today(detail.line.mission_id)
    return render_template(
        "cases/one.html",
        case=detail,
        line=detail.line,
        sections=facts.sections(
            detail, locale=frame.locale(), labels=labels, today="" if detail.line.closed else now
        ),
        decisions={str(one.id): one for one in detail.decisions},
        timeline=timelines.of(detail, locale=frame.locale(), today=now),
        reasoning=reasoning.of(detail, frame.locale()),
        attention_words=ATTENTION,
        fund=fund.show(detail, labels),
        twins=twin_desk.pairs_of(db.session, actor=auth.actor(), case_id=detail.case_id),
        held_apart=twin_desk.held_apart(db.session, actor=auth.actor(), case_id=detail.case_id),
        acts=_acts(detail),
        documents=documents.listing(
            db.session, actor=auth.actor(), mission_id=detail.line.mission_id, case_id=detail.case_id
        ),
        document_kinds=documents.KINDS,
        comments=comments.count(db.session, "case", [detail.case_id, *detail.merged]),
    )


def _acts(detail: service.CaseDetail) -> list[tuple[str, Act]]:
    """What can be done with the whole of a case as it is, if the reader may decide at all."""
    if not frame.can("case.decide"):
        return []
    asked = Asked(detail.line.mission_id, detail, {})
    return [(name, act) for name, act in ACTS.items() if not act.part and not act.refused(asked)]


def _ask(detail: service.CaseDetail, *, wrong: str = "") -> str:
    return render_template(
        "cases/reveal.html",
        line=detail.line,
        sections=facts.sections(detail, locale=frame.locale()),
        chosen=request.values.get("section", ""),
        wrong=wrong,
    )
