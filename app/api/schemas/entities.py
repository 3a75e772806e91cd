"""Entity lists and entities."""

from marshmallow import fields, validate

from app.api.schemas.fields import field, flag, instant, maybe, number, option, schema, text

NEW_DATASET = schema(
    "NewDataset",
    {
        "name": text("An XML name without dots; phones look for NAME.csv."),
        "approvalRequired": option(
            fields.Boolean, "Whether submissions act on it only once they are approved.", False
        ),
    },
)

NEW_PROPERTY = schema("NewProperty", {"name": text("An XML name, neither name nor label.")})

DATASET_PROPERTY = schema(
    "DatasetProperty",
    {
        "name": text("Its name."),
        "odataName": text("Its name as OData allows it."),
        "publishedAt": instant("When it was added."),
        "forms": field(fields.List, "Forms that save to it.", cls_or_instance=fields.String()),
    },
)

DATASET = schema(
    "Dataset",
    {
        "name": text("Its name."),
        "projectId": number("Its mission."),
        "createdAt": instant("When it was added."),
        "approvalRequired": flag("Whether submissions act on it only once they are approved."),
        "properties": field(
            fields.List, "What its entities say.", cls_or_instance=fields.Nested(DATASET_PROPERTY)
        ),
    },
)

_DATA = "Property and value; all values are texts."

_NEW_ENTITY = {
    "uuid": option(fields.UUID, "Its id, a UUID of version 4; one is made if there is none."),
    "label": option(fields.String, "What people call it. Needed."),
    "data": option(fields.Dict, _DATA),
}

NEW_ENTITIES = schema(
    "NewEntities",
    {
        **_NEW_ENTITY,
        "entities": option(
            fields.List, "Many of them.", cls_or_instance=fields.Nested(schema("NewEntity", _NEW_ENTITY))
        ),
        "source": option(fields.Dict, "Where they come from; not kept."),
    },
)

ENTITY_CHANGE = schema(
    "EntityChange",
    {
        "label": option(fields.String, "What people call it from now on."),
        "data": option(fields.Dict, _DATA),
    },
)

ENTITY_CHANGE_QUERY = schema(
    "EntityChangeQuery",
    {
        "baseVersion": option(fields.Integer, "The version the caller saw."),
        "force": option(fields.Boolean, "Change it whatever it is now.", False),
        "resolve": option(fields.Boolean, "Say that its conflict is settled.", False),
    },
)

ENTITY_VERSION = schema(
    "EntityVersion",
    {
        "label": text("What people call it."),
        "current": flag("Whether it is the one that counts."),
        "createdAt": instant("When it was made."),
        "creatorId": number("Id of the device or person that made it."),
        "userAgent": text("The script that made it, or empty."),
        "version": number("From 1."),
        "baseVersion": maybe("The version it was made on.", fields.Integer),
        "conflict": maybe("soft or hard, if others had changed it since that version."),
        "data": maybe("Property and value.", fields.Dict),
        "conflictingProperties": fields.List(
            fields.String(), metadata={"description": "What others had said otherwise; in lists of versions."}
        ),
    },
)

ENTITY = schema(
    "Entity",
    {
        "uuid": field(fields.UUID, "The entity."),
        "creatorId": number("Id of the device or person that made it."),
        "createdAt": instant("When it was made."),
        "updatedAt": instant("When it was last changed.", null=True),
        "deletedAt": instant("When it was deleted.", null=True),
        "conflict": maybe("soft or hard, until somebody resolved it."),
        "currentVersion": field(fields.Nested, "What it says now.", nested=ENTITY_VERSION),
    },
)

ENTITY_TABLE_QUERY = schema(
    "EntityTableQuery",
    {
        "skip": option(fields.Integer, "Leave out so many.", 0, data_key="$skip", validate=validate.Range(0)),
        "top": option(fields.Integer, "At most so many.", data_key="$top", validate=validate.Range(0)),
        "count": option(fields.Boolean, "Say how many there are.", False, data_key="$count"),
        "filter": option(fields.String, "Refused.", data_key="$filter"),
        "select": option(fields.String, "Only these fields.", data_key="$select"),
    },
)
