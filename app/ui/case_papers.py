"""A case on paper, as PDF: a copy that leaves the server, so it asks for a reason. It is without names and free text,
unless they are asked for."""

import uuid
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Any

from flask import Blueprint, render_template
from werkzeug.wrappers import Response

from app import auth
from app.auth import needs
from app.db import db
from app.language import _
from app.services import cases, documents
from app.services.reveal import Reveal
from app.state import state
from app.ui import copies, decisions, facts, filters, frame, reasoning, timelines
from app.ui.act import today
from app.ui.words.codes import code_label

bp = Blueprint("case_papers", __name__, url_prefix="/projects/<int:project_id>/cases/<uuid:case_id>/paper")


@bp.get("")
@needs("case.reveal")
def ask(project_id: int, case_id: uuid.UUID) -> str:
    """What is to stand in it, and why."""
    return _ask(_read(project_id, case_id))


@bp.post("")
@needs("case.reveal")
def pdf(project_id: int, case_id: uuid.UUID) -> Response | tuple[str, int]:
    """The PDF."""
    return copies.pdf(
        "case",
        mission_id=project_id,
        read=lambda reveal: _read(project_id, case_id, reveal),
        name=lambda case: case.case_id,
        ask=_ask,
        content=_content,
    )


def _read(project_id: int, case_id: uuid.UUID, reveal: Reveal | None = None) -> cases.CaseDetail:
    return cases.read_case(
        db.session,
        keyring=state().keyring,
        actor=auth.actor(),
        case_id=case_id,
        mission_id=project_id,
        reveal=reveal,
    )


def _ask(case: cases.CaseDetail, wrong: str = "") -> str:
    return render_template("cases/paper.html", case=case, line=case.line, wrong=wrong)


def _content(case: cases.CaseDetail) -> dict[str, Any]:
    line, locale, now = case.line, frame.locale(), today(case.line.mission_id)
    parts = [
        {"title": one.title, "blocks": list(_blocks(block for group in one.groups for block in group.blocks))}
        for one in facts.sections(case, locale=locale, today="" if line.closed else now)
    ]
    if why := reasoning.of(case, locale):
        said = [[step.title, f"{step.holds}. {step.because}".strip()] for step in why.steps]
        said += [[_("The rules suggest"), why.suggested], [_("Decided"), why.decided]]
        parts.insert(0, {"title": _("Determination"), "blocks": [{"title": "", "depth": 0, "lines": said}]})
    hidden = _("With names and free text.") if case.revealed else _("Names and free text are hidden.")
    return {
        "title": line.case_ref or _("Case without a reference"),
        "lang": locale,
        "made": f"{datetime.now(UTC):%Y-%m-%d}",
        "note": hidden,
        "headline": [
            [_("Status"), code_label("case_status", line.status, locale)],
            [_("Person"), filters.person_words(line)],
            [_("Next contact"), line.next_contact_on or _("none agreed")],
            [_("Interviewer"), line.owner or _("not assigned")],
        ],
        "sections": [one for one in parts if one["blocks"]],
        "tables": _documents(case),
        "timeline_title": _("Timeline"),
        "timeline": [_told(one, locale) for one in timelines.of(case, locale=locale, today=now)],
    }


def _documents(case: cases.CaseDetail) -> list[dict[str, Any]]:
    """Which documents there are: their names among the names, and nothing of what they hold."""
    of: dict[str, Any] = {"actor": auth.actor(), "mission_id": case.line.mission_id, "case_id": case.case_id}
    found = documents.listing(db.session, **of)
    if not found:
        return []
    shown = case.revealed and frame.can("case.documents")
    names = documents.names(db.session, keyring=state().keyring, **of) if shown else {}
    rows = [
        [
            _(documents.KINDS[one.kind]),
            names.get(one.id, _("hidden")),
            one.dated_on or "",
            f"{one.added_at:%Y-%m-%d}",
        ]
        for one in found
    ]
    head = [_("Document"), _("Name"), _("Dated"), _("Added")]
    return [{"title": _("Documents"), "head": head, "rows": rows}]


def _blocks(blocks: Iterable[facts.Block], depth: int = 0) -> Iterator[dict[str, Any]]:
    """Rows with what hangs from them, one after the other."""
    for block in blocks:
        lines = [[one.label, _("hidden") if one.masked else one.text or "—"] for one in block.lines]
        yield {"title": block.title, "depth": depth, "lines": lines}
        yield from _blocks(block.blocks, depth + 1)


def _told(event: timelines.Event | cases.Interview | cases.DecisionLine, locale: str) -> list[str]:
    if isinstance(event, timelines.Event):
        return [event.day, facts.said_of(event.title, event.words) if event.words else event.title]
    if isinstance(event, cases.Interview):
        return [event.held_on or "", code_label("interview_form", event.kind, locale)]
    said = (decisions.title(event), decisions.told(event, locale), event.reason)
    return [f"{event.made_at:%Y-%m-%d}", ". ".join(filter(None, said))]
