"""Templates are compiled once for all processes, and anew when they change."""

import sys
from unittest import mock

import pytest
from flask import Flask, render_template
from jinja2 import Environment

from app import templating


@pytest.fixture
def draw(tmp_path, monkeypatch):
    """Draw a page of a text as a process that just started does; how often it compiled."""
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    (tmp_path / "templates").mkdir()

    def draw(text):
        (tmp_path / "templates" / "page.html").write_text(text)
        app = Flask("app", root_path=str(tmp_path))
        templating.init_app(app)
        with (
            app.app_context(),
            mock.patch.object(
                Environment, "compile", autospec=True, side_effect=Environment.compile
            ) as compiled,
        ):
            return render_template("page.html", name="<Ana>"), compiled.call_count

    return draw


def test_another_process_takes_what_was_compiled_until_the_text_changes(draw):
    assert draw("Hello {{ name }}") == ("Hello &lt;Ana&gt;", 1)
    assert draw("Hello {{ name }}") == ("Hello &lt;Ana&gt;", 0)
    assert draw("Goodbye {{ name }}") == ("Goodbye &lt;Ana&gt;", 1)


def test_what_was_damaged_is_compiled_again(draw, tmp_path):
    draw("Hello {{ name }}")
    (kept,) = (tmp_path / "templates" / "__pycache__").iterdir()
    for damage in (b"", b"nonsense", kept.read_bytes()[:-40]):
        kept.write_bytes(damage)
        assert draw("Hello {{ name }}") == ("Hello &lt;Ana&gt;", 1)


def test_pages_are_drawn_where_nothing_can_be_kept(draw, tmp_path):
    (tmp_path / "templates" / "__pycache__").write_text("a file in the place of the folder")
    assert draw("Hello {{ name }}") == ("Hello &lt;Ana&gt;", 1) == draw("Hello {{ name }}")


def test_nothing_is_kept_where_python_keeps_nothing(draw, tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    draw("Hello {{ name }}")
    assert not (tmp_path / "templates" / "__pycache__").exists()
