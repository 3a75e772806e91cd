"""How an interview went, from the log the phone kept."""

from marshmallow import fields

from app.api.schemas.fields import FINDING, field, flag, instant, number, schema, text

TIMELINE_SESSION = schema(
    "TimelineSession",
    {
        "startedAt": instant("When the form was opened, by the phone's clock."),
        "endedAt": instant("The last thing that happened before it was left."),
        "active": number("Seconds in which a question was on the screen."),
        "saved": flag("Whether it was saved."),
        "finalised": flag("Whether it was finalised."),
    },
)

TIMELINE_SECTION = schema(
    "TimelineSection",
    {
        "path": text(
            "Path of the group, or of the form for questions in none; empty for what the form lacks."
        ),
        "label": text("What it is called, in the form's default language."),
        "active": number("Seconds."),
        "questions": number("How many were visited."),
        "visits": number("How often, all together."),
    },
)

TIMELINE_QUESTION = schema(
    "TimelineQuestion", {"path": text("XPath of the question."), "times": number("How often.")}
)

TIMELINE = schema(
    "Timeline",
    {
        "active": number("Seconds in which a question was on the screen."),
        "saves": number("How often the form was saved."),
        "finalised": flag("Whether the log tells that the form was finalised."),
        "sessions": field(
            fields.List, "Each time it was open.", cls_or_instance=fields.Nested(TIMELINE_SESSION)
        ),
        "sections": field(
            fields.List,
            "In the order in which they were first entered.",
            cls_or_instance=fields.Nested(TIMELINE_SECTION),
        ),
        "returns": field(
            fields.List, "Questions somebody came back to.", cls_or_instance=fields.Nested(TIMELINE_QUESTION)
        ),
        "edits": field(
            fields.List, "Answers that were replaced.", cls_or_instance=fields.Nested(TIMELINE_QUESTION)
        ),
        "pauses": field(
            fields.List, "Seconds of each of five minutes or more.", cls_or_instance=fields.Integer()
        ),
        "findings": field(fields.List, "What is wrong with the log.", cls_or_instance=fields.Nested(FINDING)),
    },
)
