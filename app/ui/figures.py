"""Figures: charts that are tables, of one mission or of all one may read; what is counted stands in the URL."""

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

from flask import Blueprint, Response, render_template, request, url_for

from app import auth, policy, problems
from app.auth import needs
from app.db import db
from app.language import _
from app.models import Mission
from app.services import figures as service
from app.services.counting import Row
from app.services.figures import COUNT, NOT_KNOWN, Figure, Scope
from app.services.suppression import BELOW, HIDDEN, SMALL, Cell
from app.ui import chart, frame
from app.ui.filters import count
from app.ui.words.codes import code_label
from app.ui.words.figures import FIGURES, NOUNS, WAITS, FigureWords, counted, figure_words
from xlsforms import dictionary

bp = Blueprint("figures", __name__)

FIRST: Final = 12
"""Rows shown of a long figure; the others when asked."""
ARGUMENTS: Final = ("from", "to", "status", "mission", "suppress")
"""What of the URL says what is counted."""


@dataclass(frozen=True, slots=True)
class Line:
    """A row in words, with its numbers and its bar."""

    label: str
    cells: tuple[Cell, ...]
    bar: tuple[chart.Bar, ...]


@dataclass(frozen=True, slots=True)
class Shown:
    """A figure in words. `columns` is the chart of one that goes over time; `hidden` whether counts are."""

    figure: Figure
    said: FigureWords
    counted: str
    series: tuple[str, ...]
    lines: tuple[Line, ...]
    columns: chart.Columns | None
    hidden: bool
    url: str


@bp.get("/projects/<int:project_id>/figures")
@needs("case.read")
def of_mission(project_id: int) -> str:
    """The figures of a mission."""
    return _page(project_id)


@bp.get("/figures")
@needs("case.read")
def of_all() -> str:
    """The figures of all missions somebody may read, or of one of them."""
    return _page(None)


@bp.get("/projects/<int:project_id>/figures/<name>.csv")
@needs("case.read")
def table(project_id: int, name: str) -> Response:
    """One figure of a mission as a CSV file, or `all` of them."""
    return _csv(project_id, name)


@bp.get("/figures/<name>.csv")
@needs("case.read")
def table_of_all(name: str) -> Response:
    """One figure of all missions as a CSV file, or `all` of them."""
    return _csv(None, name)


def home(project_id: int) -> list[Shown]:
    """What the home page shows of a mission: half a year of interviews, and its cases by status."""
    since = datetime.now(UTC).date() - timedelta(weeks=26)
    wanted: tuple[tuple[str, Scope, dict[str, str]], ...] = (
        ("interviews_by_week", Scope(mission_id=project_id, since=since), {"from": since.isoformat()}),
        ("cases_by_status", Scope(mission_id=project_id), {}),
    )
    return [
        _shown(service.figure(db.session, name, actor=auth.actor(), scope=scope), project_id, asked)
        for name, scope, asked in wanted
    ]


# --- within ------------------------------------------------------------------------------------------------------


def _page(project_id: int | None) -> str:
    scope, suppress = _asked(project_id)
    found = service.figures(db.session, actor=auth.actor(), scope=scope, suppress=suppress)
    asked = _arguments()
    today = datetime.now(UTC).date()
    year = {"from": date(today.year, 1, 1).isoformat(), "to": date(today.year, 12, 31).isoformat()}
    periods: tuple[tuple[str, dict[str, str]], ...] = (
        (_("This year"), year),
        (_("Last twelve months"), {"from": (today - timedelta(days=365)).isoformat()}),
        (_("All"), {}),
    )
    kept = {name: value for name, value in asked.items() if name not in ("from", "to")}
    return render_template(
        "figures/page.html",
        shown=[_shown(one, project_id, asked) for one in found],
        asked=asked,
        scope=scope,
        suppress=suppress,
        periods=[(said, _url(project_id, {**kept, **days})) for said, days in periods],
        statuses=list(dictionary.load().code_lists["case_status"]),
        choices=[] if project_id is not None else _readable(),
        everywhere=len(_readable()) > 1,
        all_url=_url(project_id, asked, "all"),
    )


def _csv(project_id: int | None, name: str) -> Response:
    scope, suppress = _asked(project_id)
    how: dict[str, Any] = {"actor": auth.actor(), "scope": scope, "suppress": suppress}
    found = (
        service.figures(db.session, **how) if name == "all" else (service.figure(db.session, name, **how),)
    )
    file = io.StringIO(newline="")
    writer = csv.writer(file)
    writer.writerow(("figure", "code", "label", "series", "count"))
    for one in found:
        for row in one.rows:
            label = row.code if one.name == "cases_by_mission" else _label(one.name, row.code, {})
            for series, cell in zip(one.series, row.cells, strict=True):
                writer.writerow((one.name, row.code, label, series, cell))
    # Spreadsheet programs know the letters of UTF-8 by its mark only.
    response = Response(file.getvalue().encode("utf-8-sig"), mimetype="text/csv")
    place = _code_of(scope.mission_id) if scope.mission_id is not None else "all"
    response.headers.set("Content-Disposition", "attachment", filename=f"{name}-{place}.csv")
    return response


def _asked(project_id: int | None) -> tuple[Scope, bool]:
    """What the URL asks for. Raises the Problem `invalid`."""
    mission_id = project_id if project_id is not None else request.args.get("mission", type=int)
    statuses = dictionary.load().code_lists["case_status"]
    scope = Scope(
        mission_id=mission_id, since=_day("from"), until=_day("to"), status=frame.one_of("status", statuses)
    )
    return scope, "suppress" in request.args


def _day(name: str) -> date | None:
    said = request.args.get(name, "").strip()
    try:
        return date.fromisoformat(said) if said else None
    except ValueError:
        raise problems.invalid(
            _("A day of the period is no date."), _("Write it as in 2026-03-10.")
        ) from None


def _arguments() -> dict[str, str]:
    return {name: value for name in ARGUMENTS if (value := request.args.get(name, ""))}


def _url(project_id: int | None, asked: Mapping[str, str], name: str | None = None) -> str:
    """Where the page is, or a figure as a file."""
    more: dict[str, Any] = {**asked} if name is None else {**asked, "name": name}
    if project_id is None:
        return url_for("ui.figures.of_all" if name is None else "ui.figures.table_of_all", **more)
    return url_for(
        "ui.figures.of_mission" if name is None else "ui.figures.table", project_id=project_id, **more
    )


def _readable() -> list[Mission]:
    reach = policy.missions(auth.actor(), "case.read")
    return [one for one in frame.missions() if reach is None or one.id in reach]


def _code_of(mission_id: int) -> str:
    return next((one.code for one in frame.missions() if one.id == mission_id), str(mission_id))


def _shown(one: Figure, project_id: int | None, asked: Mapping[str, str]) -> Shown:
    said = figure_words(one.name)
    missions = {each.code: each.name for each in frame.missions()}
    labels = [_label(one.name, row.code, missions) for row in one.rows]
    most = chart.largest([row.cells for row in one.rows])
    lines = tuple(
        Line(label, row.cells, chart.pieces(row.cells, most))
        for label, row in zip(labels, one.rows, strict=True)
    )
    weekly = one.name == "interviews_by_week" and len(one.rows) > 0
    return Shown(
        figure=one,
        said=said,
        counted=counted(said.noun, one.counted, count(one.counted))
        if isinstance(one.counted, int)
        else counted(said.noun, SMALL - 1, one.counted),
        series=tuple(_series(one.name, code) for code in one.series),
        lines=lines,
        columns=chart.columns(_dated(one.rows)) if weekly else None,
        hidden=_hides([one.counted, *(cell for row in one.rows for cell in row.cells)]),
        url=_url(project_id, asked, one.name),
    )


def _hides(cells: Iterable[Cell]) -> bool:
    return any(cell in (BELOW, HIDDEN) for cell in cells)


def _dated(rows: Sequence[Row]) -> list[tuple[str, tuple[Cell, ...]]]:
    return [(row.code, row.cells) for row in rows if row.code != NOT_KNOWN]


def _label(name: str, code: str, missions: Mapping[str, str]) -> str:
    said = figure_words(name)
    if code == NOT_KNOWN:
        return said.not_known
    if name == "first_assistance":
        return _(WAITS[code])
    if name == "cases_by_mission":
        return missions.get(code, code)
    return code_label(said.code_list, code, frame.locale()) if said.code_list else code


def _series(name: str, code: str) -> str:
    if code == COUNT[0]:
        return _(NOUNS[FIGURES[name].noun])
    if code == NOT_KNOWN:
        return _("Another form") if name == "interviews_by_week" else _("Not known")
    lists = {"interviews_by_week": "interview_form", "age_and_sex": "sex"}
    return code_label(lists.get(name), code, frame.locale())
