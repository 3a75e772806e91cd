"""Devices, which ODK calls app users, and their groups."""

from marshmallow import fields, validate

from app.api.schemas.fields import flag, instant, maybe, number, option, schema, text

_LANGUAGE = validate.OneOf(["en", "fr", "es", "ar"])

NEW_APP_USER = schema(
    "NewAppUser",
    {
        "displayName": text(
            "What the device is called; no beneficiary's name.", validate=validate.Length(1, 100)
        ),
        "interviewerId": option(fields.Integer, "Whose phone it is."),
        "groupId": option(fields.Integer, "Its group of devices."),
        "language": option(fields.String, "Of its interviewer.", "en", validate=_LANGUAGE),
        "managed": option(fields.Boolean, "Whether its forms match the server's.", True),
        "access": option(
            fields.String,
            "token: in the server URL; user: a user name with a password (Digest or Basic).",
            "token",
            validate=validate.OneOf(["token", "user"]),
        ),
    },
)

CHANGED_APP_USER = schema(
    "ChangedAppUser",
    {
        "displayName": fields.String(
            metadata={"description": "What it is called from now on."}, validate=validate.Length(1, 100)
        ),
        "interviewerId": fields.Integer(allow_none=True, metadata={"description": "Whose phone it is."}),
        "groupId": fields.Integer(allow_none=True, metadata={"description": "Its group of devices."}),
        "language": fields.String(metadata={"description": "Of its interviewer."}, validate=_LANGUAGE),
        "managed": fields.Boolean(metadata={"description": "Whether its forms match the server's."}),
    },
)

APP_USER = schema(
    "AppUser",
    {
        "id": number("Id of the device."),
        "projectId": number("Its mission."),
        "displayName": text("What it is called."),
        "type": text("Always field_key."),
        "token": maybe("What its server URL holds; with a username the password to it."),
        "username": maybe("What it answers a challenge with, if it does."),
        "createdAt": instant("When it was added."),
        "updatedAt": instant("Not kept; null.", null=True),
        "deletedAt": instant("When it was cut off.", null=True),
        "lastUsed": instant("When it last sent something or, to the hour, asked for its forms.", null=True),
        "interviewerId": maybe("Whose phone it is.", fields.Integer),
        "groupId": maybe("Its group of devices.", fields.Integer),
        "language": text("Of its interviewer.", validate=_LANGUAGE),
        "managed": flag("Whether its forms match the server's; else they are chosen on it."),
    },
)

NEW_DEVICE_GROUP = schema(
    "NewDeviceGroup", {"name": text("What it is called.", validate=validate.Length(1, 100))}
)

DEVICE_GROUP = schema(
    "DeviceGroup",
    {
        "id": number("Id of the group."),
        "projectId": number("Its mission."),
        "name": text("What it is called."),
    },
)
