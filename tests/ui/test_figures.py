"""Figures on pages and as files: the numbers that were counted, within what the URL asks for and the reader may see."""

import csv
import io
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from app.policy import COMMAND
from app.services import figures
from app.services.figures import Scope
from app.services.suppression import BELOW, HIDDEN
from app.ui import chart
from app.ui.words.figures import FIGURES
from tests.ui.conftest import text_of

CELLS = st.lists(st.tuples(st.integers(0, 10_000), st.integers(0, 10_000)), min_size=1, max_size=60)


@given(CELLS)
def test_the_bars_of_a_chart_are_as_long_as_their_numbers_and_stay_within_it(rows):
    drawn = chart.columns([(str(at), cells) for at, cells in enumerate(rows)])
    top = max(number for _, number in drawn.grid)
    assert top >= chart.largest(rows)
    assert len(drawn.grid) <= 4
    assert all(bar.x >= 0 and bar.x + bar.width <= 100 for bar in drawn.bars)
    assert all(bar.y >= -0.01 and bar.y + bar.height <= chart.HEIGHT + 0.01 for bar in drawn.bars)
    drawn_in_all = sum(bar.height for bar in drawn.bars) * top / chart.HEIGHT
    assert drawn_in_all == pytest.approx(sum(map(sum, rows)), abs=len(rows) * top / chart.HEIGHT)
    for cells in rows:
        laid = chart.pieces(cells, chart.largest(rows))
        assert sum(one.width for one in laid) == pytest.approx(
            100 * sum(cells) / max(chart.largest(rows), 1), abs=0.01
        )


def test_what_is_hidden_has_no_bar():
    assert chart.pieces((BELOW, HIDDEN), 10) == ()
    assert [one.series for one in chart.pieces((BELOW, 5), 10)] == [1]
    assert chart.columns([("2026-01-05", (BELOW,))]).bars == ()
    assert chart.columns([]).bars == ()


def counted(visitor, **scope):
    engine = visitor.client.application.extensions["saif"].engine
    with Session(engine) as session:
        return figures.figures(session, actor=COMMAND, scope=Scope(**scope))


def rows_of(text):
    return [tuple(row.values()) for row in csv.DictReader(io.StringIO(text))]


def test_a_page_and_its_files_tell_what_was_counted(visit):
    visitor = visit("coordinator")
    page = visitor.get("/figures?status=active")
    wanted = counted(visitor, mission_id=1, status="active")
    for figure in wanted:
        part = page.split(f'aria-labelledby="{figure.name}"')[1].split("</section>")[0]
        assert FIGURES[figure.name].title in part
        body = re.findall(r'<tr><th scope="row">.*?</tr>', part, re.S)
        numbers = [tuple(re.findall(r'<td class="num">(\d+)</td>', row)) for row in body]
        assert numbers == [tuple(map(str, row.cells)) for row in figure.rows], figure.name
        (link,) = re.findall(r'href="([^"]+\.csv[^"]*)" download', part)
        assert link.endswith(f"/figures/{figure.name}.csv?status=active"), "narrowed as the page is"
        file = rows_of(visitor.client.get(link).data.decode("utf-8-sig"))
        assert [(code, series, int(cell)) for _, code, _, series, cell in file] == [
            (row.code, series, cell)
            for row in figure.rows
            for series, cell in zip(figure.series, row.cells, strict=True)
        ]
    every = rows_of(visitor.client.get(f"{visitor.home}/figures/all.csv").data.decode("utf-8-sig"))
    assert {row[0] for row in every} == {one.name for one in wanted}
    assert ("age_and_sex", "18_29", "18 to 29", "female") in {row[:4] for row in every}


def test_small_counts_are_hidden_on_the_page_and_in_files(visit):
    visitor = visit("coordinator")
    page = visitor.get("/figures?suppress=1")
    shown = {int(one) for one in re.findall(r'<td class="num">(\d+)</td>', page)}
    assert not {1, 2, 3, 4} & shown
    assert "&lt;5" in page
    file = visitor.client.get(f"{visitor.home}/figures/all.csv?suppress=1").data.decode("utf-8-sig")
    cells = {row[-1] for row in rows_of(file)}
    assert not {"1", "2", "3", "4"} & cells
    assert BELOW in cells


def test_nobody_reads_figures_of_a_mission_that_is_not_theirs(visit):
    everywhere = visit("elsewhere")
    page = text_of(everywhere.get("/!/figures"))
    assert "Figures of all missions" in page
    assert "No cases" in page
    assert "All missions" not in visit("coordinator").get("/figures"), "there is one only"
    for path in (
        "/figures",
        "/figures/countries.csv",
        "/!/figures?mission=1",
        "/!/figures/all.csv?mission=1",
    ):
        everywhere.get(path, status=403)
        visit("form_designer").get(path, status=403)
    visit("coordinator").get("/figures/cases_by_mission.csv", status=404)
    visit("coordinator").get("/figures?from=yesterday", status=422)


def test_the_home_page_shows_the_first_figures_and_leads_to_the_others(visit):
    page = visit("coordinator").get()
    assert "Interviews by week" in page
    assert "Cases by status" in page
    assert f'href="{visit("coordinator").home}/figures"' in page
    assert set(FIGURES) == set(figures.FIGURES)
