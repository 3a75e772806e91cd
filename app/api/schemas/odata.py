"""OData feeds: what may be asked of a table, and what comes."""

from marshmallow import fields, validate

from app.api.schemas.downloads import FILTER
from app.api.schemas.fields import field, option, schema, text

_ROWS = validate.Range(0, 1_000_000_000)

ODATA_QUERY = schema(
    "ODataQuery",
    {
        "$select": option(
            fields.String, "Fields by name, with commas: `__id,__system/reviewState,home/place`."
        ),
        "$expand": option(
            fields.String,
            "`*` puts the rows of repeats into the rows they belong to.",
            validate=validate.Equal("*"),
        ),
        "$filter": option(fields.String, FILTER),
        "$skip": option(fields.Integer, "Leave out so many rows.", 0, validate=_ROWS),
        "$skiptoken": option(
            fields.String,
            "Where a page begins, as `@odata.nextLink` of the page before says it; not made by hand.",
        ),
        "$orderby": option(
            fields.String,
            "Order of the rows: `__system/submissionDate desc`, or answers, `person/age,home/place desc`, of at most "
            "5,000 submissions. Else the newest first.",
        ),
        "$top": option(fields.Integer, "At most so many rows.", validate=_ROWS),
        "$count": option(fields.Boolean, "With `@odata.count`: rows there are, whatever `$top` says.", False),
        "$wkt": option(fields.Boolean, "Geometry as well-known text instead of GeoJSON.", False),
        "identifiers": option(
            fields.Boolean, "Identifiers and free text (class P3); false leaves them out.", True
        ),
        "reason": option(fields.String, "Why you need it; kept in the ledger."),
    },
)

_CONTEXT = {"@odata.context": text("Where the metadata are.")}

ODATA_SERVICE = schema(
    "ODataService",
    {
        **_CONTEXT,
        "value": field(
            fields.List,
            "The tables.",
            cls_or_instance=fields.Nested(
                schema(
                    "ODataTableName",
                    {
                        "name": text("Its name."),
                        "kind": text("Always EntitySet."),
                        "url": text("Its address, relative to the service."),
                    },
                )
            ),
        ),
    },
)

ODATA_TABLE = schema(
    "ODataTable",
    {
        **_CONTEXT,
        "value": field(
            fields.List, "The rows; what they hold is in the metadata.", cls_or_instance=fields.Dict()
        ),
        "@odata.nextLink": fields.String(metadata={"description": "Where to go on, if there is more."}),
        "@odata.count": fields.Integer(metadata={"description": "How many rows there are, if asked for."}),
    },
)
