"""Submissions, their versions, reviews, comments and files."""

from marshmallow import fields, validate

from app.api.schemas.fields import FINDING, field, flag, instant, maybe, number, option, schema, text

SUBMISSION_QUERY = schema(
    "SubmissionQuery",
    {
        "limit": option(
            fields.Integer,
            "At most so many; the header Link then names the next page. Without it, all are streamed.",
            validate=validate.Range(1, 1000),
        ),
        "after": option(fields.String, "Where the page before ended, from its header Link."),
    },
)

SEND_QUERY = schema(
    "SubmissionSend",
    {"deviceID": option(fields.String, "Which phone or program wrote it; advisory, never an identity.")},
)

SUBMISSION_VERSION = schema(
    "SubmissionVersion",
    {
        "instanceId": text("instanceID of this version."),
        "current": flag("Whether it is the one that counts."),
        "createdAt": instant("When it was received."),
    },
)

REVEAL_QUERY = schema(
    "RevealQuery",
    {"reveal": option(fields.String, "Why you need identifiers and free text; goes into the ledger.")},
)

SUBMISSION = schema(
    "Submission",
    {
        "instanceId": text("instanceID of the first version; edits do not change it."),
        "submitterId": number("Id of the device or person that sent it; 0: the command line."),
        "deviceId": maybe("Not given out: phones' own ids are no identity. Null."),
        "createdAt": instant("When it was received."),
        "updatedAt": instant("When it was last edited.", null=True),
        "reviewState": maybe("null, edited, hasIssues, approved or rejected"),
        "instanceName": maybe("Not given out: it may hold a name. Null."),
        "formVersion": text("Version of the form it was filled on."),
        "state": text("received, normalised, waiting, opaque, failed or superseded"),
        "heldOn": maybe("Date of the interview."),
        "caseId": maybe("The case it is about.", fields.UUID),
        "findings": field(fields.List, "What was found in it.", cls_or_instance=fields.Nested(FINDING)),
    },
)

REVIEW = schema(
    "Review",
    {
        "reviewState": maybe(
            "null, hasIssues, approved or rejected",
            validate=validate.OneOf(["hasIssues", "approved", "rejected", "edited", "received"]),
        )
    },
)

NEW_COMMENT = schema("NewComment", {"body": text("The comment.", validate=validate.Length(1, 10_000))})

COMMENT = schema(
    "Comment",
    {
        "body": text("The comment."),
        "actorId": number("Id of who wrote it; 0: the command line."),
        "createdAt": instant("When it was written."),
    },
)

ATTACHMENT = schema("Attachment", {"name": text("File name."), "exists": flag("Whether it has arrived.")})

REASON_QUERY = schema(
    "ReasonQuery", {"reason": option(fields.String, "Why you need it, where a reason must be given.")}
)

XML_QUERY = schema(
    "SubmissionXmlQuery",
    {
        "reason": option(fields.String, "Why you need it, where a reason must be given."),
        "asSent": option(fields.Boolean, "Of one that the phone encrypted, what it sent instead.", False),
    },
)
