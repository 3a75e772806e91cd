"""Every problem says what happened and, where somebody can do something, what."""

import ast
import inspect
from pathlib import Path

import pytest

from app import problems
from app.problems import Problem

FACTORIES = [
    function
    for name, function in inspect.getmembers(problems, inspect.isfunction)
    if function.__module__ == problems.__name__ and name not in ("of_status",)
]
SAMPLES = {int: 5_000_000, str: "words", float: 1.0}


def make(factory):
    arguments = {
        name: SAMPLES.get(parameter.annotation, [])
        for name, parameter in inspect.signature(factory).parameters.items()
        if parameter.default is parameter.empty
    }
    return factory(**arguments)


@pytest.mark.parametrize("factory", FACTORIES, ids=lambda factory: factory.__name__)
def test_a_problem_has_a_status_and_words(factory):
    problem = make(factory)
    assert 400 <= problem.status < 600
    assert problem.title
    assert problem.message.endswith((".", "words", ")"))
    assert str(problem) == problem.code  # an exception's text may reach a log: no words in it


def test_all_that_is_not_found_has_a_name_to_be_translated():
    said = set()
    for path in Path(problems.__file__).parent.rglob("*.py"):
        for call in ast.walk(ast.parse(path.read_text())):
            if isinstance(call, ast.Call) and getattr(call.func, "attr", "") == "not_found" and call.args:
                said |= {call.args[0].value} if isinstance(call.args[0], ast.Constant) else set()
    assert len(said) > 20
    assert said <= problems.THINGS


def test_codes_are_not_given_twice():
    codes = [make(factory).code for factory in FACTORIES]
    assert sorted(codes) == sorted(set(codes))


def test_what_the_framework_refuses_is_a_problem_too():
    problem = problems.of_status(405, headers={"Allow": "GET"})
    assert (problem.code, problem.status, problem.headers) == ("method_not_allowed", 405, {"Allow": "GET"})
    assert problems.of_status(502).code == "internal"
    assert problems.of_status(418).code == "internal"
    assert isinstance(problem, Problem)
