"""The library: what a designer takes into a workbook, and what each of its columns means."""

import io
from dataclasses import replace

from flask import Blueprint, render_template, request, send_file
from werkzeug.wrappers import Response

from app import problems
from app.auth import needs
from app.language import N_, _
from app.ui.frame import locale
from xlsforms import dictionary, starter
from xlsforms import library as shelves
from xlsforms.columns import COLUMNS
from xlsforms.library import Block

bp = Blueprint("library", __name__, url_prefix="/projects/<int:project_id>/library")

_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_HTCDS = "htcds_2_0"
_FORMS = {"screening": N_("screening"), "assistance": N_("assistance")}
"""Which interview a block is from."""


@bp.get("")
@needs("form.read")
def listing(project_id: int) -> str:  # noqa: ARG001 -- the frame of the page reads the mission from the URL
    """Everything, or what has every word somebody looks for."""
    words = request.args.get("q", "").lower().split()
    known = dictionary.load()
    users: dict[str, list[str]] = {}
    for field in known.fields():
        for name, _list in field.code_lists:
            users.setdefault(name, []).append(field.name)
    lists = [
        (name, [one for one in codes.codes.values() if one.retired_on is None], users.get(name, []))
        for name, codes in known.code_lists.items()
    ]
    return render_template(
        "forms/library.html",
        q=request.args.get("q", ""),
        forms=_FORMS,
        blocks=[(one, one.title_in(locale())) for one in shelves.blocks() if _has(words, _said_in(one))],
        lists=[
            one
            for one in lists
            if _has(
                words,
                " ".join([one[0], *one[2], *(label for code in one[1] for label in code.label.values())]),
            )
        ],
    )


@bp.get("/columns")
@needs("form.read")
def columns(project_id: int) -> str:  # noqa: ARG001 -- the frame of the page reads it
    """What each column of an XLSForm means."""
    return render_template(
        "forms/columns.html", columns=[replace(one, words=_(one.words)) for one in COLUMNS]
    )


@bp.get("/starter.xlsx")
@needs("form.read")
def beginning(project_id: int) -> Response:  # noqa: ARG001 -- as above
    """A workbook to begin a form with."""
    return _file(starter.workbook(), "starter")


@bp.get("/blocks/<name>")
@needs("form.read")
def block(project_id: int, name: str) -> str:  # noqa: ARG001 -- as above
    """The questions of a block, their lists, and what had to be left out."""
    found = _block(name)
    lists: dict[str, list[tuple[str, str]]] = {}
    for row in found.choices:
        lists.setdefault(row["list_name"], []).append((row["name"], _label(row)))
    return render_template(
        "forms/block.html",
        block=found,
        forms=_FORMS,
        title=found.title_in(locale()),
        rows=[(row, _label(row)) for row in found.survey if not row["type"].startswith("end_")],
        lists=lists,
    )


@bp.get("/blocks/<name>.xlsx")
@needs("form.read")
def block_workbook(project_id: int, name: str) -> Response:  # noqa: ARG001 -- as above
    """The block as a workbook, its names with a prefix if one is wanted."""
    prefix = request.args.get("prefix", "").strip()
    try:
        content = shelves.workbook(_block(name), prefix)
    except ValueError:
        raise problems.invalid(
            _("A prefix begins with a letter and holds letters, digits and _, 16 at most."),
            _("Choose another, such as visit_."),
        ) from None
    return _file(content, f"{prefix}{name}")


@bp.get("/lists/<name>")
@needs("form.read")
def code_list(project_id: int, name: str) -> str:  # noqa: ARG001 -- as above
    """The codes of a list in all their languages, and what they are called in HTCDS."""
    known = dictionary.load()
    if name not in known.code_lists:
        raise problems.not_found("code list")
    return render_template(
        "forms/code_list.html",
        name=name,
        codes=[one for one in known.code_lists[name].codes.values() if one.retired_on is None],
        outside={
            code: ", ".join(dict.fromkeys(one.value for one in names))
            for code, names in known.code_map.get(_HTCDS, {}).get(name, {}).items()
        },
        fields=[
            field.name for field in known.fields() if any(one == name for one, _list in field.code_lists)
        ],
    )


@bp.get("/lists/<name>.xlsx")
@needs("form.read")
def list_workbook(project_id: int, name: str) -> Response:  # noqa: ARG001 -- as above
    """The list as rows of a choices sheet."""
    if name not in dictionary.load().code_lists:
        raise problems.not_found("code list")
    return _file(shelves.list_workbook(name), name)


def _block(name: str) -> Block:
    found = shelves.block(name)
    if found is None:
        raise problems.not_found("block of questions")
    return found


def _label(row: shelves.Row) -> str:
    own = next(
        (cell for column, cell in row.items() if column.startswith("label") and f"({locale()})" in column), ""
    )
    return own or row.get("label::English (en)", "")


def _said_in(block: Block) -> str:
    cells = (
        row.get(column, "") for row in block.survey for column in row if not column.startswith("constraint")
    )
    return " ".join([block.name, *cells])


def _has(words: list[str], text: str) -> bool:
    lowered = text.lower()
    return all(word in lowered for word in words)


def _file(content: bytes, name: str) -> Response:
    return send_file(io.BytesIO(content), mimetype=_XLSX, as_attachment=True, download_name=f"{name}.xlsx")
