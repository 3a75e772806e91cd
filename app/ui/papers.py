"""A form version on paper: a questionnaire to print, in one language or in two."""

import io
import uuid

from flask import Blueprint, render_template, request, send_file, url_for
from werkzeug.wrappers import Response

from app.auth import needs
from app.exports import paper
from app.services import printing
from app.ui import frame
from app.ui.forms import version_of
from xlsforms import questionnaire, schema

bp = Blueprint(
    "papers", __name__, url_prefix="/projects/<int:project_id>/forms/<form_id>/<uuid:version_id>/paper"
)


@bp.get("")
@needs("form.read")
def choose(project_id: int, form_id: str, version_id: uuid.UUID) -> str:
    """In which languages it is to be printed."""
    version = version_of(project_id, form_id, version_id)
    form = schema.Form.from_json(version.schema)
    return render_template(
        "forms/paper.html",
        version=version,
        form_id=form_id,
        long_list=questionnaire.LONG_LIST,
        languages=form.languages,
        language=frame.own_language(form.languages) or form.default_language,
        back=url_for("ui.forms.one", project_id=project_id, form_id=form_id, version=version_id),
    )


@bp.get("/questionnaire.pdf")
@needs("form.read")
def pdf(project_id: int, form_id: str, version_id: uuid.UUID) -> Response:
    """The questionnaire."""
    version = version_of(project_id, form_id, version_id)
    content = printing.questionnaire(
        version, language=request.args.get("language"), beside=request.args.get("beside")
    )
    return send_file(
        io.BytesIO(content),
        mimetype=paper.TYPE,
        as_attachment=True,
        download_name=f"{form_id}-{version.version or 'draft'}.pdf",
    )
