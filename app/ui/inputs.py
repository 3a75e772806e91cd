"""What a form about a case asks: a question as it is shown, made from a field of the dictionary, and what was written
back as the services take it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from app import problems
from app.language import N_, _
from app.ui.frame import locale
from app.ui.words.codes import code_label
from app.ui.words.columns import column_label
from xlsforms import dictionary

Options = tuple[tuple[str, str], ...]
"""Value and label of what there is to choose from."""


@dataclass(frozen=True, slots=True)
class Input:
    """One question. `kind`: select, radio, check (several), date, number, search, text or long. `value` holds several
    codes with blanks between."""

    name: str
    label: str
    kind: str = "text"
    options: Options = ()
    value: str = ""
    hint: str = ""
    required: bool = False


def codes(name: str) -> Options:
    """The codes of a list that are still offered, under the reader's labels."""
    found = dictionary.load().code_lists[name]
    return tuple(
        (code, code_label(name, code, locale())) for code, one in found.codes.items() if not one.retired_on
    )


def of_field(
    field: dictionary.Field,
    value: str,
    *,
    name: str = "",
    label: str = "",
    code_list: str | None = None,
    required: bool = False,
    hint: str = "",
) -> Input:
    """How a value of a field is asked for: by its type and code list. `value` is what stands there, written out."""
    name, label = name or field.column, label or column_label(field.table, field.column)
    code_list = code_list or field.code_list
    if field.type == "boolean":
        return Input(
            name,
            label,
            "select",
            (("", _("Not known")), *((value, _(said)) for value, said in _YES_NO)),
            value,
            hint,
            required,
        )
    if field.type == "array":
        return Input(name, label, "check", codes(code_list or ""), value, hint)
    if code_list in dictionary.load().code_lists:
        nothing = _("Choose one") if required else _("Not known")
        return Input(name, label, "select", (("", nothing), *codes(code_list or "")), value, hint, required)
    kind = {"date": "date", "integer": "number", "decimal": "number"}.get(field.type, "text")
    if kind == "text" and (field.privacy in ("P2", "P3")):
        kind = "long"
    return Input(name, label, kind, (), value, hint, required)


def written(value: object) -> str:
    """A value as an input holds it."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list | tuple):
        return " ".join(map(str, value))
    return "" if value is None else str(value)


def typed(field_type: str, given: Sequence[str]) -> Any:
    """What was written, as the services take it: None where nothing was."""
    said = [one.strip() for one in given if one.strip()]
    if not said:
        return None
    if field_type == "array":
        return said
    if field_type == "boolean":
        return _BOOLEANS.get(said[0], said[0])
    if field_type == "integer":
        try:
            return int(said[0])
        except ValueError:
            raise problems.invalid(_("This is a whole number."), _("Write it in digits, like 17.")) from None
    return said[0]


_YES_NO: Final[Options] = (("yes", N_("Yes")), ("no", N_("No")))
_BOOLEANS: Final[Mapping[str, bool]] = {"yes": True, "no": False}
