"""The outline of a form: its groups, repeats and questions as a tree, with what a designer wants to know of each."""

from collections.abc import Mapping as MappingABC
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

from xlsforms import dictionary, mapping, wording
from xlsforms.language import direction
from xlsforms.schema import METADATA, Form, Node, Question, Repeat, text
from xlsforms.target import Mapping, Target

CHOICES: Final = 60
"""Choices of a question that are listed; of the others there is a number."""

_UNASKED: Final = METADATA | {"calculate", "hidden"}


@dataclass(frozen=True, slots=True)
class Item:
    """A group, a repeat or a question. `only_if` is its relevance in words, `relevant` as written; `targets` are the
    fields its answer goes to, or a repeat's table; `source` is the file or repeat its choices come from; `asked` is
    false for what the phone fills in or computes; `questions` counts those of a group."""

    kind: Literal["group", "repeat", "question"]
    name: str
    label: str
    type: str
    asked: bool = True
    required: bool = False
    only_if: str = ""
    relevant: str = ""
    constraint: str = ""
    message: str = ""
    calculation: str = ""
    count: str = ""
    hint: str = ""
    appearance: str = ""
    choices: tuple[tuple[str, str], ...] = ()
    choices_in_all: int = 0
    source: str = ""
    filter: str = ""
    targets: tuple[str, ...] = ()
    privacy: str = ""
    children: tuple["Item", ...] = ()
    questions: int = 0

    @property
    def found_by(self) -> str:
        """What somebody may type to find it, in lower case."""
        words = (self.name, self.label, self.type, *self.targets, self.privacy)
        return " ".join(" ".join(words).lower().split())


def read(form: Form, language: str, reader: str = "en") -> tuple[Item, ...]:
    """The outline in a language of the form, without its block of bookkeeping; conditions in the reader's, fr."""
    words = dictionary.load()
    mapped, _ = mapping.read(form, words)
    privacy = mapping.privacy(form, mapped, words)
    return _Reader(form, language, reader, mapped, privacy).items(form.children)


class _Reader:
    """A walk over one form."""

    def __init__(
        self, form: Form, language: str, reader: str, mapped: Mapping, privacy: MappingABC[str, str]
    ) -> None:
        self._form, self._language = form, language
        self._mapped, self._privacy = mapped, privacy
        self._names = _apart(wording.names(form, language), language, reader)
        self._phrases = wording.phrases(reader)
        self._choices = {
            key: tuple((one.name, self._said(one.label)) for one in codes[:CHOICES])
            for key, codes in form.choices.items()
        }

    def items(self, nodes: Sequence[Node]) -> tuple[Item, ...]:
        shown = (one for one in nodes if one.path != f"/{self._form.root}/meta")
        return tuple(self._question(one) if isinstance(one, Question) else self._group(one) for one in shown)

    def _group(self, node: Node) -> Item:
        assert not isinstance(node, Question)
        children = self.items(node.children)
        repeats = isinstance(node, Repeat)
        return Item(
            "repeat" if repeats else "group",
            node.name,
            self._said(node.label),
            "repeat" if repeats else "group",
            only_if=self._only_if(node),
            relevant=wording.short(node.relevant or ""),
            count=wording.short(node.count or "") if isinstance(node, Repeat) else "",
            appearance=node.appearance or "",
            targets=_written((self._mapped.repeats[node.path],) if node.path in self._mapped.repeats else ()),
            children=children,
            questions=sum(one.questions if one.children else one.kind == "question" for one in children),
        )

    def _question(self, node: Question) -> Item:
        return Item(
            "question",
            node.name,
            self._said(node.label),
            node.type.replace("_", " "),
            asked=node.type not in _UNASKED,
            required=node.required,
            only_if=self._only_if(node),
            relevant=wording.short(node.relevant or ""),
            constraint=wording.short(node.constraint or ""),
            message=self._said(node.constraint_message),
            calculation=wording.short(node.calculation or ""),
            hint=self._said(node.hint),
            appearance=node.appearance or "",
            choices=self._choices.get(node.choices or "", ()),
            choices_in_all=len(self._form.choice_list(node)),
            source=node.file or (node.itemset or "").rpartition("/")[2],
            filter=wording.short(node.choice_filter or ""),
            targets=_written(self._mapped.bindings.get(node.path, ())),
            privacy=self._privacy.get(node.path, ""),
        )

    def _said(self, label: MappingABC[str, str]) -> str:
        return wording.plain(text(label, self._language, self._form.default_language))

    def _only_if(self, node: Node) -> str:
        if not node.relevant:
            return ""
        return wording.say(node.relevant, context=node.path, names=self._names, phrases=self._phrases)


def _written(targets: Sequence[Target]) -> tuple[str, ...]:
    return tuple(str(one) for one in targets)


def _apart(names: wording.Names, language: str, reader: str) -> wording.Names:
    """Names in a language that runs the other way, kept together within a sentence (U+2068, U+2069)."""
    if direction(language) == direction(reader):
        return names

    def kept(words: MappingABC[str, str]) -> dict[str, str]:
        return {key: f"\u2068{word}\u2069" for key, word in words.items()}

    return wording.Names(kept(names.questions), {path: kept(codes) for path, codes in names.choices.items()})
