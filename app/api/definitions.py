"""A version of a form as the interface takes and gives it: an upload, JSON, XForm, workbook, files, fields."""

from dataclasses import fields as fields_of
from dataclasses import replace
from typing import Any

from flask import Response, request

from app import problems
from app.api import door
from app.db import db
from app.models import FormVersion
from app.services import forms, originals, publish
from app.services.forms import FormLine
from xlsforms import complaints, dictionary, mapping, privacy, schema
from xlsforms.finding import Finding

_ENDINGS = {media_type: ending for ending, media_type in publish.KINDS.items()} | {"text/xml": "xml"}
UPLOAD = {
    "requestBody": {
        "required": True,
        "description": "The workbook or the XForm itself.",
        "content": {
            kind: {"schema": {"type": "string", "format": "binary"}} for kind in publish.KINDS.values()
        },
    },
    "parameters": [
        {
            "in": "header",
            "name": "X-XlsForm-FormId-Fallback",
            "description": "Form id for a workbook that names none; percent-encoded.",
            "schema": {"type": "string"},
        }
    ],
}


def shown(project_id: int, line: FormLine, version: FormVersion) -> dict[str, Any]:
    """A version of a form as ODK Central shows it, and what we say more."""
    return {
        "projectId": project_id,
        "xmlFormId": line.form.xml_form_id,
        "name": version.title,
        "version": version.version,
        "hash": version.md5,
        "sha256": version.sha256,
        "state": line.state,
        "keyId": None,
        "enketoId": None,
        "enketoOnceId": None,
        "draftToken": None,
        "createdAt": line.form.created_at,
        "updatedAt": version.created_at,
        "publishedAt": version.published_at,
        "publishedBy": version.published_by,
        "note": version.note,
        "headquarters": line.form.mission_id is None,
        "findings": [
            {each.name: one.get(each.name) for each in fields_of(Finding)} for one in version.findings
        ],
    }


def check(*, ignore_warnings: bool, form_id: str | None = None) -> publish.Checked:
    """The body as a compiled form. Raises Problem for an empty body, and for warnings the caller did not look at."""
    content = door.body(publish.MAX_UPLOAD)
    if not content:
        raise problems.bad_request(
            "There is no form in the body.", "Send a workbook or an XForm as the body."
        )
    name = f"form.{_ENDINGS.get(request.mimetype, 'xlsx')}"
    db.session.rollback()  # compiling takes seconds: no transaction stays open meanwhile
    checked = publish.check(content, name, form_id=door.header("X-XlsForm-FormId-Fallback") or form_id)
    checked = replace(checked, name="")  # a body has no file name
    # ODK Central refuses for what the converter warns of; what only we have to say is in the findings.
    said = [one.to_json() for one in checked.warnings if one.code in complaints.CODES]
    if checked.ok and said and not ignore_warnings:
        raise problems.form_warnings(said)
    return checked


def xform(version: FormVersion) -> Response:
    """Its XForm, byte for byte, with its hash as ETag."""
    response = Response(version.xform, mimetype="application/xml")
    response.set_etag(version.sha256)
    response.make_conditional(request)
    return response


def workbook(version: FormVersion, form_id: str, kind: str) -> Response:
    """Its workbook, byte for byte. Raises the Problem `not_found` if it was uploaded as something else."""
    if version.workbook is None or version.workbook_type != kind:
        raise problems.not_found(f"{kind} workbook of this form")
    response = Response(version.workbook, mimetype=publish.KINDS[kind])
    response.headers.set("Content-Disposition", "attachment", filename=f"{form_id}.{kind}")
    return response


def original(version: FormVersion, form_id: str) -> Response:
    """What it was made from, byte for byte, whatever its format."""
    found = originals.of_version(version, form_id)
    response = Response(found.content, mimetype=publish.KINDS[found.kind])
    response.headers.set("Content-Disposition", "attachment", filename=found.name)
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response


def file(version: FormVersion, name: str) -> Response:
    """A file that goes with it."""
    found = forms.media_file(db.session, version, name)
    response = Response(found.content, content_type=found.content_type)
    response.headers.set("Content-Disposition", "attachment", filename=name)
    # A file of a form is somebody's upload: it must not become a page of ours.
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response


def attachments(project_id: int, version: FormVersion) -> list[dict[str, Any]]:
    """The files it asks for, as ODK Central lists them."""
    return [
        {
            "name": one.name,
            "type": "file",
            "exists": one.present,
            "blobExists": one.md5 is not None,
            "datasetExists": one.kind == "view",
            "hash": one.md5,
            "updatedAt": None,
        }
        for one in forms.media(db.session, version, project_id)
    ]


def fields(version: FormVersion) -> list[dict[str, Any]]:
    """Its nodes as ODK Central lists them, with their places in the case store."""
    form = schema.Form.from_json(version.schema)
    words = dictionary.load()
    mapped, _ = mapping.read(form, words)
    classes = privacy.privacy(form, mapped, words)
    found = []
    for node in form.nodes():
        kind, several = "structure", None
        if isinstance(node, schema.Repeat):
            kind = "repeat"
        elif isinstance(node, schema.Question):
            kind = node.data_type or "string"
            several = True if node.type == "select_multiple" else None
        found.append(
            {
                "path": node.path.removeprefix(f"/{form.root}"),
                "name": node.name,
                "type": kind,
                "binary": True if kind == "binary" else None,
                "selectMultiple": several,
                "field": getattr(node, "field", None),
                "privacy": classes.get(node.path, "P0"),
            }
        )
    return found
