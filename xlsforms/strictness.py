"""Whether one condition lets through more than another, as far as that can be read off their text.

A condition is taken apart at its top-level `or`, then at `and`; terms are compared as text, and those that compare
one thing with a number or a text in quotes by what they mean: `. < 10` implies `. < 20`.
"""

import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Literal

Strictness = Literal["same", "looser", "tighter", "other"]

_TERM = re.compile(
    r"(?P<left>[^<>=!'\"]+?)\s*(?P<sign><=|>=|!=|<|>|=)\s*(?P<right>-?\d+(?:\.\d+)?|'[^']*'|\"[^\"]*\")"
)
_PIECE = re.compile(r"'[^']*'|\"[^\"]*\"|[()\[\]]|\s+|[^'\"()\[\]\s]+")
_DEPTH = {"(": 1, "[": 1, ")": -1, "]": -1}

_Term = tuple[str, str, str | Decimal]


def strictness(before: str | None, after: str | None) -> Strictness:
    """How `after` stands to `before`; None is a condition that always holds. `other`: neither implies the other, or
    that cannot be told."""
    old, new = _disjuncts(before), _disjuncts(after)
    there, back = _implies(new, old), _implies(old, new)
    if there and back:
        return "same"
    return "tighter" if there else "looser" if back else "other"


def plain(expression: str | None) -> str:
    """An expression with its white space evened out; empty for none."""
    return "".join(" " if piece.isspace() else piece for piece in _PIECE.findall(expression or "")).strip()


def _implies(one: list[frozenset[str]], other: list[frozenset[str]]) -> bool:
    return all(any(_covers(terms, wanted) for wanted in other) for terms in one)


def _covers(terms: frozenset[str], wanted: frozenset[str]) -> bool:
    """Whether the terms together imply every one of those wanted."""
    return all(want in terms or any(_term_implies(term, want) for term in terms) for want in wanted)


def _disjuncts(condition: str | None) -> list[frozenset[str]]:
    said = _bare(plain(condition))
    if said in ("", "true()"):
        return [frozenset()]
    return [frozenset(_bare(term) for term in _split(_bare(part), "and")) for part in _split(said, "or")]


def _split(condition: str, word: str) -> Iterator[str]:
    """The parts between the top-level occurrences of a word."""
    depth, part = 0, ""
    for piece in _PIECE.findall(condition):
        depth += _DEPTH.get(piece, 0)
        if depth == 0 and piece == word:
            yield part.strip()
            part = ""
        else:
            part += piece
    yield part.strip()


def _bare(condition: str) -> str:
    """Without brackets around the whole of it."""
    while condition.startswith("(") and condition.endswith(")"):
        depth = 0
        for place, piece in enumerate(pieces := _PIECE.findall(condition)):
            depth += _DEPTH.get(piece, 0)
            if depth == 0 and place < len(pieces) - 1:
                return condition
        condition = condition[1:-1].strip()
    return condition


def _read(term: str) -> _Term | None:
    if (found := _TERM.fullmatch(term)) is None:
        return None
    right = found["right"]
    return found["left"].strip(), found["sign"], right[1:-1] if right[0] in "'\"" else Decimal(right)


def _term_implies(one: str, other: str) -> bool:
    first, second = _read(one), _read(other)
    if first is None or second is None or first[0] != second[0] or type(first[2]) is not type(second[2]):
        return False
    (_, sign, value), (_, wanted, bound) = first, second
    if isinstance(value, str) or isinstance(bound, str):
        return sign == "=" and (value == bound if wanted == "=" else wanted == "!=" and value != bound)
    match sign[0], wanted:
        case "=", "=":
            return value == bound
        case "=", "!=":
            return value != bound
        case ("=", "<") | ("=", ">") | ("=", "<=") | ("=", ">="):
            inside = value < bound if wanted[0] == "<" else value > bound
            return inside or ("=" in wanted and value == bound)
        case ("<", "<") | ("<", "<=") | ("<", "!=") | (">", ">") | (">", ">=") | (">", "!="):
            further = value < bound if sign[0] == "<" else value > bound
            open_end = sign in ("<", ">") or wanted in ("<=", ">=")
            return further or (value == bound and open_end)
    return False
