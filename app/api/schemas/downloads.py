"""What a download may be asked for."""

from marshmallow import fields

from app.api.schemas.fields import option, schema

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
            fields.Boolean, "Identifiers and free text (class P3); false leaves them out.", True
        ),
        "$filter": option(fields.String, FILTER),
        "reason": option(fields.String, "Why you need it; kept in the ledger."),
    },
)
