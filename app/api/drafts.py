"""The draft of a form: made, looked at, given its files, published, thrown away."""

from typing import Any

from flask import Response, request

from app import auth, problems
from app.api import definitions, door
from app.api.door import RAW_BODY, Door, success
from app.api.schemas.fields import SUCCESS
from app.api.schemas.forms import DRAFT_QUERY, FORM, FORM_ATTACHMENT, FORM_FIELD, PUBLISH_QUERY
from app.auth import needs
from app.db import db, writing
from app.models import FormVersion
from app.services import forms, publish
from app.services.forms import FormLine

bp = Door(
    "drafts",
    __name__,
    url_prefix="/v1/projects/<int:project_id>/forms/<form_id>",
    description="The draft of a form, which phones do not see.",
)


@bp.get("/draft")
@needs("form.read")
@bp.response(200, FORM)
def get_draft(project_id: int, form_id: str) -> dict[str, Any]:
    """The draft"""
    line, draft = _draft(project_id, form_id)
    return definitions.shown(project_id, line, draft)


@bp.post("/draft")
@needs("form.upload")
@bp.arguments(DRAFT_QUERY, location="query")
@bp.response(200, SUCCESS)
@bp.doc(**definitions.UPLOAD)
def create_draft(query: dict[str, Any], project_id: int, form_id: str) -> Response:
    """Make or replace the draft

    From a body as in an upload; without one the draft is a copy of the published version, or
    of the one `from` names, which then gets a version string of today: to publish it is the way back.
    """
    line = forms.get(db.session, project_id, form_id)
    if not request.content_length and "Transfer-Encoding" not in request.headers:
        with writing(db.session):
            if query["from"]:
                old = forms.version(db.session, line.form, query["from"])
                publish.again(db.session, actor=auth.actor(), version=old)
            else:
                publish.copy_to_draft(db.session, actor=auth.actor(), form=line.form)
        return success()
    checked = definitions.check(ignore_warnings=query["ignoreWarnings"], form_id=form_id)
    found = checked.compiled.schema
    if found is not None and found.form_id != form_id:
        raise problems.invalid("The workbook has another form id.", "Mend the form id in its settings sheet.")
    with writing(db.session):
        publish.save_draft(db.session, checked, actor=auth.actor(), mission_id=project_id)
    return success()


@bp.delete("/draft")
@needs("form.upload")
@bp.response(200, SUCCESS)
def delete_draft(project_id: int, form_id: str) -> Response:
    """Throw the draft away"""
    with writing(db.session):
        publish.discard(db.session, actor=auth.actor(), version=_draft(project_id, form_id)[1])
    return success()


@bp.get("/draft.xml")
@needs("form.read")
@bp.response(200, {"type": "string"}, content_type="application/xml", description="The XForm.")
def get_draft_xml(project_id: int, form_id: str) -> Response:
    """XForm of the draft"""
    return definitions.xform(_draft(project_id, form_id)[1])


@bp.get("/draft.xlsx")
@needs("form.read")
@bp.response(200, {"type": "string"}, content_type=publish.KINDS["xlsx"], description="The workbook.")
def get_draft_xlsx(project_id: int, form_id: str) -> Response:
    """Workbook of the draft"""
    return definitions.workbook(_draft(project_id, form_id)[1], form_id, "xlsx")


@bp.get("/draft.xls")
@needs("form.read")
@bp.response(200, {"type": "string"}, content_type=publish.KINDS["xls"], description="The workbook.")
def get_draft_xls(project_id: int, form_id: str) -> Response:
    """Workbook of the draft, old format"""
    return definitions.workbook(_draft(project_id, form_id)[1], form_id, "xls")


@bp.get("/draft/original")
@needs("form.read")
@bp.response(200, {"type": "string"}, content_type="application/octet-stream", description="The file.")
def get_draft_original(project_id: int, form_id: str) -> Response:
    """Original of the draft

    Byte for byte what was uploaded, whatever its format: XLSX, XLS, CSV, zip of CSV, Markdown or XForm.
    """
    return definitions.original(_draft(project_id, form_id)[1], form_id)


@bp.get("/draft/fields")
@needs("form.read")
@bp.response(200, FORM_FIELD(many=True))
def list_draft_fields(project_id: int, form_id: str) -> list[dict[str, Any]]:
    """Fields of the draft"""
    return definitions.fields(_draft(project_id, form_id)[1])


@bp.post("/draft/publish")
@needs("form.publish")
@bp.arguments(PUBLISH_QUERY, location="query")
@bp.response(200, SUCCESS)
def publish_draft(query: dict[str, Any], project_id: int, form_id: str) -> Response:
    """Publish the draft

    With `version`, that string is written into it first. Phones get it when they look next. Changes by which
    answers already collected lose their place or meaning are refused, unless `lossy=true` says that they are meant.
    """
    with writing(db.session):
        draft = _draft(project_id, form_id)[1]
        if query["version"]:
            publish.set_version(db.session, actor=auth.actor(), version=draft, text=query["version"])
        publish.publish(
            db.session, actor=auth.actor(), version=draft, note=query["note"], lossy=query["lossy"]
        )
    return success()


@bp.get("/draft/attachments")
@needs("form.read")
@bp.response(200, FORM_ATTACHMENT(many=True))
def list_draft_attachments(project_id: int, form_id: str) -> list[dict[str, Any]]:
    """Files the draft asks for"""
    return definitions.attachments(project_id, _draft(project_id, form_id)[1])


@bp.post("/draft/attachments/<name>")
@needs("form.upload")
@bp.response(200, SUCCESS)
@bp.doc(requestBody=RAW_BODY)
def set_attachment(project_id: int, form_id: str, name: str) -> Response:
    """Attach a file to the draft"""
    content = door.body(publish.MAX_UPLOAD)
    with writing(db.session):
        publish.set_media(
            db.session,
            actor=auth.actor(),
            version=_draft(project_id, form_id)[1],
            name=name,
            content=content,
            content_type=request.mimetype or None,
        )
    return success()


@bp.get("/draft/attachments/<name>")
@needs("form.read")
@bp.response(200, {"type": "string"}, content_type="application/octet-stream", description="The file.")
def get_draft_attachment(project_id: int, form_id: str, name: str) -> Response:
    """A file of the draft"""
    return definitions.file(_draft(project_id, form_id)[1], name)


def _draft(project_id: int, form_id: str) -> tuple[FormLine, FormVersion]:
    line = forms.get(db.session, project_id, form_id)
    if line.draft is None:
        raise problems.not_found("draft of this form")
    return line, line.draft
