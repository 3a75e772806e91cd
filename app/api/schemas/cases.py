"""Cases, as listed; the tables of one are described by the dictionary of the case store."""

from marshmallow import fields, validate

from app.api.schemas.fields import field, instant, maybe, number, option, schema, text

CASE_QUERY = schema(
    "CaseQuery",
    {
        "limit": option(fields.Integer, "At most so many.", 50, validate=validate.Range(1, 1000)),
        "after": option(fields.String, "`next` of the page before."),
        "status": option(fields.String, "Status of the case."),
        "traffickingStatus": option(fields.String, "Outcome of the identification."),
        "riskLevel": option(fields.String, "Level of risk."),
        "reference": option(fields.String, "Beginning of the case reference."),
    },
)

CASE = schema(
    "Case",
    {
        "caseId": field(fields.UUID, "The case."),
        "projectId": number("Its mission."),
        "caseRef": maybe("Its reference, as people use it."),
        "sex": maybe("Code of the dictionary."),
        "isMinor": maybe("Whether the person is a child.", fields.Boolean),
        "age": maybe("Age in years.", fields.Integer),
        "status": text("Status of the case."),
        "traffickingStatus": maybe("Outcome of the identification."),
        "riskLevel": maybe("Level of risk."),
        "registeredOn": maybe("When it was registered."),
        "lastInterviewOn": maybe("When the last interview was held."),
        "nextContactOn": maybe("When the person is to be contacted."),
        "interviews": number("How many interviews there are."),
        "owner": maybe("Code of the interviewer whose case it is."),
        "attention": field(fields.List, "What needs attention.", cls_or_instance=fields.String()),
        "updatedAt": instant("When it last changed."),
    },
)

CASE_PAGE = schema(
    "CasePage",
    {
        "items": field(fields.List, "Newest change first.", cls_or_instance=fields.Nested(CASE)),
        "next": maybe("Pass it as `after` for the next page; null on the last."),
    },
)

CASE_DOCUMENT = schema(
    "CaseDocument",
    {
        "id": field(fields.UUID, "The document."),
        "kind": text("What it is: identity, consent, medical, …"),
        "datedOn": maybe("The day it bears, if somebody said it."),
        "mediaType": text("Told by what it holds."),
        "size": number("In bytes."),
        "addedBy": maybe("Who added it; null for the command line."),
        "addedAt": instant("When it was added."),
    },
)

CASE_READ_QUERY = schema(
    "CaseReadQuery",
    {
        "provenance": option(
            fields.Boolean, "With every value, the submission and question behind it.", False
        ),
        "reveal": option(
            fields.String, "Why you need identifiers and free text (class P3); without it they are masked."
        ),
    },
)

NEW_DECISION = schema(
    "NewDecision",
    {
        "kind": text(
            "What is decided.",
            validate=validate.OneOf(
                ["assign", "close", "reopen", "merge", "unmerge", "distinct", "undistinct", "correct", "record",
                 "refer", "referral", "fund", "transfer", "take-back", "accept", "decline"]
            ),
        ),
        "reason": text("Why, in a few words that do not name the person.", validate=validate.Length(max=500)),
        "body": option(fields.Dict, "The rest, by kind: see docs/api.md.", dict),
    },
)  # fmt: skip

DECISION = schema(
    "Decision",
    {
        "id": field(fields.UUID, "The decision."),
        "kind": text("What was decided."),
        "caseId": field(fields.UUID, "The case it was decided about."),
    },
)
