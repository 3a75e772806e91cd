"""One question, group or choice list of a form against that of another version: type, choices, label, logic.

What is said is told as the four parts of a `diff.Change`.
"""

from collections.abc import Iterator
from decimal import Decimal, InvalidOperation
from typing import Literal

from xlsforms.marked import N_, worded
from xlsforms.schema import METADATA, Choice, Form, Label, Node, Question, Repeat, text
from xlsforms.strictness import plain, strictness

Effect = Literal["safe", "widening", "narrowing", "lossy"]
Said = tuple[Literal["question", "choice", "label", "logic"], str | None, str, Effect]

_WIDER = {
    ("integer", "decimal"), ("integer", "text"), ("decimal", "text"), ("select_one", "select_multiple"),
    ("select_one", "text"), ("barcode", "text"), ("date", "text"), ("date", "dateTime"), ("time", "text"),
    ("dateTime", "text"), ("geopoint", "text"), ("range", "decimal"), ("calculate", "text"), ("hidden", "text"),
}  # fmt: skip
"""Every value of the first reads as the same value of the second, which has more."""
_NARROWER = {("integer", "range"), ("decimal", "range"), ("text", "barcode")}
"""Every value of the first that the second can hold reads the same."""
_UNASKED = METADATA | {"note", "calculate", "hidden"}
_CONDITIONS = {
    "relevant": N_("Asked when: %(now)s (was %(before)s)."),
    "constraint": N_("Allowed if: %(now)s (was %(before)s)."),
    "choice_filter": N_("Choices shown if: %(now)s (was %(before)s)."),
}
_LOOKS = {
    "default": N_("Starts as: %(now)s (was %(before)s)."),
    "appearance": N_("Appearance: %(now)s (was %(before)s)."),
}
_TEXTS = {
    "label": (N_("Its label is now “%(text)s”."), N_("Its label (%(languages)s) is now “%(text)s”."),
              N_("Its label is now gone."), N_("Its label (%(languages)s) is now gone.")),
    "hint": (N_("Its hint is now “%(text)s”."), N_("Its hint (%(languages)s) is now “%(text)s”."),
             N_("Its hint is now gone."), N_("Its hint (%(languages)s) is now gone.")),
    "constraint_message": (
        N_("Its constraint message is now “%(text)s”."), N_("Its constraint message (%(languages)s) is now “%(text)s”."),
        N_("Its constraint message is now gone."), N_("Its constraint message (%(languages)s) is now gone."),
    ),
}  # fmt: skip
"""What is said where there is a text, without and with languages, and where it is gone."""
_EFFECTS: dict[str, Effect] = {
    "same": "safe", "looser": "widening", "tighter": "narrowing", "other": "narrowing",
}  # fmt: skip


def question(was: Question, now: Question, old: Form, new: Form) -> Iterator[Said]:
    """Everything but choices of a list, and mapping."""
    if was == now:
        return  # as most are
    if was.type != now.type:
        yield (
            "question",
            now.path,
            worded("Its type was %(before)s and is %(now)s.", before=was.type, now=now.type),
            _of_types(was, now),
        )
    elif _source(was) != _source(now) and not (was.choices and now.choices):
        # Which codes a file holds is not known here.
        effect: Effect = "lossy" if now.choices else "narrowing"
        place = now.file or now.itemset or now.choices
        yield "choice", now.path, worded("Its choices now come from %(place)s.", place=place), effect
    yield from _labels(was, now, old, new)
    asked = now.type not in _UNASKED
    if was.required != now.required and asked:
        words = N_("It is now required.") if now.required else N_("It is no longer required.")
        yield "logic", now.path, words, "narrowing" if now.required else "widening"
    if was.readonly != now.readonly and asked:
        words = N_("Nobody can change it now.") if now.readonly else N_("It can now be changed.")
        effect = "safe" if now.calculation else "narrowing" if now.readonly else "widening"
        yield "logic", now.path, words, effect
    for name, words in _CONDITIONS.items():
        before, after = getattr(was, name), getattr(now, name)
        if plain(before) != plain(after):
            effect = _EFFECTS[strictness(before, after)] if now.type != "note" else "safe"
            yield "logic", now.path, _told(words, before, after), effect
    if plain(was.calculation) != plain(now.calculation):
        told = _told(N_("Calculated as: %(now)s (was %(before)s)."), was.calculation, now.calculation)
        yield "logic", now.path, told, _of_calculation(now)
    for name, words in _LOOKS.items():
        before, after = getattr(was, name), getattr(now, name)
        if plain(before) != plain(after):
            yield "logic", now.path, _told(words, before, after), "safe"
    if was.type == now.type and dict(was.parameters) != dict(now.parameters):
        told = _told(N_("Parameters: %(now)s (was %(before)s)."), _listed(was), _listed(now))
        yield "logic", now.path, told, _of_range(was, now) if now.type == "range" else "safe"


def around(was: Node, now: Node, old: Form, new: Form) -> Iterator[Said]:
    """A group or a repeat."""
    yield from _labels(was, now, old, new)
    if plain(was.relevant) != plain(now.relevant):
        effect = _EFFECTS[strictness(was.relevant, now.relevant)]
        yield "logic", now.path, _told(_CONDITIONS["relevant"], was.relevant, now.relevant), effect
    if isinstance(was, Repeat) and isinstance(now, Repeat) and plain(was.count) != plain(now.count):
        effect = "narrowing" if now.count else "widening"
        yield (
            "logic",
            now.path,
            _told(N_("Number of repetitions: %(now)s (was %(before)s)."), was.count, now.count),
            effect,
        )


def choices(old: Form, new: Form) -> Iterator[Said]:
    """The choices of questions that both versions have and that choose from a list of the form. What several
    questions share is told once, of none of them."""
    shared: dict[tuple[str, str], list[Question]] = {}
    before: dict[str, list[Question]] = {}
    for one in old.questions():
        before.setdefault(one.path, []).append(one)
    for now in new.questions():
        # Several controls may ask for one value: the first is compared with the first.
        was = before[now.path].pop(0) if before.get(now.path) else None
        if was is not None and was.choices and now.choices:
            shared.setdefault((was.choices, now.choices), []).append(now)
    for (first, second), users in shared.items():
        user = users[0].path if len(users) == 1 else None
        if first != second and user is not None:
            yield (
                "choice",
                user,
                worded("Its choices now come from %(now)s (were %(before)s).", now=second, before=first),
                "safe",
            )
        filtered = any(one.choice_filter for one in users)
        yield from _codes(second, old.choices.get(first, ()), new.choices.get(second, ()), user, filtered)


def _codes(
    name: str, before: tuple[Choice, ...], after: tuple[Choice, ...], user: str | None, filtered: bool
) -> Iterator[Said]:
    had = {choice.name: choice for choice in before}
    has = {choice.name: choice for choice in after}
    for code, choice in has.items():
        if (was := had.get(code)) is None:
            yield "choice", user, worded("%(name)s: “%(code)s” is new.", name=name, code=code), "widening"
            continue
        if was.label != choice.label:
            yield (
                "label",
                user,
                worded(
                    "%(name)s: “%(code)s” now reads “%(label)s”.",
                    name=name,
                    code=code,
                    label=text(choice.label),
                ),
                "safe",
            )
        if dict(was.columns) != dict(choice.columns):
            words = worded(
                "%(name)s: “%(code)s” has other values in its further columns.", name=name, code=code
            )
            yield "choice", user, words, "narrowing" if filtered else "safe"
    for code in had:
        if code not in has:
            yield "choice", user, worded("%(name)s: “%(code)s” was removed.", name=name, code=code), "lossy"


def _labels(was: Node, now: Node, old: Form, new: Form) -> Iterator[Said]:
    told = {*old.languages} ^ {*new.languages}  # once, of the whole form
    for name, messages in _TEXTS.items():
        before: Label = getattr(was, name, {})
        after: Label = getattr(now, name, {})
        languages = [one for one in {**after, **before} if one not in told]
        changed = [one for one in languages if before.get(one) != after.get(one)]
        if changed or (after and not before) or (before and not after):
            where = ", ".join(one for one in changed if one)
            said = text(after, changed[0] if changed else "")
            message = messages[2 * (not said) + bool(where)]
            words = worded(message, languages=where, text=said)
            yield "label", now.path, words, "safe"


def _of_types(was: Question, now: Question) -> Effect:
    pair = was.type, now.type
    if pair == ("range", "integer"):
        whole = all(_is_whole(was.parameters.get(name, "1")) for name in ("start", "step"))
        return "widening" if whole else "lossy"
    return "widening" if pair in _WIDER else "narrowing" if pair in _NARROWER else "lossy"


def _of_calculation(now: Question) -> Effect:
    """A value that is computed otherwise has another meaning under the same name. What people may now type was
    computed before; the name of an interview is only what it is called."""
    if now.type == "instanceName":
        return "safe"
    return "lossy" if now.calculation else "widening"


def _of_range(was: Question, now: Question) -> Effect:
    """Whether the new range holds all numbers of the old."""
    try:
        first, second = _bounds(was), _bounds(now)
    except InvalidOperation:
        return "narrowing"
    (low, high, step), (to_low, to_high, to_step) = first, second
    if first == second:
        return "safe"
    on_step = to_step != 0 and step % to_step == 0 and (low - to_low) % to_step == 0
    return "widening" if to_low <= low and high <= to_high and on_step else "narrowing"


def _bounds(one: Question) -> tuple[Decimal, Decimal, Decimal]:
    start, end, step = (Decimal(one.parameters.get(name, "1")) for name in ("start", "end", "step"))
    return min(start, end), max(start, end), abs(step)


def _is_whole(number: str) -> bool:
    try:
        return Decimal(number) % 1 == 0
    except InvalidOperation:
        return False


def _source(one: Question) -> tuple[str | None, str | None, str | None, bool]:
    return one.choices, one.file, one.itemset, "search(" in (one.appearance or "")


def _listed(one: Question) -> str:
    return ", ".join(f"{name}={value}" for name, value in sorted(one.parameters.items()))


def _told(message: str, before: str | None, after: str | None) -> str:
    nothing = worded("nothing")
    return worded(message, now=plain(after) or nothing, before=plain(before) or nothing)
