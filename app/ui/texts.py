"""The texts of a form version in its languages: how far translated, files for translators, and what comes back."""

import io
import uuid
from typing import Any, Final

from flask import Blueprint, redirect, render_template, request, send_file, url_for
from werkzeug.wrappers import Response

from app import auth, problems
from app.auth import needs
from app.db import db, writing
from app.language import _
from app.services import forms, publish, uploads
from app.services import texts as service
from app.ui import frame
from app.ui.forms import may_change, version_of
from app.ui.uploads import received

bp = Blueprint(
    "texts", __name__, url_prefix="/projects/<int:project_id>/forms/<form_id>/<uuid:version_id>/texts"
)

_LINES: Final = 100
"""Texts on one page."""


@bp.get("")
@needs("form.read")
def one(project_id: int, form_id: str, version_id: uuid.UUID) -> str:
    """How far a version is translated, and what is missing or stale in the language chosen."""
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
        largest=publish.MAX_UPLOAD,
    )


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
def bring(project_id: int, form_id: str, version_id: uuid.UUID) -> Response:
    """Keep a file of translations, and show how its check goes on."""
    file = request.files.get("file")
    if file is None or not file.filename:
        raise problems.invalid(
            _("No file was chosen."), _("Choose a file of translations and import it again.")
        )
    version = version_of(project_id, form_id, version_id)
    sent = received(file)
    with writing(db.session):
        upload_id = uploads.store_texts(
            db.session,
            sent,
            actor=auth.actor(),
            mission_id=project_id,
            version=version,
        )
    return redirect(url_for("ui.uploads.one", project_id=project_id, upload_id=upload_id), 303)
