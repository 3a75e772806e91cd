"""The figures equal what is counted by hand in the cases as they are read, and tell nobody of rows they may not see."""

import uuid
from collections import Counter
from datetime import date, timedelta
from statistics import median

import pytest
from sqlalchemy import delete

from app import policy
from app.models import CaseReach
from app.policy import Actor, Held
from app.problems import Problem
from app.services import cases, decide, demo, figures, recording, transfers
from app.services.case_json import case_json
from app.services.figures import NOT_KNOWN, Scope
from app.services.suppression import BELOW
from tests.databases import on_sqlite
from tests.services.conftest import new_uid, statements
from tests.services.made import screening

NEW = "2026-05-04"


def coordinator(*missions):
    return Actor("user", None, tuple(Held("coordinator", one) for one in missions))


@pytest.fixture
def full(make_house, engine, tmp_path):
    """A house with the interviews of the demo, those of every third case in another mission."""

    def worked(house):
        for instance in demo.instances():
            xml = instance.read_bytes()
            case_uid = xml.split(b"<case_uid>", 1)[-1].split(b"<", 1)[0]
            other = sum(case_uid) % 3 == 0
            house.receive(xml, mission_id=house.other_mission_id if other else house.mission_id)
        house.receive(screening(held_on="2026-05-10", sex="male", is_minor=1), mission_id=house.mission_id)
        house.work()

    return make_house(engine, tmp_path / "blobs", "house with the demo", worked)


@pytest.fixture
def told(full):
    """All cases as JSON, by mission."""
    found = {}
    with full.session() as session:
        for mission_id in (full.mission_id, full.other_mission_id):
            lines = cases.list_cases(session, actor=policy.COMMAND, mission_id=mission_id, limit=1000).items
            found[mission_id] = [
                case_json(
                    cases.read_case(session, keyring=full.keyring, actor=policy.COMMAND, case_id=line.case_id)
                )
                for line in lines
            ]
    assert all(len(one) > 5 for one in found.values())
    return found


# --- counted by hand -----------------------------------------------------------------------------------------------


def one(case, table):
    return (case["tables"].get(table) or [{}])[0]


def by_hand(told, scope):
    """Figure → row → series → count, and the number in all: from the JSON of the cases, in plain Python."""
    within = [
        case
        for mission_id, mine in told.items()
        for case in mine
        if scope.mission_id in (None, mission_id) and scope.status in (None, case["status"])
    ]

    def inside(day):
        if scope.since is None and scope.until is None:
            return True
        return day is not None and (scope.since or date.min) <= date.fromisoformat(day) <= (
            scope.until or date.max
        )

    registered = [case for case in within if inside(one(case, "case_file").get("registered_on"))]
    counts = {name: Counter() for name in figures.FIGURES}
    counted = {name: len(registered) for name in figures.FIGURES}
    counted["interviews_by_week"] = counted["assistance"] = 0
    waits = []
    for case in within:
        for held in case["tables"].get("interview", ()):
            if inside(held.get("held_on")):
                day = date.fromisoformat(held["held_on"])
                monday = (day - timedelta(days=day.weekday())).isoformat()
                counts["interviews_by_week"][monday, held["form"]] += 1
                counted["interviews_by_week"] += 1
        given = [
            each
            for each in case["tables"].get("service", ())
            if each.get("status") not in ("planned", "declined", "unavailable")
        ]
        begun = {each.get("category") for each in given if inside(each.get("started_on"))}
        counts["assistance"].update((category, "count") for category in begun)
        counted["assistance"] += bool(begun)
        if case not in registered:
            continue
        file, person = one(case, "case_file"), one(case, "person")
        counts["cases_by_status"][case["status"], "count"] += 1
        closed = "closed" if case["status"].startswith("closed") else "open"
        counts["cases_by_mission"][case["projectId"], closed] += 1
        age = file.get("age_at_registration")
        group = "under18" if file.get("is_minor") else NOT_KNOWN
        if age is not None:
            group = "under18" if age < 18 else "18_29" if age < 30 else "30_44" if age < 45 else "45_plus"
        counts["age_and_sex"][group, person.get("sex") or NOT_KNOWN] += 1
        episodes = case["tables"].get("episode", ())
        for name, said in (
            ("countries", {each.get("exploitation_country") for each in episodes}),
            (
                "exploitation",
                {
                    kind["code"]
                    for each in episodes
                    for kind in each.get("episode_exploitation", ())
                    if kind["facet"] == "type"
                },
            ),
        ):
            counts[name].update((code, "count") for code in said - {None} or {NOT_KNOWN})
        if not given:
            counts["first_assistance"]["none", "count"] += 1
            continue
        days = [each["started_on"] for each in given if each.get("started_on")]
        if not days or not file.get("registered_on"):
            counts["first_assistance"][NOT_KNOWN, "count"] += 1
            continue
        wait = (date.fromisoformat(min(days)) - date.fromisoformat(file["registered_on"])).days
        waits.append(max(0, wait))
        limits = ((0, "0"), (7, "1_7"), (14, "8_14"), (30, "15_30"), (90, "31_90"), (10**6, "91_"))
        counts["first_assistance"][next(code for most, code in limits if wait <= most), "count"] += 1
    return counts, counted, median(waits) if waits else None


def as_counts(figure):
    return Counter(
        {
            (row.code, series): cell
            for row in figure.rows
            for series, cell in zip(figure.series, row.cells, strict=True)
            if cell
        }
    )


def test_every_figure_equals_what_is_counted_by_hand(full, told):
    missions = {"MDCHI": full.mission_id, "KHPNH": full.other_mission_id}
    scopes = [
        Scope(),
        Scope(mission_id=full.mission_id),
        Scope(mission_id=full.other_mission_id, status="closed"),
        Scope(since=date(2026, 3, 1)),
        Scope(since=date(2026, 2, 1), until=date(2026, 5, 31), status="active"),
    ]
    told_something = Counter()
    with full.session() as session:
        for scope in scopes:
            counts, counted, middle = by_hand(told, scope)
            for figure in figures.figures(session, actor=coordinator(*missions.values()), scope=scope):
                shown = as_counts(figure)
                if figure.name == "cases_by_mission":
                    shown = Counter(
                        {(missions[code], series): cell for (code, series), cell in shown.items()}
                    )
                assert shown == counts[figure.name], (figure.name, scope)
                assert figure.counted == counted[figure.name], (figure.name, scope)
                told_something[figure.name] += len(shown) > 1
                if figure.name == "first_assistance":
                    assert figure.median == middle
    assert all(told_something[name] > 1 for name in figures.FIGURES), told_something


@on_sqlite
def test_nobody_is_told_of_cases_they_may_not_read(full, told):
    mine, theirs = full.mission_id, full.other_mission_id
    with full.session() as session:
        own = figures.figures(session, actor=coordinator(mine), scope=Scope(mission_id=mine))
        everywhere = figures.figures(session, actor=coordinator(mine), scope=Scope())
        assert [one for one in everywhere if one.name != "cases_by_mission"] == list(own)
        by_mission = next(one for one in everywhere if one.name == "cases_by_mission")
        assert [row.code for row in by_mission.rows] == ["MDCHI"]
        for actor, scope in (
            (coordinator(mine), Scope(mission_id=theirs)),
            (Actor("user", None, (Held("administrator"),)), Scope()),
            (policy.NOBODY, Scope()),
        ):
            with pytest.raises(Problem, match="not_allowed"):
                figures.figures(session, actor=actor, scope=scope)
        headquarters = Actor("user", None, (Held("coordinator", None),))
        all_of_it = figures.figures(session, actor=headquarters, scope=Scope())
        assert all_of_it == figures.figures(session, actor=coordinator(mine, theirs), scope=Scope())
        hidden = figures.figures(session, actor=headquarters, scope=Scope(), suppress=True)
        for plain, safe in zip(all_of_it, hidden, strict=True):
            cells = [cell for row in safe.rows for cell in row.cells]
            assert not {1, 2, 3, 4} & {cell for cell in cells if isinstance(cell, int)}
            assert (BELOW in cells) == any(0 < cell < 5 for row in plain.rows for cell in row.cells)


def test_what_was_counted_is_counted_again_when_a_case_of_the_mission_changed_and_only_then(house):
    here, there = Scope(mission_id=house.mission_id), Scope(mission_id=house.other_mission_id)
    where = {"keyring": house.keyring, "actor": policy.COMMAND, "reason": "decided in the test"}

    def asked(scope, statements_sent=None):
        with house.session() as session, statements(house.engine) as said:
            found = figures.figures(session, actor=policy.COMMAND, scope=scope)
        sent = [one for one in said if one.startswith("SELECT")]
        assert statements_sent is None or len(sent) == statements_sent, sent
        return {one.name: (one.counted, as_counts(one)) for one in found}

    def made(**sender):
        uid, instance_id = uuid.uuid4(), new_uid()
        house.receive(screening(case_uid=str(uid), instance_id=instance_id), **sender)
        house.work()
        return uid, instance_id

    made()
    assert asked(here)["cases_by_status"] == (1, {("active", "count"): 1})
    first = asked(here, 1)
    elsewhere, _ = made(mission_id=house.other_mission_id)
    assert asked(here, 1) == first, "no case of the mission has changed"
    uid, instance_id = made()
    assert asked(here)["cases_by_status"] == (2, {("active", "count"): 2})
    with house.session() as session:
        decide.close(session, case_id=uid, closure_reason="other", closed_on="2026-02-01", **where)
    assert asked(here)["cases_by_status"][1] == {("active", "count"): 1, ("closed", "count"): 1}
    with house.session() as session:
        decide.detach(session, mission_id=house.mission_id, instance_id=instance_id, **where)
    assert asked(here) == first, "nothing is left in that case"
    assert asked(there)["cases_by_status"][0] == 1
    with house.session() as session:
        consent = {"purpose": "case_management", "granted": True}
        recording.record(session, case_id=elsewhere, table="consent", values=consent, **where)
        transfers.propose(session, case_id=elsewhere, to_mission_id=house.mission_id, **where)
        transfers.answer(session, case_id=elsewhere, mission_id=house.mission_id, take=True, **where)
    assert (asked(here)["cases_by_status"][0], asked(there)["cases_by_status"][0]) == (2, 0)


@on_sqlite
def test_of_a_mission_without_a_revision_nobody_is_told_what_somebody_else_may_read(house):
    """As after an upgrade, before any of its cases changes."""
    for mission_id in (house.mission_id, house.other_mission_id, house.other_mission_id):
        house.receive(screening(), mission_id=mission_id)
    house.work()
    with house.engine.begin() as connection:
        connection.execute(delete(CaseReach).where(CaseReach.mission_id == house.other_mission_id))

    def counted(*missions, scope=None):
        with house.session() as session:
            actor = coordinator(*missions)
            found = figures.figure(session, "cases_by_status", actor=actor, scope=scope or Scope())
        return found.counted

    assert counted(house.mission_id, house.other_mission_id) == 3
    assert counted(house.mission_id) == 1
    assert counted(house.other_mission_id) == 2
    assert counted(house.mission_id, house.other_mission_id) == 3


@on_sqlite
def test_weeks_without_an_interview_are_rows_too_but_not_thousands_of_them(house):
    for day in ("2026-01-05", "2026-01-26", "2026-01-26"):
        house.receive(screening(held_on=day))
    house.work()
    with house.session() as session:

        def weeks():
            found = figures.figure(session, "interviews_by_week", actor=policy.COMMAND, scope=Scope())
            return [(row.code, *row.cells) for row in found.rows]

        assert weeks() == [("2026-01-05", 1), ("2026-01-12", 0), ("2026-01-19", 0), ("2026-01-26", 2)]
        house.receive(screening(held_on="1926-01-04"))
        house.work()
        session.rollback()
        assert weeks() == [("1926-01-04", 1), ("2026-01-05", 1), ("2026-01-26", 2)]
