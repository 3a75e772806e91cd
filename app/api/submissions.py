"""Submissions: list, read, send, edit, review, delete."""

from collections.abc import Iterator, Sequence
from typing import Any, Final

from flask import Response, request, url_for
from sqlalchemy import Row

from app import auth, problems
from app.api import door
from app.api.door import RAW_BODY, RAW_XML, Door, success
from app.api.schemas.fields import SUCCESS
from app.api.schemas.submissions import (
    ATTACHMENT,
    REASON_QUERY,
    REVIEW,
    SEND_QUERY,
    SUBMISSION,
    SUBMISSION_QUERY,
    SUBMISSION_VERSION,
    XML_QUERY,
)
from app.auth import needs
from app.db import db, writing
from app.services import chains, decide, forms, sending
from app.services import submissions as service
from app.services.paging import Page
from app.services.submissions import SubmissionLine
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

    Newest first. Without `limit` all of them; with it, the header `Link` names the next page.
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
                yield separator + door.line(dump(as_json(line)))
                separator = ","
            if query["limit"] or shown.next is None:
                break
            shown = page(shown.next, _STREAMED)
        yield "]" if separator == "," else "[]"

    response = door.spooled(lines())
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
@bp.arguments(SEND_QUERY, location="query")
@bp.response(200, SUBMISSION)
@bp.doc(requestBody=RAW_XML)
def create_submission(query: dict[str, Any], project_id: int, form_id: str) -> dict[str, Any]:
    """Send a submission

    The XML as the body, as a phone would send it; its files follow one by one. The same one again changes
    nothing; an edit names the one it replaces as its `deprecatedID`.
    """
    receipt = sending.send(
        db.session,
        inbox=state().inbox,
        actor=auth.actor(),
        mission_id=project_id,
        xml_form_id=form_id,
        xml=door.body(state().config.max_xml),
        phone=query["deviceID"],
    )
    return whole(project_id, form_id, receipt.instance_id)


@bp.get("/submissions/<instance_id>")
@needs("submission.read")
@bp.response(200, SUBMISSION)
def get_submission(project_id: int, form_id: str, instance_id: str) -> dict[str, Any]:
    """One submission

    Its present version, by any instanceID of its chain of edits. So in every path below this one.
    """
    return whole(project_id, form_id, instance_id)


@bp.put("/submissions/<instance_id>")
@needs("submission.create")
@bp.arguments(SEND_QUERY, location="query")
@bp.response(200, SUBMISSION)
@bp.doc(requestBody=RAW_XML)
def edit_submission(query: dict[str, Any], project_id: int, form_id: str, instance_id: str) -> dict[str, Any]:
    """Edit a submission

    The XML of a new version as the body; its `deprecatedID` is the instanceID of the present version, its
    own is new. Every version is kept.
    """
    receipt = sending.edit(
        db.session,
        inbox=state().inbox,
        actor=auth.actor(),
        mission_id=project_id,
        xml_form_id=form_id,
        instance_id=instance_id,
        xml=door.body(state().config.max_xml),
        phone=query["deviceID"],
    )
    return whole(project_id, form_id, receipt.instance_id)


@bp.get("/submissions/<instance_id>.xml")
@needs("submission.raw")
@bp.arguments(XML_QUERY, location="query")
@bp.response(200, {"type": "string"}, content_type="application/xml", description="The XML.")
def get_submission_xml(query: dict[str, Any], project_id: int, form_id: str, instance_id: str) -> Response:
    """XML as the phone wrote it

    Written into the ledger. Where consent was refused it takes a reason.
    """
    xml = service.read_xml(
        db.session,
        keyring=state().keyring,
        actor=auth.actor(),
        mission_id=project_id,
        instance_id=present_id(project_id, form_id, instance_id),
        xml_form_id=form_id,
        reason=query["reason"],
        as_sent=query["asSent"],
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
    present = present_id(project_id, form_id, instance_id)
    return [
        {
            "instanceId": one.instance_id,
            "current": one.instance_id == present,
            "createdAt": one.received_at,
        }
        for one in reversed(_versions(project_id, form_id, instance_id))
        if one.state != "deleted"
    ]


@bp.get("/submissions/<instance_id>/attachments")
@needs("submission.read")
@bp.response(200, ATTACHMENT(many=True))
def list_attachments(project_id: int, form_id: str, instance_id: str) -> list[dict[str, Any]]:
    """Files of a submission"""
    found = service.read_submission(
        db.session,
        keyring=state().keyring,
        actor=auth.actor(),
        mission_id=project_id,
        instance_id=present_id(project_id, form_id, instance_id),
        xml_form_id=form_id,
    )
    return [{"name": one.name, "exists": one.present} for one in found.files]


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
        instance_id=present_id(project_id, form_id, instance_id),
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


@bp.post("/submissions/<instance_id>/attachments/<name>")
@needs("submission.create")
@bp.response(200, SUCCESS)
@bp.doc(requestBody=RAW_BODY)
def add_attachment(project_id: int, form_id: str, instance_id: str, name: str) -> Response:
    """Add a file to a submission

    Under the name its answer has. The same file again changes nothing; another one under the same name is
    kept apart for a coordinator.
    """
    sending.add_file(
        db.session,
        inbox=state().inbox,
        keyring=state().keyring,
        actor=auth.actor(),
        mission_id=project_id,
        xml_form_id=form_id,
        instance_id=present_id(project_id, form_id, instance_id),
        name=name,
        content_type=request.mimetype or "application/octet-stream",
        pieces=door.pieces(),
    )
    return success()


@bp.patch("/submissions/<instance_id>")
@needs("submission.review")
@bp.arguments(REVIEW)
@bp.response(200, SUBMISSION)
def review_submission(
    wanted: dict[str, Any], project_id: int, form_id: str, instance_id: str
) -> dict[str, Any]:
    """Review a submission

    `received` takes a review back; `edited` says the same of a submission that was edited.
    """
    review = wanted["reviewState"]
    with writing(db.session):
        service.review(
            db.session,
            actor=auth.actor(),
            mission_id=project_id,
            instance_id=present_id(project_id, form_id, instance_id),
            xml_form_id=form_id,
            state=None if review in ("received", "edited") else review,
        )
    return whole(project_id, form_id, instance_id)


@bp.delete("/submissions/<instance_id>")
@needs("submission.delete")
@bp.arguments(REASON_QUERY, location="query")
@bp.response(200, SUCCESS)
def delete_submission(query: dict[str, Any], project_id: int, form_id: str, instance_id: str) -> Response:
    """Delete a submission

    With all its edits; takes a reason. Its case is then as if it never had been sent.
    """
    present = present_id(project_id, form_id, instance_id)
    with writing(db.session):
        decide.delete_submission(
            db.session,
            keyring=state().keyring,
            actor=auth.actor(),
            mission_id=project_id,
            instance_id=present,
            reason=query["reason"] or "",
        )
    return success()


# --- for other resources, too -----------------------------------------------------------------------------------


def _versions(project_id: int, form_id: str, instance_id: str) -> Sequence[Row[Any]]:
    return chains.versions(db.session, mission_id=project_id, xml_form_id=form_id, instance_id=instance_id)


def present_id(project_id: int, form_id: str, instance_id: str) -> str:
    """The instanceID of a submission's present version. Raises the Problem `not_found`."""
    present = chains.present(_versions(project_id, form_id, instance_id))
    if present is None:
        raise problems.not_found("submission")
    return str(present.instance_id)


def whole(project_id: int, form_id: str, instance_id: str) -> dict[str, Any]:
    """A submission as a whole, also when the worker has not read its last edit yet."""
    versions = _versions(project_id, form_id, instance_id)
    present = chains.present(versions)
    if present is None:
        raise problems.not_found("submission")
    roots = chains.roots({one.instance_id: one.deprecated_id for one in versions})
    return {
        **as_json(service.read_line(db.session, actor=auth.actor(), submission_id=present.id)),
        "instanceId": roots[present.instance_id],
        "createdAt": min(one.received_at for one in versions),
    }


def as_json(line: SubmissionLine) -> dict[str, Any]:
    """A submission as every answer shows it."""
    # ODK clients want a number: 0 is the command line, which is nobody's device and no person.
    submitter = line.device_id if line.device_id is not None else line.user_id
    return {
        "instanceId": line.root_instance_id or line.instance_id,
        "submitterId": submitter or 0,
        "deviceId": None,
        "createdAt": line.received_at,
        "updatedAt": line.updated_at,
        "reviewState": line.review_state or ("edited" if line.updated_at else None),
        "instanceName": None,
        "formVersion": line.form_version,
        "state": line.state,
        "heldOn": line.held_on,
        "caseId": line.case_id,
        "findings": [
            {
                key: getattr(one, key)
                for key in (
                    "severity",
                    "code",
                    "message",
                    "mend",
                    "sheet",
                    "row",
                    "column",
                    "question",
                    "choice",
                )
            }
            for one in line.findings
        ],
    }
