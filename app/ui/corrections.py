"""Correcting a value of a case, from the value itself: typed by its field, with the answer it overrules."""

import uuid

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from app import auth, problems
from app.auth import needs
from app.db import db, writing
from app.language import _
from app.problems import Problem
from app.services import cases, decide
from app.services.cases import CaseDetail, Row, Value
from app.services.reveal import Reveal
from app.state import state
from app.ui import facts, frame, inputs
from app.ui.inputs import Input
from app.ui.words.columns import column_label
from app.ui.words.sections import DECIDED, table_title
from xlsforms import dictionary

bp = Blueprint("corrections", __name__, url_prefix="/projects/<int:project_id>/cases/<uuid:case_id>/correct")


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
            value=inputs.typed(value.type, given),
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
        _(
            "%(label)s is corrected. What stood there is kept as earlier.",
            label=column_label(table, column),
        ),
        "success",
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
        if one.id == str(row) and not one.earlier and f"{table}.{column}" not in DECIDED:
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
        label=column_label(row.table, value.column),
        table=table_title(row.table),
        value=value,
        secret=value.privacy == "P3",
        now=facts.text_of(value.value, value.code_list, frame.locale()),
        place=place,
        input=_input(value, row.table, given),
        reason=request.form.get("reason", "") if given is not None else "",
        wrong=wrong,
    )


def _input(value: Value, table: str, given: list[str] | None) -> Input:
    field = dictionary.load().tables[table].fields[value.column]
    now = inputs.written(value.value) if given is None else " ".join(given)
    hint = _("Leave it empty to take the value away.")
    return inputs.of_field(
        field, now, name="value", label=_("The right value"), code_list=value.code_list, hint=hint
    )
