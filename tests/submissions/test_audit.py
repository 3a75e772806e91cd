"""The phone's log of an interview: how it went; and never where."""

import csv
import io
import time

import pytest
from hypothesis import strategies as st

from submissions import audit
from submissions.audit import Part
from tests.fuzz import fuzz
from tests.submissions.conftest import codes

AT = 1_780_000_000_000  # some day in 2026
SECOND, MINUTE = 1000, 60_000
HEADER = "event,node,start,end"
ALL = "event,node,start,end,latitude,longitude,accuracy,old-value,new-value,user,change-reason"
PLACE = "47.0105,28.8638,12.5"


def row(kind, node="", start=None, end=None, *more):
    said = ("" if one is None else str(AT + one) for one in (start, end))
    return ",".join([kind, node, *said, *more])


def log(*rows, header=HEADER):
    return "\n".join((header, *rows, "")).encode()


def read(content):
    return audit.read([content])


INTERVIEW = (
    row("form start", "", 0),
    row("question", "/data/person/name", 1 * SECOND, 11 * SECOND),
    row("question", "/data/person/age", 11 * SECOND, 16 * SECOND),
    row("add repeat", "/data/child[1]", 16 * SECOND),
    row("question", "/data/child[1]/name", 16 * SECOND, 20 * SECOND),
    row("question", "/data/child[2]/name", 20 * SECOND, 22 * SECOND),
    row("question", "/data/note", 22 * SECOND, 23 * SECOND),
    row("end screen", "", 23 * SECOND, 24 * SECOND),
    row("form save", "", 24 * SECOND),
    row("form exit", "", 24 * SECOND),
)


def test_time_is_told_by_section_in_the_order_of_the_interview():
    found = read(log(*INTERVIEW))
    assert found.parts == (
        Part("/data/person", 15 * SECOND, 2, 2),
        Part("/data/child", 6 * SECOND, 2, 2),
        Part("/data", 1 * SECOND, 1, 1),
    )
    assert found.active == 22 * SECOND
    (session,) = found.sessions
    assert (session.started_at, session.ended_at) == (AT, AT + 24 * SECOND)
    assert (session.saved, session.finalised, found.finalised) == (True, False, False)
    assert found.findings == ()


def test_questions_shown_together_count_once():
    found = read(
        log(
            row("group questions", "/data/person", 0, 10 * SECOND),
            row("question", "/data/person/name", 0, 10 * SECOND),
            row("question", "/data/person/age", 2 * SECOND, 12 * SECOND),
        )
    )
    assert found.active == 12 * SECOND
    assert [(part.path, part.active) for part in found.parts] == [("/data/person", 12 * SECOND)]


def test_a_form_left_and_opened_again_is_several_sessions_with_a_pause_between():
    found = read(
        log(
            *INTERVIEW,
            row("form resume", "", 60 * MINUTE),
            row("question", "/data/person/name", 60 * MINUTE, 61 * MINUTE),
            row("question", "/data/person/age", 70 * MINUTE, 71 * MINUTE),
            row("form finalize", "", 71 * MINUTE),
        )
    )
    assert [(one.saved, one.finalised) for one in found.sessions] == [(True, False), (False, True)]
    assert found.sessions[1].active == 2 * MINUTE
    assert found.pauses == (60 * MINUTE - 24 * SECOND, 9 * MINUTE)
    assert (found.saves, found.finalised) == (1, True)


def test_a_phone_that_was_switched_off_writes_no_exit_and_the_next_start_ends_the_session():
    found = read(
        log(
            row("form start", "", 0),
            row("question", "/data/a", 0, SECOND),
            row("form resume", "", 10 * MINUTE),
            row("question", "/data/b", 10 * MINUTE, 11 * MINUTE),
        )
    )
    assert [one.ended_at - AT for one in found.sessions] == [SECOND, 11 * MINUTE]


def test_coming_back_to_a_question_is_a_return_staying_at_it_is_none():
    nodes = ["/data/a", "/data/a", "/data/b", "/data/a", "/data/c", "/data/a"]
    found = read(log(*(row("question", node, n, n + 1) for n, node in enumerate(nodes))))
    assert found.returns == {"/data/a": 2}


def test_answers_that_replaced_another_are_edits_a_first_answer_is_none():
    found = read(
        log(
            f'question,/data/a,{AT},{AT + 1},{PLACE},,first,me,',
            f'question,/data/a,{AT + 2},{AT + 3},{PLACE},first,"sec""ond,\nline",me,"misheard"',
            f'question,/data/a,{AT + 4},{AT + 5},{PLACE},same,same,me,',
            header=ALL,
        )
    )  # fmt: skip
    assert found.edited == {"/data/a": 1}
    (edit,) = found.edits
    assert (edit.old, edit.new, edit.reason, edit.at) == ("first", 'sec"ond,\nline', "misheard", AT + 3)


def test_columns_are_found_by_their_names_in_any_order():
    found = read(f"end,node,Event ,start\n{AT + 5},/data/a,question,{AT}\n".encode("utf-8-sig"))
    assert found.active == 5


def test_no_place_is_ever_in_what_is_read():
    found = read(log(f"question,/data/a,{AT},{AT + 9},{PLACE},x,y,me,why", header=ALL))
    for part in PLACE.split(","):
        assert part not in repr(found)


def test_a_log_is_handed_out_without_its_places():
    log_ = log(
        row("form start", "", 0, None, PLACE, "", "", "me", ""),
        row("question", "/data/a", 0, 1, PLACE, "x", '"y,\n""z"', "me", "why"),
        header=ALL,
    )
    clean = audit.without_locations([log_])
    rows = list(csv.reader(io.StringIO(clean.decode())))
    assert rows[0] == ["event", "node", "start", "end", "old-value", "new-value", "user", "change-reason"]
    assert rows[2] == ["question", "/data/a", str(AT), str(AT + 1), "x", 'y,\n"z', "me", "why"]
    assert len(rows) == 3
    for part in PLACE.split(","):
        assert part not in clean.decode()
    assert audit.without_locations([clean]) == clean


@pytest.mark.parametrize(
    "header",
    [
        "event,node,start,end,Latitude, LONGITUDE ,accuracy",
        "event,node,start,end,lat,lon,acc",
        "event,node,start,end",
        "47.0105,28.8638",
        '"event,node,start,end,latitude',
        "",
    ],
)
def test_a_log_with_another_header_tells_no_place_either(header):
    content = log(f"question,/data/a,{AT},{AT + 1},{PLACE}", f'"{PLACE}', PLACE, header=header)
    clean = audit.without_locations([content]).decode()
    assert "12.5" not in clean
    assert "28.8638" not in clean.partition("\n")[2]


def test_a_log_without_places_is_handed_out_as_it_is():
    content = log(*INTERVIEW)
    assert audit.without_locations([content]) == content


# --- damaged -----------------------------------------------------------------------------------------------------


def test_an_open_quotation_mark_costs_its_own_line_only():
    found = read(log(INTERVIEW[0], 'question,"/data/person/na,1,2', *INTERVIEW[1:]))
    assert codes(found.findings) == ["audit_damaged"]
    assert found.active == 22 * SECOND
    assert len(found.sessions) == 1


@pytest.mark.parametrize(
    ("start", "end"),
    [("-5", "10"), ("", "10"), ("1e13", "3"), ("99999999999999999999", ""), ("٣", "٤"), (str(AT), "-1"),
     (str(AT + 10), str(AT)), (str(AT), str(AT + 10**9)), ("now", "later"), (str(AT) + ".5", str(AT))],
)  # fmt: skip
def test_times_that_cannot_be_count_for_nothing(start, end):
    found = read(log(f"question,/data/a,{start},{end}", row("question", "/data/b", 0, 7)))
    assert codes(found.findings) == ["audit_times"]
    assert found.active == 7


COLLECTS = (
    "form start", "form exit", "form resume", "form save", "form finalize", "question", "group questions",
    "add repeat", "delete repeat", "jump", "end screen", "save error", "finalize error", "constraint error",
    "change reason", "background audio enabled", "background audio disabled", "location tracking enabled",
    "location tracking disabled", "location providers enabled", "location providers disabled",
    "location permissions granted", "location permissions not granted", "google play services not available",
)  # fmt: skip
"""What Collect's form audit log may hold (docs.getodk.org/form-audit-log)."""


def test_every_event_that_collect_writes_is_known():
    found = read(log(*(row(kind, "", place) for place, kind in enumerate(COLLECTS))))
    assert found.counts == dict.fromkeys(COLLECTS, 1)
    assert found.findings == ()


def test_events_that_are_not_known_are_a_note():
    found = read(log(row("form dance", "", 0), *INTERVIEW))
    assert [(one.code, one.severity) for one in found.findings] == [("audit_events", "info")]
    assert "dance" not in repr(found.findings)


@pytest.mark.parametrize(
    "content", [b"", b"\n\n", b"\xff\xfe\x00", b"hello", b"\x00" * 100, b'"' * 1000, b"event"]
)
def test_what_is_no_log_is_a_finding(content):
    found = read(content)
    assert codes(found.findings)[0] == "audit_unreadable"
    assert (found.sessions, found.parts, found.active) == ((), (), 0)


def test_a_short_row_has_empty_cells():
    found = read(log("form start", "question,/data/a", row("question", "/data/b", 0, 3)))
    assert found.active == 3


def test_a_log_without_end_is_read_up_to_its_limit():
    taken = 0

    def endless():
        nonlocal taken
        yield f"{HEADER}\n".encode()
        while True:
            taken += 1
            yield (row("question", "/data/a", 0, 5) + "\n").encode() * 1000

    began = time.process_time()
    found = audit.read(endless())
    assert codes(found.findings) == ["audit_too_long"]
    assert taken < 200
    assert found.active == 5
    assert time.process_time() - began < 10


@pytest.mark.parametrize("line", ["", '"', ',"', 'question,"', 'a,"b', "\r", '"\n\n\n', '"' * 5 + ","])
def test_no_damage_makes_it_slow(line, monkeypatch):
    monkeypatch.setattr(audit, "MAX_BYTES", audit.MAX_BYTES // 20)
    began = time.process_time()
    audit.read([log() + (line + "\n").encode() * (audit.MAX_BYTES // (len(line) + 1))])
    assert time.process_time() - began < 3


# --- whatever comes ----------------------------------------------------------------------------------------------

cells = st.one_of(
    st.sampled_from([*sorted(audit.EVENTS)[:6], "question", "form start", "/data/a/b", "/data/c[2]/d", '"', '""', "", "\r"]),
    st.integers(-(10**20), 10**20).map(str),
    st.integers(AT, AT + 10**8).map(str),
    st.text(max_size=12),
)  # fmt: skip
lines = st.lists(cells, max_size=12).map(",".join)
texts = st.tuples(st.sampled_from([HEADER, ALL, ALL[:30], ""]), st.lists(lines, max_size=30)).map(
    lambda one: "\n".join([one[0], *one[1]]).encode("utf-8", "surrogatepass")
)
damaged = st.tuples(texts, st.integers(0, 500), st.binary(max_size=6)).map(
    lambda one: one[0][: one[1]] + one[2] + one[0][one[1] :]
)
anything = st.one_of(texts, damaged, st.binary(max_size=400))


def _holds(content):
    found = audit.read([content[:7], content[7:]])
    assert found.active >= 0
    assert found.active <= sum(part.active for part in found.parts)
    assert all(session.started_at <= session.ended_at for session in found.sessions)
    assert all(session.active <= session.ended_at - session.started_at for session in found.sessions)
    assert all(pause >= audit.PAUSE for pause in found.pauses)
    assert sum(found.edited.values()) >= len(found.edits)
    clean = audit.without_locations([content])
    assert audit.without_locations([clean]) == clean
    again = audit.read([clean])
    assert (again.active, again.parts, again.counts) == (found.active, found.parts, found.counts)


def test_fuzz_whatever_comes_gives_a_timeline_and_no_fault():
    assert fuzz(_holds, anything, examples=200) >= 200
