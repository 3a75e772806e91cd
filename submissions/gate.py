"""The consent gate, computed again.

A form may name a question whose value says whether the answers behind it may be kept. The phone has
computed it; the server computes it again from the answers, so that a damaged or tampered file cannot open
it. Expressions are XPath 1.0 with the functions of ODK XForms that make sense without a phone, a clock or
another file.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from typing import Any

from lxml import etree

from submissions.made import once
from xlsforms.schema import Form, Question, references

TRUE = frozenset({"1", "true", "yes", "OK"})
"""What an open gate says."""


class GateError(ValueError):
    """The gate's calculation cannot be computed here: it is no XPath, or needs what only a phone has."""


def consent_ok(root: etree._Element, form: Form) -> bool | None:
    """Whether the gate is open, computed from the answers; None for a form without a gate.

    `root` is the instance in no namespace. Calculations the gate depends on are computed again too and
    written into the tree, so give a tree that is not needed any more. A gate that is a question, not a
    calculation, is open at `1`, `true`, `yes` or `OK`. A gate that is absent was not relevant: shut; so is
    one that should not be relevant. Raises GateError if the gate's expression needs what is not at hand.
    """
    if form.gate is None:
        return None
    gate = _gate(form)
    if not (found := _nodes(root, form.gate)):
        return False
    for path, expression in gate.steps:
        for node in _nodes(root, path):
            try:
                node.text = _text(expression(node))
            except etree.XPathError as fault:
                if path == form.gate:
                    raise GateError(str(fault)) from None
                # A calculation of the phone's alone (uuid(), now()): what the phone wrote stands.
    return (found[0].text or "").strip() in TRUE and all(_holds(one, found[0]) for one in gate.relevants)


@dataclass(frozen=True, slots=True)
class _Gate:
    """A form's gate made ready: the calculations it needs, each after those it needs itself, its own last;
    and the conditions under which it is asked at all."""

    steps: tuple[tuple[str, etree.XPath], ...]
    relevants: tuple[etree.XPath, ...]


@once
def _gate(form: Form) -> _Gate:
    nodes = {node.path: node for node in form.nodes()}
    steps: list[tuple[str, etree.XPath]] = []
    seen: set[str] = set()

    def visit(path: str) -> None:
        node = nodes.get(path)
        if path in seen or not isinstance(node, Question) or not node.calculation:
            return
        seen.add(path)
        for other in sorted(references(node.calculation, path)):
            visit(other)
        try:
            steps.append((path, _compiled(node.calculation)))
        except GateError:
            if path == form.gate:
                raise

    relevants = []
    for node in nodes.values():
        if node.relevant and f"{form.gate}/".startswith(f"{node.path}/"):
            for other in sorted(references(node.relevant, node.path)):
                visit(other)
            relevants.append(_compiled(node.relevant))
    visit(str(form.gate))
    return _Gate(tuple(steps), tuple(relevants))


def _nodes(root: etree._Element, path: str) -> list[etree._Element]:
    return root.findall(path.split("/", 2)[2]) if path.count("/") > 1 else [root]


def _holds(condition: etree.XPath, node: etree._Element) -> bool:
    """Whether a `relevant` holds; one that cannot be computed here does."""
    try:
        return _truth(condition(node))
    except etree.XPathError:
        return True


@lru_cache(maxsize=256)
def _compiled(expression: str) -> etree.XPath:
    try:
        return etree.XPath(expression, extensions=_FUNCTIONS, smart_strings=False)
    except etree.XPathSyntaxError as fault:
        raise GateError(str(fault)) from None


def _text(value: Any) -> str:
    """An XPath value as text, the way XForms write it: no `.0` behind whole numbers."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() else str(value)
    if isinstance(value, list):
        return (value[0].text or "") if value and isinstance(value[0], etree._Element) else "".join(value[:1])
    return str(value)


def _truth(value: Any) -> bool:
    """XPath 1.0, boolean(): a number that is not zero, a text or a set that is not empty."""
    return bool(value) and value == value  # NaN is false


def _if(_: Any, condition: Any, then: Any, otherwise: Any) -> Any:
    return then if _truth(condition) else otherwise


def _selected(_: Any, said: Any, name: Any) -> bool:
    return _text(name).strip() in _text(said).split()


def _count_selected(_: Any, said: Any) -> float:
    return float(len(_text(said).split()))


def _coalesce(_: Any, *values: Any) -> str:
    return next((text for value in values if (text := _text(value)) != ""), "")


def _once(_: Any, value: Any) -> Any:
    return value


def _regex(_: Any, said: Any, pattern: Any) -> bool:
    """JavaRosa asks for a match of the whole text. The pattern is the form designer's, the text is short."""
    try:
        return re.fullmatch(_text(pattern), _text(said)[:1000]) is not None
    except re.error as fault:
        raise GateError(str(fault)) from None


def _int(_: Any, value: Any) -> float:
    try:
        return float(int(float(_text(value))))
    except (ValueError, OverflowError):
        return float("nan")


def _days(_: Any, value: Any) -> float:
    """Days since 1970-01-01, with the part of the day as its fraction."""
    said = _text(value).strip()
    try:
        if len(said) == 10:
            return float((date.fromisoformat(said) - date(1970, 1, 1)).days)
        read = datetime.fromisoformat(said)
        return (read.replace(tzinfo=None) - datetime(1970, 1, 1)).total_seconds() / 86400  # noqa: DTZ001 (both naive)
    except ValueError:
        return float("nan")


def _date(_: Any, value: Any) -> str:
    return _text(value).strip()[:10]


_FUNCTIONS: dict[tuple[None, str], Callable[..., Any]] = {
    (None, "if"): _if,
    (None, "selected"): _selected,
    (None, "count-selected"): _count_selected,
    (None, "coalesce"): _coalesce,
    (None, "once"): _once,
    (None, "regex"): _regex,
    (None, "int"): _int,
    (None, "date"): _date,
    (None, "decimal-date-time"): _days,
    (None, "boolean-from-string"): lambda _, value: _text(value).strip() in ("1", "true"),
}
