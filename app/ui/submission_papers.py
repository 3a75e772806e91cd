"""A submission on paper, as PDF: a copy that leaves the server, so it asks for a reason. It is without names and free
text, unless they are asked for; what stands behind a refused consent is in none."""

import uuid
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Any

from flask import Blueprint, render_template, request
from werkzeug.wrappers import Response

from app.auth import needs
from app.language import _
from app.services.answers import Answered, Section
from app.services.reveal import Reveal
from app.services.submissions import SubmissionDetail, SubmissionLine
from app.ui import copies, filters, frame, submissions
from app.ui.words.states import REVIEWS
from xlsforms import language

bp = Blueprint(
    "submission_papers",
    __name__,
    url_prefix="/projects/<int:project_id>/submissions/<uuid:submission_id>/paper",
)


@bp.get("")
@needs("case.reveal")
def ask(project_id: int, submission_id: uuid.UUID) -> str:
    """What is to stand in it, in which language, and why."""
    return _ask(_read(project_id, submission_id))


@bp.post("")
@needs("case.reveal")
def pdf(project_id: int, submission_id: uuid.UUID) -> Response | tuple[str, int]:
    """The PDF."""
    return copies.pdf(
        "submission",
        mission_id=project_id,
        read=lambda reveal: _read(project_id, submission_id, reveal),
        name=lambda _detail: submission_id,
        ask=_ask,
        content=_content,
    )


def _read(project_id: int, submission_id: uuid.UUID, reveal: Reveal | None = None) -> SubmissionDetail:
    """In the language asked for, else the reader's own, else that of the form."""
    found = submissions.submission_of(project_id, submission_id)
    chosen = request.form.get("language", "")
    detail = submissions.read(found, reveal, language=chosen)
    own = frame.own_language(detail.languages)
    if chosen or own in (None, detail.language):
        return detail
    return submissions.read(found, reveal, language=own)


def _ask(submission: SubmissionDetail, wrong: str = "") -> str:
    return render_template("submissions/paper.html", submission=submission, line=submission.line, wrong=wrong)


def _content(submission: SubmissionDetail) -> dict[str, Any]:
    line = submission.line
    note = _("With names and free text.") if submission.revealed else _("Names and free text are hidden.")
    if submission.consent_ok is False:
        note = _("The person did not consent: what stands behind the consent question is not in this copy.")
    parts = list(_sections(filters.said_by_a_person(submission.nodes)))
    if phones := filters.said_by_the_phone(submission.nodes):
        parts.append(
            {
                "title": _("Filled in by the phone itself"),
                "blocks": list(_blocks(phones, title="", depth=0)),
            }
        )
    return {
        "title": line.form_title or line.xml_form_id,
        "lang": language.tag(submission.language).split("-")[0].lower() or "en",
        "made": f"{datetime.now(UTC):%Y-%m-%d}",
        "note": note,
        "headline": [
            [_("Interview held"), line.held_on or _("not said")],
            [_("Received"), f"{line.received_at:%Y-%m-%d %H:%M} UTC"],
            [_("Form"), _form(line)],
            [_("Submission"), line.root_instance_id or line.instance_id],
            [_("Case"), line.case_ref or _("none")],
            [_("Review"), _(REVIEWS[filters.review_of(line)][0])],
            [_("Files"), str(len(submission.files))],
        ],
        "sections": parts,
        "timeline_title": "",
        "timeline": [],
    }


def _form(line: SubmissionLine) -> str:
    if not line.form_version:
        return _("%(form)s, version not said", form=line.xml_form_id)
    return _("%(form)s, version %(version)s", form=line.xml_form_id, version=line.form_version)


def _sections(nodes: Iterable[Section | Answered]) -> Iterator[dict[str, Any]]:
    """A section for each group of the form; answers outside of all groups have one for themselves."""
    for answers, run in filters.runs(nodes):
        if answers:
            yield {"title": _("Outside of groups"), "blocks": list(_blocks(run, title="", depth=0))}
            continue
        for node in run:
            assert isinstance(node, Section)
            yield {"title": _title(node), "blocks": list(_blocks(node.nodes, title="", depth=0))}


def _blocks(nodes: Iterable[Section | Answered], *, title: str, depth: int) -> Iterator[dict[str, Any]]:
    """Answers that stand together, and the groups and rows inside, one after the other."""
    for answers, run in filters.runs(nodes):
        if answers:
            yield {"title": title, "depth": depth, "lines": [_line(node) for node in run]}
            continue
        for node in run:
            assert isinstance(node, Section)
            yield from _blocks(node.nodes, title=_title(node), depth=depth + 1)


def _title(node: Section) -> str:
    name = node.label or filters.question_name(node.path)
    return f"{name} {node.position}" if node.position else name


def _line(node: Section | Answered) -> list[str]:
    assert isinstance(node, Answered)
    return [node.label or node.name, _("hidden") if node.masked else node.shown or node.text]
