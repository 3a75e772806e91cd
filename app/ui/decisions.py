"""What a decision about a case came to, in a line of its timeline."""

from app.services.cases import DecisionLine
from app.ui import words
from app.ui.facts import text_of
from xlsforms import dictionary


def title(line: DecisionLine) -> str:
    """What kind of decision it was, in words."""
    if line.kind == "record":
        begun, changed = words.RECORDED[str(line.body["table"])]
        return begun if line.body.get("new") else changed
    if line.kind == "transfer":
        return words.TRANSFERS[str(line.body["state"])]
    return words.DECISIONS.get(line.kind, line.kind.capitalize())


def told(line: DecisionLine, locale: str) -> str:
    """What was decided, beyond its kind: `Sex: Female`. What is masked in its body is not told."""
    body = line.body
    match line.kind:
        case "close":
            reason = words.code_label("closure_reason", str(body.get("closure_reason") or ""), locale)
            return f"{reason}, {body.get('closed_on')}"
        case "correct":
            return _corrected(line, locale)
        case "transfer":
            return f"{line.body.get('from_code')} to {line.body.get('to_code')}"
        case "record":
            fields = dictionary.load().tables[str(line.body["table"])].fields
            return "; ".join(
                f"{words.column_label(one.table, one.column)}: {text_of(value, one.list_for({}), locale)}"
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
    label = words.column_label(table, column)
    value = line.body.get("value")
    if value is None:
        return f"{label}: hidden, or taken away" if field.privacy == "P3" else f"{label}: taken away"
    return f"{label}: {text_of(value, field.list_for({}), locale)}"
