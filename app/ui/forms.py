"""Forms: the list, one form with its versions, findings and questions, and publication."""

import uuid
from dataclasses import dataclass
from typing import Any, Final

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from app import auth, policy, problems
from app.auth import needs
from app.db import db, writing
from app.language import _
from app.models import Form, FormVersion
from app.services import form_keys, originals, texts, trial_detail, trial_devices, uploads
from app.services import forms as service
from app.services import publish as publishing
from app.ui import findings, frame
from app.ui.words.states import form_states
from xlsforms import dictionary, diff, mapping, schema
from xlsforms.finding import Finding
from xlsforms.workbook import Workbook

bp = Blueprint("forms", __name__, url_prefix="/projects/<int:project_id>/forms")

_BOOKKEEPING: Final = frozenset({"instanceID", "instanceName", "deprecatedID", "note"})
_UNASKED: Final = schema.METADATA | {"calculate", "hidden"}


@dataclass(frozen=True, slots=True)
class FieldLine:
    """A question in the table of questions, where its answer goes, and how closely it is kept. `group` is the
    label of the outermost group around it; `asked` is false for what the phone fills in or computes."""

    name: str
    label: str
    group: str
    type: str
    targets: tuple[str, ...]
    privacy: str
    asked: bool


@dataclass(frozen=True, slots=True)
class VersionLine:
    """A version in the list of versions."""

    version: FormVersion
    draft: bool
    current: bool
    errors: int
    warnings: int


@bp.get("")
@needs("form.list")
def listing(project_id: int) -> str:
    """The forms of a mission, and for those who may put them on phones the ones headquarters has besides."""
    may_assign = policy.may(auth.actor(), "form.assign", project_id)
    return render_template(
        "forms/list.html",
        forms=service.listing(db.session, project_id),
        elsewhere=service.elsewhere(db.session, project_id) if may_assign else (),
        uploads=uploads.open_ones(db.session, project_id, auth.actor()),
    )


@bp.get("/<form_id>")
@needs("form.read")
def one(project_id: int, form_id: str) -> str:
    """One form: its versions, and the findings and questions of the one chosen."""
    line = service.get(db.session, project_id, form_id)
    versions = _versions(line)
    version = _chosen(versions, request.args.get("version"))
    form = schema.Form.from_json(version.schema)
    language = request.args.get("language", "")
    if language not in form.languages:
        language = frame.own_language(form.languages) or form.default_language
    return render_template(
        "forms/one.html",
        line=line,
        form=line.form,
        may_upload=may_change(line.form, "form.upload"),
        may_publish=may_change(line.form, "form.publish"),
        version=version,
        chosen="version" in request.args,
        keys=form_keys.keys(db.session, line.form, project_id),
        designers_key=bool(line.current.schema.get("encrypted")),
        places=service.places(db.session, project_id, line.form),
        states=form_states(),
        test_devices=trial_devices.listing(db.session, project_id, line.form),
        trials=trial_detail.listing(db.session, project_id, line.form),
        versions=[_version_line(each, line.published) for each in versions],
        found=findings.table(
            [Finding.from_json(each) for each in version.findings], Workbook.unpacked(version.cells)
        ),
        changes=service.changes(line.published, version) if line.published and not version.published else (),
        held=_held(project_id, line.form, line.published) if line.published and not version.published else 0,
        media=service.media(db.session, version, project_id),
        texts=texts.known(version),
        fields=field_lines(form, language),
        languages=form.languages,
        language=language,
    )


@bp.post("/<form_id>/publish")
@needs("form.publish")
def publish(project_id: int, form_id: str) -> Response:
    """Make the draft the version phones get, with a note; and with an explicit word where answers lose by it."""
    with writing(db.session):
        draft = draft_of(project_id, form_id)
        title = publishing.publish(
            db.session,
            actor=auth.actor(),
            version=draft,
            note=publishing.noted(request.form.get("note", ""), draft),
            lossy="lossy" in request.form,
        ).title
    flash(_("%(form)s is published. Phones fetch it the next time they are online.", form=title), "success")
    return redirect(url_for("ui.forms.one", project_id=project_id, form_id=form_id))


@bp.post("/<form_id>/<uuid:version_id>/again")
@needs("form.upload")
def again(project_id: int, form_id: str, version_id: uuid.UUID) -> Response:
    """Make a draft of a version published before: publishing it is the way back."""
    with writing(db.session):
        old = version_of(project_id, form_id, version_id)
        if not old.published:
            raise problems.conflict(_("This version is the draft already."), _("Publish it."))
        draft = publishing.again(db.session, actor=auth.actor(), version=old)
        draft_id, version = draft.id, draft.version
    if old.version:
        said = _("%(old)s is a draft again, as %(version)s.", old=old.version, version=version)
    else:
        said = _("The version without a name is a draft again, as %(version)s.", version=version)
    flash(said, "success")
    return redirect(url_for("ui.forms.one", project_id=project_id, form_id=form_id, version=draft_id))


@bp.get("/<form_id>/compare")
@needs("form.read")
def compare(project_id: int, form_id: str) -> str:
    """Any two versions, and what the change does to answers; without a choice, the newest and the one before."""
    line = service.get(db.session, project_id, form_id)
    versions = _versions(line)
    new = _chosen(versions, request.args.get("new"))
    before = versions[versions.index(new) + 1 :] or [new]
    old = _chosen(versions, request.args.get("old", str(before[0].id)))
    changes = service.changes(old, new)
    return render_template(
        "forms/compare.html",
        line=line,
        form=line.form,
        versions=versions,
        old=old,
        new=new,
        changes=changes,
        effects=[(effect, sum(one.effect == effect for one in changes)) for effect in reversed(diff.EFFECTS)],
        held=_held(project_id, line.form, old),
    )


@bp.post("/<form_id>/media")
@needs("form.upload")
def attach(project_id: int, form_id: str) -> Response:
    """Attach a file the draft asks for."""
    file = request.files.get("file")
    if file is None or not file.filename:
        raise problems.invalid(_("No file was chosen."), _("Choose a file and upload it again."))
    content, name = file.stream.read(publishing.MAX_UPLOAD + 1), request.form.get("name", "")
    with writing(db.session):
        draft = draft_of(project_id, form_id)
        publishing.set_media(
            db.session, actor=auth.actor(), version=draft, name=name, content=content, content_type=None
        )
        version_id = draft.id
    flash(_("%(name)s is attached.", name=name), "success")
    return redirect(url_for("ui.forms.one", project_id=project_id, form_id=form_id, version=version_id))


@bp.get("/<form_id>/<uuid:version_id>/workbook")
@needs("form.read")
def workbook(project_id: int, form_id: str, version_id: uuid.UUID) -> Response:
    """What was uploaded, byte for byte and under its own name."""
    original = originals.of_version(version_of(project_id, form_id, version_id), form_id)
    return frame.download(original.content, original.name)


@bp.get("/<form_id>/<uuid:version_id>/annotated")
@needs("form.read")
def annotated(project_id: int, form_id: str, version_id: uuid.UUID) -> Response:
    """The workbook with its findings as comments."""
    version = version_of(project_id, form_id, version_id)
    original = originals.of_version(version, form_id)
    said = [Finding.from_json(each) for each in version.findings]
    db.session.rollback()  # it takes seconds: no transaction stays open meanwhile
    made = originals.annotated(original, said)
    return frame.download(made.content, made.name)


@bp.get("/<form_id>/<uuid:version_id>/xform")
@needs("form.read")
def xform(project_id: int, form_id: str, version_id: uuid.UUID) -> Response:
    """The XForm: the exact bytes a phone downloads, unless it gets a rendition with a key."""
    version = version_of(project_id, form_id, version_id)
    return frame.download(version.xform, f"{form_id}-{version.version or 'draft'}.xml")


def field_lines(form: schema.Form, language: str) -> list[FieldLine]:
    """Every question but the bookkeeping ones, in the order of the form."""
    words = dictionary.load()
    mapped = mapping.read(form, words)[0]
    privacy = mapping.privacy(form, mapped, words)

    def said(label: schema.Label) -> str:
        return schema.text(label, language, form.default_language)

    groups = {node.path: said(node.label) or node.name for node in form.children}
    return [
        FieldLine(
            question.name,
            said(question.label),
            groups.get("/".join(question.path.split("/")[:3]), "") if question.path not in groups else "",
            question.type.replace("_", " "),
            tuple(str(target) for target in mapped.bindings.get(question.path, ())),
            privacy.get(question.path, ""),
            asked=question.type not in _UNASKED,
        )
        for question in form.questions()
        if question.type not in _BOOKKEEPING
    ]


def may_change(form: Form, action: str) -> bool:
    """Whether the actor may change this form: one of headquarters is in every mission, so it takes somebody who
    may everywhere."""
    if form.mission_id is None:
        return policy.missions(auth.actor(), action) is None
    return policy.may(auth.actor(), action, form.mission_id)


def _held(project_id: int, form: Form, version: FormVersion) -> int:
    return service.held_with(db.session, project_id, form, version)


def _versions(line: service.FormLine) -> list[FormVersion]:
    """All versions, the draft first, then the published ones, newest first."""
    return ([line.draft] if line.draft else []) + service.versions(db.session, line.form)


def _chosen(versions: list[FormVersion], version_id: str | None) -> FormVersion:
    found = next((each for each in versions if version_id in (None, str(each.id))), None)
    if found is None:
        raise problems.not_found("version of this form")
    return found


def version_of(project_id: int, form_id: str, version_id: uuid.UUID) -> FormVersion:
    """A version of a form that the mission sees, draft or published. Raises the Problem `not_found`."""
    line = service.get(db.session, project_id, form_id)
    return _chosen(_versions(line), str(version_id))


def draft_of(project_id: int, form_id: str) -> FormVersion:
    """The draft of a form. Raises Problem: not_found, conflict."""
    line = service.get(db.session, project_id, form_id)
    if line.draft is None:
        raise problems.conflict(_("This form has no draft."), _("Upload a workbook first."))
    return line.draft


def _version_line(version: FormVersion, published: FormVersion | None) -> VersionLine:
    return VersionLine(
        version,
        draft=not version.published,
        current=published is not None and version.id == published.id,
        errors=_of(version.findings, "error"),
        warnings=_of(version.findings, "warning"),
    )


def _of(findings: list[dict[str, Any]], severity: str) -> int:
    return sum(finding.get("severity") == severity for finding in findings)
