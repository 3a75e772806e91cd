"""Forms: upload, drafts, publication, versions, and the files that go with them."""

from typing import Any

from flask import Response

from app import auth, problems
from app.api import definitions, door
from app.api.door import Door
from app.api.schemas.forms import FORM, FORM_ATTACHMENT, FORM_FIELD, FORM_STATE, UPLOAD_QUERY
from app.auth import needs
from app.db import db, writing
from app.models import FormVersion
from app.services import forms, publish
from app.services.forms import FormLine
from xlsforms import complaints, schema

bp = Door(
    "forms",
    __name__,
    url_prefix="/v1/projects/<int:project_id>/forms",
    description="Forms and their versions.",
)

NO_VERSION = "___"
"""How a URL names the version whose string is empty, as in ODK Central."""

_CONVERTER = (
    {"conversion_warning"}
    | {one.code for one in complaints.KNOWN.values()}
    | {one[1] for one in complaints.OLDER}
)


# --- the forms of a mission
# ---------------------------------------------------------------------------------------


@bp.get("")
@needs("form.list")
@bp.response(200, FORM(many=True))
def list_forms(project_id: int) -> list[dict[str, Any]]:
    """List forms

    The mission's own and those headquarters put on its phones.
    """
    door.project(project_id)
    return [
        definitions.shown(project_id, line, line.current) for line in forms.listing(db.session, project_id)
    ]


@bp.post("")
@needs("form.upload")
@bp.arguments(UPLOAD_QUERY, location="query")
@bp.response(200, FORM)
@bp.doc(**definitions.UPLOAD)
def create_form(query: dict[str, Any], project_id: int) -> dict[str, Any]:
    """Upload a form

    XLSX, XLS, CSV, zip of CSV, Markdown table or XForm XML as the body.
    It becomes a draft, or is published at once with `publish=true`.
    The very same form again changes nothing; another one under a published version string is refused,
    and so are changes by which answers already collected lose, unless `lossy=true` says that they are meant.
    """
    door.project(project_id)
    checked = definitions.check(ignore_warnings=query["ignoreWarnings"])
    with writing(db.session):
        version = publish.save_draft(db.session, checked, actor=auth.actor(), mission_id=project_id)
        if query["publish"]:
            version = publish.publish(
                db.session, actor=auth.actor(), version=version, note=query["note"], lossy=query["lossy"]
            )
        form_id = schema.Form.from_json(version.schema).form_id
    line = forms.get(db.session, project_id, form_id)
    return definitions.shown(project_id, line, line.draft or line.current)


@bp.get("/<form_id>")
@needs("form.read")
@bp.response(200, FORM)
def get_form(project_id: int, form_id: str) -> dict[str, Any]:
    """One form

    Its published version, or its draft if it never was published.
    """
    line = forms.get(db.session, project_id, form_id)
    return definitions.shown(project_id, line, line.current)


@bp.patch("/<form_id>")
@needs("form.assign")
@bp.arguments(FORM_STATE)
@bp.response(200, FORM)
def set_form_state(wanted: dict[str, str], project_id: int, form_id: str) -> dict[str, Any]:
    """Open or close a form

    For every phone of the mission. `closing`: phones no longer get it, what they hold is taken. `closed`: no new
    submission is taken either; repeats, late files and edits are. A form of headquarters that is on no phone of the
    mission yet is put on them.
    """
    door.project(project_id)
    with writing(db.session):
        form = forms.assignable(db.session, project_id, form_id)
        publish.assign(
            db.session, actor=auth.actor(), form=form, mission_id=project_id, state=wanted["state"]
        )
    line = forms.get(db.session, project_id, form_id)
    return definitions.shown(project_id, line, line.current)


@bp.get("/<form_id>.xml")
@needs("form.read")
@bp.response(200, {"type": "string"}, content_type="application/xml", description="The XForm.")
def get_form_xml(project_id: int, form_id: str) -> Response:
    """XForm of the published version

    Byte for byte what phones download, unless they encrypt it: then theirs has a key and another version string.
    """
    return definitions.xform(_published(project_id, form_id))


@bp.get("/<form_id>.xlsx")
@needs("form.read")
@bp.response(200, {"type": "string"}, content_type=publish.KINDS["xlsx"], description="The workbook.")
def get_form_xlsx(project_id: int, form_id: str) -> Response:
    """Workbook of the published version

    Byte for byte what was uploaded.
    """
    return definitions.workbook(_published(project_id, form_id), form_id, "xlsx")


@bp.get("/<form_id>.xls")
@needs("form.read")
@bp.response(200, {"type": "string"}, content_type=publish.KINDS["xls"], description="The workbook.")
def get_form_xls(project_id: int, form_id: str) -> Response:
    """Workbook of the published version, old format"""
    return definitions.workbook(_published(project_id, form_id), form_id, "xls")


@bp.get("/<form_id>/original")
@needs("form.read")
@bp.response(200, {"type": "string"}, content_type="application/octet-stream", description="The file.")
def get_form_original(project_id: int, form_id: str) -> Response:
    """Original of the published version

    Byte for byte what was uploaded, whatever its format: XLSX, XLS, CSV, zip of CSV, Markdown or XForm.
    """
    return definitions.original(_published(project_id, form_id), form_id)


@bp.get("/<form_id>/fields")
@needs("form.read")
@bp.response(200, FORM_FIELD(many=True))
def list_fields(project_id: int, form_id: str) -> list[dict[str, Any]]:
    """Fields of the published version

    Groups and repeats before what they hold; with each its place in the case store and its privacy class.
    """
    return definitions.fields(forms.get(db.session, project_id, form_id).current)


@bp.get("/<form_id>/attachments")
@needs("form.read")
@bp.response(200, FORM_ATTACHMENT(many=True))
def list_attachments(project_id: int, form_id: str) -> list[dict[str, Any]]:
    """Files the published version asks for"""
    return definitions.attachments(project_id, _published(project_id, form_id))


@bp.get("/<form_id>/attachments/<name>")
@needs("form.read")
@bp.response(200, {"type": "string"}, content_type="application/octet-stream", description="The file.")
def get_attachment(project_id: int, form_id: str, name: str) -> Response:
    """A file of the published version"""
    return definitions.file(_published(project_id, form_id), name)


# --- versions
# -----------------------------------------------------------------------------------------------------


@bp.get("/<form_id>/versions")
@needs("form.read")
@bp.response(200, FORM(many=True))
def list_versions(project_id: int, form_id: str) -> list[dict[str, Any]]:
    """Published versions

    Newest first. None is ever changed or removed.
    """
    line = forms.get(db.session, project_id, form_id)
    return [definitions.shown(project_id, line, version) for version in forms.versions(db.session, line.form)]


@bp.get("/<form_id>/versions/<version>")
@needs("form.read")
@bp.response(200, FORM)
def get_version(project_id: int, form_id: str, version: str) -> dict[str, Any]:
    """One published version

    `___` stands for the version without a version string.
    """
    line = forms.get(db.session, project_id, form_id)
    return definitions.shown(project_id, line, _version(line, version))


@bp.get("/<form_id>/versions/<version>.xml")
@needs("form.read")
@bp.response(200, {"type": "string"}, content_type="application/xml", description="The XForm.")
def get_version_xml(project_id: int, form_id: str, version: str) -> Response:
    """XForm of a version"""
    return definitions.xform(_version(forms.get(db.session, project_id, form_id), version))


@bp.get("/<form_id>/versions/<version>.xlsx")
@needs("form.read")
@bp.response(200, {"type": "string"}, content_type=publish.KINDS["xlsx"], description="The workbook.")
def get_version_xlsx(project_id: int, form_id: str, version: str) -> Response:
    """Workbook of a version"""
    return definitions.workbook(
        _version(forms.get(db.session, project_id, form_id), version), form_id, "xlsx"
    )


@bp.get("/<form_id>/versions/<version>.xls")
@needs("form.read")
@bp.response(200, {"type": "string"}, content_type=publish.KINDS["xls"], description="The workbook.")
def get_version_xls(project_id: int, form_id: str, version: str) -> Response:
    """Workbook of a version, old format"""
    return definitions.workbook(_version(forms.get(db.session, project_id, form_id), version), form_id, "xls")


@bp.get("/<form_id>/versions/<version>/original")
@needs("form.read")
@bp.response(200, {"type": "string"}, content_type="application/octet-stream", description="The file.")
def get_version_original(project_id: int, form_id: str, version: str) -> Response:
    """Original of a version

    Byte for byte what was uploaded, whatever its format: XLSX, XLS, CSV, zip of CSV, Markdown or XForm.
    """
    return definitions.original(_version(forms.get(db.session, project_id, form_id), version), form_id)


@bp.get("/<form_id>/versions/<version>/fields")
@needs("form.read")
@bp.response(200, FORM_FIELD(many=True))
def list_version_fields(project_id: int, form_id: str, version: str) -> list[dict[str, Any]]:
    """Fields of a version"""
    return definitions.fields(_version(forms.get(db.session, project_id, form_id), version))


def _published(project_id: int, form_id: str) -> FormVersion:
    version = forms.get(db.session, project_id, form_id).published
    if version is None:
        raise problems.not_found("published version of this form")
    return version


def _version(line: FormLine, version: str) -> FormVersion:
    return forms.version(db.session, line.form, "" if version == NO_VERSION else version)
