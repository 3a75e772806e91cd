"""The kinds of field of the schemas, and the shapes every resource shares."""

from datetime import UTC
from typing import Any

from marshmallow import EXCLUDE, Schema, fields, validate


class _Shape(Schema):
    """What is not described is overlooked: clients send more than we read."""

    class Meta:
        unknown = EXCLUDE


def schema(name: str, described: dict[str, fields.Field[Any]]) -> type[Schema]:
    """A schema class of that name."""
    return _Shape.from_dict(described, name=name)


def field(kind: Any, description: str, *, null: bool = False, **more: Any) -> fields.Field[Any]:
    """A field that is always there, of that kind."""
    made: fields.Field[Any] = kind(
        required=True, allow_none=null, metadata={"description": description}, **more
    )
    return made


def text(description: str, **more: Any) -> fields.Field[Any]:
    """A text that is always there."""
    return field(fields.String, description, **more)


def maybe(description: str, kind: Any = fields.String, **more: Any) -> fields.Field[Any]:
    """A field that is always there and may be null."""
    return field(kind, description, null=True, **more)


def number(description: str, **more: Any) -> fields.Field[Any]:
    """An integer."""
    return field(fields.Integer, description, strict=True, **more)


def flag(description: str) -> fields.Field[Any]:
    """True or false."""
    return field(fields.Boolean, description)


class Instant(fields.DateTime):
    """A moment as ODK Central writes it: ISO 8601 in UTC, milliseconds, Z."""

    def _serialize(self, value: Any, *_: Any, **__: Any) -> str | None:
        if value is None:
            return None
        text: str = value.astimezone(UTC).isoformat(timespec="milliseconds")
        return text.replace("+00:00", "Z")


def instant(description: str, *, null: bool = False) -> fields.Field[Any]:
    """A moment that is always there, or may be null."""
    return field(Instant, description, null=null)


def option(kind: Any, description: str, default: Any = None, **more: Any) -> fields.Field[Any]:
    """A parameter of a query that need not be given."""
    made: fields.Field[Any] = kind(
        load_default=default, allow_none=default is None, metadata={"description": description}, **more
    )
    return made


SUCCESS = schema("Success", {"success": flag("Always true: failures are problems.")})

PROBLEM = schema(
    "Problem",
    {
        "type": text("Always about:blank (RFC 9457)."),
        "title": text("The kind of problem."),
        "status": number("The HTTP status."),
        "detail": text("What happened this time."),
        "mend": text("What to do about it."),
        "problem": text("Stable name of the problem, for programs."),
        "code": field(fields.Float, "As ODK Central numbers it; its whole part is the HTTP status."),
        "message": text("All of it in one text, as in ODK Central."),
        "details": field(fields.Dict, "For programs: parameters at fault, findings of a form."),
    },
)

FINDING = schema(
    "Finding",
    {
        "severity": text("error, warning or info", validate=validate.OneOf(["error", "warning", "info"])),
        "code": text("Stable name of the finding."),
        "message": text("What, and why it matters."),
        "mend": text("How to mend it."),
        "sheet": maybe("Sheet of the workbook."),
        "row": maybe("Row as a spreadsheet program counts.", fields.Integer),
        "column": maybe("Header of the column."),
        "question": maybe("Name or path of the question."),
        "choice": maybe("Code of a choice of its list."),
    },
)
