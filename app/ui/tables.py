"""The table of a form's submissions: its own columns, filters and order, all in the address (what was typed encrypted);
and reviewing many."""

import uuid
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response

from app import auth, problems
from app.auth import needs
from app.db import db
from app.language import N_, _, ngettext
from app.services import devices, form_table, forms, missions, table_filter
from app.services import submissions as service
from app.services.form_table import Asked, TablePage
from app.services.table_filter import BARE, OPERATORS, AnswerFilter
from app.state import state
from app.ui import frame, typed, views
from app.ui.words.operators import filter_words, operator_words
from app.ui.words.states import REVIEWS, STATES

bp = Blueprint("tables", __name__, url_prefix="/projects/<int:project_id>/submissions")

PAGE: Final = 50
ATTENTION: Final[Mapping[str, str]] = {
    "waiting": N_("Submissions wait"),
    "failed": N_("Submissions not readable"),
    "finding": N_("With findings"),
    "conflict": N_("Interviews sent twice, differently"),
}
"""What lists of submissions are narrowed to, by kind of attention."""
_MARKS: Final = ("after", "before", "on", "op", "value")
"""What of an address is about one page, or about a filter that is being chosen."""
TYPED: Final = ("q", "case", "value")
"""Arguments that are typed."""


def page(project_id: int, xml_form_id: str) -> str:
    """The table of a form."""
    asked = _asked()
    found = form_table.read_page(
        db.session,
        actor=auth.actor(),
        mission_id=project_id,
        xml_form_id=xml_form_id,
        asked=asked,
        after=_uuid("after"),
        before=_uuid("before"),
        limit=PAGE,
    )
    return render_template("submissions/table.html", **_shown(project_id, xml_form_id, asked, found))


@bp.post("")
@needs("submission.read")
def search(project_id: int) -> Response:
    """What was chosen and typed to narrow a table, or the list of all: to the address that shows it."""
    return searched(project_id, request.form)


@bp.post("/review")
@needs("submission.review")
def review(project_id: int) -> Response:
    """Say the same of all that were selected."""
    said = request.form.get("state", "")
    if said not in REVIEWS:
        raise problems.invalid(_("No review state was chosen."), _("Choose one, and send it again."))
    done = service.review_many(
        db.session,
        keyring=state().keyring,
        actor=auth.actor(),
        mission_id=project_id,
        ids=[_read_uuid(one) for one in request.form.getlist("id")],
        state=None if said == "received" else said,
        comment=request.form.get("comment", ""),
    )
    db.session.commit()
    flash(
        ngettext("%(num)s submission reviewed.", "%(num)s submissions reviewed.", len(done.changed)),
        "success" if done.changed else "error",
    )
    for why in sorted({left.why for left in done.unchanged}):
        count = sum(left.why == why for left in done.unchanged)
        flash(
            ngettext("%(num)s left as it was: %(why)s", "%(num)s left as they were: %(why)s", count, why=why),
            "error",
        )
    if one_id := request.form.get("one"):
        return redirect(
            url_for(
                "ui.submissions.one",
                project_id=project_id,
                submission_id=_read_uuid(one_id),
                _anchor="review",
            )
        )
    back = request.form.get("back", "")
    here = url_for("ui.submissions.listing", project_id=project_id)
    # Only ever to the list itself, with whatever it was filtered by.
    return redirect(f"{here}?{back.removeprefix('?')}" if back.startswith("?") else here)


def attention() -> list[tuple[str, str]]:
    """The choices of `ATTENTION`, in the reader's language."""
    return [(kind, _(label)) for kind, label in ATTENTION.items()]


def link(project_id: int, **changed: Any) -> str:
    """This table with something else; without a value something is left out. It begins at its first page."""
    kept: dict[str, Any] = {
        name: values for name, values in request.args.lists() if name not in _MARKS and any(values)
    }
    kept |= changed
    told = {name: values for name, values in kept.items() if values}
    return frame.address("ui.submissions.listing", told, project_id=project_id)


# --- within ------------------------------------------------------------------------------------------------------


def _asked() -> Asked:
    arguments = request.args
    answers = tuple(_of_address(text) for text in arguments.getlist("f")[: table_filter.MOST] if text)
    return Asked(
        columns=tuple(dict.fromkeys(arguments.getlist("c"))),
        sort=arguments.get("sort") or "-received",
        answers=answers,
        search=typed.read("q"),
        state=frame.one_of("state", STATES),
        attention=frame.one_of("attention", ATTENTION),
        review=frame.one_of("review", REVIEWS),
        version_id=_uuid("version"),
        device_id=arguments.get("device", type=int),
        interviewer_id=arguments.get("interviewer", type=int),
        received_from=day("from", 0),
        received_to=day("to", 1),
        case_ref=typed.read("case")[:40],
        language=arguments.get("language") or "",
    )


def searched(project_id: int, said: MultiDict[str, str]) -> Response:
    """To the table with what was typed, and with a filter by an answer once that is whole."""
    added = _added(said)
    rest = {name: values for name, values in said.lists() if name not in ("op", "value")}
    if added is not None:
        del rest["on"]
        rest["f"] = [*said.getlist("f"), _in_address(added)]
    kept = typed.arguments(MultiDict(rest), TYPED)
    return redirect(frame.address("ui.submissions.listing", kept, project_id=project_id), 303)


def _added(said: MultiDict[str, str]) -> AnswerFilter | None:
    """The filter that was just chosen, once it is whole."""
    key, operator, value = (said.get(name, "").strip() for name in ("on", "op", "value"))
    if not key or not operator or (not value and operator not in BARE):
        return None
    return table_filter.read(f"{key} {operator} {'' if operator in BARE else value}")


def _in_address(one: AnswerFilter) -> str:
    """A filter as the address has it: what somebody typed is encrypted there."""
    return str(replace(one, value=typed.sealed(one.value))) if one.value else str(one)


def _of_address(text: str) -> AnswerFilter:
    *before, value = text.strip().split(" ", 2)
    return table_filter.read(" ".join([*before, typed.opened(value)]))


def _shown(project_id: int, xml_form_id: str, asked: Asked, found: TablePage) -> Mapping[str, Any]:
    on = found.of.by_key.get(request.args.get("on", ""))
    marks = {"before": found.before, "after": found.after}
    filters = [
        {
            "words": _filter_words(one, found),
            "without": link(project_id, f=[_in_address(other) for other in asked.answers if other != one]),
        }
        for one in asked.answers
    ]
    return {
        "table": found,
        "asked": asked,
        "form_id": xml_form_id,
        "forms": forms.listing(db.session, project_id),
        "filters": filters,
        "on": on,
        "operators": [(one, operator_words(one)) for one in OPERATORS[on.kind]] if on else [],
        "devices": devices.listing(db.session, project_id),
        "interviewers": missions.interviewers(db.session, project_id),
        "sorted_by": {
            key: _sorting(project_id, key, asked.sort)
            for key in (*form_table.METADATA, *(one.key for one in found.columns))
        },
        "marks": {name: link(project_id, **{name: str(key)}) for name, key in marks.items() if key},
        "narrowed": any(request.args.get(name) for name in _NARROWING),
        "plain": url_for("ui.submissions.listing", project_id=project_id, form=xml_form_id),
        "views": views.listed(project_id, xml_form_id),
        "back": f"?{request.query_string.decode()}",
        "review_states": list(REVIEWS),
        "attention": attention(),
        "states": [one for one in STATES if one not in ("received", "superseded", "deleted")],
    }


_NARROWING: Final = (
    "f", "q", "state", "attention", "review", "version", "device", "interviewer", "from", "to", "case",
)  # fmt: skip


def _filter_words(one: AnswerFilter, found: TablePage) -> str:
    column = found.of.by_key[one.key]
    return filter_words(one.operator, question=column.label, value=column.choices.get(one.value) or one.value)


def _sorting(project_id: int, key: str, sort: str) -> tuple[str, str]:
    """Where a column's heading leads, and how the table is sorted by it: ascending, descending or none."""
    now = {key: "ascending", f"-{key}": "descending"}.get(sort, "none")
    return link(project_id, sort=f"-{key}" if now == "ascending" else key), now


def _uuid(name: str) -> uuid.UUID | None:
    text = request.args.get(name)
    return _read_uuid(text) if text else None


def _read_uuid(text: str) -> uuid.UUID:
    try:
        return uuid.UUID(text)
    except ValueError:
        raise problems.invalid(
            _("The page marker is not one of this list."), _("Begin again at the first page.")
        ) from None


def day(name: str, more: int) -> datetime | None:
    """The beginning of a day by the clocks of the mission, or of the day after it."""
    try:
        day = date.fromisoformat(request.args.get(name, "")) + timedelta(days=more)
    except (ValueError, OverflowError):
        return None
    here = frame.mission()
    return datetime.combine(day, time(), ZoneInfo(here.time_zone) if here else UTC)
