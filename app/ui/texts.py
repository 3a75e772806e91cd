"""The texts of a form version in its languages: how far translated, files for translators, and what comes back."""

import io
import uuid
from typing import Any, Final

from flask import Blueprint, flash, redirect, render_template, request, send_file, url_for
from werkzeug.wrappers import Response

from app import auth, problems
from app.auth import needs
from app.db import db, writing
from app.models import FormVersion
from app.services import forms, publish
from app.services import texts as service
from app.ui import frame
from app.ui.forms import may_change, version_of
from xlsforms.finding import Finding

bp = Blueprint(
    "texts", __name__, url_prefix="/projects/<int:project_id>/forms/<form_id>/<uuid:version_id>/texts"
)

_LINES: Final = 100
"""Texts on one page."""


@bp.get("")
@needs("form.read")
def one(project_id: int, form_id: str, version_id: uuid.UUID) -> str:
    """How far a version is translated, and what is missing or stale in the language chosen."""
    return _page(project_id, form_id, version_id)


@bp.get("/file")
@needs("form.read")
def export(project_id: int, form_id: str, version_id: uuid.UUID) -> Response:
    """A file for translators: `to` xlsx or po, into each `language`."""
    version = version_of(project_id, form_id, version_id)
    to = "po" if request.args.get("to") == "po" else "xlsx"
    languages = [one.strip() for one in request.args.getlist("language") if one.strip()]
    content = service.export(version, form_id=form_id, to=to, languages=languages)
    return send_file(
        io.BytesIO(content),
        mimetype=service.MEDIA_TYPES[to],
        as_attachment=True,
        download_name=service.file_name(version, form_id=form_id, to=to, languages=languages),
    )


@bp.post("")
@needs("form.upload")
def bring(project_id: int, form_id: str, version_id: uuid.UUID) -> Response | tuple[str, int]:
    """Take translations back: they become the draft; or say why not."""
    file = request.files.get("file")
    if file is None or not file.filename:
        raise problems.invalid("No file was chosen.", "Choose a file of translations and import it again.")
    version = version_of(project_id, form_id, version_id)
    content = file.stream.read(publish.MAX_UPLOAD + 1)
    brought = service.bring(version, content, form_id=form_id, language=request.form.get("language", ""))
    if not brought.ok:
        return _page(project_id, form_id, version_id, refused=brought.findings, file_name=file.filename), 422
    db.session.rollback()
    with writing(db.session):
        version = db.session.get_one(FormVersion, version_id)
        made = service.save(db.session, brought, actor=auth.actor(), mission_id=project_id, version=version)
        made_id, title = made.id, made.title
    written, warnings = (
        brought.translated.written,
        sum(one.severity == "warning" for one in brought.translated.findings),
    )
    said = f" {warnings} findings say what was left out or is to be looked at." if warnings else ""
    if written:
        flash(f"{written} texts are in the draft of {title} now.{said}", "success")
        return redirect(url_for("ui.forms.one", project_id=project_id, form_id=form_id, version=made_id))
    flash(f"No text of {title} changed. What was said of stale translations is kept.{said}", "info")
    return redirect(url_for("ui.texts.one", project_id=project_id, form_id=form_id, version_id=made_id))


# --- within ------------------------------------------------------------------------------------------------------


def _page(
    project_id: int,
    form_id: str,
    version_id: uuid.UUID,
    *,
    refused: tuple[Finding, ...] = (),
    file_name: str = "",
) -> str:
    version = version_of(project_id, form_id, version_id)
    line = forms.get(db.session, project_id, form_id)
    place: dict[str, Any] = {"form_id": form_id, "version_id": str(version_id)}
    try:
        texts = service.of(version)
    except problems.Problem as problem:
        if problem.code != "no_texts":
            raise
        return render_template("forms/texts.html", version=version, form=line.form, texts=None, place=place)
    counts = texts.counts
    language = request.args.get("language")
    if language not in counts:
        wanting = [one for one, count in counts.items() if count["missing"] or count["stale"]]
        language = frame.own_language(wanting) or next(iter(wanting), None)
    after = request.args.get("after", "0")
    begin = int(after) if after.isdecimal() and len(after) < 8 else 0
    lines = list(texts.to_mend(language)) if language is not None else []
    following = str(begin + _LINES) if len(lines) > begin + _LINES else None
    return render_template(
        "forms/texts.html",
        version=version,
        form=line.form,
        texts=texts,
        counts=counts,
        language=language,
        lines=lines[begin : begin + _LINES],
        pages=frame.pages("ui.texts.one", project_id, following, **place),
        place=place,
        may_bring=may_change(line.form, "form.upload")
        and version.id in {one.id for one in (line.draft, line.published) if one},
        replaces=line.draft is not None and line.draft.id != version.id,
        refused=refused,
        file_name=file_name,
        largest=publish.MAX_UPLOAD,
    )
