"""What changed between two versions of a form, and what that does to answers already collected.

`safe`: every old answer reads the same. `widening`: answers become possible that were not. `narrowing`: some old
answers would not be allowed any more; they still read the same. `lossy`: an old answer loses its place or its
meaning. The word is the worst that can befall an answer the old version allowed: who compares has not seen the answers.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final, Literal

from xlsforms import differing, mapping
from xlsforms.dictionary import load
from xlsforms.marked import N_, Worded, worded
from xlsforms.schema import Form, Group, Node, Question, Repeat, behind_gate, text
from xlsforms.target import Target

Effect = Literal["safe", "widening", "narrowing", "lossy"]
Kind = Literal["form", "question", "choice", "label", "logic", "mapping"]

EFFECTS: Final[tuple[Effect, ...]] = ("safe", "widening", "narrowing", "lossy")
"""From the best to the worst."""
_CLOCKS: Final = frozenset({"start", "today", "end"})
"""What dates an interview that does not say its day."""


@dataclass(frozen=True, slots=True)
class Change:
    """One change. `question` is a path (of a group or repeat too), None if it is about the whole form."""

    kind: Kind
    question: str | None
    words: str
    effect: Effect


def compare(old: Form, new: Form) -> tuple[Change, ...]:
    """All changes from `old` to `new`, in the order of the new form, what was removed last."""
    return (
        *_form(old, new),
        *_gate(old, new),
        *_nodes(old, new),
        *(Change(*said) for said in differing.choices(old, new)),
        *_mapping(old, new),
        *_entities(old, new),
    )


def worst(changes: tuple[Change, ...]) -> Effect:
    """The worst of what the changes do; `safe` for none."""
    return max((one.effect for one in changes), key=EFFECTS.index, default="safe")


def _form(old: Form, new: Form) -> Iterator[Change]:
    if old.form_id != new.form_id:
        words = worded(
            "The form id was %(before)s and is %(now)s: another form.",
            before=old.form_id,
            now=new.form_id,
        )
        yield Change("form", None, words, "lossy")
    if old.root != new.root:
        words = worded(
            "The root element was %(before)s and is %(now)s: all paths change.",
            before=old.root,
            now=new.root,
        )
        yield Change("form", None, words, "safe" if not any(old.questions()) else "lossy")
    if old.title != new.title:
        yield Change("label", None, worded("The title is now “%(title)s”.", title=new.title), "safe")
    for language in new.languages:
        if language not in old.languages:
            yield Change(
                "label", None, worded("The form now speaks %(language)s.", language=language), "safe"
            )
    for language in old.languages:
        if language not in new.languages:
            yield Change(
                "label", None, worded("The form no longer speaks %(language)s.", language=language), "safe"
            )
    for file in sorted(set(new.media) - set(old.media)):
        yield Change("form", None, worded("Phones now need the file %(file)s with it.", file=file), "safe")
    for file in sorted(set(old.media) - set(new.media)):
        yield Change("form", None, worded("Phones no longer need the file %(file)s.", file=file), "safe")


def _gate(old: Form, new: Form) -> Iterator[Change]:
    """What comes to stand behind the consent gate is cut where consent was not given."""
    known = {question.path for question in old.questions()}
    cut = (behind_gate(new) - behind_gate(old)) & known
    bared = (behind_gate(old) - behind_gate(new)) & {question.path for question in new.questions()}
    if old.gate != new.gate:
        effect: Effect = "lossy" if (old.gate and new.gate) or cut else "widening" if bared else "safe"
        yield Change(
            "logic",
            new.gate or old.gate,
            worded("The consent gate is now %(gate)s.", gate=new.gate or worded("none")),
            effect,
        )
    for path in sorted(cut):
        words = N_("It now stands behind the consent gate: without consent its answer is cut.")
        yield Change("logic", path, words, "lossy")
    for path in sorted(bared):
        words = N_("It no longer stands behind the consent gate: its answer is kept without consent.")
        yield Change("logic", path, words, "widening")


def _nodes(old: Form, new: Form) -> Iterator[Change]:
    before = {node.path: node for node in old.nodes()}
    after = {node.path: node for node in new.nodes()}
    gone = {path: node for path, node in before.items() if path not in after}
    fresh = {path: node for path, node in after.items() if path not in before}
    came = _came_from(gone, fresh)
    around = new.all_enclosing()
    for path, node in after.items():
        if (was := before.get(path)) is None:
            yield _added(node, came.get(path), optional=any(one in fresh for one in around[path]))
        elif type(was) is not type(node):
            words = worded(
                "%(name)s was a %(before)s and is a %(now)s.",
                name=node.name,
                before=_kind(was),
                now=_kind(node),
            )
            yield Change("question", path, words, "lossy")
        elif isinstance(was, Question) and isinstance(node, Question):
            yield from (Change(*said) for said in differing.question(was, node, old, new))
        else:
            yield from (Change(*said) for said in differing.around(was, node, old, new))
    left = set(came.values())
    for path, node in gone.items():
        inside = any(path.startswith(f"{one}/") for one, it in gone.items() if isinstance(it, Repeat))
        if path not in left and not inside:
            silent = isinstance(node, Group) or (isinstance(node, Question) and node.type == "note")
            words = worded("The %(kind)s %(name)s was removed.", kind=_kind(node), name=node.name)
            yield Change("question", path, words, "safe" if silent else "lossy")


def _came_from(gone: Mapping[str, Node], fresh: Mapping[str, Node]) -> dict[str, str]:
    """New path → old path of the questions that moved, told by their name, or were renamed, told by place, type
    and label."""
    names: dict[str, str] = {}
    places: dict[tuple[str, str, str], str] = {}
    for path, node in gone.items():
        if isinstance(node, Question):
            names.setdefault(node.name, path)
            places.setdefault(_likeness(node), path)
    came: dict[str, str] = {}
    for path, node in fresh.items():
        if isinstance(node, Question):
            found = names.get(node.name) or (places.get(_likeness(node)) if text(node.label) else None)
            if found is not None and found not in came.values():
                came[path] = found
    return came


def _likeness(question: Question) -> tuple[str, str, str]:
    return question.path.rpartition("/")[0], question.type, text(question.label)


def _added(node: Node, came_from: str | None, *, optional: bool) -> Change:
    if isinstance(node, Question) and came_from is not None:
        former = came_from.rpartition("/")[2]
        words = (
            worded("%(name)s moved here from %(came_from)s.", name=node.name, came_from=came_from)
            if former == node.name
            else worded("It was called %(former)s and is called %(name)s.", former=former, name=node.name)
        )
        return Change("question", node.path, words, "safe" if node.type == "note" else "lossy")
    forced = isinstance(node, Question) and node.required and node.type not in ("note", "calculate")
    said = N_("The %(kind)s %(name)s is new and required.") if forced else N_("The %(kind)s %(name)s is new.")
    words = worded(said, kind=_kind(node), name=node.name)
    return Change("question", node.path, words, "narrowing" if forced and not optional else "safe")


# --- where answers go ----------------------------------------------------------------------------------------


def _mapping(old: Form, new: Form) -> Iterator[Change]:
    """What the mappings do, not what the cells say: a target the dictionary refuses fills nothing."""
    words = load()
    before, after = mapping.read(old, words)[0], mapping.read(new, words)[0]
    known = {node.path: node for node in old.nodes()}
    for path, node in {node.path: node for node in new.nodes()}.items():
        was = known.get(path)
        if isinstance(node, Question) and isinstance(was, Question):
            targets = before.bindings.get(node.path, ()), after.bindings.get(node.path, ())
            yield from _targets(was, node, targets, old)
        elif isinstance(node, Repeat) and isinstance(was, Repeat):
            rows = before.repeats.get(node.path), after.repeats.get(node.path)
            if rows[0] != rows[1]:
                fills = worded(
                    "It fills %(now)s (was %(before)s).",
                    now=rows[1] or worded("no table"),
                    before=rows[0] or worded("no table"),
                )
                yield Change("mapping", node.path, fills, "lossy" if rows[0] else "safe")
    if _names_case(before) != _names_case(after):
        said = N_("Interviews now say which case they belong to; before, each was a case of its own.")
        if _names_case(before):
            said = N_("Interviews no longer say which case they belong to.")
        yield Change("mapping", None, said, "lossy" if before.bindings else "safe")


def _targets(
    was: Question, now: Question, targets: tuple[tuple[Target, ...], tuple[Target, ...]], old: Form
) -> Iterator[Change]:
    before, after = ({str(one): one for one in side} for side in targets)
    lost, won = [one for one in before if one not in after], [one for one in after if one not in before]
    if lost or won:
        said = worded(
            "It fills %(now)s (was %(before)s).",
            now=", ".join(after) or worded("no field"),
            before=", ".join(before) or worded("no field"),
        )
        moves = any(_tells_rows_apart(after[one]) or _dates(after[one], old) for one in won)
        yield Change("mapping", now.path, said, "lossy" if lost or moves else "safe")
    elif was.field != now.field:
        yield Change(
            "mapping",
            now.path,
            worded("Its mapping is written as %(cell)s.", cell=now.field or worded("nothing")),
            "safe",
        )
    names = [choice.name for choice in old.choice_list(was)]
    for one in before.keys() & after.keys():
        codes = before[one].codes, after[one].codes
        if changed := [name for name in names if codes[0].get(name, name) != codes[1].get(name, name)]:
            said = worded(
                "%(changed)s no longer means the same code of %(name)s.",
                changed=", ".join(changed[:5]),
                name=before[one].name,
            )
            yield Change("mapping", now.path, said, "lossy")
        apart = load().tables[before[one].table].row_key == ("uid",)
        if was.type == "select_one" and now.type == "select_multiple" and apart:
            said = worded(
                "Each code it holds now makes a row of %(table)s of its own.", table=before[one].table
            )
            yield Change("mapping", now.path, said, "lossy")


def _tells_rows_apart(target: Target) -> bool:
    return target.name != "case_file.case_id" and target.column == load().tables[target.table].id_column


def _dates(target: Target, old: Form) -> bool:
    """Whether it takes the place of what dated the interviews so far."""
    return target.name == "interview.held_on" and any(one.type in _CLOCKS for one in old.questions())


def _names_case(mapped: mapping.Mapping) -> bool:
    return any(to.name == "case_file.case_id" for targets in mapped.bindings.values() for to in targets)


def _entities(old: Form, new: Form) -> Iterator[Change]:
    after = {(one.list_name, one.path): one for one in new.entities}
    before = {(one.list_name, one.path): one for one in old.entities}
    for place, was in before.items():
        now = after.get(place)
        if now is None:
            words = worded(
                "It no longer makes or changes entities of the list %(list_name)s.", list_name=was.list_name
            )
            yield Change("mapping", was.path, words, "lossy")
            continue
        for name, source in was.properties.items():
            if now.properties.get(name) != source:
                words = worded(
                    "The property %(name)s of %(list_name)s comes from elsewhere, or from nowhere.",
                    name=name,
                    list_name=was.list_name,
                )
                yield Change("mapping", was.path, words, "lossy")
        for name in now.properties.keys() - was.properties.keys():
            yield Change(
                "mapping",
                was.path,
                worded(
                    "It fills the property %(name)s of %(list_name)s.", name=name, list_name=was.list_name
                ),
                "safe",
            )
        if (was.create_if, was.update_if, was.id, was.label) != (
            now.create_if,
            now.update_if,
            now.id,
            now.label,
        ):
            words = worded(
                "When and how it makes and changes entities of %(list_name)s is said otherwise.",
                list_name=was.list_name,
            )
            yield Change("mapping", was.path, words, "safe")
    for place, now in after.items():
        if place not in before:
            words = worded(
                "It now makes or changes entities of the list %(list_name)s.", list_name=now.list_name
            )
            yield Change("mapping", now.path, words, "safe")


def _kind(node: Node) -> Worded:
    if isinstance(node, Question):
        return worded("question")
    return worded("repeat") if isinstance(node, Repeat) else worded("group")
