"""Possible duplicates: pairs of cases that may be about one person, and what somebody decides about them."""

import uuid
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any, Final

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from app import auth, problems
from app.auth import needs
from app.db import db, writing
from app.language import _
from app.problems import Problem
from app.services import cases, decide, twin_desk
from app.services.reveal import Reveal
from app.state import state
from app.ui import facts, frame

bp = Blueprint("twins", __name__, url_prefix="/projects/<int:project_id>/duplicates")

PAGE: Final = 20
_COMPARED: Final = ("person", "case")


@dataclass(frozen=True, slots=True)
class Beside:
    """What two cases say under one label. `same`: both say something, and the same."""

    label: str
    one: facts.Line | None
    other: facts.Line | None

    @property
    def same(self) -> bool:
        return bool(self.one and self.other and self.one.texts and self.one.texts == self.other.texts)


@bp.get("")
@needs("case.read")
def listing(project_id: int) -> str:
    """The pairs that wait for somebody, those for which most speaks first."""
    page = twin_desk.list_pairs(
        db.session,
        actor=auth.actor(),
        mission_id=project_id,
        cursor=request.args.get("after"),
        limit=PAGE,
    )
    return render_template(
        "twins/list.html",
        page=page,
        pages=frame.pages("ui.twins.listing", project_id, page.next),
        merged=_merged(project_id),
    )


@bp.get("/<uuid:case_id>/<uuid:other_id>")
@needs("case.read")
def one(project_id: int, case_id: uuid.UUID, other_id: uuid.UUID) -> str:
    """Two cases side by side, names hidden."""
    return _page(project_id, _pair(case_id, other_id))


@bp.post("/<uuid:case_id>/<uuid:other_id>/reveal")
@needs("case.reveal")
def reveal(project_id: int, case_id: uuid.UUID, other_id: uuid.UUID) -> str | tuple[str, int]:
    """The two with the names and dates of their persons, for a reason that goes into the ledger. The answer is not a
    redirect: what was revealed has no address of its own."""
    pair = _pair(case_id, other_id)
    try:
        return _page(project_id, pair, reason=request.form.get("reason", ""))
    except Problem as problem:
        if problem.code != "reason_needed":
            raise
        return _page(project_id, pair, wrong=problem.message), problem.status


@bp.post("/<uuid:case_id>/<uuid:other_id>/merge")
@needs("case.decide")
def merge(project_id: int, case_id: uuid.UUID, other_id: uuid.UUID) -> Response:
    """Make one of the two a part of the other."""
    pair = _pair(case_id, other_id)
    into = request.form.get("into", "")
    if into not in (str(pair.one.case_id), str(pair.other.case_id)):
        raise problems.invalid(
            _("It was not said which case carries on."), _("Choose one, and send it again.")
        )
    ends, carries_on = (pair.other, pair.one) if into == str(pair.one.case_id) else (pair.one, pair.other)
    with writing(db.session):
        decide.merge(
            db.session,
            keyring=state().keyring,
            actor=auth.actor(),
            case_id=ends.case_id,
            into=carries_on.case_id,
            reason=request.form.get("reason", ""),
        )
        _look([ends.case_id, carries_on.case_id])
    flash(_("The two are one case now."), "success")
    return redirect(url_for("ui.twins.listing", project_id=project_id, merged=ends.case_id))


@bp.post("/<uuid:case_id>/<uuid:other_id>/distinct")
@needs("case.decide")
def distinct(project_id: int, case_id: uuid.UUID, other_id: uuid.UUID) -> Response:
    """The two are not the same person."""
    _apart(twin_desk.distinct, case_id, other_id)
    flash(_("Kept. They are not proposed again unless one of them changes."), "success")
    return redirect(url_for("ui.twins.listing", project_id=project_id))


@bp.post("/<uuid:case_id>/<uuid:other_id>/undistinct")
@needs("case.decide")
def undistinct(project_id: int, case_id: uuid.UUID, other_id: uuid.UUID) -> Response:
    """Take back that the two are not the same person."""
    _apart(twin_desk.undistinct, case_id, other_id)
    flash(_("Taken back. If they are alike, they are proposed again."), "success")
    return redirect(url_for("ui.cases.one", project_id=project_id, case_id=case_id))


def _apart(say: Callable[..., uuid.UUID], case_id: uuid.UUID, other_id: uuid.UUID) -> None:
    say(
        db.session,
        keyring=state().keyring,
        actor=auth.actor(),
        case_id=case_id,
        other=other_id,
        reason=request.form.get("reason", ""),
    )


def _look(both: list[uuid.UUID]) -> None:
    twin_desk.look_again(db.session, keyring=state().keyring, cases=both)


def _pair(case_id: uuid.UUID, other_id: uuid.UUID) -> twin_desk.Pair:
    return twin_desk.read_pair(db.session, actor=auth.actor(), one=case_id, other=other_id)


def _merged(project_id: int) -> cases.CaseDetail | None:
    """The case that carries on after a merge just made, to take it back where it was a mistake."""
    try:
        ended = uuid.UUID(request.args.get("merged", ""))
        found = cases.read_case(
            db.session, keyring=state().keyring, actor=auth.actor(), case_id=ended, mission_id=project_id
        )
    except (ValueError, Problem):
        return None
    return found if found.case_id != ended else None


def _page(project_id: int, pair: twin_desk.Pair, *, reason: str | None = None, wrong: str = "") -> str:
    if pair.one.mission_id != project_id:
        raise problems.not_found("pair")
    with writing(db.session) if reason is not None else nullcontext():
        both = [_sections(line.case_id, reason) for line in (pair.one, pair.other)]
    return render_template(
        "twins/one.html",
        pair=pair,
        beside=_beside(*both),
        revealed=reason is not None,
        wrong=wrong,
    )


def _sections(case_id: uuid.UUID, reason: str | None) -> dict[str, facts.Line]:
    """What is compared of a case by label, in the order of its page."""
    where: dict[str, Any] = {"keyring": state().keyring, "actor": auth.actor(), "case_id": case_id}
    detail = cases.read_case(db.session, **where)
    parts = [part for part in facts.sections(detail, locale=frame.locale()) if part.key in _COMPARED]
    if reason is not None:
        hidden = frozenset(field for part in parts for field in part.fields)
        detail = cases.read_case(db.session, **where, reveal=Reveal(reason, hidden))
        parts = [part for part in facts.sections(detail, locale=frame.locale()) if part.key in _COMPARED]
    parts.sort(key=lambda part: _COMPARED.index(part.key))
    lines = (
        line
        for part in parts
        for group in part.groups
        for block in group.blocks
        for line in block.lines
        if line.masked or line.texts
    )
    return {line.label: line for line in lines}


def _beside(one: dict[str, facts.Line], other: dict[str, facts.Line]) -> list[Beside]:
    return [Beside(label, one.get(label), other.get(label)) for label in {**one, **other}]
