"""The answers of a submission as people read them: in the order of the form, under its labels, in its
groups."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from app.services.plans import Plan
from app.services.reveal import Reveal
from submissions.record import Answer, Record
from xlsforms import schema


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """A question with its answer. `path` is an XPath with positions; `text` the answer as the phone wrote it
    and `shown` with the labels of its choices, both empty where `masked`. `field` are the fields of the case
    store it fills."""

    path: str
    name: str
    label: str
    type: str
    privacy: str
    text: str
    shown: str
    masked: bool
    field: tuple[str, ...]
    known: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A group, or one instance of a repeat, with what was answered in it. `position` counts from 1 in a
    repeat."""

    label: str
    path: str
    position: int | None
    nodes: tuple["Section | Answered", ...]


def shown(plan: Plan, said: Record, language: str, reveal: Reveal | None) -> tuple[Section | Answered, ...]:
    """All answers. Those the form does not know stand at the end and count as P3: nobody can say what they
    hold."""
    telling = Telling(plan, language, reveal)
    walk = _Walk(telling, said)
    unknown = (telling.answer(answer) for answer in said.answers if not answer.known)
    return (*walk.nodes(plan.form.children, ()), *unknown)


class _Walk:
    """The answers of one record, taken up in the order of the form."""

    def __init__(self, telling: "Telling", said: Record) -> None:
        self.telling = telling
        self.answers = {(answer.path, answer.row): answer for answer in said.answers if answer.known}
        self.instances: dict[tuple[str, tuple[int, ...]], list[tuple[int, ...]]] = {}
        for path, row in said.rows:
            self.instances.setdefault((path, row[:-1]), []).append(row)

    def nodes(self, children: Iterable[schema.Node], row: tuple[int, ...]) -> Iterator[Section | Answered]:
        for node in children:
            if isinstance(node, schema.Question):
                if (answer := self.answers.get((node.path, row))) is not None:
                    yield self.telling.answer(answer)
            elif isinstance(node, schema.Repeat):
                for instance in self.instances.get((node.path, row), ()):
                    yield from self.section(node, instance, instance[-1])
            else:
                yield from self.section(node, row, None)

    def section(
        self, node: schema.Group | schema.Repeat, row: tuple[int, ...], position: int | None
    ) -> Iterator[Section]:
        if inner := tuple(self.nodes(node.children, row)):
            yield Section(label=self.telling.label(node), path=node.path, position=position, nodes=inner)


class Telling:
    """How answers by one form version are told, to whom: in which language, masked or revealed."""

    def __init__(self, plan: Plan, language: str, reveal: Reveal | None) -> None:
        self.plan = plan
        self.language = language
        self.reveal = reveal

    def answer(self, answer: Answer) -> Answered:
        """One answer under the label of its question."""
        question = self.plan.questions.get(answer.path) if answer.known else None
        return self._unknown(answer) if question is None else self._answered(question, answer)

    def label(self, node: schema.Node) -> str:
        """What a question, group or repeat is called."""
        return self._text(node.label) or node.name

    def _answered(self, question: schema.Question, answer: Answer) -> Answered:
        privacy = self.plan.privacy.get(question.path, "P3")
        masked = privacy == "P3" and not self._reveals(question.path, answer.xpath)
        return Answered(
            path=answer.xpath,
            name=question.name,
            label=self.label(question),
            type=question.type,
            privacy=privacy,
            text="" if masked else answer.text,
            shown="" if masked else self._words(question, answer),
            masked=masked,
            field=tuple(str(target) for target in self.plan.mapping.bindings.get(question.path, ())),
            known=True,
        )

    def _unknown(self, answer: Answer) -> Answered:
        masked = not self._reveals(answer.path, answer.xpath)
        name = answer.path.rpartition("/")[2]
        text = "" if masked else answer.text
        return Answered(
            path=answer.xpath,
            name=name,
            label=name,
            type="",
            privacy="P3",
            text=text,
            shown=text,
            masked=masked,
            field=(),
            known=False,
        )

    def _words(self, question: schema.Question, answer: Answer) -> str:
        """The answer with the labels of its choices, in the order they were chosen."""
        labels = {choice.name: self._text(choice.label) for choice in self.plan.form.choice_list(question)}
        if not labels:
            return answer.text
        chosen = answer.value if isinstance(answer.value, tuple) else (answer.text,)
        return ", ".join(labels.get(name) or name for name in chosen)

    def _reveals(self, *names: str) -> bool:
        return self.reveal is not None and self.reveal.covers(*names)

    def _text(self, label: schema.Label) -> str:
        return schema.text(label, self.language, self.plan.form.default_language)
