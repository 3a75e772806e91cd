"""A submission's answers, typed by the schema of the form version it was filled on.

The record keeps what the phone wrote: every node with a text is an answer, also one the form does not know.
What a type does not read keeps its text and gets a finding. Only the consent gate takes away: when it is
shut, nothing that stands behind it, and nothing the form does not know, is in the record.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from lxml import etree

from submissions import entities, gate
from submissions.entities import EntityAction
from submissions.reading import KnownNode, ReadingPlan, plan
from submissions.values import Value
from xlsforms.finding import Finding, info, warning
from xlsforms.marked import N_, worded
from xlsforms.schema import Form, Question, behind_gate

_MAX_FINDINGS = 100


class Answer(NamedTuple):
    """One answer. A named tuple because a long interview has hundreds of them.

    `path` is the question's, without positions; `row` the 1-based positions of the repeats around it,
    outermost first; `text` is exactly what the phone wrote and `value` what its type makes of it (None if
    it cannot); `known` tells whether the form has such a question; `xpath` is the path with positions on
    repeats, as ODK clients name nodes: `/data/episodes/episode[1]/ep_age`.
    """

    path: str
    row: tuple[int, ...]
    text: str
    value: Value
    known: bool
    xpath: str


@dataclass(frozen=True, slots=True)
class Record:
    """One submission, read. `started_at` and `ended_at` are dateTimes as the phone wrote them, None if the
    form does not ask the phone for them. `rows` are the instances of repeats: path of the repeat and
    positions, its own last. `consent_ok` is None for a form without a gate. `entities` are what it does to
    entity lists."""

    form_id: str
    version: str
    instance_id: str
    deprecated_id: str | None
    instance_name: str | None
    started_at: str | None
    ended_at: str | None
    answers: tuple[Answer, ...]
    rows: tuple[tuple[str, tuple[int, ...]], ...]
    consent_ok: bool | None
    findings: tuple[Finding, ...]
    entities: tuple[EntityAction, ...] = ()

    def answer(self, path: str, row: tuple[int, ...] = ()) -> Answer | None:
        """The answer at a path and row, or None. One look at the whole record: keep an index for many."""
        return next((one for one in self.answers if one.path == path and one.row == row), None)


class RecordError(ValueError):
    """The XML is not an instance at all. What `envelope.read` accepts is."""


def instance_path(around: Sequence[str], positions: Sequence[int]) -> str:
    """XPath of an instance of a repeat: `around` are the paths of the repeats on the way, its own last, and
    `positions` its place in each."""
    found = before = ""
    for path, position in zip(around, positions, strict=True):
        found += f"{path[len(before) :]}[{position}]"
        before = path
    return found


def read(xml: bytes, form: Form) -> Record:
    """Read a submission by its form. Raises RecordError if the bytes are no XML, hold a DTD, or are encrypted."""
    try:
        root = etree.fromstring(xml, parser())
    except (etree.XMLSyntaxError, ValueError) as fault:
        raise RecordError(f"not XML that can be read: {fault}") from None
    if root.getroottree().docinfo.internalDTD is not None:
        raise RecordError("holds a document type definition")
    if root.get("encrypted") == "yes":
        raise RecordError("encrypted: it holds no answers")
    reading = _Reading(plan(form))
    reading.walk(root, reading.plan.root, (), reading.plan.root.path, _local(root.tag))
    return reading.record(root, form)


def without_consent(said: Record, form: Form) -> Record:
    """The record as if its gate were shut: nothing that stands behind it, and nothing the form does not know. For a
    version of a submission whose later version refuses consent."""
    behind, meta = behind_gate(form), f"/{form.root}/meta/"
    answers = (
        one for one in said.answers if (one.known or one.path.startswith(meta)) and one.path not in behind
    )
    rows = (one for one in said.rows if one[0] not in behind)
    return replace(said, answers=tuple(answers), rows=tuple(rows), consent_ok=False)


def unread(instance_id: str, form: Form) -> Record:
    """The record of a submission whose answers cannot be read: all there is to say is which one it is."""
    number = (question.path for question in form.questions() if question.type == "instanceID")
    answers = tuple(Answer(path, (), instance_id, instance_id, True, path) for path in number)
    return Record(form.form_id, form.version, instance_id, None, None, None, None, answers, (), None, ())


def parser() -> etree.XMLParser:
    """How XML of submissions is parsed: without DTD, entities and network."""
    # huge_tree: the size of a submission is limited where it is received, not by the length of one text.
    return etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        remove_comments=True,
        remove_pis=True,
        huge_tree=True,
    )


class _Reading:
    """One walk over an instance."""

    def __init__(self, plan: ReadingPlan) -> None:
        self.plan = plan
        self.answers: list[Answer] = []
        self.behind: set[int] = set()
        """Places in `answers` of what stands behind the gate, or may do so."""
        self.rows: list[tuple[str, tuple[int, ...]]] = []
        self.rows_behind: set[int] = set()
        self.findings: list[Finding] = []
        self.special: dict[str, str] = {}
        self.seen: set[tuple[str, tuple[int, ...]]] = set()
        self.strange: set[str] = set()

    def walk(
        self, element: etree._Element, known: KnownNode, row: tuple[int, ...], xpath: str, _name: str
    ) -> None:
        answers, children = self.answers, known.children
        positions: dict[str, int] | None = None
        for child in element:
            tag = child.tag
            name = tag.rpartition("}")[2] if tag[0] == "{" else tag
            inner = children.get(name)
            if inner is None:
                self.unknown(child, f"{known.path}/{name}", row, f"{xpath}/{name}")
                continue
            if (question := inner.question) is not None:
                if len(child):
                    self.unknown(child, inner.path, row, f"{xpath}/{name}")
                elif text := child.text:
                    self.answer(inner, question, row, text, f"{xpath}/{name}" if row else inner.path)
                continue
            if not inner.repeats:
                self.walk(child, inner, row, f"{xpath}/{name}" if row else inner.path, name)
                continue
            if positions is None:
                positions = {}
            position = positions[name] = positions.get(name, 0) + 1
            if inner.behind:
                self.rows_behind.add(len(self.rows))
            place = (*row, position)
            self.rows.append((inner.path, place))
            self.walk(child, inner, place, f"{xpath}/{name}[{position}]", name)
        if (stray := element.text) and not stray.isspace():
            self.strange_node(known.path)
            self.behind.add(len(answers))
            answers.append(Answer(known.path, row, stray, stray, False, xpath))

    def answer(
        self, inner: KnownNode, question: Question, row: tuple[int, ...], text: str, xpath: str
    ) -> None:
        if not inner.blank_matters and text.isspace():
            return
        path = inner.path
        if (path, row) in self.seen:
            self.find(
                warning(
                    "answer_twice",
                    N_("A question is answered twice where it can be asked once; the first answer counts."),
                    N_("Look at both answers and correct the case if the second is the right one."),
                    question=xpath,
                )
            )
            self.behind.add(len(self.answers))
            self.answers.append(Answer(path, row, text, text, False, xpath))
            return
        self.seen.add((path, row))
        try:
            value = inner.read(text)
        except ValueError:
            value = None
            self.find(
                warning(
                    "unreadable_value",
                    worded(
                        "The answer is not what a question of type %(type)s holds. Its text is kept.",
                        type=question.type,
                    ),
                    N_("Look at the answer and correct the case by hand."),
                    question=xpath,
                )
            )
        if inner.codes is not None and value is not None:
            said = value if isinstance(value, tuple) else (value,)
            if not inner.codes.issuperset(said):
                self.find(
                    warning(
                        "unknown_code",
                        worded(
                            "The answer is not among the choices of the list %(choices)s.",
                            choices=question.choices,
                        ),
                        N_(
                            "Compare the form on the phone with the one published; add the choice if missing."
                        ),
                        question=xpath,
                    )
                )
        if inner.behind:
            self.behind.add(len(self.answers))
        if path in self.plan.special:
            self.special.setdefault(self.plan.special[path], text.strip())
        self.answers.append(Answer(path, row, text, value, True, xpath))

    def unknown(self, element: etree._Element, path: str, row: tuple[int, ...], xpath: str) -> None:
        """A node the form does not have, and all below it. Not recursive: strange files may be deep."""
        stack = [(element, path, xpath)]
        while stack:
            node, path, xpath = stack.pop()
            if (text := node.text) and not text.isspace():
                if path in self.plan.special:
                    self.special.setdefault(self.plan.special[path], text.strip())
                elif not path.startswith(f"{self.plan.root.path}/meta/"):
                    self.strange_node(path)
                    self.behind.add(len(self.answers))
                self.answers.append(Answer(path, row, text, text, False, xpath))
            for child in reversed(node):
                name = _local(child.tag)
                stack.append((child, f"{path}/{name}", f"{xpath}/{name}"))

    def strange_node(self, path: str) -> None:
        if path not in self.strange:
            self.strange.add(path)
            self.find(
                info(
                    "unknown_question",
                    N_("There is an answer to a question the form does not have. It is kept and exported."),
                    N_("Publish the version of the form the phone used, then run the submission again."),
                    question=path[:200],
                )
            )

    def find(self, finding: Finding) -> None:
        if len(self.findings) < _MAX_FINDINGS:
            self.findings.append(finding)

    def record(self, root: etree._Element, form: Form) -> Record:
        if (form_id := root.get("id") or "") and form_id != form.form_id:
            self.find(
                warning("other_form", N_("The submission names another form than the one it is read by."))
            )
        wishes, wrong = entities.read(root, form) if form.entities else ([], [])
        consent = self.consent(root, form)
        for finding in wrong:
            self.find(finding)
        if consent is False:
            # A label or a property may come from behind the gate, whatever stands around the entity. Of cases there
            # is nothing to say: what phones are told of them follows from the interviews.
            if any(wish.list_name != entities.CASES for wish in wishes):
                self.find(entities.shut(form.entities[0]))
            wishes = []
        answers, rows = self.answers, self.rows
        if consent is False:
            answers = [one for place, one in enumerate(answers) if place not in self.behind]
            rows = [one for place, one in enumerate(rows) if place not in self.rows_behind]
            if cut := len(self.answers) - len(answers):
                self.find(
                    warning(
                        "consent_gate",
                        worded(
                            "Consent was not given, yet there are %(cut)s answers behind it. They were left "
                            "out.",
                            cut=cut,
                        ),
                        N_("Ask the interviewer how this came about. The submission itself stays sealed."),
                        question=form.gate,
                    )
                )
        said = self.special
        return Record(
            form_id=form_id or form.form_id,
            version=_version(root) or form.version,
            instance_id=said.get("instance_id", ""),
            deprecated_id=said.get("deprecated_id") or None,
            instance_name=said.get("instance_name") or None,
            started_at=said.get("started_at"),
            ended_at=said.get("ended_at"),
            answers=tuple(answers),
            rows=tuple(rows),
            consent_ok=consent,
            findings=tuple(self.findings),
            entities=tuple(wishes),
        )

    def consent(self, root: etree._Element, form: Form) -> bool | None:
        """The gate as the server computes it; what the phone says only where that is not possible."""
        if form.gate is None:
            return None
        said = next((one.text.strip() for one in self.answers if one.path == form.gate), "")
        phone = said in gate.TRUE
        try:
            computed = gate.consent_ok(_plain(root), form)
        except gate.GateError:
            self.find(
                warning(
                    "gate_not_computed",
                    N_("The consent gate could not be computed again; the phone's value stands."),
                    N_("Write the gate's calculation with if(), selected() and comparisons of answers only."),
                    question=form.gate,
                )
            )
            return phone
        if computed != phone:
            self.find(
                warning(
                    "consent_gate_differs",
                    N_("The phone's consent gate is not the one its answers give; the computed one stands."),
                    N_("Ask the interviewer about consent before using this interview."),
                    question=form.gate,
                )
            )
        return computed


def _version(root: etree._Element) -> str:
    """`version`, or as old clients write it, `orx:version`."""
    return root.get("version") or root.get("{http://openrosa.org/xforms}version") or ""


def _local(tag: str) -> str:
    return tag.rpartition("}")[2]


def _plain(root: etree._Element) -> etree._Element:
    """The instance in no namespace, as the form's expressions name it. Old clients write the form id as the
    instance's namespace."""
    if root.tag[0] == "{":
        for node in root.iter():
            node.tag = _local(node.tag)
    return root
