"""What the office records stands among what the interviews say, in the order of days."""

from submissions.case import fold
from submissions.decision import way
from tests.submissions.making import CASE, OTHER, decided, interview, row

ITEM = {"table": "plan_item", "row_key": "9f6f0b56-6a0f-4d7e-8d1c-1f2e3d4c5b6a"}


def contact(day, on, id="r"):  # noqa: A002  (the shape calls it so)
    return decided(
        "record", f"{on}T09:00:00.000Z", id, table="case_file", row_key="", values={"next_contact_on": day}
    )


def next_contact(intakes, *decisions):
    return fold(CASE, intakes, decisions).one("case_file").columns["next_contact_on"]


def screening(day, submission="uuid:s", **values):
    return interview("screening", submission, held_on=day, rows=[row("case_file", **values)])


def test_the_last_to_say_it_holds_whether_interview_or_office():
    before = screening("2026-03-01", next_contact_on="2026-03-15")
    after = screening("2026-05-01", "uuid:t", next_contact_on="2026-05-20")
    recorded = contact("2026-04-30", "2026-04-01")
    assert next_contact([before], recorded).value == "2026-04-30"
    assert next_contact([before], recorded).decision == "r"
    both = next_contact([after, before], recorded)
    assert (both.value, [one.value for one in both.earlier]) == ("2026-05-20", ["2026-04-30", "2026-03-15"])


def test_on_one_day_the_office_speaks_after_the_interview_and_the_later_decision_last():
    said = screening("2026-04-01", next_contact_on="2026-04-15")
    first, second = contact("2026-04-20", "2026-04-01", "r1"), contact(None, "2026-04-01", "r2")
    assert next_contact([said], first).value == "2026-04-20"
    assert next_contact([said], second, first).value is None


def test_a_row_begins_in_the_office_and_goes_on_there():
    begins = decided(
        "record", "2026-04-02T00:00:00.000Z", "a", new=True, values={"status": "planned"}, **ITEM
    )
    ends = decided(
        "record", "2026-05-02T00:00:00.000Z", "b", values={"status": "done", "done_on": "2026-05-01"}, **ITEM
    )
    state = fold(CASE, [screening("2026-03-01")], [ends, begins])
    (item,) = state.rows["plan_item"]
    assert (item.value("status"), item.value("done_on"), item.interview_id) == ("done", "2026-05-01", None)
    assert [fact.value for fact in item.columns["status"].earlier] == ["planned"]


def test_a_row_of_an_interview_is_carried_on_and_is_missed_when_the_interview_has_gone():
    uid = ITEM["row_key"]
    told = interview(
        "assistance", "uuid:a", rows=[row("plan_item", uid, status="ongoing", objective="Housing")]
    )
    done = decided("record", values={"status": "done"}, **ITEM)
    (item,) = fold(CASE, [screening("2026-03-01"), told], [done]).rows["plan_item"]
    assert (item.value("status"), item.value("objective")) == ("done", "Housing")
    alone = fold(CASE, [screening("2026-03-01")], [done])
    assert "plan_item" not in alone.rows
    assert [finding.code for finding in alone.findings] == ["record_without_row"]


def consented(granted, day):
    values = {"purpose": "referral", "granted": granted, "given_on": day}
    return decided("record", f"{day}T00:00:00.000Z", f"c{day}", table="consent", row_key=f"k{day}", new=True, values=values)  # fmt: skip


def referral(state, day="2026-04-02"):
    values = {"direction": "out", "state": state}
    return decided("record", f"{day}T00:00:00.000Z", f"f{day}{state}", table="referral", row_key="r", new=True, values=values)  # fmt: skip


def test_a_referral_under_way_whose_consent_was_withdrawn_is_told():
    given = interview(rows=[row("consent", "purpose=referral", purpose="referral", granted=True)])
    assert not fold(CASE, [given], [referral("proposed")]).findings
    withdrawn = fold(CASE, [given], [referral("accepted"), consented(False, "2026-05-01")])
    assert [finding.code for finding in withdrawn.findings] == ["referral_without_consent"]
    assert not fold(
        CASE, [given], [consented(False, "2026-05-01"), referral("revoked", "2026-05-02")]
    ).findings
    again = [consented(True, "2026-06-01"), consented(False, "2026-05-01"), referral("accepted")]
    assert not fold(CASE, [given], again).findings


def moved(state, at, id="t", case=CASE, come=1, go=2):  # noqa: A002 -- as decisions
    return decided("transfer", f"2026-04-0{at}T00:00:00.000Z", id, case_uid=case, state=state, from_mission=come, to_mission=go)  # fmt: skip


def test_a_case_moves_when_the_other_mission_accepts():
    assert way(CASE, [moved("proposed", 1)]).proposed == 2
    assert way(CASE, [moved("proposed", 1), moved("declined", 2, "u")]).proposed is None
    there = way(CASE, [moved("accepted", 2, "u"), moved("proposed", 1)])
    assert (there.mission, there.missions, there.proposed) == (2, {1, 2}, None)
    back = way(CASE, [moved("accepted", 2, "u"), moved("accepted", 4, "v", come=2, go=1)])
    assert (back.mission, back.missions) == (1, {1, 2})


def test_where_a_merged_case_had_been_counts_for_its_interviews_only():
    merged = way(CASE, [moved("accepted", 2, "u", case=OTHER)])
    assert (merged.mission, merged.missions, merged.proposed) == (None, {1, 2}, None)
