"""What differs between two versions of a submission."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from submissions import binding, changes, record
from submissions.changes import Version
from tests.submissions.conftest import authored, form_of, instance
from tests.submissions.test_record import FORM, GATED
from xlsforms import dictionary

NEWER = FORM.replace(
    "|         | text              | name     | Name     | | |",
    "|         | text              | called   | Called   | | |",
).replace(
    "|         | integer           | age      | Age      | | |",
    "|         | integer           | age      | Age      | | |\n|  | text | town | Town | | |",
)
KEYS = {"/data/house": "/data/house/street"}
SERVICES = (
    "<consent><consent_continue>yes</consent_continue><consent_active>1</consent_active></consent>"
    "<services>{}</services>"
)
SERVICE = "<service><sv_uid>{uid}</sv_uid><sv_provider>{provider}</sv_provider></service>"


def version(body, *, text=FORM, keys=None, **settings):
    form = form_of(text)
    return Version(record.read(instance(form, body, **settings), form), form, keys or {})


def said(found):
    """(kind, path of the question, text before, text after)."""
    return [
        (one.kind, one.path.removeprefix("/data"), one.before and one.before.text, one.after and one.after.text)
        for one in found
    ]  # fmt: skip


def between(before, after, **settings):
    return said(changes.between(version(before, **settings), version(after, **settings)))


def house(street, *rooms):
    inner = "".join(f"<room><size>{size}</size></room>" for size in rooms)
    return f"<house><street>{street}</street>{inner}</house>"


def test_an_answer_is_changed_added_or_removed():
    before = "<who><name>Ana</name><age>41</age></who>"
    after = "<who><name>Anna</name><langs>en</langs></who>"
    assert between(before, after) == [
        ("changed", "/who/name", "Ana", "Anna"),
        ("removed", "/who/age", "41", None),
        ("added", "/who/langs", None, "en"),
    ]


def test_what_says_the_same_in_other_words_is_no_change():
    before = "<who><age>41</age><langs>en fr</langs></who>"
    assert between(before, "<who><age>41.0</age><langs>fr en</langs></who>") == []


def test_a_rank_is_its_order():
    text = FORM.replace("select_multiple c | langs ", "rank c            | langs ")
    before, after = "<who><langs>en fr</langs></who>", "<who><langs>fr en</langs></who>"
    assert between(before, after, text=text) == [("changed", "/who/langs", "en fr", "fr en")]


def test_the_ids_of_the_versions_are_no_answers():
    one = version("", instance_id="uuid:1")
    two = version("", instance_id="uuid:2", meta="<deprecatedID>uuid:1</deprecatedID>")
    assert changes.between(one, two) == ()


def test_instances_of_a_repeat_without_a_key_are_matched_by_position():
    before, after = house("A", 1, 2) + house("B"), house("B", 1) + house("B")
    assert between(before, after) == [
        ("changed", "/house/street", "A", "B"),
        ("removed", "/house/room/size", "2", None),
    ]


def test_instances_with_a_key_are_matched_by_it_wherever_they_stand():
    before, after = house("A", 1) + house("B", 5), house("New", 9) + house("B", 6) + house("A", 1)
    assert between(before, after, keys=KEYS) == [
        ("added", "/house/street", None, "New"),
        ("added", "/house/room/size", None, "9"),
        ("changed", "/house/room/size", "5", "6"),
    ]


def test_an_instance_that_is_gone_comes_after_those_that_stay():
    assert between(house("A") + house("B") + house("C"), house("B") + house("D"), keys=KEYS) == [
        ("added", "/house/street", None, "D"),
        ("removed", "/house/street", "A", None),
        ("removed", "/house/street", "C", None),
    ]


def test_the_same_key_twice_is_matched_in_order():
    assert between(house("A", 1) + house("A", 2), house("A", 1) + house("A", 3) + house("A"), keys=KEYS) == [
        ("changed", "/house/room/size", "2", "3"),
        ("added", "/house/street", None, "A"),
    ]


def test_versions_of_two_forms_are_compared_in_the_order_of_the_later_one():
    before = version("<who><name>Ana</name><age>41</age></who>" + house("A"))
    after = version("<who><called>Ana</called><town>X</town></who>" + house("B"), text=NEWER)
    assert said(changes.between(before, after)) == [
        ("added", "/who/called", None, "Ana"),
        ("removed", "/who/age", "41", None),
        ("added", "/who/town", None, "X"),
        ("changed", "/house/street", "A", "B"),
        ("removed", "/who/name", "Ana", None),
    ]


def test_answers_no_form_knows_are_compared_too_and_come_last():
    assert between("<who><age>1</age></who><odd>x</odd>", "<odd>y</odd><odd>z</odd>") == [
        ("removed", "/who/age", "1", None),
        ("changed", "/odd", "x", "y"),
        ("added", "/odd", None, "z"),
    ]


def test_what_one_version_calls_a_repeat_and_the_other_a_group_is_compared_all_the_same():
    lines = FORM.splitlines()
    last = max(number for number, line in enumerate(lines) if "end_repeat" in line)
    lines[last] = lines[last].replace("end_repeat", "end_group ")
    grouped = "\n".join(lines).replace("begin_repeat      | house", "begin_group       | house")
    before, after = version(house("A", 1)), version(house("A", 1), text=grouped)
    kinds = {kind for kind, *_ in said(changes.between(before, after))}
    assert kinds == {"added", "removed"}


def test_if_one_version_was_refused_consent_nothing_behind_the_gate_is_compared():
    form = replace(form_of(GATED), gate="/data/ok")

    def gated(agree, ok, more):
        body = f"<place>P</place><agree>{agree}</agree><ok>{ok}</ok>{more}"
        return Version(record.read(instance(form, body), form), form, {})

    agreed = gated("yes", 1, "<secret><name>Ana</name></secret><odd>Ana</odd>")
    refused = gated("no", 0, "<secret><name>Ana B</name></secret>")
    assert said(changes.between(agreed, refused)) == [
        ("changed", "/agree", "yes", "no"),
        ("changed", "/ok", "1", "0"),
    ]
    assert len(changes.between(refused, agreed)) == 2
    assert "Ana" not in repr(changes.between(agreed, refused))


def test_the_authored_forms_say_what_tells_their_rows_apart():
    form, mapping = authored("assistance")
    keys = binding.plan(form, mapping, dictionary.load()).row_keys
    assert keys["/data/services/service"] == "/data/services/service/sv_uid"
    assert len(keys) == 7
    one, two = (
        Version(record.read(instance(form, SERVICES.format(rows)), form), form, keys)
        for rows in (
            SERVICE.format(uid="a", provider="Clinic") + SERVICE.format(uid="b", provider="Shelter"),
            SERVICE.format(uid="b", provider="Shelter"),
        )
    )
    assert said(changes.between(one, two)) == [
        ("removed", "/services/service/sv_uid", "a", None),
        ("removed", "/services/service/sv_provider", "Clinic", None),
    ]


# --- whatever is answered ----------------------------------------------------------------------------------------

words = st.text("abc 1.<&\n", max_size=3).map(lambda one: one.replace("&", "&amp;").replace("<", "&lt;"))
numbers = st.sampled_from(["", "1", "1.0", "2", "x"])
houses = st.lists(st.tuples(st.sampled_from("ABC"), st.lists(numbers, max_size=3)), max_size=4)


@st.composite
def versions(draw):
    text = draw(st.sampled_from([FORM, NEWER]))
    name = draw(st.sampled_from(["name", "called", "odd"]))
    body = f"<who><{name}>{draw(words)}</{name}><age>{draw(numbers)}</age><langs>{draw(words)}</langs></who>"
    body += "".join(house(street, *rooms) for street, rooms in draw(houses))
    return version(body, text=text, keys=draw(st.sampled_from([{}, KEYS])))


@given(versions())
def test_a_version_does_not_differ_from_itself(one):
    assert changes.between(one, one) == ()


@given(versions(), versions())
def test_seen_from_the_other_side_the_changes_are_the_same_reversed(one, other):
    forth, back = changes.between(one, other), changes.between(other, one)
    assert sorted(map(repr, forth)) == sorted(repr(change.reversed) for change in back)


@given(versions(), versions())
def test_every_answer_is_in_at_most_one_change_and_changes_make_one_version_of_the_other(one, other):
    found = changes.between(one, other)
    before = [change.before for change in found if change.before is not None]
    after = [change.after for change in found if change.after is not None]
    assert len(set(before)) == len(before)
    assert len(set(after)) == len(after)
    assert set(before) <= set(one.said.answers)
    assert set(after) <= set(other.said.answers)
    kept = len(one.said.answers) - len(before)
    assert kept == len(other.said.answers) - len(after)
