"""Correcting a value of a case, from the value itself: typed by its field, with the answer it overrules."""

import uuid
from collections.abc import Mapping
from typing import Any, Final

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from app import auth, problems
from app.auth import needs
from app.db import db, writing
from app.problems import Problem
from app.services import cases, decide
from app.services.cases import CaseDetail, Row, Value
from app.services.reveal import Reveal
from app.state import state
from app.ui import facts, frame, words
from app.ui.acts import Input, Options, codes
from xlsforms import dictionary

bp = Blueprint("corrections", __name__, url_prefix="/projects/<int:project_id>/cases/<uuid:case_id>/correct")

_YES_NO: Final[Options] = (("", "Not known"), ("yes", "Yes"), ("no", "No"))


@bp.get("/<table>/<uuid:row>/<column>")
@needs("case.decide")
def ask(project_id: int, case_id: uuid.UUID, table: str, row: uuid.UUID, column: str) -> str:
    """The form that corrects a value. One of class P3 is shown only after a reason."""
    case = _read(project_id, case_id)
    found, value = _value(case, table, row, column)
    return _form(case, found, value)


@bp.post("/<table>/<uuid:row>/<column>/reveal")
@needs("case.reveal")
def reveal(
    project_id: int, case_id: uuid.UUID, table: str, row: uuid.UUID, column: str
) -> str | tuple[str, int]:
    """The same with a value of class P3 shown: the reason goes into the ledger."""
    masked = _read(project_id, case_id)
    found, value = _value(masked, table, row, column)
    asked = Reveal(request.form.get("reason", ""), frozenset({f"{table}.{column}"}))
    try:
        with writing(db.session):
            case = _read(project_id, case_id, asked)
    except Problem as problem:
        if problem.code != "reason_needed":
            raise
        return _form(masked, found, value, wrong=problem.message), problem.status
    return _form(case, *_value(case, table, row, column))


@bp.post("/<table>/<uuid:row>/<column>")
@needs("case.decide")
def correct(
    project_id: int, case_id: uuid.UUID, table: str, row: uuid.UUID, column: str
) -> Response | tuple[str, int]:
    """Set the value; where it is refused, the form again with what was written."""
    case = _read(project_id, case_id)
    found, value = _value(case, table, row, column)
    given = request.form.getlist("value")
    try:
        decide.correct(
            db.session,
            keyring=state().keyring,
            actor=auth.actor(),
            case_id=case.case_id,
            table=table,
            row_id=found.id,
            column=column,
            value=_typed(value, given),
            reason=request.form.get("reason", ""),
            overrules=(value.submission, value.question) if value.submission and value.question else None,
        )
    except Problem as problem:
        if problem.status not in (409, 422):
            raise
        db.session.rollback()
        case = _read(project_id, case_id)
        page = _form(case, *_value(case, table, row, column), wrong=problem.message, given=given)
        return page, problem.status
    db.session.commit()
    flash(
        f"{words.column_label(table, column)} is corrected. What stood there is kept as earlier.", "success"
    )
    return redirect(url_for("ui.cases.one", project_id=project_id, case_id=case.case_id))


def _read(project_id: int, case_id: uuid.UUID, reveal: Reveal | None = None) -> CaseDetail:
    return cases.read_case(
        db.session,
        keyring=state().keyring,
        actor=auth.actor(),
        case_id=case_id,
        mission_id=project_id,
        reveal=reveal,
    )


def _value(case: CaseDetail, table: str, row: uuid.UUID, column: str) -> tuple[Row, Value]:
    """The value at a place of the case. Raises the Problem `not_found`, also for one that is not corrected."""
    rows = [*case.rows.get(table, ())]
    above = [one for some in case.rows.values() for one in some]
    while not rows and above:  # it hangs from rows of another table
        rows = [one for each in above for one in each.children.get(table, ())]
        above = [one for each in above for some in each.children.values() for one in some]
    for one in rows:
        if one.id == str(row) and not one.earlier and f"{table}.{column}" not in words.DECIDED:
            for value in one.fields:
                if value.column == column and value.type != "uuid":
                    return one, value
    raise problems.not_found("value")


def _form(
    case: CaseDetail, row: Row, value: Value, *, wrong: str = "", given: list[str] | None = None
) -> str:
    place = {"case_id": case.case_id, "table": row.table, "row": row.id, "column": value.column}
    return render_template(
        "cases/correct.html",
        case=case,
        line=case.line,
        label=words.column_label(row.table, value.column),
        table=words.table_title(row.table),
        value=value,
        secret=value.privacy == "P3",
        now=facts.text_of(value.value, value.code_list, frame.locale()),
        place=place,
        input=_input(value, given),
        reason=request.form.get("reason", "") if given is not None else "",
        wrong=wrong,
    )


def _input(value: Value, given: list[str] | None) -> Input:
    """How a value of its type is asked for."""
    label, several = "The right value", isinstance(value.value, list | tuple)
    now = " ".join(map(str, value.value)) if several else _written(value.value)
    said = now if given is None else " ".join(given) if several else "".join(given)
    hint = "Leave it empty to take the value away."
    if value.type == "boolean":
        return Input("value", label, "select", _YES_NO, said)
    if value.type == "array":
        return Input("value", label, "check", codes(value.code_list or ""), said, hint)
    if value.code_list in dictionary.load().code_lists:
        return Input("value", label, "select", (("", "Not known"), *codes(value.code_list or "")), said)
    kind = {"date": "date", "integer": "number", "decimal": "number"}.get(value.type, "long")
    return Input("value", label, kind, value=said, hint=hint)


def _written(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "" if value is None else str(value)


def _typed(value: Value, given: list[str]) -> Any:
    """What was written, as the service takes it: None where nothing was."""
    said = [one.strip() for one in given if one.strip()]
    if not said:
        return None
    if value.type == "array":
        return said
    if value.type == "boolean":
        return _BOOLEANS.get(said[0], said[0])
    if value.type == "integer":
        try:
            return int(said[0])
        except ValueError:
            raise problems.invalid("This is a whole number.", "Write it in digits, like 17.") from None
    return said[0]


_BOOLEANS: Final[Mapping[str, bool]] = {"yes": True, "no": False}
