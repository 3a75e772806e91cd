"""Which functions an expression may call: exactly those that JavaRosa, the engine inside ODK Collect, has."""

import pytest

from tests.clients.fixtures import phone  # noqa: F401 -- a fixture
from tests.clients.javarosa.phone import Refused
from xlsforms import functions, xform

PREFIXED = {"choice-name": "jr:choice-name", "itext": "jr:itext"}
NODE_TESTS = {"node", "text"}
FORM = """<h:html xmlns="http://www.w3.org/2002/xforms" xmlns:h="http://www.w3.org/1999/xhtml"
 xmlns:jr="http://openrosa.org/javarosa"><h:head><h:title>F</h:title><model>
<instance><data id="f" version="1"><a/><b/><meta><instanceID/></meta></data></instance>
<bind nodeset="/data/a" type="string"/><bind nodeset="/data/b" type="string" calculate="CALLED"/>
<bind nodeset="/data/meta/instanceID" type="string" jr:preload="uid"/>
</model></h:head><h:body><input ref="/data/a"><label>A</label></input></h:body></h:html>"""


def calling(expression):
    return FORM.replace("CALLED", expression.replace("'", "&apos;"))


def found(expression):
    form = xform.read(calling(expression).encode())
    return [(one.code, one.question, one.column) for one in functions.check(form)]


@pytest.fixture
def knows(phone, tmp_path):  # noqa: F811 -- a fixture
    """Whether JavaRosa has a function, with any number of arguments."""
    file = tmp_path / "form.xml"

    def says(expression):
        file.write_text(calling(expression))
        try:
            phone.fill(file)
        except Refused as refusal:
            return str(refusal)
        return ""

    def ask(name):
        return any(
            "cannot handle function" not in says(f"{name}({', '.join(['/data/a'] * count)})")
            for count in range(7)
        )

    return ask


@pytest.mark.java
def test_javarosa_has_every_function_that_is_known(knows):
    called = [PREFIXED.get(name, name) for name in functions.KNOWN - NODE_TESTS - {"current"}]
    assert [name for name in called if not knows(name)] == []


@pytest.mark.java
@pytest.mark.parametrize(
    "name", ["index", "ceiling", "floor", "substring", "last", "name", "lang", "device-info"]
)
def test_a_function_that_javarosa_has_not_is_an_error_at_its_question(name, knows):
    assert not knows(name)
    assert found(f"{name}(/data/a)") == [("unknown_function", "/data/b", "calculation")]


@pytest.mark.parametrize(
    "expression",
    [
        "if(/data/a = 'index(1)', jr:choice-name(/data/a, '/data/a'), round (1.5, 1))",
        "/data/a and (1 = 1) or (2 div (1))",
        "count(/data/a[node()]) + instance('x')/root/item[name = current()/../a]/size",
        "",
    ],
)
def test_what_is_no_call_or_a_known_one_is_left_alone(expression):
    assert found(expression) == []
