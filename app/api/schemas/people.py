"""Sessions, people and missions, as the REST interface takes and gives them."""

from marshmallow import fields, validate

from app.api.schemas.fields import field, flag, instant, maybe, number, schema, text

CREDENTIALS = schema(
    "Credentials",
    {
        "email": text("The person's email address.", validate=validate.Length(max=254)),
        "password": text("Their password.", validate=validate.Length(max=500), load_only=True),
    },
)

SESSION = schema(
    "Session",
    {
        "token": text("Send it as `Authorization: Bearer …`."),
        "csrf": text("Not needed with a bearer token; here because ODK Central has it."),
        "createdAt": instant("When it began."),
        "expiresAt": instant("When it ends unless it is used."),
    },
)

ROLE = schema(
    "Role",
    {
        "role": text("administrator, coordinator or form_designer"),
        "projectId": maybe("The mission it is held in; null: in all.", fields.Integer),
    },
)

USER = schema(
    "User",
    {
        "id": number("Id of the person."),
        "type": text("Always user."),
        "email": text("Their login."),
        "displayName": text("What they are called."),
        "createdAt": instant("When they were added."),
        "updatedAt": instant("Not kept; null.", null=True),
        "deletedAt": instant("Not kept; null.", null=True),
        "locale": text("Language of their pages: en, fr, es or ar."),
        "roles": field(fields.List, "What they may do, and where.", cls_or_instance=fields.Nested(ROLE)),
    },
)

PROJECT = schema(
    "Project",
    {
        "id": number("Id of the mission."),
        "name": text("What it is called."),
        "description": maybe("Not kept; null."),
        "archived": flag("Whether it no longer takes anything in."),
        "keyId": maybe("Managed encryption of ODK Central; null, SAIF seals everything.", fields.Integer),
        "createdAt": instant("When it was opened."),
        "updatedAt": instant("Not kept; null.", null=True),
        "deletedAt": instant("Not kept; null.", null=True),
        "code": text("UN/LOCODE without the blank."),
        "country": text("ISO 3166-1 alpha-2."),
        "timeZone": text("IANA name; decides what today means."),
        "demo": flag("Holds fiction only."),
    },
)
