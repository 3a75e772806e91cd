"""Expressions, from text to a tree: XPath 1.0 as phones read it, with the `${name}` of XLSForm.

    parse("${age} > 17 and . != ''")
    Binary("and", Binary(">", Path("${age}"), Number(17.0)), Binary("!=", Path("."), Text("")))

What cannot be read raises Malformed, which says why and how to mend it in a designer's words.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import NoReturn

from xlsforms.marked import N_, worded

DEPTH = 60
"""Brackets in brackets that are read; deeper ones are left to the phone."""
LENGTH = 150
"""Operators in a row of a tree that is judged: the tree is so deep, and who walks it by recursion goes as deep."""

_TOKENS = re.compile(
    r"""\s*(?:(?P<number>\d+(?:\.\d*)?|\.\d+) | (?P<text>'[^']*'|"[^"]*") | (?P<reference>\$\{[^{}]*\})
        | (?P<name>[^\W\d][\w.\-·]*(?:\:[^\W\d][\w.\-·]*)?)
        | (?P<mark>!=|<=|>=|//|::|\.\.|[=<>+\-*|/.()\[\],@]))\s*""",
    re.VERBOSE,
)
_BINDING = {
    "or": 1, "and": 2, "=": 3, "!=": 3, "<": 4, "<=": 4, ">": 4, ">=": 4, "+": 5, "-": 5,
    "*": 6, "div": 6, "mod": 6, "|": 8,
}  # fmt: skip
"""Operators, from the loosest to the tightest (XPath 1.0, 3.4 and 3.5); a minus sign binds at 7."""
_SIGN = 7
_HABITS = (
    ("==", N_("Write = once: it compares.")),
    ("&", N_("Write and.")),
    ("||", N_("Write or.")),
    ("!", N_("Write not(…), or != for “differs from”.")),
    ("“", N_("Write straight quotes: ' or \".")),
    ("”", N_("Write straight quotes: ' or \".")),
    ("‘", N_("Write straight quotes: '.")),
    ("’", N_("Write straight quotes: '.")),
    ("≤", N_("Write <=.")),
    ("≥", N_("Write >=.")),
    ("≠", N_("Write !=.")),
    ("$", N_("Write a reference as ${question}.")),
    ("{", N_("Write a reference as ${question}.")),
    ("'", N_("Close the quotation mark.")),
    ('"', N_("Close the quotation mark.")),
    ("%", N_("Write mod for the remainder of a division.")),
    (";", N_("Put commas between the arguments of a function.")),
)
"""What people write who know other languages, or whose spreadsheet program mends quotes."""


class Malformed(ValueError):  # noqa: N818 - it is what the expression is
    """The expression is none; `mend` says what to write."""

    def __init__(self, why: str, mend: str) -> None:
        super().__init__(why)
        self.mend = mend


class TooDeep(Exception):  # noqa: N818 - as above
    """Brackets are nested deeper than DEPTH: there may be nothing wrong, but it is not looked at."""


@dataclass(frozen=True, slots=True)
class Text:
    """A text between quotes."""

    value: str


@dataclass(frozen=True, slots=True)
class Number:
    """A number as written."""

    value: float


@dataclass(frozen=True, slots=True)
class Path:
    """A path or reference as written, without blanks and predicates: `${a}`, `.`, `../a`, `/data/a`.
    `base` is the call a path starts from (`instance('x')/root/item`), `inside` what stands in its
    predicates."""

    text: str
    base: "Call | None" = None
    inside: tuple["Tree", ...] = ()


@dataclass(frozen=True, slots=True)
class Call:
    """A call of a function, its name without a prefix."""

    name: str
    arguments: tuple["Tree", ...] = ()


@dataclass(frozen=True, slots=True)
class Negative:
    """A minus sign before something."""

    operand: "Tree"


@dataclass(frozen=True, slots=True)
class Binary:
    """Two sides and what stands between: or and = != < <= > >= + - * div mod |."""

    operator: str
    left: "Tree"
    right: "Tree"


Tree = Text | Number | Path | Call | Negative | Binary


def parse(expression: str) -> Tree:
    """The tree of an expression. Raises Malformed, or TooDeep."""
    tried, _ = _tried(expression)
    if isinstance(tried, Malformed | TooDeep):
        raise tried.with_traceback(None)
    return tried


def tree_of(expression: str) -> Tree | None:
    """The tree, None where there is none, or one with more than LENGTH operators in a row: for checks that leave what is
    malformed to others."""
    tried, longest = _tried(expression)
    return None if isinstance(tried, Malformed | TooDeep) or longest > LENGTH else tried


@lru_cache(maxsize=8192)
def _tried(expression: str) -> tuple[Tree | Malformed | TooDeep, int]:
    """The tree, or why there is none, and the most operators in a row: several checks ask, and many questions have one
    condition."""
    try:
        reader = _Reader(_tokens(expression))
        tree = reader.expression(0)
        if reader.kind:
            reader.refuse()
    except (Malformed, TooDeep) as fault:
        return fault, 0
    return tree, reader.longest


def parts(tree: Tree) -> Iterator[Tree]:
    """The tree and everything in it, predicates included."""
    stack = [tree]
    while stack:
        one = stack.pop()
        yield one
        stack.extend(reversed(children(one)))


def children(tree: Tree) -> tuple[Tree, ...]:
    """What a tree is directly made of."""
    match tree:
        case Binary():
            return (tree.left, tree.right)
        case Negative():
            return (tree.operand,)
        case Call():
            return tree.arguments
        case Path():
            return (*((tree.base,) if tree.base else ()), *tree.inside)
        case _:
            return ()


def _tokens(expression: str) -> list[tuple[str, str]]:
    """Kind and text of each token; a name or * that stands where an operator must is a mark (3.7)."""
    tokens: list[tuple[str, str]] = []
    at = 0
    text = expression.strip()
    while at < len(text):
        match = _TOKENS.match(text, at)
        if match is None:
            rest = text[at:].lstrip()
            mend = next((mend for habit, mend in _HABITS if rest.startswith(habit)), N_("Remove it."))
            raise Malformed(worded("“%(token)s” cannot stand there", token=rest[:20]), mend)
        kind = match.lastgroup or ""
        token = match[kind]
        at = match.end()
        if token in _BINDING and _ends_operand(tokens):
            kind = "operator"
        tokens.append((kind, token))
    return tokens


def _ends_operand(tokens: list[tuple[str, str]]) -> bool:
    if not tokens:
        return False
    kind, token = tokens[-1]
    return (
        kind in ("number", "text", "reference", "name")
        or token in (")", "]", ".", "..")
        or (kind, token) == ("mark", "*")
    )


class _Reader:
    """A walk over the tokens by the binding strength of the operators."""

    def __init__(self, tokens: list[tuple[str, str]]) -> None:
        self._tokens = [*tokens, ("", "")]
        self._at = self._depth = self.longest = 0
        self.kind, self.token = self._tokens[0]

    def _is(self, *marks: str) -> bool:
        return self.token in marks and self.kind in ("mark", "operator")

    def _next(self) -> str:
        token = self.token
        self._at += 1
        self.kind, self.token = self._tokens[self._at]
        return token

    def refuse(self) -> NoReturn:
        """Says what stands where it must not."""
        before = self._tokens[self._at - 1] if self._at else ("", "")
        if not self.kind:
            if not before[0]:
                raise Malformed(worded("it is empty"), N_("Write an expression, or empty the cell."))
            raise Malformed(
                worded("it ends after “%(token)s” where more must follow", token=before[1]),
                N_("Complete it, or remove the end."),
            )
        if self._is(")", "]"):
            raise Malformed(
                worded("“%(token)s” closes nothing that is open", token=self.token),
                worded("Remove one “%(token)s”.", token=self.token),
            )
        if before[1] in _BINDING and self.token in _BINDING:
            mend = _habit(before[1] + self.token) or N_("Remove one of the two.")
            raise Malformed(
                worded("“%(token)s” follows “%(before)s”", token=self.token, before=before[1]), mend
            )
        if before[0] in ("name", "number", "text", "reference") or before[1] in (")", "]"):
            mend = N_("Write and, or, = or another operator between them.")
            raise Malformed(
                worded(
                    "nothing stands between “%(before)s” and “%(token)s”", before=before[1], token=self.token
                ),
                mend,
            )
        raise Malformed(
            worded("“%(token)s” cannot stand there", token=self.token),
            N_("Remove it, or complete what is before it."),
        )

    def _expect(self, mark: str, opened: str) -> None:
        if not self._is(mark):
            if not self.kind:
                raise Malformed(
                    worded("the “%(opened)s” is never closed", opened=opened),
                    worded("Write “%(mark)s” where it ends.", mark=mark),
                )
            self.refuse()
        self._next()

    def expression(self, bound: int) -> Tree:
        """What binds tighter than `bound`."""
        self._depth += 1
        if self._depth > DEPTH:
            raise TooDeep
        tree: Tree
        if self._is("-"):
            self._next()
            tree = Negative(self.expression(_SIGN - 1))
        else:
            tree = self._operand()
        length = 0
        while self.kind == "operator" and (binding := _BINDING[self.token]) > bound:
            length += 1
            operator = self._next()
            tree = Binary(operator, tree, self.expression(binding))
        self.longest = max(self.longest, length)
        self._depth -= 1
        return tree

    def _operand(self) -> Tree:
        if self.kind == "number":
            return Number(float(self._next()))
        if self.kind == "text":
            return Text(self._next()[1:-1])
        if self._is("("):
            self._next()
            tree = self.expression(0)
            self._expect(")", "(")
            return self._path(tree) if self._is("/", "//", "[") else tree
        if self.kind == "name" and self._tokens[self._at + 1][1] == "(":
            called = self._call()
            return self._path(called) if self._is("/", "//", "[") else called
        if not (self.kind in ("name", "reference") or self._is("/", "//", ".", "..", "@", "*")):
            self.refuse()
        return self._path(None)

    def _call(self) -> Call:
        name = self._next()
        self._next()
        arguments: list[Tree] = []
        while not self._is(")"):
            arguments.append(self.expression(0))
            if self._is(","):
                self._next()
                if self._is(")"):
                    self.refuse()
            elif not self._is(")"):
                self._expect(")", f"{name}(")
        self._next()
        return Call(name.rpartition(":")[2], tuple(arguments))

    def _path(self, base: Tree | None) -> Path:
        text = f"{base.name}()" if isinstance(base, Call) else ""
        inside: list[Tree] = [] if base is None or isinstance(base, Call) else [base]
        if base is None and not self._is("/", "//"):
            text += self._step()
        while True:
            if self._is("["):
                self._next()
                inside.append(self.expression(0))
                self._expect("]", "[")
            elif self._is("/", "//"):
                text += self._next()
                if text == "/" and not (self.kind in ("name", "reference") or self._is(".", "..", "@", "*")):
                    break
                text += self._step()
            else:
                break
        return Path(text, base if isinstance(base, Call) else None, tuple(inside))

    def _step(self) -> str:
        step = self._next() if self._is("@") else ""
        if not (self.kind in ("name", "reference") or self._is(".", "..", "*")):
            self.refuse()
        step += self._next()
        if self._is("::"):
            step += self._next()
            if not (self.kind == "name" or self._is("*")):
                self.refuse()
            step += self._next()
        if self._is("("):  # node() and text()
            step += self._next()
            self._expect(")", "(")
        return step


def _habit(token: str) -> str | None:
    return next((mend for habit, mend in _HABITS if token == habit), None)
