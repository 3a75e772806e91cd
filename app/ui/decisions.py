"""What a decision about a case came to, in a line of its timeline."""

from app.language import _
from app.services.cases import DecisionLine
from app.ui.facts import said_of, text_of
from app.ui.words.codes import code_label
from app.ui.words.columns import column_label
from app.ui.words.decisions import DECISIONS, RECORDED, TRANSFERS
from xlsforms import dictionary


def title(line: DecisionLine) -> str:
    """What kind of decision it was, in words."""
    if line.kind == "record":
        begun, changed = RECORDED[str(line.body["table"])]
        return _(begun if line.body.get("new") else changed)
    if line.kind == "transfer":
        return _(TRANSFERS[str(line.body["state"])])
    return kind_words(line.kind)


def kind_words(kind: str) -> str:
    """What decisions of a kind are called."""
    return _(DECISIONS[kind]) if kind in DECISIONS else kind.capitalize()


def told(line: DecisionLine, locale: str) -> str:
    """What was decided, beyond its kind: `Sex: Female`. What is masked in its body is not told."""
    body = line.body
    match line.kind:
        case "close":
            reason = code_label("closure_reason", str(body.get("closure_reason") or ""), locale)
            return _("%(reason)s, %(day)s", reason=reason, day=body.get("closed_on"))
        case "correct":
            return _corrected(line, locale)
        case "transfer":
            return _("%(giver)s to %(taker)s", giver=body.get("from_code"), taker=body.get("to_code"))
        case "record":
            fields = dictionary.load().tables[str(line.body["table"])].fields
            return _("; ").join(
                said_of(column_label(one.table, one.column), text_of(value, one.list_for({}), locale))
                for column, value in line.body["values"].items()
                if value is not None and (one := fields[column]).type != "uuid"
            )
        case _:
            return ""


def _corrected(line: DecisionLine, locale: str) -> str:
    table, column = str(line.body.get("table")), str(line.body.get("column"))
    field = dictionary.load().field(f"{table}.{column}")
    if field is None:
        return ""
    label = column_label(table, column)
    value = line.body.get("value")
    if value is None:
        return said_of(label, _("hidden, or taken away") if field.privacy == "P3" else _("taken away"))
    return said_of(label, text_of(value, field.list_for({}), locale))
