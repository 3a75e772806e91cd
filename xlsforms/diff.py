"""What changed between two versions of a form, and what that does to answers already collected.

`safe`: nothing happens to them. `widening`: new answers become possible, old ones stay valid. `narrowing`:
old answers may no longer be allowed by the form. `lossy`: answers lose their place: a question is gone,
means something else, or goes to another field.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from xlsforms.schema import Form, Group, Node, Question, Repeat, text

Effect = Literal["safe", "widening", "narrowing", "lossy"]
Kind = Literal["form", "question", "choice", "label", "logic", "mapping"]

_WIDER = {
    ("integer", "decimal"), ("integer", "text"), ("decimal", "text"), ("select_one", "select_multiple"),
    ("select_one", "text"), ("barcode", "text"), ("date", "text"), ("range", "decimal"), ("range", "integer"),
    ("integer", "range"), ("decimal", "range"), ("calculate", "text"), ("hidden", "text"),
}  # fmt: skip
_LOGIC = {
    "relevant": "Asked when", "constraint": "Allowed if", "calculation": "Calculated as",
    "default": "Starts as", "choice_filter": "Choices shown if", "readonly": "Read only",
    "appearance": "Appearance",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Change:
    """One change. `question` is a path (of a group or repeat too), None if it is about the whole form."""

    kind: Kind
    question: str | None
    words: str
    effect: Effect


def compare(old: Form, new: Form) -> tuple[Change, ...]:
    """All changes from `old` to `new`, in the order of the new form, what was removed last."""
    return (*_form(old, new), *_nodes(old, new), *_choices(old, new))


def _form(old: Form, new: Form) -> Iterator[Change]:
    if old.form_id != new.form_id:
        yield Change(
            "form", None, f"The form id was {old.form_id} and is {new.form_id}: another form.", "lossy"
        )
    if old.root != new.root:
        yield Change(
            "form", None, f"The root element was {old.root} and is {new.root}: all paths change.", "lossy"
        )
    if old.title != new.title:
        yield Change("label", None, f"The title is now “{new.title}”.", "safe")
    for language in new.languages:
        if language not in old.languages:
            yield Change("label", None, f"The form now speaks {language}.", "safe")
    for language in old.languages:
        if language not in new.languages:
            yield Change("label", None, f"The form no longer speaks {language}.", "safe")
    if old.gate != new.gate:
        effect: Effect = "narrowing" if new.gate else "widening"
        yield Change("logic", new.gate or old.gate, f"The consent gate is now {new.gate or 'none'}.", effect)


def _nodes(old: Form, new: Form) -> Iterator[Change]:
    before = {node.path: node for node in old.nodes()}
    after = {node.path: node for node in new.nodes()}
    for path, node in after.items():
        was = before.get(path)
        if was is None:
            moved = [one for one in before.values() if one.name == node.name and one.path not in after]
            if moved and isinstance(node, Question):
                yield Change("question", path, f"{node.name} moved here from {moved[0].path}.", "lossy")
            else:
                yield _added(node)
        elif type(was) is not type(node):
            words = f"{node.name} was a {_kind(was)} and is a {_kind(node)}."
            yield Change("question", path, words, "lossy")
        elif isinstance(was, Question) and isinstance(node, Question):
            yield from _question(was, node)
        else:
            yield from _around(was, node)
    names = {node.name for path, node in after.items() if path not in before}
    gone = tuple(
        path + "/" for path, node in before.items() if path not in after and isinstance(node, Repeat)
    )
    for path, node in before.items():
        moved_away = isinstance(node, Question) and node.name in names
        if path not in after and not moved_away and not path.startswith(gone):
            silent = isinstance(node, Question) and node.type == "note"
            words = f"The {_kind(node)} {node.name} was removed."
            yield Change("question", path, words, "safe" if silent or isinstance(node, Group) else "lossy")


def _added(node: Node) -> Change:
    forced = isinstance(node, Question) and node.required
    words = f"The {_kind(node)} {node.name} is new" + (" and required." if forced else ".")
    return Change("question", node.path, words, "narrowing" if forced else "safe")


def _question(was: Question, now: Question) -> Iterator[Change]:
    if was.type != now.type:
        effect: Effect = "widening" if (was.type, now.type) in _WIDER else "lossy"
        yield Change("question", now.path, f"Its type was {was.type} and is {now.type}.", effect)
    elif (was.choices, was.file, was.itemset) != (now.choices, now.file, now.itemset):
        source = now.file or now.itemset or now.choices
        yield Change("choice", now.path, f"Its choices now come from {source}.", "narrowing")
    yield from _labels(was, now)
    if was.required != now.required:
        words = "It is now required." if now.required else "It is no longer required."
        yield Change("logic", now.path, words, "narrowing" if now.required else "widening")
    for name, words in _LOGIC.items():
        before, after = getattr(was, name), getattr(now, name)
        if before != after:
            said = f"{words}: {after or 'nothing'} (was {before or 'nothing'})."
            yield Change("logic", now.path, said, _logic_effect(name, before, after))
    yield from _field(was.field, now.field, now.path)


def _logic_effect(name: str, before: str | None, after: str | None) -> Effect:
    if name in ("default", "appearance", "readonly"):
        return "safe"
    if name == "calculation":
        return "lossy" if before and after else "safe"  # the same name then means two things
    return "widening" if not after else "narrowing"


def _around(was: Node, now: Node) -> Iterator[Change]:
    yield from _labels(was, now)
    if was.relevant != now.relevant:
        effect: Effect = "narrowing" if now.relevant else "widening"
        yield Change("logic", now.path, f"Asked when: {now.relevant or 'always'}", effect)
    if isinstance(was, Repeat) and isinstance(now, Repeat):
        if was.count != now.count:
            yield Change("logic", now.path, f"Number of repetitions: {now.count or 'free'}", "narrowing")
        yield from _field(was.field, now.field, now.path)


def _labels(was: Node, now: Node) -> Iterator[Change]:
    for name in ("label", "hint", "constraint_message"):
        before, after = getattr(was, name, {}), getattr(now, name, {})
        changed = [
            language for language in after if language in before and before[language] != after[language]
        ]
        if changed or (after and not before) or (before and not after):
            where = f" ({', '.join(one for one in changed if one)})" if any(changed) else ""
            words = (
                f"Its {name.replace('_', ' ')}{where} is now “{text(after, changed[0] if changed else '')}”."
            )
            yield Change("label", now.path, words, "safe")


def _field(before: str | None, after: str | None, path: str) -> Iterator[Change]:
    if before != after:
        words = f"It fills {after or 'no field'} (was {before or 'no field'})."
        yield Change("mapping", path, words, "lossy" if before else "safe")


def _choices(old: Form, new: Form) -> Iterator[Change]:
    for name, now in new.choices.items():
        if name not in old.choices:
            continue
        before = {choice.name: choice for choice in old.choices[name]}
        after = {choice.name: choice for choice in now}
        users = [question.path for question in new.questions() if question.choices == name]
        user = users[0] if len(users) == 1 else None
        for code, choice in after.items():
            if code not in before:
                yield Change("choice", user, f"{name}: “{code}” is new.", "widening")
            elif before[code].label != choice.label:
                yield Change("label", user, f"{name}: “{code}” now reads “{text(choice.label)}”.", "safe")
        for code in before:
            if code not in after:
                yield Change("choice", user, f"{name}: “{code}” was removed.", "narrowing")


def _kind(node: Node) -> str:
    if isinstance(node, Question):
        return "question"
    return "repeat" if isinstance(node, Repeat) else "group"
