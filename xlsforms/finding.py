"""A finding: what a check has to say, where it looked, why it matters and how to mend it.

All floors of the house speak of faults in this one shape: a form that does not compile, a mapping to an
unknown field, an answer that its type does not read. A finding never quotes an answer: it may be shown to
people who may not read the answer itself.
"""

from dataclasses import KW_ONLY, dataclass, fields
from typing import Any, Literal

from xlsforms.marked import Worded

Severity = Literal["error", "warning", "info"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One remark. `row` is 1-based as a spreadsheet program shows it, `column` the text of the column's
    header, `question` a name or a path, `choice` a code of its list. `code` is stable: tests, filters and
    documentation refer to it."""

    severity: Severity
    code: str
    message: str
    mend: str = ""
    _: KW_ONLY
    sheet: str | None = None
    row: int | None = None
    column: str | None = None
    question: str | None = None
    choice: str | None = None

    @property
    def is_error(self) -> bool:
        return self.severity == "error"

    @property
    def where(self) -> str:
        """The place in words, empty if the finding is about the whole: `survey, row 12, column type`."""
        parts = [self.sheet] if self.sheet else []
        if self.row is not None:
            parts.append(f"row {self.row}")
        if self.column:
            parts.append(f"column {self.column}")
        if not parts and self.question:
            parts.append(self.question)
        return ", ".join(parts)

    def to_json(self) -> dict[str, Any]:
        """A JSON object without the places that are not known; `worded` holds how its texts were made, if they were."""
        named = {field.name: getattr(self, field.name) for field in fields(self)}
        worded = {name: one.to_json() for name, one in named.items() if isinstance(one, Worded)}
        known = {name: value for name, value in named.items() if value is not None}
        return known | ({"worded": worded} if worded else {})

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> "Finding":
        said = {name: value for name, value in data.items() if name != "worded"}
        return cls(**said | {name: Worded.from_json(one) for name, one in data.get("worded", {}).items()})


def error(code: str, message: str, mend: str = "", **where: Any) -> Finding:
    """A fault that keeps a form from being published, or a value from being used."""
    return Finding("error", code, message, mend, **where)


def warning(code: str, message: str, mend: str = "", **where: Any) -> Finding:
    """Something that works, and that somebody should look at."""
    return Finding("warning", code, message, mend, **where)


def info(code: str, message: str, mend: str = "", **where: Any) -> Finding:
    """Something worth knowing."""
    return Finding("info", code, message, mend, **where)
