"""ODK Validate, where Java is there; and what happens where it is not."""

import shutil
import subprocess

import pytest

from tests.tools import missing
from tests.xlsforms.test_xform import xform
from xlsforms import validate as validating
from xlsforms.validate import validate

GOOD = xform(
    '<data id="t"><a/><meta><instanceID/></meta></data>', body='<input ref="/data/a"><label>A</label></input>'
)


@pytest.fixture
def java():
    if shutil.which("java") is None:
        missing("java")


@pytest.mark.java
def test_a_good_form_passes(java):
    assert validate(GOOD) == ()


@pytest.mark.java
def test_a_function_no_phone_knows_is_refused_with_its_question(java):
    bind = '<bind nodeset="/data/a" calculate="levenshtein(1)"/>'
    (finding,) = validate(xform('<data id="t"><a/></data>', model=bind, body='<input ref="/data/a"/>'))
    assert (finding.code, finding.question) == ("validate_refused", "/data/a")
    assert "levenshtein" in finding.message
    assert "java" not in finding.message.lower()


@pytest.mark.java
def test_checking_that_takes_too_long_is_stopped(java):
    (finding,) = validate(GOOD, seconds=0)
    assert "took more than" in finding.message


def test_without_java_there_is_no_opinion(monkeypatch):
    monkeypatch.setattr(validating, "which", lambda _: None)
    assert validate(GOOD) is None


def test_without_the_jar_there_is_no_opinion(monkeypatch):
    monkeypatch.setattr(validating, "find_spec", lambda _: None)
    assert validate(GOOD) is None


def test_a_silent_refusal_is_still_told(monkeypatch):
    monkeypatch.setattr(validating, "which", lambda _: "java")
    monkeypatch.setattr(
        subprocess, "run", lambda *_, **__: subprocess.CompletedProcess([], 1, b"", b"\tat org.x\n")
    )
    (finding,) = validate(GOOD)
    assert "without saying why" in finding.message
