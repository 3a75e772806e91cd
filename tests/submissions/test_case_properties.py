"""What holds of the fold whatever arrives, in whatever order, however often."""

import json
from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from submissions.case import fold, place
from submissions.intake import Intake, Said
from tests.submissions.making import CASE, OTHER, codes_of, decided, every_fact, interview, row
from xlsforms.dictionary import load

UIDS = [f"{number}b5e2f4c-6a7d-4c1e-9f21-5d3c8a1b2e44" for number in range(1, 4)]
SOME = settings(deadline=None, max_examples=40)
NAMES = st.sampled_from(["Ana", "Ānna", "安娜", "آنا"])
DAYS = st.sampled_from(["2026-03-10", "2026-03-11", "2026-05-01"])


def some(build, *values, max_size=2):
    return st.lists(st.builds(build, *values), max_size=max_size)


# What is drawn from is made once: to make and check it at every draw costs ten times what drawing does.
UID = st.sampled_from(UIDS)
STATUS = st.sampled_from(["active", "closed"])
AGE = st.integers(0, 90)
CITIZEN = st.sets(st.sampled_from(["MD", "UA", "RO"]))
INDICATORS = st.sets(st.sampled_from(["wages", "job_nature"]))
ROWS = (
    some(lambda name: row("person", first_name=name), NAMES),
    some(lambda name: row("person", contact_phone=Said(name, name, "/data/other")), NAMES),
    some(lambda yes: row("consent", "purpose=research", purpose="research", granted=yes), st.booleans()),
    some(lambda uid, name: row("plan_item", uid, objective=name), UID, NAMES),
    some(lambda name: row("plan_item", "#1", objective=name), NAMES, max_size=1),
    some(lambda name: row("person_address", place=name), NAMES, max_size=1),
)
EPISODE = some(lambda name: row("episode", recruitment_place=name), NAMES, max_size=1)
EPISODES = st.sets(UID, max_size=2)


@st.composite
def rows(draw, kind):
    """Rows of every merge policy."""
    made = [
        row("case_file", status=draw(STATUS), case_ref=draw(NAMES)),
        row("case_file", age_at_registration=draw(AGE)),
        *codes_of("person_citizenship", "country", *draw(CITIZEN)),
        *codes_of("indicator", "code", *draw(INDICATORS), dimension="deception"),
        *(one for some_rows in ROWS for one in draw(some_rows)),
    ]
    if kind == "screening":
        made += draw(EPISODE)
    else:
        for uid in sorted(draw(EPISODES)):
            made += [
                row("episode", uid, episode_id=uid),
                *codes_of("episode_control", "means", "physical", parent=uid, phase="journey"),
                row("perpetrator", f"{uid}/#1", uid, sex="male"),
            ]
    return made


KINDS = {kind: rows(kind) for kind in ("screening", "assistance", "other")}
KIND = st.sampled_from(sorted(KINDS))
NUMBER = st.integers(1, 3)
HOUR = st.integers(0, 2)
UID_OF_CASE = st.sampled_from([CASE, OTHER])
CONSENT = st.sampled_from([True, None])


@st.composite
def chains(draw, submission):
    """All versions of one submission: the first, and edits of any version so far."""
    kind = draw(KIND)
    versions: list[Intake] = []
    for number in range(draw(NUMBER)):
        held_on = draw(DAYS)
        versions.append(
            interview(
                kind,
                submission,
                instance_id=f"{submission}-{number}" if number else submission,
                deprecated_id=draw(st.sampled_from(versions)).instance_id if versions else None,
                held_on=held_on,
                ended_at=f"{held_on}T0{draw(HOUR)}:00:00.000Z",
                case_uid=draw(UID_OF_CASE),
                consent_ok=draw(CONSENT),
                rows=draw(KINDS[kind]),
            )
        )
    return versions


CHAINS = tuple(chains(name) for name in ("uuid:a", "uuid:b", "uuid:c"))


@st.composite
def cases(draw):
    return [one for chain in CHAINS[: draw(NUMBER)] for one in draw(chain)]


def bodies(day):
    """What a decision of each kind may say, made on a day."""
    return {
        "correct": st.fixed_dictionaries(
            {
                "table": st.sampled_from(["person", "screening", "person_address"]),
                "row_key": st.sampled_from(["", "uuid:a", "uuid:b"]),
                "column": st.sampled_from(["first_name", "contact_phone", "exploitation_status", "place"]),
                "value": st.sampled_from(["none", None]),
                "overrules": st.sampled_from(
                    [None, {"submission": "uuid:a", "question": "/data/first_name"}]
                ),
            }
        ),
        "close": st.just({"closure_reason": "lost_contact"}),
        "record": st.sampled_from(
            [
                {"table": "case_file", "values": {"next_contact_on": day}},
                {"table": "plan_item", "row_key": "office", "new": True, "values": {"status": "planned"}},
                {"table": "plan_item", "row_key": "office", "values": {"status": "done"}},
                {"table": "plan_item", "row_key": UIDS[0], "values": {"objective": "none"}},
                {
                    "table": "consent",
                    "row_key": "said",
                    "new": True,
                    "values": {"purpose": "research", "granted": False, "given_on": day},
                },
            ]
        ),
        "reopen": st.just({}),
        "eligibility": st.fixed_dictionaries(
            {"programme": st.just("gaf"), "result": st.sampled_from(["approved", "declined"])}
        ),
    }


BODIES = {f"2026-04-0{day}": bodies(f"2026-04-0{day}") for day in range(1, 10)}
DECIDED_ON = st.sampled_from(sorted(BODIES))
DECIDED = st.sampled_from(["correct", "close", "reopen", "eligibility", "record"])
MANY = st.integers(0, 4)


@st.composite
def decisions(draw):
    made = []
    for number in range(draw(MANY)):
        day, kind = draw(DECIDED_ON), draw(DECIDED)
        made.append(decided(kind, f"{day}T00:00:00.000Z", f"d{number}", **draw(BODIES[day][kind])))
    return made


@SOME
@given(cases(), decisions(), st.randoms(), st.integers(1, 3))
def test_any_order_and_any_repetition_give_the_same_case(intakes, made, chance, times):
    expected = fold(CASE, intakes, made)
    shuffled, again = intakes * times, made * times
    chance.shuffle(shuffled)
    chance.shuffle(again)
    assert fold(CASE, shuffled, again) == expected


@SOME
@given(cases(), chains("uuid:y"), chains("uuid:z"), st.sampled_from([OTHER, None]), st.booleans())
def test_a_case_keeps_the_reference_it_was_given_whatever_is_attached(intakes, one, two, named, typed):
    """However old what is attached is; and where nothing names the case, what was attached first gives it."""
    one, two = ([replace(each, case_uid=named) for each in versions] for versions in (one, two))
    attached = [
        decided("attach", f"2026-06-0{day}T00:00:00.000Z", f"a{day}", submission=name, case_uid=CASE)
        for day, name in ((1, "uuid:y"), (2, "uuid:z"))
    ]
    intakes = [replace(each, case_uid=CASE) for each in intakes] if typed else []
    before = fold(CASE, [*intakes, *one], attached[:1])
    after = fold(CASE, [*two, *one, *intakes], attached)
    kept = before.one("case_file").columns["case_ref"]
    assert after.one("case_file").columns["case_ref"]._replace(earlier=()) == kept._replace(earlier=())
    assert (kept.submission == "uuid:y") == (not typed)


@SOME
@given(cases(), decisions())
def test_folding_what_was_stored_changes_nothing(intakes, made):
    stored = [Intake.from_json(json.loads(json.dumps(one.to_json()))) for one in intakes]
    assert stored == intakes
    assert fold(CASE, stored, made) == fold(CASE, intakes, made)


@SOME
@given(cases(), decisions())
def test_every_value_an_interview_says_can_be_found_with_its_source(intakes, made):
    state = fold(CASE, intakes, made)
    found = {
        (table, column, fact.value, fact.answer, fact.submission, fact.instance_id, fact.question)
        for table, _, column, fact in every_fact(state)
    }
    present = {head.instance_id for head in state.interviews}
    for intake in intakes:
        for one in intake.rows:
            for column, said in one.values.items():
                key = (one.table, column, *said[:2], intake.submission, intake.instance_id, said.question)
                assert (key in found) == (intake.instance_id in present)


@SOME
@given(cases(), decisions())
def test_an_edit_equals_its_final_answers_sent_once(intakes, made):
    state = fold(CASE, intakes, made)
    present = {head.instance_id for head in state.interviews}
    once = [replace(one, deprecated_id=None) for one in intakes if one.instance_id in present]
    alone = fold(CASE, once, made)
    assert alone.rows == state.rows
    assert alone.earlier_rows == state.earlier_rows
    assert alone.interviews == state.interviews


@SOME
@given(cases(), cases())
def test_two_cases_merged_and_parted_again_are_as_they_were(intakes, others):
    others = [replace(one, submission=f"{one.submission}-2", instance_id=f"{one.instance_id}-2",
                      deprecated_id=one.deprecated_id and f"{one.deprecated_id}-2") for one in others]  # fmt: skip
    everything = intakes + others

    def stands(made):
        placed = place(everything, made)
        return {
            uid: fold(uid, [one for one in everything if placed[one.submission] == uid], made)
            for uid in set(placed.values())
        }

    merge = decided("merge", "2026-06-01T00:00:00.000Z", "m", case_uid=OTHER, other_case_uid=CASE)
    unmerge = decided("unmerge", "2026-06-02T00:00:00.000Z", "u", case_uid=OTHER, other_case_uid=CASE)
    before, together, after = stands([]), stands([merge]), stands([merge, unmerge])
    assert after == before
    assert set(together) == {CASE}
    assert len(together[CASE].interviews) == sum(len(one.interviews) for one in before.values())


@SOME
@given(cases(), decisions())
def test_rows_hang_together(intakes, made):
    """Ids are unique, every parent and interview is there, every column is the dictionary's."""
    state, words = fold(CASE, intakes, made), load()
    interviews = {head.id for head in state.interviews}
    for part in (state.rows, state.earlier_rows):
        for table, some_rows in part.items():
            for one in some_rows:
                assert set(one.columns) <= set(words.tables[table].fields)
                assert one.interview_id is None or one.interview_id in interviews
                if words.tables[table].merge == "latest":
                    assert one.interview_id is None
                if parent := words.tables[table].parent:
                    assert one.parent_id in {above.id for above in state.rows.get(parent, ())} | {
                        above.id for above in state.earlier_rows.get(parent, ())
                    }
    for table, some_rows in state.rows.items():
        ids = [one.id for one in (*some_rows, *state.earlier_rows.get(table, ()))]
        assert len(set(ids)) == len(ids)
        if parent := words.tables[table].parent:
            assert {one.parent_id for one in some_rows} <= {above.id for above in state.rows[parent]}


@SOME
@given(cases(), decisions())
def test_findings_never_quote_an_answer(intakes, made):
    for finding in fold(CASE, intakes, made).findings:
        assert not any(name in str(finding.to_json()) for name in ("Ana", "Ānna", "安娜", "آنا"))
