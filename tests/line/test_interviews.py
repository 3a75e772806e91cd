"""From the phone to the case and the download, on a running server: every answer is there, once, as JavaRosa reports it.

`make soak` does the same with hundreds of interviews.
"""

import copy
from dataclasses import replace

import pytest

from tests.line import compare, feeds, formats, whole, workbook
from tests.line.phones import ASSISTANCE, SCREENING, SCREENINGS, day

pytestmark = pytest.mark.java

COUNT = len(SCREENINGS)
"""Of each form, so that each kind of screening is there."""


@pytest.fixture(scope="module")
def crowd(office, java, tmp_path_factory):
    made = day(office, java, tmp_path_factory.mktemp("phones"), interviews=COUNT, phones=2, seed=7)
    yield made
    made.close()


@pytest.fixture(scope="module")
def books():
    return {f"ct_{name}": workbook.read(whole.FORMS / f"{name}.xlsx") for name in ("screening", "assistance")}


@pytest.fixture(scope="module")
def facts(office, crowd, books):
    return compare.facts(office.cases(limit=3), books)


def test_every_answer_stands_in_its_case_and_in_the_download_and_nothing_else(office, crowd):
    wrong, counts = whole.differences(office, crowd.said)
    assert wrong == []
    assert counts["cases"]["interviews"] == 2 * COUNT
    assert counts["cases"]["facts"] > 1500
    assert counts["cases"]["answers behind a refused consent"] > 20
    assert counts["cases"]["waiting"] >= 2
    assert counts[SCREENING]["answers"] > 1000
    assert counts[ASSISTANCE]["answers"] > 700
    assert counts[SCREENING]["files"] > 0


@pytest.mark.parametrize("form", [SCREENING, ASSISTANCE])
def test_every_format_says_in_every_cell_what_was_compared_with_javarosa(office, crowd, form):
    assert formats.differences(office, form) == []


@pytest.mark.parametrize("form", [SCREENING, ASSISTANCE])
def test_feeds_read_by_pandas_and_by_pyodk_say_what_javarosa_reports(office, crowd, books, form):
    gated = [path for path, asked in books[form].questions.items() if asked.gated]
    mine = [one for one in crowd.said if one.form_id == form]
    wrong, counted = feeds.differences(office, form, mine, gated=gated)
    assert wrong == []
    assert counted["pages"] >= counted["rows"] / 5
    assert counted["rows"] >= COUNT
    assert counted["cells read by pandas"] == counted["cells read by pyODK"] > 500


def test_what_was_sent_again_is_there_once(office, crowd):
    assert crowd.sent > len(crowd.said)
    for form in (SCREENING, ASSISTANCE):
        assert len(office.submissions(form)) == COUNT


def test_an_interview_with_a_reference_of_no_case_waits_with_a_finding(office, crowd):
    waiting = {one.key for one in crowd.said if one.waits}
    listed = [one for form in (SCREENING, ASSISTANCE) for one in office.submissions(form)]
    found = {one["instanceId"]: one for one in listed if one["state"] == "waiting"}
    assert set(found) == waiting
    for one in found.values():
        assert "case_unknown" in [finding["code"] for finding in one["findings"]]
        assert one["caseId"] is None


def test_a_second_screening_is_in_the_case_of_the_first(crowd, facts):
    of = {fact.instance_id: fact.case for fact in facts}
    begun = {one.value("case_ref"): one.value("case_uid") for one in crowd.said if one.value("again") == "no"}
    again = [one for one in crowd.said if one.value("again") == "yes" and not one.waits]
    assert {one.value("case_on_phone") for one in again} == {"yes", "no"}
    for one in again:
        assert of[one.instance_id] == (one.value("known_case") or begun[one.value("typed_ref")])


# --- the comparison itself -------------------------------------------------------------------------------------


def test_the_comparison_notices_a_fact_that_is_missing_changed_doubled_or_astray(crowd, books, facts):
    assert compare.in_cases(crowd.said, books, facts)[0] == []
    named = next(number for number, one in enumerate(facts) if one.column == "family_name" and one.answer)
    fact = facts[named]
    for altered in (
        [],
        [replace(fact, answer=f"{fact.answer} ")],
        [replace(fact, value=f"{fact.value} ")],
        [fact, fact],
        [fact, replace(fact, row="another")],
        [replace(fact, case="another")],
        [replace(fact, instance_id="another")],
        [replace(fact, question="/data/another")],
        [replace(fact, column="first_name")],
    ):
        assert compare.in_cases(crowd.said, books, [*facts[:named], *altered, *facts[named + 1 :]])[0] != []


def test_the_comparison_notices_what_should_be_behind_a_shut_gate(crowd, books, facts):
    shut = next(one for one in crowd.said if one.shut and one.form_id == SCREENING)
    case = next(fact.case for fact in facts if fact.instance_id == shut.instance_id)
    path, text = next((path, text) for path, text in shut.values.items() if path.endswith("/sex"))
    leaked = compare.Fact(case, "person", "row", "sex", text, text, shut.instance_id, path, {})
    assert compare.in_cases(crowd.said, books, [*facts, leaked])[0] != []


def test_the_comparison_notices_a_cell_that_is_missing_changed_or_too_much(office, crowd, books):
    got = office.download(ASSISTANCE)
    mine = [one for one in crowd.said if one.form_id == ASSISTANCE]
    gated = [path for path, asked in books[ASSISTANCE].questions.items() if asked.gated]
    assert compare.in_download(mine, got, ASSISTANCE, gated=gated)[0] == []
    assert compare.in_download(mine, got, ASSISTANCE)[0] != [], "nothing is kept back behind a shut gate"
    for name, (_, rows) in got.tables.items():
        for alter in (
            lambda rows: rows.pop(),
            lambda rows: rows.append(rows[0]),
            lambda rows: rows[0].__setitem__(2, f"{rows[0][2]}x"),
        ):
            if rows:
                altered = copy.deepcopy(got)
                alter(altered.tables[name][1])
                assert compare.in_download(mine, altered, ASSISTANCE, gated=gated)[0] != [], name
