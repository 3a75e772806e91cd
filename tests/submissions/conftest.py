"""Forms as text, forms of the field, and interviews made by hand."""

from functools import cache

import pytest
from pyxform.xls2xform import convert

from tests.clients.fixtures import phone  # noqa: F401  (a fixture)
from tests.forms.conftest import converted, lists, xforms  # noqa: F401  (fixtures)
from xlsforms import dictionary, mapping, xform


@cache
def authored(name):
    """Form and mapping of an authored workbook."""
    read = xform.read(converted(name).encode())
    return read, mapping.read(read, dictionary.load())[0]


@pytest.fixture(scope="session")
def screening():
    return authored("screening")


@pytest.fixture(scope="session")
def assistance():
    return authored("assistance")


@cache
def form_of(text):
    """A form written as a markdown table, as XLSForm people write them."""
    return xform.read(convert(xlsform=text, file_type=".md", validate=False).xform.encode())


def mapped(text):
    form = form_of(text)
    found, findings = mapping.read(form, dictionary.load())
    assert not [one for one in findings if one.is_error], findings
    return form, found


def instance(form, body, *, instance_id="uuid:1", meta="", attributes=""):
    """A submission of a form, as bytes."""
    return (
        f"<?xml version='1.0' ?><{form.root} id='{form.form_id}' version='{form.version}' {attributes}>{body}"
        f"<meta><instanceID>{instance_id}</instanceID>{meta}</meta></{form.root}>"
    ).encode()


def codes(findings):
    return [finding.code for finding in findings]
