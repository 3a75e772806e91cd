"""Conditions that can never hold, and values that no answer has.

An expression is brought into cases (a disjunction of conjunctions of comparisons), and a case is impossible
if the comparisons of one subject leave it no value. What is not understood, a function or a path into
another instance, is taken to allow anything: whatever is told here is so.
"""

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date

from xlsforms.finding import Finding, warning
from xlsforms.marked import N_, worded
from xlsforms.schema import Form, Group, Node, Question, Repeat, resolve
from xlsforms.spelling import nearest
from xlsforms.xpath import Binary, Call, Negative, Number, Path, Text, Tree, children, tree_of

_MOST = 64
"""Cases that are looked at; an expression with more is taken to allow anything."""
_TURNED = {"=": "=", "!=": "!=", "<": ">", "<=": ">=", ">": "<", ">=": "<="}
_OPPOSITE = {"=": "!=", "!=": "=", "<": ">=", "<=": ">", ">": "<=", ">=": "<"}

Value = float | str


_NEVER = {"relevant": N_("shown"), "constraint": N_("answered: every answer is refused")}
"""What never happens to a question whose condition never holds, by its column."""


@dataclass(frozen=True, slots=True)
class _Atom:
    """`subject operator value`; with a `base`, which is no constant, the value is an offset of 0 from it."""

    subject: str
    operator: str
    value: Value
    base: str = ""


_Case = tuple[_Atom, ...]


def check(form: Form) -> Iterator[Finding]:
    """The findings, one for a cell."""
    logic = _Logic(form)
    shut: set[str] = set()  # nothing in what is never shown can be judged
    for node, around in _walk(form.children, ()):
        told = set()
        for column in ("relevant", "constraint", "calculation", "choice_filter"):
            tree = tree_of(getattr(node, column, None) or "")
            if tree and (finding := next(logic.unknown_values(tree, node, column), None)):
                told.add(column)
                yield finding
        answered = isinstance(node, Question) and node.type not in ("note", "calculate", "hidden")
        for column in ("relevant", "constraint")[: 1 + answered]:
            if told & {column, "relevant"} or not shut.isdisjoint(one.path for one in around):
                continue
            if getattr(node, column, None) and (finding := logic.never(node, column, around)):
                told.add(column)
                yield finding
        if "relevant" in told:
            shut.add(node.path)


def own_path(path: Path, context: str, *, within: bool = False) -> str | None:
    """The node of the form a path leads to, None if it leads elsewhere; `within` a predicate relative paths
    belong to what is filtered."""
    if path.base is not None:
        return resolve(path.text, context) if path.base.name == "current" else None
    return None if within and not path.text.startswith("/") else resolve(path.text, context)


def _walk(nodes: Iterable[Node], around: tuple[Node, ...]) -> Iterator[tuple[Node, tuple[Node, ...]]]:
    """Every node with the groups and repeats around it."""
    for node in nodes:
        yield node, around
        if isinstance(node, Group | Repeat):
            yield from _walk(node.children, (*around, node))


class _Logic:
    """The questions of one form and the values they can have."""

    def __init__(self, form: Form) -> None:
        self.form = form
        self.questions = {question.path: question for question in form.questions()}
        self._lists: dict[str, frozenset[Value]] = {}
        self._sorted: dict[frozenset[Value], list[str]] = {}
        self._values: dict[str, frozenset[Value] | None] = {}
        self._judged: dict[tuple[str, str], tuple[_Case, ...]] = {}

    def values(self, path: str) -> frozenset[Value] | None:
        """Every value but "" the question can have, None if there is no telling."""
        if path not in self._values:
            self._values[path] = None  # while it is looked at: a calculation in a circle has any
            question = self.questions.get(path)
            if question and question.choices and not question.file and not question.itemset:
                self._values[path] = self._codes(question.choices)
            elif question and question.type == "calculate":
                tree = tree_of(question.calculation or "")
                self._values[path] = self._outcomes(tree, path) if tree else None
        return self._values[path]

    def _codes(self, listed: str) -> frozenset[Value]:
        """The names of a choice list, made once for all questions that use it."""
        if listed not in self._lists:
            self._lists[listed] = frozenset(_value(one.name) for one in self.form.choices.get(listed, ()))
        return self._lists[listed]

    def _words(self, path: str) -> list[str]:
        """What a question can be, in order."""
        known = self.values(path) or frozenset()
        if known not in self._sorted:
            self._sorted[known] = sorted(_word(one) for one in known if one != "")
        return self._sorted[known]

    def _outcomes(self, tree: Tree, context: str) -> frozenset[Value] | None:
        match tree:
            case Text() | Number():
                return frozenset({_value(tree.value)})
            case Call("if", (_, yes, no)):
                left, right = self._outcomes(yes, context), self._outcomes(no, context)
                return None if left is None or right is None else left | right
            case Path(base=None):
                return self.values(resolve(tree.text, context))
            case _:
                return None

    def unknown_values(self, tree: Tree, node: Node, column: str) -> Iterator[Finding]:
        """Comparisons with a code that the question compared does not have."""
        for path, value in _compared(tree, node.path):
            question, known = self.questions.get(path), self.values(path)
            if question is None or known is None or value in ("", "NaN"):
                continue
            several = str(value).split() if question.type in ("select_multiple", "rank") else [value]
            for one in several:
                if _value(one) not in known:
                    words = self._words(path)
                    close = nearest(_word(one), words)
                    listed = ", ".join(words[:12]) + (", …" if len(words) > 12 else "")
                    yield warning(
                        "value_unknown",
                        worded(
                            "%(name)s is never “%(one)s”: the comparison never holds.",
                            name=question.name,
                            one=_word(one),
                        ),
                        worded("Did you mean '%(close)s'?", close=close)
                        if close
                        else worded("It can be %(values)s.", values=listed)
                        if listed
                        else N_("It can be nothing."),
                        question=node.path,
                        column=column,
                    )

    def never(self, node: Node, column: str, around: tuple[Node, ...]) -> Finding | None:
        """The finding for a condition that cannot hold, by itself or with those around it."""
        cases = self._cases_of(getattr(node, column), node.path)
        answered = ((_Atom(node.path, "!=", ""),),) if column == "constraint" else ((),)
        where = {"question": node.path, "column": column}
        what = worded(_NEVER[column])
        if not self._possible(_both(cases, answered)):
            return warning(
                "condition_never",
                worded(
                    "This condition can never hold; “%(name)s” is never %(what)s.", name=node.name, what=what
                ),
                N_("Compare its parts: they exclude each other, or what can be answered."),
                **where,
            )
        for outer in (*around, node) if column == "constraint" else around:
            if outer.relevant:
                cases = _both(cases, self._cases_of(outer.relevant, outer.path))
                if not self._possible(_both(cases, answered)):
                    return warning(
                        "condition_never",
                        worded(
                            "This condition can never hold where that of “%(name)s” does; “%(name_2)s” is "
                            "never %(what)s.",
                            name=outer.name,
                            name_2=node.name,
                            what=what,
                        ),
                        worded(
                            "Compare it with the relevant of %(name)s: the two exclude each other.",
                            name=outer.name,
                        ),
                        **where,
                    )
        return None

    def _cases_of(self, expression: str, context: str) -> tuple[_Case, ...]:
        """The cases of an expression, made once: those of a group are asked for by every question in it."""
        if (expression, context) not in self._judged:
            tree = tree_of(expression)
            self._judged[expression, context] = self._cases(tree, context, True) if tree else ((),)
        return self._judged[expression, context]

    def _cases(self, tree: Tree, context: str, truth: bool) -> tuple[_Case, ...]:
        """The cases in which the tree is true, or false; none if it never is."""
        match tree:
            case Binary("and" | "or" as operator):
                left, right = (self._cases(one, context, truth) for one in (tree.left, tree.right))
                both = (operator == "and") == truth
                return _both(left, right) if both else _either(left, right)
            case Binary(operator) if operator in _TURNED:
                return _comparison(tree, context, truth)
            case Call("not", (inner,)):
                return self._cases(inner, context, not truth)
            case Call("true" | "false" as name, ()):
                return ((),) if (name == "true") == truth else ()
            case Number() | Text():
                return ((),) if bool(tree.value) == truth else ()
            case Call("selected", (Path() as path, Text(code))):
                return self._selected(path, code, context, truth)
            case Call():
                return ((_Atom(_key(tree, context), "=", float(truth)),),)
            case _:
                return ((),)

    def _selected(self, path: Path, code: str, context: str, truth: bool) -> tuple[_Case, ...]:
        place = own_path(path, context)
        question = self.questions.get(place or "")
        if question is None or place is None:
            return ((_Atom(f"selected {_key(path, context)} {code}", "=", float(truth)),),)
        if question.type == "select_one":
            return ((_Atom(place, "=" if truth else "!=", _value(code)),),)
        known = self.values(place)
        if truth and known is not None and _value(code) not in known:
            return ()
        answered = (_Atom(place, "!=", ""),) if truth else ()
        return ((_Atom(f"selected {place} {code}", "=", float(truth)), *answered),)

    def _possible(self, cases: tuple[_Case, ...]) -> bool:
        return any(self._holds(case) for case in cases)

    def _holds(self, case: _Case) -> bool:
        """Whether every subject is left a value."""
        subjects: dict[str, list[_Atom]] = defaultdict(list)
        for atom in case:
            subjects[atom.subject].append(atom)
        return all(self._left(subject, atoms) for subject, atoms in subjects.items())

    def _left(self, subject: str, atoms: list[_Atom]) -> bool:
        constants = [one for one in atoms if not one.base]
        question = self.questions.get(subject)
        known = self.values(subject) if question and question.type != "select_multiple" else None
        if known is not None and len(known) > len(atoms) and all(one.operator == "!=" for one in atoms):
            return True  # each takes one value away
        tried = {one.value for one in constants if one.operator == "="} or known
        if tried is not None:
            if known is not None:
                tried = tried & (known | {""})
            if subject.startswith(_COUNTING):
                most = self._at_most(subject)
                tried = {one for one in tried if isinstance(one, float) and 0 <= one <= most}
                return any(all(_meets(value, one) for one in constants) for value in tried)
            return any(all(_meets(value, one) for one in constants) for value in {*tried, *_empty(constants)})
        if not any(one.operator in "<=>=" and one.operator != "!=" for one in atoms):
            return True
        whole = (question is not None and question.data_type == "int") or subject.startswith(_COUNTING)
        for base in {one.base for one in atoms}:
            bounded = [one for one in atoms if one.base == base]
            if not _room(bounded, whole and not base, 0 if subject.startswith(_COUNTING) else -math.inf,
                         self._at_most(subject)):  # fmt: skip
                return False
        return True

    def _at_most(self, subject: str) -> float:
        """How many choices can be selected, where a subject counts them."""
        if subject.startswith("count-selected(") and (known := self.values(subject[15:-1])):
            return len(known)
        return math.inf


_COUNTING = ("count-selected(", "string-length(", "count(", "count-non-empty(")


def _empty(atoms: list[_Atom]) -> tuple[str, ...]:
    """No answer is tried too, unless some other value is demanded."""
    return () if any(one.operator == "=" for one in atoms) else ("",)


def _both(left: tuple[_Case, ...], right: tuple[_Case, ...]) -> tuple[_Case, ...]:
    if len(left) * len(right) > _MOST:
        return ((),) if left and right else ()
    return tuple((*one, *other) for one in left for other in right)


def _either(left: tuple[_Case, ...], right: tuple[_Case, ...]) -> tuple[_Case, ...]:
    return (*left, *right) if len(left) + len(right) <= _MOST else ((),)


def _comparison(tree: Binary, context: str, truth: bool) -> tuple[_Case, ...]:
    left, right, operator = tree.left, tree.right, tree.operator
    if _constant(left) is not None:
        left, right, operator = right, left, _TURNED[operator]
    value = _constant(right)
    if (fixed := _constant(left)) is not None and value is not None:
        return ((),) if _meets(fixed, _Atom("", operator, value)) == truth else ()
    subject, base = _key(left, context), ""
    if value is None:
        value, base = 0.0, _key(right, context)
        if base < subject:
            subject, base, operator = base, subject, _TURNED[operator]
    if truth:
        return ((_Atom(subject, operator, value, base),),)
    opposite = _Atom(subject, _OPPOSITE[operator], value, base)
    if operator in ("=", "!="):
        return ((opposite,),)
    if base:
        return ((),)  # either side may be empty
    return ((opposite,), (_Atom(subject, "=", ""),))  # no number is smaller or greater than nothing


def _meets(value: Value, atom: _Atom) -> bool:
    """Whether a constant stands so to another; what is no number is neither smaller nor greater."""
    if atom.operator == "=":
        return value == atom.value
    if atom.operator == "!=":
        return value != atom.value
    if isinstance(value, str) or isinstance(atom.value, str):
        return False
    return {
        "<": value < atom.value,
        "<=": value <= atom.value,
        ">": value > atom.value,
        ">=": value >= atom.value,
    }[atom.operator]


def _room(atoms: list[_Atom], whole: bool, least: float, most: float) -> bool:
    """Whether a number is left between the bounds, a whole one if so."""
    low, low_open, high, high_open = least, False, most, False
    for atom in atoms:
        value = atom.value
        if atom.operator in ("<", "<=", ">", ">=") and isinstance(value, str):
            return False
        if isinstance(value, str) or atom.operator == "!=":
            continue
        if atom.operator in (">", ">=", "=") and (value, atom.operator == ">") > (low, low_open):
            low, low_open = value, atom.operator == ">"
        if atom.operator in ("<", "<=", "=") and (-value, atom.operator == "<") > (-high, high_open):
            high, high_open = value, atom.operator == "<"
    if whole and math.isfinite(low):
        low, low_open = (math.floor(low) + 1, False) if low_open else (math.ceil(low), False)
    if whole and math.isfinite(high):
        high, high_open = (math.ceil(high) - 1, False) if high_open else (math.floor(high), False)
    return low < high or (low == high and not (low_open or high_open))


def _compared(tree: Tree, context: str, within: bool = False) -> Iterator[tuple[str, Value]]:
    """Path and value of every comparison of a node of the form with a constant."""
    pair: tuple[Path, Value] | None = None
    match tree:
        case Binary("=" | "!=", Path() as path, Text() | Number() as constant) | Binary(
            "=" | "!=", Text() | Number() as constant, Path() as path
        ):
            pair = (path, constant.value)
        case Call("selected", (Path() as path, Text(code))):
            pair = (path, code)
    if pair and (place := own_path(pair[0], context, within=within)):
        yield place, _value(pair[1])
    for child in children(tree):
        yield from _compared(child, context, within or isinstance(tree, Path))


def _constant(tree: Tree) -> Value | None:
    match tree:
        case Text() | Number():
            return _value(tree.value)
        case Negative(Number(value)):
            return -value
        case Call("date", (Text(day),)):
            try:
                return float(date.fromisoformat(day).toordinal())
            except ValueError:
                return None
        case _:
            return None


def _value(constant: Value) -> Value:
    """A number where it reads as one: phones compare '1' and 1 as the same."""
    try:
        number = float(constant)
    except ValueError:
        return constant
    return number if math.isfinite(number) else str(constant)


def _word(value: Value) -> str:
    return f"{value:g}" if isinstance(value, float) else value


def _key(tree: Tree, context: str) -> str:
    """A text that is the same for trees that mean the same."""
    match tree:
        case Path():
            place = own_path(tree, context) or tree.text
            inside = "".join(f"[{_key(one, context)}]" for one in tree.inside)
            return place + inside + (f" of {_key(tree.base, context)}" if tree.base else "")
        case Call():
            return f"{tree.name}({', '.join(_key(one, context) for one in tree.arguments)})"
        case Binary():
            return f"({_key(tree.left, context)} {tree.operator} {_key(tree.right, context)})"
        case Negative():
            return f"-{_key(tree.operand, context)}"
        case _:
            return repr(tree.value)
