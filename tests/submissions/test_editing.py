"""What an edit in the browser may see, and what it must not lose."""

import pytest

from submissions import editing, record
from xlsforms.compile import compile_form

WORKBOOK = """
| survey   |              |         |                      |                      |                           |
|          | type         | name    | label                | relevant             | calculation               |
|          | select_one y | agreed  | Agreed?              |                      |                           |
|          | calculate    | ok      |                      |                      | if(${agreed} = 'yes', 1, 0) |
|          | text         | town    | Town                 |                      |                           |
|          | begin_repeat | child   | Child                | ${ok} = 1            |                           |
|          | text         | called  | Name                 |                      |                           |
|          | end_repeat   |         |                      |                      |                           |
|          | text         | story   | Story                | ${ok} = 1            |                           |
| choices  |              |         |                      |                      |                           |
|          | list_name    | name    | label                |                      |                           |
|          | y            | yes     | Yes                  |                      |                           |
| settings |              |         |                      |                      |                           |
|          | form_id      | version | attribute::case:gate | namespaces           |                           |
|          | visit        | 1       | ok                   | case="urn:saif:case" |                           |
"""


@pytest.fixture(scope="module")
def form():
    compiled = compile_form(WORKBOOK.encode(), "visit.md")
    assert compiled.schema is not None, compiled.findings
    return compiled.schema


def instance(inside, *, agreed="yes", meta="<instanceID>uuid:1</instanceID>"):
    ok = int(agreed == "yes")
    return f'<data id="visit" version="1"><agreed>{agreed}</agreed><ok>{ok}</ok>{inside}<meta>{meta}</meta></data>'.encode()


def answers(xml, form):
    return {(one.xpath, one.text) for one in record.read(xml, form).answers}


def test_an_edit_keeps_what_the_form_does_not_know_where_it_was(form):
    before = instance(
        "<town>Cahul</town><former>kept</former><child><called>Ali</called><old>o1</old></child>"
        "<child><called>Bo</called><old>o2</old></child>",
        meta="<extra><deep>d</deep></extra><instanceID>uuid:1</instanceID><deprecatedID>uuid:0</deprecatedID>",
    )
    after = instance(
        "<town>Soroca</town><child><called>Ali</called></child><child><called>Bo</called></child>",
        meta="<instanceID>uuid:2</instanceID><deprecatedID>uuid:1</deprecatedID>",
    )
    found = editing.carried(before, after, form)
    assert answers(found, form) == answers(after, form) | {
        ("/data/former", "kept"),
        ("/data/child[1]/old", "o1"),
        ("/data/child[2]/old", "o2"),
        ("/data/meta/extra/deep", "d"),
    }
    assert editing.carried(before, found, form) == found, "once is enough"


def test_what_was_answered_or_taken_away_in_the_edit_stands(form):
    before = instance("<town>Cahul</town><child><called>Ali</called><old>o1</old></child><story>s</story>")
    after = instance("<town/>", meta="<instanceID>uuid:2</instanceID><deprecatedID>uuid:1</deprecatedID>")
    assert editing.carried(before, after, form) is after


@pytest.mark.parametrize(
    "damaged", [b"", b"<data", b"\xff", b"<!DOCTYPE d [<!ENTITY a 'b'>]><data>&a;</data>"]
)
def test_what_is_no_xml_is_left_to_those_who_receive_it(form, damaged):
    assert editing.carried(instance("<former>kept</former>"), damaged, form) is damaged


def test_behind_a_shut_gate_the_browser_gets_nothing(form):
    xml = instance(
        "<town>Cahul</town><child><called>Ali</called></child><story>secret</story><former>unknown</former>",
        agreed="no",
    )
    shown = editing.without_consent(xml, form)
    assert b"Cahul" in shown
    assert b"uuid:1" in shown
    for hidden in (b"Ali", b"secret", b"unknown"):
        assert hidden not in shown
    assert answers(shown, form) == answers(xml, form)
