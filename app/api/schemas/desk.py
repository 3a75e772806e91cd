"""What waits for a coordinator: possible duplicates, strays, and what the Global Assistance Fund is asked."""

from marshmallow import fields, validate

from app.api.schemas.cases import CASE
from app.api.schemas.fields import field, flag, maybe, number, option, schema, text
from app.api.schemas.submissions import SUBMISSION

PAGE_QUERY = schema(
    "PageQuery",
    {
        "limit": option(fields.Integer, "At most so many.", 20, validate=validate.Range(1, 100)),
        "after": option(fields.String, "`next` of the page before."),
    },
)
_NEXT = maybe("Pass it as `after` for the next page; null on the last.")
_REASONS = field(fields.List, "What speaks for it, the weightiest first.", cls_or_instance=fields.String())

PAIR = schema(
    "Pair",
    {
        "cases": field(
            fields.List,
            "The two, the one registered first before the other.",
            cls_or_instance=fields.Nested(CASE),
        ),
        "score": number("How much speaks for one person."),
        "reasons": _REASONS,
    },
)

PAIR_PAGE = schema(
    "PairPage",
    {
        "items": field(
            fields.List, "Those for which most speaks first.", cls_or_instance=fields.Nested(PAIR)
        ),
        "next": _NEXT,
    },
)

LIKELY = schema(
    "LikelyCase",
    {
        "case": field(fields.Nested, "The case.", nested=CASE),
        "score": number("How much speaks for it."),
        "reasons": _REASONS,
    },
)

STRAY = schema(
    "Stray",
    {
        "xmlFormId": text("The form."),
        "submission": field(fields.Nested, "The submission that waits.", nested=SUBMISSION),
        "reference": text("The case reference that was typed; empty where none was."),
        "readable": flag("Whether it was read, so that it can be put into a case."),
        "likely": field(fields.List, "The cases it may belong to.", cls_or_instance=fields.Nested(LIKELY)),
    },
)

STRAY_PAGE = schema(
    "StrayPage",
    {
        "items": field(fields.List, "Newest first.", cls_or_instance=fields.Nested(STRAY)),
        "next": _NEXT,
    },
)

NEW_SUBMISSION_DECISION = schema(
    "NewSubmissionDecision",
    {
        "kind": text("What is decided.", validate=validate.OneOf(["attach", "new-case", "detach"])),
        "reason": text("Why, in a few words that do not name the person.", validate=validate.Length(max=500)),
        "body": option(fields.Dict, "`caseId` for `attach`; nothing for the others.", dict),
    },
)

FUND_QUERY = schema(
    "FundQuery",
    {
        "which": option(
            fields.String,
            "pending: nobody has decided; changed: a criterion comes out otherwise than when it was decided.",
            "pending",
            validate=validate.OneOf(["pending", "changed"]),
        ),
        "limit": option(fields.Integer, "At most so many.", 20, validate=validate.Range(1, 100)),
        "after": option(fields.String, "`next` of the page before."),
    },
)

EVIDENCE = schema(
    "Evidence",
    {
        "criterion": text("Code of the criterion."),
        "outcome": text("yes, no or pending"),
        "value": maybe(
            "What it rests on, as in a case read with `provenance`; null where nobody said it.", fields.Dict
        ),
    },
)

CHARGED = schema(
    "ChargedService",
    {
        "service": field(fields.Dict, "Its row, as in a case."),
        "doubts": field(
            fields.List,
            "other_category, early, undecided",
            cls_or_instance=fields.String(),
        ),
    },
)

PROPOSAL = schema(
    "Proposal",
    {
        "case": field(fields.Nested, "The case.", nested=CASE),
        "rules": text("Version of the criteria."),
        "proposed": text("What they come to: eligible, not_eligible or pending."),
        "decided": maybe("What a person decided: approved or declined; null if nobody did."),
        "decidedOn": maybe("When."),
        "changed": flag("Whether a criterion comes out otherwise than when it was decided."),
        "evidence": field(fields.List, "Criterion by criterion.", cls_or_instance=fields.Nested(EVIDENCE)),
        "charged": field(
            fields.List, "Services charged to the fund.", cls_or_instance=fields.Nested(CHARGED)
        ),
    },
)

PROPOSAL_PAGE = schema(
    "ProposalPage",
    {
        "items": field(fields.List, "Newest change first.", cls_or_instance=fields.Nested(PROPOSAL)),
        "next": _NEXT,
    },
)

TOTAL = schema(
    "FundTotal",
    {
        "country": maybe("Where, alpha-2; null where it is not known."),
        "year": maybe("When; null where it is not known.", fields.Integer),
        "approved": number("Decisions for."),
        "declined": number("Decisions against."),
        "services": number("Services charged to the fund."),
        "costs": field(
            fields.Dict, "What they cost, by currency.", keys=fields.String(), values=fields.Float()
        ),
    },
)
