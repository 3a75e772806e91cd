"""A form made ready for reading submissions: a tree of names, each node with the reader of its type."""

from collections.abc import Callable

from submissions import values
from submissions.made import once
from submissions.values import Value
from xlsforms.schema import Form, Node, Question, Repeat, behind_gate

_SELECTS = ("select_one", "select_multiple", "rank")


class ReadingPlan:
    """A form made ready for reading: a tree of names. Made once a form and kept."""

    __slots__ = ("gate", "root", "special")

    def __init__(self, form: Form) -> None:
        behind = behind_gate(form)
        self.gate = form.gate
        self.root = KnownNode(f"/{form.root}", None, False)
        self.special: dict[str, str] = {}
        """Path → attribute of the record it fills."""
        for node in form.children:
            self.root.take(node, form, behind)
        for question in form.questions():
            if question.type == "start":
                self.special.setdefault(question.path, "started_at")
            elif question.type == "end":
                self.special.setdefault(question.path, "ended_at")
        meta = f"/{form.root}/meta"
        self.special |= {
            f"{meta}/instanceID": "instance_id",
            f"{meta}/deprecatedID": "deprecated_id",
            f"{meta}/instanceName": "instance_name",
            f"{meta}/timeStart": "started_at",
            f"{meta}/timeEnd": "ended_at",
        }


class KnownNode:
    """A node the form has. `question` is None for a group or repeat."""

    __slots__ = ("behind", "blank_matters", "children", "codes", "path", "question", "read", "repeats")

    def __init__(self, path: str, question: Question | None, behind: bool, repeats: bool = False) -> None:
        self.path = path
        self.question = question
        self.behind = behind
        self.repeats = repeats
        self.children: dict[str, KnownNode] = {}
        self.read: Callable[[str], Value] = values.reader(question.type) if question else values.text
        self.blank_matters = self.read is values.text
        self.codes: frozenset[str] | None = None

    def take(self, node: Node, form: Form, behind: frozenset[str]) -> None:
        known = KnownNode(
            node.path,
            node if isinstance(node, Question) else None,
            node.path in behind,
            isinstance(node, Repeat),
        )
        name = node.path.rpartition("/")[2].rpartition(":")[2]
        self.children[name] = known
        if isinstance(node, Question):
            # The choices of a search() are the columns of a file.
            if node.type in _SELECTS and "search(" not in (node.appearance or ""):
                known.codes = frozenset(choice.name for choice in form.choice_list(node)) or None
        else:
            for child in node.children:
                known.take(child, form, behind)


plan = once(ReadingPlan)
