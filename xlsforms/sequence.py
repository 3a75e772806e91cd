"""What an expression needs that is not there yet, or may never be: questions that are asked only later, and
answers that can be empty where a number is needed."""

from collections.abc import Iterator

from xlsforms.conditions import own_path
from xlsforms.finding import Finding, warning
from xlsforms.marked import N_, worded
from xlsforms.schema import METADATA, Form, Node, Question, references
from xlsforms.xpath import Binary, Call, Negative, Number, Path, Text, Tree, children, parts, tree_of

_ARITHMETIC = ("+", "-", "*", "div", "mod", "<", "<=", ">", ">=")
_NUMBERS = ("int", "round", "abs", "pow", "decimal-date-time", "decimal-time")
_ASKING = ("coalesce", "boolean", "string-length", "count-selected", "number", "string")
"""Functions by which an expression asks whether there is an answer."""
_HANDED_ON = ("once", "string", "substr", "format-date", "format-date-time", "date", "normalize-space")
"""Functions that make nothing of nothing."""
_LOOKED_UP = ("pulldata", "indexed-repeat", "selected-at", "choice-name", "property")
_UNASKED = METADATA | {"calculate", "hidden", "note"}


_FORWARD = {
    (False, False): N_(
        "The %(column)s of “%(question)s” depends on “%(last)s”, which is asked only later: it is empty when it counts."
    ),
    (False, True): N_(
        "The %(column)s of “%(question)s” depends on “%(last)s” (by %(by)s), which is asked only later: it is empty "
        "when it counts."
    ),
    (True, False): N_(
        "The %(column)s of “%(question)s” depends on “%(last)s”, which is part of what it decides about: it is empty "
        "when it counts."
    ),
    (True, True): N_(
        "The %(column)s of “%(question)s” depends on “%(last)s” (by %(by)s), which is part of what it decides about: it "
        "is empty when it counts."
    ),
}
"""By whether it is part of what it decides about, and whether another question stands between them."""


def check(form: Form) -> Iterator[Finding]:
    """References to later questions, then numbers that may be missing."""
    order = _Order(form)
    for node in form.nodes():
        yield from order.forward(node)
        yield from order.empty(node)


class _Order:
    """Where each node of one form stands."""

    def __init__(self, form: Form) -> None:
        self.nodes = {node.path: node for node in form.nodes()}
        self.place = {path: number for number, path in enumerate(self.nodes)}
        self._last: dict[str, str | None] = {}

    def around(self, node: Node) -> tuple[Node, ...]:
        """The node and what is around it, outermost first."""
        steps = node.path.split("/")
        paths = ("/".join(steps[:end]) for end in range(3, len(steps) + 1))
        return tuple(self.nodes[path] for path in paths if path in self.nodes)

    def forward(self, node: Node) -> Iterator[Finding]:
        """Conditions on what is asked later. On a page of its own a group shows all its questions at once."""
        page = next((one.path for one in self.around(node) if "field-list" in (one.appearance or "")), None)
        for column in ("relevant", "constraint", "choice_filter"):
            text = getattr(node, column, None) or ""
            if "indexed-repeat" in text or "position(" in text:  # another row of a repeat: an earlier one
                continue
            for path in sorted(references(text, node.path) & self.place.keys()):
                if path == node.path and column == "constraint":
                    continue
                last = self.last(path)
                if not last or self.place[last] < self.place[node.path]:
                    continue
                if page and last != node.path and last.startswith(page + "/"):
                    continue
                itself = last == node.path or last.startswith(node.path + "/")
                values = {"column": column, "question": node.name, "last": self.nodes[last].name}
                if last != path:
                    values["by"] = self.nodes[path].name
                yield warning(
                    "refers_forward",
                    worded(_FORWARD[itself, last != path], **values),
                    worded(
                        "Move %(name)s before %(name_2)s, or refer to an earlier question.",
                        name=self.nodes[last].name,
                        name_2=node.name,
                    ),
                    question=node.path,
                    column=column,
                )
                break

    def last(self, path: str) -> str | None:
        """Of what a node depends on and is asked, the last; None if it depends on no question."""
        if path not in self._last:
            self._last[path] = None  # a circle is no order
            node = self.nodes[path]
            if isinstance(node, Question) and node.type == "calculate":
                used = references(node.calculation or "", path) & self.place.keys()
                found = [last for one in used if (last := self.last(one))]
                self._last[path] = max(found, key=self.place.__getitem__, default=None)
            elif isinstance(node, Question) and node.type not in _UNASKED:
                self._last[path] = path
        return self._last[path]

    def empty(self, node: Node) -> Iterator[Finding]:
        """Calculations and constraints that reckon with an answer that may be missing and do not ask for it."""
        asked = {path for one in self.around(node) for path in references(one.relevant or "", one.path)}
        for column in ("calculation", "constraint"):
            tree = tree_of(getattr(node, column, None) or "")
            if tree is None:
                continue
            sure = asked | _guarded(tree, node.path) | {node.path}
            for path in _reckoned(tree, node.path):
                if path not in sure and self.may_be_empty(path, node):
                    name = self.nodes[path].name
                    wrong = (
                        N_("then no number comes out")
                        if column == "calculation"
                        else N_("then no answer is accepted")
                    )
                    yield warning(
                        "empty_when_used",
                        worded(
                            "The %(column)s of “%(name)s” reckons with “%(name_2)s”, which can be empty; "
                            "%(wrong)s.",
                            column=column,
                            name=node.name,
                            name_2=name,
                            wrong=worded(wrong),
                        ),
                        worded(
                            "Say what holds then: if(${%(name)s} != '', …, …), or ${%(name)s} = '' or …; or "
                            "make %(name)s required.",
                            name=name,
                        ),
                        question=node.path,
                        column=column,
                    )
                    break

    def may_be_empty(self, path: str, user: Node, seen: tuple[str, ...] = ()) -> bool:
        """Whether a question can be without an answer where `user` is there."""
        node = self.nodes.get(path)
        if not isinstance(node, Question) or path in seen or node.type in METADATA:
            return False
        there = {one.relevant for one in self.around(user)}
        if any(one.relevant and one.relevant not in there for one in self.around(node)):
            return True
        if node.type != "calculate":
            return node.type not in ("hidden", "note") and not node.required and node.calculation is None
        tree = tree_of(node.calculation or "")
        return tree is not None and self._nothing(tree, node, (*seen, path))

    def _nothing(self, tree: Tree, node: Question, seen: tuple[str, ...]) -> bool:
        """Whether an expression can come out empty."""
        match tree:
            case Text(value):
                return value == ""
            case Path():
                place = own_path(tree, node.path)
                return place is None or self.may_be_empty(place, node, seen)
            case Call("if", (_, yes, no)):
                return self._nothing(yes, node, seen) or self._nothing(no, node, seen)
            case Call("coalesce" | "concat", arguments) if arguments:
                return all(self._nothing(one, node, seen) for one in arguments)
            case Call(name, (first, *_)) if name in _HANDED_ON:
                return self._nothing(first, node, seen)
            case Call(name):
                return name in _LOOKED_UP
            case Number() | Negative() | Binary():
                return False


def _guarded(tree: Tree, context: str) -> set[str]:
    """Paths an expression itself asks about: compares with something by = or !=, or hands to a function
    that takes nothing, too."""
    found: set[str | None] = set()
    for part in parts(tree):
        match part:
            case Binary("=" | "!=", left, right):
                found |= {own_path(one, context) for one in (left, right) if isinstance(one, Path)}
            case Call(name, arguments) if name in _ASKING:
                found |= {own_path(one, context) for one in arguments if isinstance(one, Path)}
    return {path for path in found if path}


def _reckoned(tree: Tree, context: str) -> Iterator[str]:
    """Paths that stand where a number is needed."""
    for part in parts(tree):
        needs = (
            isinstance(part, Negative)
            or (isinstance(part, Binary) and part.operator in _ARITHMETIC)
            or (isinstance(part, Call) and part.name in _NUMBERS)
        )
        for one in children(part) if needs else ():
            if isinstance(one, Path) and not one.inside and (place := own_path(one, context)):
                yield place
