"""The outline of a form version: a part of the preview's page, fetched by it."""

import uuid

from flask import Blueprint, render_template, request

from app.auth import needs
from app.ui import frame
from app.ui.forms import version_of
from xlsforms import outline, schema

bp = Blueprint(
    "outlines", __name__, url_prefix="/projects/<int:project_id>/forms/<form_id>/<uuid:version_id>/outline"
)


@bp.get("")
@needs("form.read")
def one(project_id: int, form_id: str, version_id: uuid.UUID) -> str:
    """Groups, repeats and questions as a tree, in the language asked for, else in the reader's own or the form's."""
    form = schema.Form.from_json(version_of(project_id, form_id, version_id).schema)
    language = request.args.get("language", "")
    if language not in form.languages:
        language = frame.own_language(form.languages) or form.default_language
    items = outline.read(form, language, frame.locale())
    return render_template(
        "forms/outline.html",
        items=items,
        questions=sum(one.questions if one.children else one.kind == "question" for one in items),
        languages=form.languages,
        language=language,
    )
