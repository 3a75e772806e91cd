"""The mapping: which question of a form fills which field of the case store.

A question says it in its `bind::case:field` cell, a repeat in that of its `begin_repeat` row (see `target`
for the grammar). A form without any such cell whose questions carry field names of HTCDS 2.0 is mapped by
those names, and the codes of its choices are translated. `read` checks every target against the
dictionary: unknown words get the nearest known one, types must fit, and an answer given several times must
not go where there is one place for it.
"""

import re
from collections.abc import Iterable, Iterator
from collections.abc import Mapping as MappingABC
from dataclasses import replace

from xlsforms.binding import doubt, malformed, misplaced, repeat_target, unfit
from xlsforms.dictionary import Dictionary
from xlsforms.finding import Finding, info, warning
from xlsforms.marked import N_, worded
from xlsforms.privacy import privacy
from xlsforms.schema import Form, Question
from xlsforms.spelling import nearest
from xlsforms.target import Mapping, Target, parse, parse_cell

__all__ = ["Mapping", "Target", "parse", "parse_cell", "privacy", "read"]

_TRUTHS = frozenset({"yes", "no", "true", "false", "1", "0"})


def read(form: Form, dictionary: Dictionary) -> tuple[Mapping, tuple[Finding, ...]]:
    """The mapping of a form, and what is wrong with it. A target that is wrong is a finding and not in the
    mapping; the question is then kept like any unmapped one."""
    if not any(one.field for one in form.questions()) and not any(one.field for one in form.repeats()):
        return _by_name(form, dictionary)
    findings: list[Finding] = []
    repeats: dict[str, Target] = {}
    broken: set[str] = set()  # what is in such a repeat cannot be judged, and is not at fault
    around = form.all_enclosing()
    for repeat in form.repeats():
        if repeat.field and broken.isdisjoint(around[repeat.path]):
            mapped = _around(around[repeat.path], repeats)
            target, faults = repeat_target(repeat.path, repeat.field, mapped, dictionary)
            findings += faults
            if target:
                repeats[repeat.path] = target
            else:
                broken.add(repeat.path)
    bindings: dict[str, tuple[Target, ...]] = {}
    for question in form.questions():
        if question.field and broken.isdisjoint(around[question.path]):
            try:
                wanted = parse_cell(question.field)
            except ValueError as fault:
                findings.append(malformed(question.path, fault.args[0]))
                continue
            mapped = _around(around[question.path], repeats)
            bindings[question.path], said = _bind(form, question, wanted, mapped, dictionary)
            findings += said
    bindings = {path: targets for path, targets in bindings.items() if targets}
    findings += _without_uid(bindings, repeats, dictionary)
    findings += _twice(form, bindings, around)
    return Mapping(bindings, repeats), tuple(findings)


def _bind(
    form: Form,
    question: Question,
    wanted: Iterable[Target],
    around: tuple[Target | None, ...],
    dictionary: Dictionary,
) -> tuple[tuple[Target, ...], list[Finding]]:
    """Those of the targets that the question can fill, and what there is to say about all of them.
    `around` are the targets of the repeats around it, None for one that is not mapped."""
    kept: list[Target] = []
    findings: list[Finding] = []
    for target in wanted:
        why_not = unfit(question, target, dictionary) or misplaced(question, target, around, dictionary)
        if why_not:
            findings.append(why_not)
        else:
            coded, doubts = _codes(form, question, target, dictionary)
            kept.append(coded)
            findings += doubts
    return tuple(kept), findings


def _codes(
    form: Form, question: Question, target: Target, dictionary: Dictionary
) -> tuple[Target, list[Finding]]:
    """The target with a translation for choices that have another name in the dictionary, and what has
    none."""
    field = dictionary.field(target.name)
    choices = form.choice_list(question)
    if field is None or not choices or target.converter:
        return target, []
    names = [choice.name for choice in choices]
    if field.type == "integer":
        wrong = [name for name in names if not re.fullmatch(r"-?\d+", name)]
        return target, _unknown_codes(form, question, target, wrong, ())
    listed = dictionary.code_lists.get(field.list_for(target.keys) or "")
    if field.type == "boolean":
        said = dictionary.codes_from("htcds_2_0", "yn")
        codes = {name: said[name] for name in names if name in said}
        wrong = [name for name in names if name.lower() not in _TRUTHS and name not in codes]
        return replace(target, codes=codes), _unknown_codes(form, question, target, wrong, ("yes", "no"))
    if listed is None:
        return target, []
    outside = dictionary.codes_from("htcds_2_0", listed.name)
    codes = {name: outside[name] for name in names if name not in listed and name in outside}
    wrong = [name for name in names if name not in listed and name not in codes]
    return replace(target, codes=codes), _unknown_codes(form, question, target, wrong, listed)


def _unknown_codes(
    form: Form, question: Question, target: Target, wrong: list[str], known: Iterable[str]
) -> list[Finding]:
    """A finding for each choice that is no code; one for the question where most are none: then it is the
    mapping that is wrong, or the list."""
    if 2 * len(wrong) <= len(form.choice_list(question)):
        return [_unknown_code(question, target, name, known) for name in wrong]
    named = ", ".join(f"“{name}”" for name in wrong[:20]) + (", …" if len(wrong) > 20 else "")
    message = worded(
        "%(names)s: no code of %(field)s. Answers with it will wait as findings.",
        names=named,
        field=target.name,
    )
    close = ((name, nearest(name, known)) for name in wrong[:20])
    meant = ", ".join(f"“{name}”: “{near}”" for name, near in close if near)
    mend = (
        worded("Did you mean %(meant)s?", meant=meant)
        if meant
        else N_("Use the codes of the dictionary's list.")
    )
    return [doubt("mapping_code_unknown", message, mend, question.path)]


def _unknown_code(question: Question, target: Target, name: str, known: Iterable[str]) -> Finding:
    close = nearest(name, known)
    return warning(
        "mapping_code_unknown",
        worded(
            "“%(name)s” is no code of %(name_2)s, which %(name_3)s fills. Answers with it "
            "will wait as findings.",
            name=name,
            name_2=target.name,
            name_3=question.name,
        ),
        worded("Did you mean “%(close)s”?", close=close)
        if close
        else N_("Use a code of the dictionary's list."),
        question=question.path,
        choice=name,
        column="name",
    )


def _without_uid(
    bindings: dict[str, tuple[Target, ...]], repeats: dict[str, Target], dictionary: Dictionary
) -> Iterator[Finding]:
    for path, target in repeats.items():
        table = dictionary.tables[target.table]
        inside = (to for place, all_to in bindings.items() if place.startswith(path + "/") for to in all_to)
        uid = (table.name, table.id_column)
        if "uid" in table.row_key and uid not in {(to.table, to.column) for to in inside}:
            yield doubt(
                "mapping_repeat_without_uid",
                worded(
                    "Rows of this repeat have no uid of their own. They are told apart by their "
                    "position, which an edit may change, and a later interview cannot continue a row "
                    "of %(name)s.",
                    name=table.name,
                ),
                worded(
                    "Add a calculate once(uuid()) mapped to %(name)s.%(id_column)s.",
                    name=table.name,
                    id_column=table.id_column,
                ),
                path,
            )


def _twice(
    form: Form, bindings: dict[str, tuple[Target, ...]], around: MappingABC[str, tuple[str, ...]]
) -> Iterator[Finding]:
    """Two questions that are asked under the same conditions and fill one field: the later in the form would win."""
    seen: dict[tuple[str, tuple[str, ...], tuple[str, ...]], Question] = {}
    conditions = {node.path: node.relevant for node in form.nodes() if node.relevant}
    for question in form.questions():
        steps = question.path.split("/")
        above = ("/".join(steps[:end]) for end in range(2, len(steps) + 1))
        when = tuple(conditions[path] for path in above if path in conditions)
        for target in bindings.get(question.path, ()):
            first = seen.setdefault((str(target), around[question.path], when), question)
            if first is not question:
                yield doubt(
                    "mapping_twice",
                    worded(
                        "%(name)s and %(name_2)s both fill %(target)s.",
                        name=question.name,
                        name_2=first.name,
                        target=target,
                    ),
                    N_("Map one of them, or give them conditions so that only one is asked."),
                    question.path,
                )


def _by_name(form: Form, dictionary: Dictionary) -> tuple[Mapping, tuple[Finding, ...]]:
    """The mapping of a form whose question names are HTCDS field names. What does not fit is no error: the
    form is IOM's, and its answers are kept all the same."""
    questions = tuple(form.questions())
    named = {one.path: dictionary.htcds.get(one.name.strip().lower()) for one in questions}
    if not any(named.values()):
        text = N_(
            "No question is mapped to the case store; answers are kept, shown and exported as they are."
        )
        return Mapping(), (info("mapping_none", text, N_("Add a column bind::case:field to map questions.")),)
    around = form.all_enclosing()
    stays = N_("The answer stays in the submission.")
    findings: list[Finding] = []
    bindings: dict[str, tuple[Target, ...]] = {}
    for question in questions:
        standard = named[question.path]
        if standard is None:
            continue
        where = {"question": question.path, "column": "name"}
        if standard.name != question.name:
            message = worded(
                "“%(name)s” is read as %(standard)s, its name in HTCDS 2.0.",
                name=question.name,
                standard=standard.name,
            )
            findings.append(
                warning(
                    "htcds_name",
                    message,
                    worded("Rename the question to %(name)s.", name=standard.name),
                    **where,
                )
            )
        if not standard.target:
            message = worded(
                "%(name)s fills no field of the case store. %(note)s.",
                name=standard.name,
                note=standard.note.rstrip("."),
            )
            findings.append(info("htcds_not_kept", message, stays, **where))
            continue
        wanted = _fitting(question, parse_cell(standard.target), dictionary)
        kept, said = _bind(form, question, wanted, _around(around[question.path], {}), dictionary)
        for one in said:
            unfit_here = warning(
                "htcds_does_not_fit",
                worded("%(name)s: %(message)s", name=standard.name, message=one.message),
                stays,
                **where,
            )
            findings.append(unfit_here if one.is_error else one)
        if kept:
            bindings[question.path] = kept
    return Mapping(bindings, {}), tuple(findings)


def _fitting(question: Question, targets: tuple[Target, ...], dictionary: Dictionary) -> Iterator[Target]:
    """The targets, without a converter that a question of this type does not need: HTCDS leaves open
    whether a country is text or a code."""
    for target in targets:
        plain = replace(target, converter=None)
        yield plain if unfit(question, plain, dictionary) is None else target


def _around(paths: tuple[str, ...], repeats: MappingABC[str, Target]) -> tuple[Target | None, ...]:
    return tuple(repeats.get(path) for path in paths)
