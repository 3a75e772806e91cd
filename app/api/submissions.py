"""Submissions: list, read, send, review, delete, download."""

from collections.abc import Iterator
from typing import Any, Final

from flask import Response, request, stream_with_context, url_for

from app import auth, problems
from app.api import door
from app.api.door import RAW_XML, Door, success
from app.api.schemas import (
    ATTACHMENT,
    REASON_QUERY,
    REVIEW,
    SUBMISSION,
    SUBMISSION_QUERY,
    SUBMISSION_VERSION,
    SUCCESS,
)
from app.auth import needs
from app.db import db, writing
from app.services import decide, forms
from app.services import submissions as service
from app.services.paging import Page
from app.services.receive import Sender
from app.services.submissions import SubmissionDetail, SubmissionLine
from app.state import state

bp = Door(
    "submissions",
    __name__,
    url_prefix="/v1/projects/<int:project_id>/forms/<form_id>",
    description="What phones sent.",
)

_STREAMED: Final = 1000


@bp.get("/submissions")
@needs("submission.read")
@bp.arguments(SUBMISSION_QUERY, location="query")
@bp.response(200, SUBMISSION(many=True))
def list_submissions(query: dict[str, Any], project_id: int, form_id: str) -> Response:
    """List submissions

    Newest first. Without `limit` all of them are streamed; with it, the header `Link` names the next page.
    """
    forms.get(db.session, project_id, form_id)

    def page(cursor: str | None, limit: int) -> Page[SubmissionLine]:
        return service.list_submissions(
            db.session,
            actor=auth.actor(),
            mission_id=project_id,
            xml_form_id=form_id,
            cursor=cursor,
            limit=limit,
        )

    first = page(query["after"], query["limit"] or _STREAMED)

    def lines() -> Iterator[str]:
        shown, dump, separator = first, SUBMISSION().dump, "["
        while True:
            for line in shown.items:
                yield separator + door.line(dump(_shown(line)))
                separator = ","
            if query["limit"] or shown.next is None:
                break
            shown = page(shown.next, _STREAMED)
        yield "]" if separator == "," else "[]"

    response = Response(stream_with_context(lines()), mimetype="application/json")
    if query["limit"] and first.next is not None:
        following = url_for(
            request.endpoint or "",
            project_id=project_id,
            form_id=form_id,
            limit=query["limit"],
            after=first.next,
        )
        response.headers["Link"] = f'<{following}>; rel="next"'
    return response


@bp.post("/submissions")
@needs("submission.create")
@bp.response(200, SUBMISSION)
@bp.doc(requestBody=RAW_XML)
def create_submission(project_id: int, form_id: str) -> dict[str, Any]:
    """Send a submission

    The XML as the body, as a phone would send it, without files. The same one again changes nothing; an edit
    names the one it replaces as its `deprecatedID`.
    """
    if door.project(project_id).archived_at is not None:
        raise problems.closed_mission()
    line = forms.get(db.session, project_id, form_id)
    here = state()
    xml = door.body(here.config.max_xml)
    actor = auth.actor()
    sender = Sender(
        mission_id=project_id, actor=actor.ref, user_id=actor.user_id, forms={form_id: line.state}
    )
    db.session.rollback()  # receiving is a transaction of its own
    receipt = here.inbox.receive(sender, xml=xml)
    return _shown(_read(project_id, form_id, receipt.instance_id).line)


@bp.get("/submissions/<instance_id>")
@needs("submission.read")
@bp.response(200, SUBMISSION)
def get_submission(project_id: int, form_id: str, instance_id: str) -> dict[str, Any]:
    """One submission

    By any instanceID of its chain of edits.
    """
    return _shown(_read(project_id, form_id, instance_id).line)


@bp.get("/submissions/<instance_id>.xml")
@needs("submission.raw")
@bp.arguments(REASON_QUERY, location="query")
@bp.response(200, {"type": "string"}, content_type="application/xml", description="The XML.")
def get_submission_xml(query: dict[str, Any], project_id: int, form_id: str, instance_id: str) -> Response:
    """XML as the phone sent it

    Written into the ledger. Where consent was refused it takes a reason.
    """
    xml = service.read_xml(
        db.session,
        keyring=state().keyring,
        actor=auth.actor(),
        mission_id=project_id,
        instance_id=instance_id,
        xml_form_id=form_id,
        reason=query["reason"],
    )
    db.session.commit()
    return Response(xml, mimetype="application/xml", headers={"X-Content-Type-Options": "nosniff"})


@bp.get("/submissions/<instance_id>/versions")
@needs("submission.read")
@bp.response(200, SUBMISSION_VERSION(many=True))
def list_versions(project_id: int, form_id: str, instance_id: str) -> list[dict[str, Any]]:
    """The chain of edits

    Newest first.
    """
    versions = _read(project_id, form_id, instance_id).versions
    return [
        {"instanceId": one.instance_id, "current": number == 0, "createdAt": one.received_at}
        for number, one in enumerate(versions)
    ]


@bp.get("/submissions/<instance_id>/attachments")
@needs("submission.read")
@bp.response(200, ATTACHMENT(many=True))
def list_attachments(project_id: int, form_id: str, instance_id: str) -> list[dict[str, Any]]:
    """Files of a submission"""
    files = _read(project_id, form_id, instance_id).files
    return [{"name": one.name, "exists": one.present} for one in files]


@bp.get("/submissions/<instance_id>/attachments/<name>")
@needs("submission.raw")
@bp.arguments(REASON_QUERY, location="query")
@bp.response(200, {"type": "string"}, content_type="application/octet-stream", description="The file.")
def get_attachment(
    query: dict[str, Any], project_id: int, form_id: str, instance_id: str, name: str
) -> Response:
    """A file of a submission

    Written into the ledger.
    """
    file = service.read_file(
        db.session,
        keyring=state().keyring,
        blobs=state().blobs,
        actor=auth.actor(),
        mission_id=project_id,
        instance_id=instance_id,
        name=name,
        xml_form_id=form_id,
        reason=query["reason"],
    )
    db.session.commit()
    response = Response(file.chunks, content_type=file.content_type)
    response.content_length = file.size
    response.headers.set("Content-Disposition", "attachment", filename=file.name)
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response


@bp.patch("/submissions/<instance_id>")
@needs("submission.review")
@bp.arguments(REVIEW)
@bp.response(200, SUBMISSION)
def review_submission(
    wanted: dict[str, Any], project_id: int, form_id: str, instance_id: str
) -> dict[str, Any]:
    """Review a submission

    `received` takes a review back.
    """
    review = wanted["reviewState"]
    with writing(db.session):
        service.review(
            db.session,
            actor=auth.actor(),
            mission_id=project_id,
            instance_id=instance_id,
            xml_form_id=form_id,
            state=None if review in ("received", "edited") else review,
        )
    return _shown(_read(project_id, form_id, instance_id).line)


@bp.delete("/submissions/<instance_id>")
@needs("submission.delete")
@bp.arguments(REASON_QUERY, location="query")
@bp.response(200, SUCCESS)
def delete_submission(query: dict[str, Any], project_id: int, form_id: str, instance_id: str) -> Response:
    """Delete a submission

    With all its edits; takes a reason. Its case is then as if it never had been sent.
    """
    _read(project_id, form_id, instance_id)
    with writing(db.session):
        decide.delete_submission(
            db.session,
            keyring=state().keyring,
            actor=auth.actor(),
            mission_id=project_id,
            instance_id=instance_id,
            reason=query["reason"] or "",
        )
    return success()


# --- within
# -------------------------------------------------------------------------------------------------------


def _read(project_id: int, form_id: str, instance_id: str) -> SubmissionDetail:
    return service.read_submission(
        db.session,
        keyring=state().keyring,
        actor=auth.actor(),
        mission_id=project_id,
        instance_id=instance_id,
        xml_form_id=form_id,
    )


def _shown(line: SubmissionLine) -> dict[str, Any]:
    return {
        "instanceId": line.root_instance_id or line.instance_id,
        "submitterId": line.device_id if line.device_id is not None else line.user_id,
        "deviceId": None,
        "createdAt": line.received_at,
        "updatedAt": line.updated_at,
        "reviewState": line.review_state,
        "instanceName": None,
        "formVersion": line.form_version,
        "state": line.state,
        "heldOn": line.held_on,
        "caseId": line.case_id,
        "findings": [
            {
                key: getattr(one, key)
                for key in ("severity", "code", "message", "mend", "sheet", "row", "column", "question")
            }
            for one in line.findings
        ],
    }
