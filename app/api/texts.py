"""The texts of a form: how far they are translated, files for translators, and what comes back."""

from typing import Any

from flask import Response

from app import auth, problems
from app.api import definitions, door
from app.api.door import RAW_BODY, Door
from app.api.schemas.forms import FORM, TEXTS, TEXTS_QUERY
from app.auth import needs
from app.db import db, writing
from app.models import FormVersion
from app.services import forms, publish, texts
from app.services.forms import FormLine

bp = Door(
    "texts",
    __name__,
    url_prefix="/v1/projects/<int:project_id>/forms/<form_id>",
    description="Texts of a form, for translators.",
)


@bp.get("/texts")
@needs("form.read")
@bp.arguments(TEXTS_QUERY, location="query")
@bp.response(200, TEXTS(many=True))
def list_texts(query: dict[str, Any], project_id: int, form_id: str) -> list[dict[str, Any]]:
    """How far a form is translated

    By language, the source first: how many texts are there, missing and stale, and where what is not there stands.
    A version is chosen by `version`; without it, the draft, else the published one.
    """
    found = texts.of(_version(project_id, form_id, query["version"])[1])
    return [
        {
            "language": language,
            "source": language == found.source,
            "ok": count["ok"],
            "missing": count["missing"],
            "stale": count["stale"],
            "toMend": [
                {
                    "place": text.place,
                    "sheet": text.sheet,
                    "row": text.row,
                    "state": text.state(language, found.source),
                    "text": text.said.get(found.source, ""),
                    "translation": text.said.get(language),
                    "madeFrom": text.made_from.get(language),
                }
                for text in found.to_mend(language)
            ],
        }
        for language, count in found.counts.items()
    ]


@bp.get("/texts.xlsx")
@needs("form.read")
@bp.arguments(TEXTS_QUERY, location="query")
@bp.response(200, {"type": "string"}, content_type=texts.MEDIA_TYPES["xlsx"], description="The workbook.")
def get_texts_workbook(query: dict[str, Any], project_id: int, form_id: str) -> Response:
    """A spreadsheet for translators

    Into every language there is, or into `language`. One that is not in the form yet is named with its code:
    `Deutsch (de)`.
    """
    return _file("xlsx", query, project_id, form_id)


@bp.get("/texts.po")
@needs("form.read")
@bp.arguments(TEXTS_QUERY, location="query")
@bp.response(200, {"type": "string"}, content_type=texts.MEDIA_TYPES["po"], description="The PO file.")
def get_texts_po(query: dict[str, Any], project_id: int, form_id: str) -> Response:
    """A gettext file for translators

    Into `language`, which may be new.
    """
    return _file("po", query, project_id, form_id)


@bp.post("/texts")
@needs("form.upload")
@bp.arguments(TEXTS_QUERY, location="query")
@bp.response(200, FORM)
@bp.doc(requestBody=RAW_BODY)
def import_texts(query: dict[str, Any], project_id: int, form_id: str) -> dict[str, Any]:
    """Take translations back

    The body is a file for translators, filled in. Its texts go into the cells of the version's workbook, which becomes
    the draft; `findings` say what was left out. `language` is that of a PO file that does not name it.
    """
    line, version = _version(project_id, form_id, query["version"])
    content = door.body(publish.MAX_UPLOAD)
    if not content:
        raise problems.bad_request(
            "There is no file in the body.", "Send a file of translations as the body."
        )
    brought = texts.bring(version, content, form_id=form_id, language=query["language"])
    version_id = version.id
    db.session.rollback()  # compiling took seconds: no transaction stayed open for what is written now
    with writing(db.session):
        version = db.session.get_one(FormVersion, version_id)
        made = texts.save(db.session, brought, actor=auth.actor(), mission_id=project_id, version=version)
    return definitions.shown(project_id, forms.get(db.session, project_id, line.form.xml_form_id), made)


def _file(to: str, query: dict[str, Any], project_id: int, form_id: str) -> Response:
    version = _version(project_id, form_id, query["version"])[1]
    languages = [query["language"]] if query["language"] else []
    content = texts.export(version, form_id=form_id, to=to, languages=languages)
    response = Response(content, mimetype=texts.MEDIA_TYPES[to])
    name = texts.file_name(version, form_id=form_id, to=to, languages=languages)
    response.headers.set("Content-Disposition", "attachment", filename=name)
    return response


def _version(project_id: int, form_id: str, wanted: str) -> tuple[FormLine, FormVersion]:
    line = forms.get(db.session, project_id, form_id)
    return line, forms.version(db.session, line.form, wanted) if wanted else line.draft or line.current
