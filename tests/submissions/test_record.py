"""From a submission's XML to typed answers."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from submissions import record
from submissions.record import RecordError, read
from tests.submissions.conftest import codes, form_of, instance

FORM = """
| survey  | | | | | |
|         | type              | name     | label    | calculation | relevant |
|         | start             | start    |          | | |
|         | end               | end      |          | | |
|         | begin_group       | who      | Who      | | |
|         | text              | name     | Name     | | |
|         | integer           | age      | Age      | | |
|         | select_multiple c | langs    | Spoken   | | |
|         | end_group         |          |          | | |
|         | begin_repeat      | house    | House    | | |
|         | text              | street   | Street   | | |
|         | begin_repeat      | room     | Room     | | |
|         | decimal           | size     | Size     | | |
|         | end_repeat        |          |          | | |
|         | end_repeat        |          |          | | |
| choices | | | |
|         | list_name | name | label |
|         | c         | en   | English |
|         | c         | fr   | French |
"""
GATED = """
| survey  | | | | | |
|         | type          | name    | label  | calculation | relevant |
|         | text          | place   | Place  | | |
|         | select_one yn | agree   | Agree? | | |
|         | calculate     | ok      |        | if(${agree} = 'yes', 1, 0) | |
|         | begin_group   | secret  | Secret | | ${ok} = 1 |
|         | text          | name    | Name   | | |
|         | begin_repeat  | child   | Child  | | |
|         | text          | called  | Called | | |
|         | end_repeat    |         |        | | |
|         | end_group     |         |        | | |
| choices | | | |
|         | list_name | name | label |
|         | yn        | yes  | Yes |
|         | yn        | no   | No |
"""


def of(body, **settings):
    form = form_of(FORM)
    return read(instance(form, body, **settings), form)


def gated(body):
    form = replace(form_of(GATED), gate="/data/ok")
    return read(instance(form, body), form)


def texts(found):
    return {answer.xpath: answer.text for answer in found.answers}


def test_answers_carry_path_row_text_and_value():
    found = of(
        "<start>2026-03-10T08:00:00.000+03:00</start><end>2026-03-10T09:00:00.000+03:00</end>"
        "<who><name> Ana </name><age>24</age><langs>en fr</langs></who>"
        "<house><street>A</street><room><size>12.50</size></room><room><size>8</size></room></house>"
        "<house><street>B</street></house>",
        meta="<deprecatedID>uuid:0</deprecatedID><instanceName>A 1</instanceName>",
    )
    assert (found.instance_id, found.deprecated_id, found.instance_name) == ("uuid:1", "uuid:0", "A 1")
    assert found.started_at == "2026-03-10T08:00:00.000+03:00"
    assert found.ended_at == "2026-03-10T09:00:00.000+03:00"
    assert found.consent_ok is None
    assert found.answer("/data/who/name").text == " Ana "
    assert found.answer("/data/who/age").value == 24
    assert found.answer("/data/who/langs").value == ("en", "fr")
    size = found.answer("/data/house/room/size", (1, 2))
    assert (size.value, size.xpath, size.known) == ("8", "/data/house[1]/room[2]/size", True)
    assert found.answer("/data/house/street", (2,)).xpath == "/data/house[2]/street"
    assert found.answer("/data/house/street", (3,)) is None
    assert found.rows == (
        ("/data/house", (1,)),
        ("/data/house/room", (1, 1)),
        ("/data/house/room", (1, 2)),
        ("/data/house", (2,)),
    )
    assert found.findings == ()


def test_a_node_without_text_is_no_answer():
    assert "/data/who/name" not in texts(of("<who><name/><age></age><langs> </langs></who>"))


def test_blanks_are_text_where_the_question_is_text():
    assert texts(of("<who><name>  </name></who>"))["/data/who/name"] == "  "


def test_a_value_its_type_does_not_read_keeps_its_text_and_gets_a_finding():
    found = of("<who><age>twelve</age></who>")
    answer = found.answer("/data/who/age")
    assert (answer.text, answer.value, answer.known) == ("twelve", None, True)
    assert codes(found.findings) == ["unreadable_value"]
    assert found.findings[0].question == "/data/who/age"
    assert "twelve" not in str(found.findings[0].to_json())


def test_a_code_that_is_not_among_the_choices_gets_a_finding_and_stays():
    found = of("<who><langs>en xx</langs></who>")
    assert found.answer("/data/who/langs").value == ("en", "xx")
    assert codes(found.findings) == ["unknown_code"]
    assert "xx" not in str(found.findings[0].to_json())


def test_a_node_the_form_does_not_have_is_kept_as_unknown():
    found = of(
        "<who><name>A</name><nick>B</nick></who><extra><deep><er>C</er></deep><er>D</er></extra>"
        "<house><paint>red</paint></house>"
    )
    unknown = {
        answer.xpath: answer.text
        for answer in found.answers
        if not answer.known and "meta" not in answer.path
    }
    assert unknown == {
        "/data/who/nick": "B",
        "/data/extra/deep/er": "C",
        "/data/extra/er": "D",
        "/data/house[1]/paint": "red",
    }
    assert set(codes(found.findings)) == {"unknown_question"}
    assert len(found.findings) == 4


def test_text_between_nodes_is_kept_too():
    found = of("<who>hidden<name>A</name></who>")
    assert [(one.xpath, one.text) for one in found.answers if not one.known and "meta" not in one.path] == [
        ("/data/who", "hidden")
    ]


def test_a_question_that_holds_nodes_is_unknown():
    found = of("<who><name>A<b>C</b></name></who>")
    assert [one.text for one in found.answers if one.path.startswith("/data/who")] == ["A", "C"]
    assert not any(one.known for one in found.answers if one.path.startswith("/data/who"))


def test_of_two_answers_to_one_question_the_first_counts_and_the_second_is_kept():
    found = of("<who><name>A</name></who><who><name>B</name></who>")
    assert [(one.text, one.known) for one in found.answers if one.path == "/data/who/name"] == [
        ("A", True),
        ("B", False),
    ]
    assert codes(found.findings) == ["answer_twice"]


def test_namespaces_of_the_instance_do_not_matter():
    form = form_of(FORM)
    xml = (
        f"<data xmlns='{form.form_id}' xmlns:orx='http://openrosa.org/xforms' orx:version='9'>"
        "<who><name>A</name></who>"
        "<orx:meta><orx:instanceID>uuid:1</orx:instanceID><orx:timeEnd>2026-03-10T09:00:00Z</orx:timeEnd></orx:meta>"
        "</data>"
    )
    found = read(xml.encode(), form)
    assert texts(found)["/data/who/name"] == "A"
    assert (found.version, found.instance_id, found.ended_at) == ("9", "uuid:1", "2026-03-10T09:00:00Z")
    assert found.form_id == form.form_id


def test_comments_and_character_data_sections_do_not_cut_an_answer():
    assert texts(of("<who><name>A<!-- c -->B<![CDATA[<C>]]></name></who>"))["/data/who/name"] == "AB<C>"


def test_a_submission_of_another_form_says_so():
    form = form_of(FORM)
    xml = instance(form, "").replace(f"id='{form.form_id}'".encode(), b"id='else'")
    assert codes(read(xml, form).findings) == ["other_form"]


@pytest.mark.parametrize(
    "xml",
    [b"", b"<a>", b"<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>", b"<!DOCTYPE a SYSTEM 'x'><a/>", b"\xff\xfe"],
)
def test_what_is_no_submission_is_an_error(xml):
    with pytest.raises(RecordError):
        read(xml, form_of(FORM))


def test_an_open_gate_keeps_what_stands_behind_it():
    found = gated(
        "<agree>yes</agree><ok>1</ok><secret><name>A</name><child><called>B</called></child></secret>"
    )
    assert found.consent_ok is True
    assert {"/data/secret/name", "/data/secret/child[1]/called"} <= set(texts(found))
    assert found.findings == ()


def test_a_shut_gate_with_nothing_behind_it_is_a_refusal_without_findings():
    found = gated("<place>P</place><agree>no</agree><ok>0</ok>")
    assert found.consent_ok is False
    assert texts(found)["/data/place"] == "P"
    assert found.findings == ()


def test_nothing_behind_a_shut_gate_is_in_the_record_nor_what_the_form_does_not_know():
    found = gated(
        "<place>P</place><agree>no</agree><ok>0</ok><x>Y</x>"
        "<secret>T<name>A</name><child><called>B</called></child></secret><place>Q</place>"
    )
    assert {xpath for xpath in texts(found) if "meta" not in xpath} == {
        "/data/place",
        "/data/agree",
        "/data/ok",
    }
    assert found.rows == ()
    assert "consent_gate" in codes(found.findings)
    assert "5 answers" in next(one.message for one in found.findings if one.code == "consent_gate")


def test_a_gate_the_phone_says_is_open_while_the_answers_say_no_is_shut():
    found = gated("<agree>no</agree><ok>1</ok><secret><name>A</name></secret>")
    assert found.consent_ok is False
    assert "/data/secret/name" not in texts(found)
    assert set(codes(found.findings)) == {"consent_gate", "consent_gate_differs"}


def test_a_gate_the_phone_says_is_shut_while_the_answers_say_yes_is_open_with_a_finding():
    found = gated("<agree>yes</agree><ok>0</ok><secret><name>A</name></secret>")
    assert found.consent_ok is True
    assert codes(found.findings) == ["consent_gate_differs"]


def test_a_gate_that_cannot_be_computed_is_taken_from_the_phone_with_a_finding():
    form = form_of(GATED.replace("if(${agree} = 'yes', 1, 0)", "pulldata('a', 'b', 'c', ${agree})"))
    form = replace(form, gate="/data/ok")
    for said, expected in (("1", True), ("0", False)):
        found = read(instance(form, f"<agree>yes</agree><ok>{said}</ok>"), form)
        assert found.consent_ok is expected
        assert codes(found.findings) == ["gate_not_computed"]


def test_a_gate_of_an_instance_in_a_namespace_is_computed_too():
    form = replace(form_of(GATED), gate="/data/ok")
    for said, expected in (("yes", True), ("no", False)):
        xml = f"<data xmlns='u' id='{form.form_id}'><agree>{said}</agree><ok>0</ok></data>"
        assert read(xml.encode(), form).consent_ok is expected


def test_findings_of_a_hostile_file_are_bounded():
    found = of("<who>" + "".join(f"<n{n}>x</n{n}>" for n in range(5000)) + "</who>")
    assert len(found.answers) == 5001
    assert len(found.findings) == record._MAX_FINDINGS


def test_depth_is_no_matter():
    found = of("<a>" * 2000 + "x" + "</a>" * 2000)
    assert [one.text for one in found.answers if not one.known] == ["x"]


NAMES = st.sampled_from(["who", "name", "age", "langs", "house", "street", "room", "size", "meta", "odd"])
TEXTS = st.text(st.characters(min_codepoint=32, max_codepoint=0x2FF), max_size=8)
TREES = st.recursive(
    st.tuples(NAMES, TEXTS), lambda inner: st.tuples(NAMES, st.lists(inner, max_size=4)), max_leaves=12
)


def xml_of(tree):
    name, inside = tree
    if isinstance(inside, str):
        text = inside.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
        return f"<{name}>{text}</{name}>", [inside] if inside and not inside.isspace() else []
    made = [xml_of(one) for one in inside]
    return f"<{name}>{''.join(xml for xml, _ in made)}</{name}>", [text for _, some in made for text in some]


@given(st.lists(TREES, max_size=5))
def test_every_text_of_any_file_is_an_answer(trees):
    form = form_of(FORM)
    made = [xml_of(tree) for tree in trees]
    xml = f"<data id='{form.form_id}'>{''.join(one for one, _ in made)}</data>".encode()
    found = read(xml, form)
    expected = [text.strip() for _, some in made for text in some]
    assert sorted(one.text.strip() for one in found.answers if one.text.strip()) == sorted(expected)
    assert len({one.xpath for one in found.answers if one.known}) == sum(one.known for one in found.answers)


def test_a_record_can_be_shut_afterwards_as_if_its_own_gate_had_been():
    form = replace(form_of(GATED), gate="/data/ok")
    agreed = gated(
        "<place>P</place><agree>yes</agree><ok>1</ok><secret><name>Ana</name><child><called>Ion</called></child></secret>"
        "<odd>Ana</odd>"
    )
    assert agreed.consent_ok
    shut = record.without_consent(agreed, form)
    assert [one.path for one in shut.answers if not one.path.startswith("/data/meta/")] == [
        "/data/place",
        "/data/agree",
        "/data/ok",
    ]
    assert (shut.rows, shut.consent_ok) == ((), False)
    assert "Ana" not in repr(shut)
