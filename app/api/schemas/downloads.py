"""What a download may be asked for."""

from marshmallow import fields

from app.api.schemas.fields import flag, instant, maybe, number, option, schema, text

FILTER = (
    "As in OData, of `__system/submissionDate`, `updatedAt`, `submitterId` and `reviewState`, and of answers: eq ne lt "
    "le gt ge, and or not, parentheses, now(), year() to second(), contains(), startswith(), endswith(), length(), "
    "tolower(), toupper(), trim()."
)

EXPORT_QUERY = schema(
    "ExportQuery",
    {
        "attachments": option(fields.Boolean, "Put the files sent with the answers into the archive.", True),
        "groupPaths": option(fields.Boolean, "Name columns with their groups: person-family_name.", True),
        "splitSelectMultiples": option(fields.Boolean, "A column of 0 and 1 for every choice.", False),
        "deletedFields": option(fields.Boolean, "Columns of questions that newer versions lack.", False),
        "identifiers": option(
            fields.Boolean,
            "Identifiers and free text (class P3); false leaves them out, as is done for whoever may not reveal them.",
        ),
        "language": option(fields.String, "Labels of the form in this language instead of codes."),
        "$filter": option(fields.String, FILTER),
        "reason": option(fields.String, "Why you need it; kept in the ledger."),
    },
)

HTCDS_QUERY = schema(
    "HtcdsQuery",
    {
        "status": option(
            fields.String, "Only cases of this status: active, follow_up, closed, closed_referred."
        ),
        "identifiers": option(
            fields.Boolean,
            "Identifiers and free text (class P3) of persons who agreed to be referred; needs a reason.",
            False,
        ),
        "reason": option(fields.String, "Why you need it; kept in the ledger."),
    },
)

EXPORT_MANIFEST = schema(
    "ExportManifest",
    {
        "id": text("The download's."),
        "by": text("Who: `user:7`, or `command line`."),
        "at": instant("When it was begun."),
        "reason": maybe("What for, as the person gave it."),
        "form": maybe("The form's id; null where it is of cases."),
        "versions": fields.List(
            fields.String(), required=True, metadata={"description": "Published versions, the newest first."}
        ),
        "format": text("The format's name."),
        "filters": fields.Dict(required=True, metadata={"description": "What of the submissions, and how."}),
        "complete": flag("Whether it was handed out to its end."),
        "why": maybe("If it was not because of a limit: which."),
        "rows": fields.Dict(required=True, metadata={"description": "Rows by table."}),
        "files": number("Files in it."),
        "bytes": number("Its size."),
        "sha256": maybe("Of all of it; null while it is under way."),
        "entries": fields.Dict(required=True, metadata={"description": "Of an archive: SHA-256 by entry."}),
    },
)
