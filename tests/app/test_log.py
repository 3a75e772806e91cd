"""Logs hold no personal data and no tokens."""

import json
import logging
import sys

import structlog

from app import log

TOKEN = "s3cr3tTok3n"


def test_only_fields_on_the_list_are_logged():
    event = log.drop_personal(None, "info", {"event": "came in", "family_name": "Maria", "count": 3})
    assert event == {"event": "came in", "count": 3}


def test_tokens_and_queries_are_masked():
    for text in (
        f"/v1/key/{TOKEN}/projects/1/submission?deviceID=collect:x",
        f"GET http://h/v1/key/{TOKEN} HTTP/1.1",
        f"/x?st={TOKEN}&q=Maria",
    ):
        masked = log.mask(text)
        assert TOKEN not in masked
        assert "Maria" not in masked
        assert "collect:x" not in masked
    assert log.mask("/v1/x/attachments/Maria.jpg HTTP") == "/v1/x/attachments/… HTTP"
    assert log.mask(f"/v1/key/{TOKEN}/projects/1/formList") == "/v1/key/…/projects/1/formList"


def test_other_libraries_are_masked_too():
    try:
        raise ValueError("Maria")
    except ValueError:
        record = logging.LogRecord("x", 40, "f", 1, "failed: %s", (f"/v1/key/{TOKEN}/x",), sys.exc_info())
    assert log.MaskFilter().filter(record)
    said = logging.Formatter().format(record)
    assert TOKEN not in said
    assert "Maria" not in said
    assert "test_log.py" in said
    assert "ValueError" in said


def test_an_error_is_described_by_its_places_and_causes():
    try:
        try:
            raise KeyError("Maria")
        except KeyError as error:
            raise RuntimeError("Maria") from error
    except RuntimeError as error:
        said = log.describe(error)
    assert "Maria" not in said
    assert "builtins.RuntimeError" in said
    assert "caused by builtins.KeyError" in said
    assert log.describe(None) == ""


def test_a_line_is_one_line_of_json(capsys):
    structlog.reset_defaults()
    log.configure()
    structlog.get_logger().info("came in", path=f"/v1/key/{TOKEN}/x", name="Maria", count=2)
    line = capsys.readouterr().err.strip().splitlines()[-1]
    said = json.loads(line)
    assert said["event"] == "came in"
    assert said["path"] == "/v1/key/…/x"
    assert "Maria" not in line
