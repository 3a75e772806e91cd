"""Documents of a case: their list stands on its page; here one is added, opened or removed."""

import io
import uuid
from typing import IO, Any, Final

import flask
from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from app import auth
from app.auth import needs
from app.db import db
from app.language import _
from app.problems import Problem
from app.services import cases
from app.services import documents as service
from app.state import state

bp = Blueprint("documents", __name__, url_prefix="/projects/<int:project_id>/cases/<uuid:case_id>/documents")

_UPLOAD: Final = "ui.documents.add"
_AROUND: Final = 100_000
"""Bytes of a request beside the file."""


class Request(flask.Request):
    """A request whose document is held in memory until it is sealed: Werkzeug writes larger files to the disk, and in
    clear. So no more is taken of it than a document may have."""

    @property
    def max_content_length(self) -> int | None:
        """Bytes that are taken."""
        if self.endpoint == _UPLOAD:
            return service.LARGEST + _AROUND
        return super().max_content_length

    @max_content_length.setter
    def max_content_length(self, value: int | None) -> None:
        self._max_content_length = value

    def _get_file_stream(
        self,
        total_content_length: int | None,
        content_type: str | None,
        filename: str | None = None,
        content_length: int | None = None,
    ) -> IO[bytes]:
        if self.endpoint == _UPLOAD:
            return io.BytesIO()
        return super()._get_file_stream(total_content_length, content_type, filename, content_length)


@bp.get("/new")
@needs("case.document")
def new(project_id: int, case_id: uuid.UUID) -> str:
    """The form to add one."""
    return _new(project_id, case_id)


@bp.post("")
@needs("case.document")
def add(project_id: int, case_id: uuid.UUID) -> Response | tuple[str, int]:
    """Keep one; where it is refused, the form again and why."""
    file = request.files.get("file")
    try:
        service.add(
            db.session,
            keyring=state().keyring,
            blobs=state().blobs,
            actor=auth.actor(),
            mission_id=project_id,
            case_id=case_id,
            kind=request.form.get("kind", ""),
            name=(file.filename or "") if file else "",
            content=file.read() if file else b"",
            dated_on=request.form.get("dated_on", ""),
        )
    except Problem as problem:
        if problem.status not in (409, 413, 422):
            raise
        return _new(project_id, case_id, wrong=problem.message), problem.status
    flash(_("The document is kept with the case."), "success")
    return redirect(_case(project_id, case_id))


@bp.get("/<uuid:document_id>")
@needs("case.documents")
def one(project_id: int, case_id: uuid.UUID, document_id: uuid.UUID) -> str:
    """What is known of it without opening it, and the question for a reason."""
    return _one(project_id, case_id, document_id)


@bp.post("/<uuid:document_id>/read")
@needs("case.documents")
def read(project_id: int, case_id: uuid.UUID, document_id: uuid.UUID) -> Response | tuple[str, int]:
    """The file, to keep: never shown by the browser, whatever it is."""
    try:
        found = service.read(
            db.session,
            keyring=state().keyring,
            blobs=state().blobs,
            actor=auth.actor(),
            mission_id=project_id,
            case_id=case_id,
            document_id=document_id,
            reason=request.form.get("reason", ""),
        )
    except Problem as problem:
        return _again(problem, project_id, case_id, document_id)
    response = Response(found.chunks, mimetype="application/octet-stream")
    response.headers.set("Content-Disposition", "attachment", filename=found.name)
    return response


@bp.post("/<uuid:document_id>/remove")
@needs("case.document")
def remove(project_id: int, case_id: uuid.UUID, document_id: uuid.UUID) -> Response | tuple[str, int]:
    """Delete it for good."""
    try:
        service.remove(
            db.session,
            actor=auth.actor(),
            mission_id=project_id,
            case_id=case_id,
            document_id=document_id,
            reason=request.form.get("reason", ""),
        )
    except Problem as problem:
        return _again(problem, project_id, case_id, document_id)
    flash(_("The document is removed."), "success")
    return redirect(_case(project_id, case_id))


def _case(project_id: int, case_id: uuid.UUID) -> str:
    return url_for("ui.cases.one", project_id=project_id, case_id=case_id, _anchor="documents")


def _again(problem: Problem, project_id: int, case_id: uuid.UUID, document_id: uuid.UUID) -> tuple[str, int]:
    if problem.code != "reason_needed":
        raise problem
    return _one(project_id, case_id, document_id, wrong=problem.message), problem.status


def _new(project_id: int, case_id: uuid.UUID, *, wrong: str = "") -> str:
    return render_template(
        "documents/new.html",
        line=_line(project_id, case_id),
        kinds=service.KINDS,
        largest=service.LARGEST,
        chosen=request.form,
        wrong=wrong,
    )


def _one(project_id: int, case_id: uuid.UUID, document_id: uuid.UUID, *, wrong: str = "") -> str:
    which: dict[str, Any] = {"actor": auth.actor(), "mission_id": project_id, "case_id": case_id}
    return render_template(
        "documents/one.html",
        document=service.read_line(db.session, **which, document_id=document_id),
        line=_line(project_id, case_id),
        kinds=service.KINDS,
        wrong=wrong,
    )


def _line(project_id: int, case_id: uuid.UUID) -> cases.CaseLine:
    return cases.read_line(db.session, actor=auth.actor(), case_id=case_id, mission_id=project_id)
