"""Submissions: the list, and one submission as it was answered."""

import uuid
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from app import auth, policy, problems
from app.auth import needs
from app.db import db, writing
from app.language import _
from app.models import Submission
from app.problems import Problem
from app.services import (
    cases,
    comments,
    decide,
    devices,
    differences,
    editing,
    forms,
    missions,
    shown_files,
    strays,
    timing,
)
from app.services import submissions as service
from app.services.reveal import Reveal, need_reason
from app.services.submission_detail import FILES
from app.state import state
from app.ui import frame, tables, typed
from app.ui.words.states import REVIEWS

bp = Blueprint("submissions", __name__, url_prefix="/projects/<int:project_id>/submissions")

STATES: Final = ("received", "normalised", "waiting", "opaque", "failed")
PAGE: Final = 50


@bp.get("")
@needs("submission.read")
def listing(project_id: int) -> str | Response:
    """Submissions, newest first, a page at a time; those of one form as a table of its questions."""
    if typed.in_plain(tables.TYPED):
        return tables.searched(project_id, request.args)
    form_id = request.args.get("form")
    if form_id and forms.find(db.session, project_id, form_id) is not None:
        return tables.page(project_id, form_id)
    phones = devices.listing(db.session, project_id)
    staff = missions.interviewers(db.session, project_id)
    chosen: dict[str, Any] = {
        "xml_form_id": request.args.get("form") or None,
        "state": frame.one_of("state", STATES),
        "attention": frame.one_of("attention", tables.ATTENTION),
        "device_id": _known("device", [one.device.id for one in phones]),
        "interviewer_id": _known("interviewer", [one.id for one in staff]),
        "received_from": tables.day("from", 0),
        "received_to": tables.day("to", 1),
        "search": typed.read("q"),
    }
    page = service.list_submissions(
        db.session,
        actor=auth.actor(),
        mission_id=project_id,
        cursor=request.args.get("after"),
        limit=PAGE,
        **chosen,
    )
    return render_template(
        "submissions/list.html",
        page=page,
        chosen=chosen,
        forms=forms.listing(db.session, project_id),
        devices=phones,
        interviewers=staff,
        states=STATES,
        attention=tables.attention(),
        pages=frame.pages("ui.submissions.listing", project_id, page.next),
    )


def _known(name: str, ids: Sequence[int]) -> int | None:
    wanted = frame.one_of(name, [str(one) for one in ids])
    return int(wanted) if wanted else None


@bp.get("/<uuid:submission_id>")
@needs("submission.read")
def one(project_id: int, submission_id: uuid.UUID) -> str:
    """One submission under the labels of its form, in one of its languages; names and free text masked."""
    found = submission_of(project_id, submission_id)
    detail = read(found)
    own = frame.own_language(detail.languages)
    if "language" not in request.args and own not in (None, detail.language):
        detail = read(found, language=own)
    return _page(found, detail, _compared(found, detail))


@bp.get("/<uuid:submission_id>/reveal")
@needs("case.reveal")
def ask(project_id: int, submission_id: uuid.UUID) -> str:
    """The question for a reason as a page of its own, for browsers that open no dialog."""
    return render_template(
        "submissions/reveal.html", id=submission_of(project_id, submission_id).id, wrong=""
    )


@bp.post("/<uuid:submission_id>/reveal")
@needs("case.reveal")
def reveal(project_id: int, submission_id: uuid.UUID) -> str | tuple[str, int]:
    """The submission with identifiers, free text and raw XML, once, for a reason that goes into the ledger.

    The answer is not a redirect: what was revealed has no address of its own.
    """
    reason = request.form.get("reason", "")
    found = submission_of(project_id, submission_id)
    try:
        with writing(db.session):
            detail = read(found, Reveal(reason))
            compared = _compared(found, detail, Reveal(reason))
            xml = None
            # Behind a refused consent the raw XML opens by break-glass only, which no page offers.
            if detail.consent_ok is not False and policy.may(auth.actor(), "submission.raw", project_id):
                xml = service.read_xml(
                    db.session,
                    keyring=state().keyring,
                    actor=auth.actor(),
                    mission_id=project_id,
                    instance_id=found.instance_id,
                    xml_form_id=found.xml_form_id,
                    reason=reason,
                ).decode("utf-8", "replace")
    except Problem as problem:
        if problem.code != "reason_needed":
            raise
        page = render_template("submissions/reveal.html", id=submission_id, wrong=problem.message)
        return page, problem.status
    return _page(submission_of(project_id, submission_id), detail, compared, xml, reason)


@bp.post("/<uuid:submission_id>/place")
@needs("case.decide")
def place(project_id: int, submission_id: uuid.UUID) -> Response:
    """Put a waiting submission into a case, or begin one with it."""
    found = submission_of(project_id, submission_id)
    asked = request.form.get("case", "")
    deciding: dict[str, Any] = {
        "keyring": state().keyring,
        "actor": auth.actor(),
        "mission_id": project_id,
        "instance_id": found.instance_id,
        "reason": request.form.get("reason", ""),
    }
    if asked == "new":
        decide.new_case(db.session, **deciding)
    else:
        case_id = _referred(project_id) if asked == "other" else _uid(asked)
        decide.attach(db.session, case_id=case_id, **deciding)
    db.session.commit()
    flash(_("The interview is part of the case now."), "success")
    if request.form.get("back") == "strays":
        return redirect(url_for("ui.strays.listing", project_id=project_id))
    return redirect(url_for("ui.submissions.one", project_id=project_id, submission_id=submission_id))


def _referred(project_id: int) -> uuid.UUID:
    """The one case of the mission with the reference that was typed."""
    reference = request.form.get("reference", "").strip()
    page = cases.list_cases(db.session, actor=auth.actor(), mission_id=project_id, reference=reference)
    exact = [line.case_id for line in page.items if (line.case_ref or "").lower() == reference.lower()]
    if not reference or len(exact) != 1:
        raise problems.invalid(
            _("There is no case, or more than one, with this reference in this mission."),
            _("Look the case up in the list of cases, and type its reference in full."),
        )
    return exact[0]


def _uid(text: str) -> uuid.UUID:
    try:
        return uuid.UUID(text)
    except ValueError:
        raise problems.invalid(_("No case was chosen."), _("Choose one, and send it again.")) from None


@bp.post("/<uuid:submission_id>/file")
@needs("submission.raw")
def file(project_id: int, submission_id: uuid.UUID) -> Response:
    """A file of the submission, for a reason. Its name stands in what is sent, not in the URL: it may say too much."""
    found = submission_of(project_id, submission_id)
    content = service.read_file(
        db.session,
        keyring=state().keyring,
        blobs=state().blobs,
        actor=auth.actor(),
        mission_id=project_id,
        instance_id=found.instance_id,
        xml_form_id=found.xml_form_id,
        name=request.form.get("name", ""),
        reason=need_reason(request.form.get("reason")),
    )
    response = Response(content.chunks, mimetype=content.content_type)
    # Never shown by the browser: what a phone sent may be a page with scripts.
    response.headers.set("Content-Disposition", "attachment", filename=content.name)
    return response


def submission_of(project_id: int, submission_id: uuid.UUID) -> Submission:
    """A version of a submission of the mission. Raises the Problem `not_found`."""
    found = db.session.get(Submission, submission_id)
    if found is None or found.mission_id != project_id:
        raise problems.not_found("submission")
    return found


def read(
    found: Submission, reveal: Reveal | None = None, *, language: str | None = None
) -> service.SubmissionDetail:
    """A version of a submission, in one of its form's languages: that of the address unless one is given."""
    return service.read_submission(
        db.session,
        keyring=state().keyring,
        actor=auth.actor(),
        mission_id=found.mission_id,
        instance_id=found.instance_id,
        xml_form_id=found.xml_form_id,
        language=language or request.args.get("language", ""),
        reveal=reveal,
    )


def _compared(
    found: Submission, detail: service.SubmissionDetail, reveal: Reveal | None = None
) -> differences.Comparison | None:
    """The two versions chosen; without a choice this one and what it replaced, if that is here."""
    there = [one for one in detail.versions if one.state != "deleted"]
    by_id = {str(one.id): one for one in there}
    by_name = {one.instance_id: one for one in there}
    after = by_id.get(request.args.get("after", str(found.id)))
    before = by_id.get(request.args.get("before", ""))
    if before is None and after is not None and after.deprecated_id:
        before = by_name.get(after.deprecated_id)
    if before is None or after is None or before.id == after.id:
        return None
    return differences.compare(
        db.session,
        keyring=state().keyring,
        actor=auth.actor(),
        mission_id=found.mission_id,
        xml_form_id=found.xml_form_id,
        before=before.instance_id,
        after=after.instance_id,
        language=detail.language,
        reveal=reveal,
        granted=found.id,
    )


def _page(
    found: Submission,
    detail: service.SubmissionDetail,
    compared: differences.Comparison | None,
    xml: str | None = None,
    reason: str = "",
) -> str:
    times = timing.read_timing(
        db.session,
        keyring=state().keyring,
        blobs=state().blobs,
        actor=auth.actor(),
        mission_id=found.mission_id,
        instance_id=found.instance_id,
        xml_form_id=found.xml_form_id,
        language=detail.language,
        reveal=Reveal(reason) if detail.revealed else None,
    )
    return render_template(
        "submissions/one.html",
        id=found.id,
        submission=detail,
        line=detail.line,
        compared=compared,
        times=times,
        xml=xml,
        reason=reason,
        labels=_labels(detail.nodes),
        media=_media(found, reason) if detail.revealed and detail.files else {},
        no_edit=_no_edit(found),
        comments=comments.count(db.session, "submission", [one.id for one in detail.versions]),
        review_states=[one for one in REVIEWS if one != "edited"],
        likely=strays.likely(db.session, keyring=state().keyring, actor=auth.actor(), submission_id=found.id),
    )


def _labels(nodes: Iterable[service.Section | service.Answered]) -> dict[str, str]:
    """Name of each file that an answer speaks of → its question."""
    found: dict[str, str] = {}
    for node in nodes:
        if isinstance(node, service.Section):
            found |= _labels(node.nodes)
        elif node.type in FILES and node.text:
            found[node.text] = node.label
    return found


def _media(found: Submission, reason: str) -> Mapping[str, shown_files.Shown]:
    """Name of each file that the page shows → how, for somebody who may have files at all."""
    if not policy.may(auth.actor(), "submission.raw", found.mission_id):
        return {}
    return shown_files.show(
        db.session,
        keyring=state().keyring,
        blobs=state().blobs,
        actor=auth.actor(),
        mission_id=found.mission_id,
        instance_id=found.instance_id,
        xml_form_id=found.xml_form_id,
        reason=reason,
        holder=auth.csrf_token(),
    )


def _no_edit(found: Submission) -> str | None:
    """Why the answers of this version cannot be edited here by who looks at it; None if they can."""
    try:
        editing.editable(
            db.session,
            keyring=state().keyring,
            actor=auth.actor(),
            mission_id=found.mission_id,
            xml_form_id=found.xml_form_id,
            instance_id=found.instance_id,
        )
    except Problem as problem:
        return problem.message
    return None
