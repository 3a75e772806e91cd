"""The shape of a form: what is asked, in which order, under which conditions, with which choices.

It is derived from the XForm (see `xform.read`), so a form has the same schema whether it was written as a
spreadsheet or uploaded as XML. Everything is frozen and goes to JSON and back unchanged.

Paths are absolute XPath from the root of the primary instance, root name included and without positions:
`/data/person/family_name`.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import MISSING, dataclass, fields
from dataclasses import field as fresh
from functools import cache, lru_cache
from typing import Any

Label = Mapping[str, str]
"""Language → text. A form without languages has the single key "". Outputs inside a text stand as
`${name}`."""

METADATA = frozenset(
    {
        "start", "end", "today", "username", "email", "phonenumber", "deviceid", "subscriberid", "simserial",
        "start-geopoint", "background-audio", "audit", "instanceID", "instanceName", "deprecatedID",
    }
)  # fmt: skip
"""Types of questions that nobody is asked: the phone fills them in."""

_LITERAL = re.compile(r"'[^']*'|\"[^\"]*\"")
_FOREIGN = re.compile(r"instance\(\s*''\s*\)[^\s\[\]()]*")
_ABSOLUTE = re.compile(r"(?:/[\w-][\w.-]*)+")
_PREDICATE = re.compile(r"\[[^\]]*\]")
_TOKEN = re.compile(r"[^\s()\[\]=<>!+*|,'\"]+")


@dataclass(frozen=True, slots=True)
class Choice:
    """One code of a choice list and what it is called. `columns` are the list's other columns (filters)."""

    name: str
    label: Label = fresh(default_factory=dict)
    columns: Mapping[str, str] = fresh(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Question:
    """A node that holds an answer.

    `type`: text integer decimal date time dateTime boolean select_one select_multiple rank geopoint geotrace
    geoshape image audio video file barcode note calculate acknowledge range hidden, or one of METADATA.
    `data_type` is the bind's: string int decimal date time dateTime boolean geopoint geotrace geoshape
    barcode binary. `choices` is a key of Form.choices; `file` the attached file the choices come from
    (`cases.csv`); `itemset` the nodeset they come from when that is a repeat of the form itself.
    `field` is the text of `bind::case:field`. Expressions are as the XForm has them.
    """

    name: str
    path: str
    type: str
    data_type: str = "string"
    label: Label = fresh(default_factory=dict)
    hint: Label = fresh(default_factory=dict)
    choices: str | None = None
    field: str | None = None
    required: bool = False
    relevant: str | None = None
    constraint: str | None = None
    constraint_message: Label = fresh(default_factory=dict)
    calculation: str | None = None
    appearance: str | None = None
    readonly: bool = False
    file: str | None = None
    itemset: str | None = None
    choice_filter: str | None = None
    default: str | None = None
    parameters: Mapping[str, str] = fresh(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Group:
    """Nodes that belong together; also the meta block, whose name is `meta`."""

    name: str
    path: str
    label: Label = fresh(default_factory=dict)
    children: tuple["Node", ...] = ()
    relevant: str | None = None
    appearance: str | None = None


@dataclass(frozen=True, slots=True)
class Repeat:
    """Nodes that may be there several times. `field` is the table its rows go to; `count` an expression."""

    name: str
    path: str
    label: Label = fresh(default_factory=dict)
    children: tuple["Node", ...] = ()
    relevant: str | None = None
    field: str | None = None
    appearance: str | None = None
    count: str | None = None


Node = Question | Group | Repeat


@dataclass(frozen=True, slots=True)
class Entity:
    """An entity declaration: which list, under which conditions, and which answers become its properties."""

    list_name: str
    path: str
    id: str | None = None
    label: str | None = None
    create_if: str | None = None
    update_if: str | None = None
    properties: Mapping[str, str] = fresh(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Form:
    """A whole form. `gate` is the path of the question that must be true before anything behind it is
    kept; `action` the URL to which the form, and not the phone's settings, sends its submissions;
    `entities_version` the version of the entities specification it keeps to, empty if it names none."""

    form_id: str
    version: str
    title: str
    root: str
    languages: tuple[str, ...] = ()
    default_language: str = ""
    children: tuple[Node, ...] = ()
    choices: Mapping[str, tuple[Choice, ...]] = fresh(default_factory=dict)
    gate: str | None = None
    namespace: str | None = None
    entities: tuple[Entity, ...] = ()
    entities_version: str = ""
    media: tuple[str, ...] = ()
    encrypted: bool = False
    action: str = ""

    def nodes(self) -> Iterator[Node]:
        """Every group, repeat and question, in document order, a group before what it holds."""
        stack = list(reversed(self.children))
        while stack:
            node = stack.pop()
            yield node
            if not isinstance(node, Question):
                stack.extend(reversed(node.children))

    def questions(self) -> Iterator[Question]:
        """The questions in the order of the form, those of the meta block included."""
        return (node for node in self.nodes() if isinstance(node, Question))

    def repeats(self) -> Iterator[Repeat]:
        """The repeats, outer before inner."""
        return (node for node in self.nodes() if isinstance(node, Repeat))

    def question(self, path: str) -> Question | None:
        """The question at a path, or None. One look at the whole form: keep an index for many."""
        return next((one for one in self.questions() if one.path == path), None)

    def choice_list(self, question: Question) -> tuple[Choice, ...]:
        """The choices of a question as far as the form itself holds them."""
        return self.choices.get(question.choices, ()) if question.choices else ()

    def enclosing(self, path: str) -> tuple[str, ...]:
        """Paths of the repeats around a node, outermost first; a repeat is not around itself."""
        return tuple(repeat.path for repeat in self.repeats() if path.startswith(repeat.path + "/"))

    def all_enclosing(self) -> dict[str, tuple[str, ...]]:
        """`enclosing` of every node, in one walk."""
        around: dict[str, tuple[str, ...]] = {}
        stack: list[tuple[Node, tuple[str, ...]]] = [(node, ()) for node in self.children]
        while stack:
            node, repeats = stack.pop()
            around[node.path] = repeats
            if not isinstance(node, Question):
                inside = (*repeats, node.path) if isinstance(node, Repeat) else repeats
                stack.extend((child, inside) for child in node.children)
        return around

    def to_json(self) -> dict[str, Any]:
        """A JSON object; what has its default value is left out."""
        return _plain(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "Form":
        return cls(
            **{
                **data,
                "languages": tuple(data.get("languages", ())),
                "children": tuple(_node(child) for child in data.get("children", ())),
                "choices": {
                    name: tuple(Choice(**choice) for choice in choices)
                    for name, choices in data.get("choices", {}).items()
                },
                "entities": tuple(Entity(**entity) for entity in data.get("entities", ())),
                "media": tuple(data.get("media", ())),
            }
        )


def text(label: Label, language: str = "", default: str = "") -> str:
    """The text of a label in a language, else in the default language, else in any, else empty."""
    for key in (language, default, ""):
        if label.get(key):
            return label[key]
    return next((one for one in label.values() if one), "")


def behind_gate(form: Form) -> frozenset[str]:
    """Paths of the questions, groups and repeats whose own `relevant`, or that of something around them,
    refers to the form's gate: what must not be kept when the gate is shut. Empty if the form names no
    gate."""
    if form.gate is None:
        return frozenset()
    gate = form.gate
    found: set[str] = set()

    def walk(nodes: tuple[Node, ...], shut: bool) -> None:
        for node in nodes:
            behind = shut or (node.relevant is not None and gate in references(node.relevant, node.path))
            if behind:
                found.add(node.path)
            if not isinstance(node, Question):
                walk(node.children, behind)

    walk(form.children, False)
    return frozenset(found)


@lru_cache(maxsize=8192)
def references(expression: str, context: str) -> frozenset[str]:
    """Absolute paths of this form's nodes an expression refers to, relative ones resolved from `context`.

    A reading by pattern: string literals and paths into other instances are skipped, and what is no path
    (numbers, function names) is simply no path of any form.
    """
    own = _FOREIGN.sub(" ", _LITERAL.sub("''", expression)).replace("current()/", "")
    return frozenset(resolve(token, context) for token in _TOKEN.findall(own) if token[0] in "/.")


def resolve(reference: str, context: str) -> str:
    """Absolute path, without prefixes, predicates and positions, of a reference seen from the node or
    group at `context`."""
    if _ABSOLUTE.fullmatch(reference):
        return reference
    plain = _PREDICATE.sub("", reference.strip()).removeprefix("current()/")
    steps = [] if plain.startswith("/") else context.split("/")[1:]
    for step in plain.split("/"):
        if step == "..":
            steps = steps[:-1]
        elif step not in ("", "."):
            steps.append(step if step.startswith("@") else step.rpartition(":")[2])
    return "/" + "/".join(steps)


def _plain(shape: Any) -> dict[str, Any]:
    plain: dict[str, Any] = {"kind": type(shape).__name__.lower()} if isinstance(shape, Node) else {}
    for name, default in _defaults(type(shape)):  # type: ignore[arg-type]  # a type can be hashed
        if (value := getattr(shape, name)) != default:
            plain[name] = _value(value)
    return plain


@cache
def _defaults(shape: Any) -> tuple[tuple[str, Any], ...]:
    """Fields of a shape and what each is by default."""
    return tuple(
        (one.name, one.default if one.default_factory is MISSING else one.default_factory())
        for one in fields(shape)
    )


def _value(value: Any) -> Any:
    if isinstance(value, tuple):
        return [_value(one) for one in value]
    if isinstance(value, Mapping):
        return {key: _value(one) for key, one in value.items()}
    return value if isinstance(value, str | bool) else _plain(value)


_KINDS: dict[str, Callable[..., Node]] = {"question": Question, "group": Group, "repeat": Repeat}


def _node(data: Mapping[str, Any]) -> Node:
    parts = {name: value for name, value in data.items() if name != "kind"}
    if "children" in parts:
        parts["children"] = tuple(_node(child) for child in parts["children"])
    return _KINDS[data["kind"]](**parts)
