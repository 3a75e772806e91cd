"""Forms and their versions, texts, files and keys."""

from marshmallow import fields, validate

from app.api.schemas.fields import FINDING, field, flag, instant, maybe, number, option, schema, text

UPLOAD_QUERY = schema(
    "FormUpload",
    {
        "publish": option(fields.Boolean, "Publish at once, without a draft.", False),
        "ignoreWarnings": option(fields.Boolean, "Take it although the converter warns.", False),
        "note": option(fields.String, "Why this version was made; it stands in the list of versions.", ""),
        "lossy": option(fields.Boolean, "Publish although answers already collected lose by it.", False),
    },
)

DRAFT_QUERY = schema(
    "FormDraft",
    {
        "ignoreWarnings": option(fields.Boolean, "Take it although the converter warns.", False),
        "from": option(fields.String, "Without a body: of which published version it is a copy."),
    },
)

PUBLISH_QUERY = schema(
    "FormPublish",
    {
        "version": option(fields.String, "Write this version into the draft first."),
        "ignoreWarnings": option(fields.Boolean, "As in an upload.", False),
        "note": option(fields.String, "Why this version was made; it stands in the list of versions.", ""),
        "lossy": option(fields.Boolean, "Publish although answers already collected lose by it.", False),
    },
)

TEXTS_QUERY = schema(
    "FormTextsChoice",
    {
        "version": option(
            fields.String, "A published version; without it, the draft, else what phones have.", ""
        ),
        "language": option(fields.String, "A language by name or code.", ""),
    },
)

TEXTS = schema(
    "FormTexts",
    {
        "language": text("As the form names it; empty for columns without a language."),
        "source": flag("Whether it is the language that is translated."),
        "ok": number("Texts that are there, and as new as their source."),
        "missing": number("Texts that are not there."),
        "stale": number("Translations made from another source text than the present one."),
        "toMend": field(fields.List, "Each text that is missing or stale.", cls_or_instance=fields.Dict()),
    },
)

FORM = schema(
    "Form",
    {
        "projectId": number("Id of the mission."),
        "xmlFormId": text("The form id."),
        "name": maybe("Its title."),
        "version": text("Version string; empty where the form says none."),
        "hash": text("MD5 of the XForm, as OpenRosa lists it."),
        "sha256": text("SHA-256 of the XForm: what a version is addressed by."),
        "state": text("open, closing or closed in this mission."),
        "keyId": maybe("As in a project; null.", fields.Integer),
        "enketoId": maybe("Null: no Enketo."),
        "enketoOnceId": maybe("Null: no Enketo."),
        "draftToken": maybe("Null."),
        "createdAt": instant("When the form was made."),
        "updatedAt": instant("When this version was made.", null=True),
        "publishedAt": instant("When this version was published; null for a draft.", null=True),
        "publishedBy": maybe("Id of who published it.", fields.Integer),
        "headquarters": flag("Whether it belongs to headquarters and not to this mission."),
        "note": text("Why this version was made."),
        "findings": field(fields.List, "What its checks say.", cls_or_instance=fields.Nested(FINDING)),
    },
)

FORM_STATE = schema(
    "FormState",
    {"state": text("open, closing or closed", validate=validate.OneOf(["open", "closing", "closed"]))},
)

FORM_FIELD = schema(
    "FormField",
    {
        "path": text("Path of the node below the root: /person/family_name."),
        "name": text("Last part of the path."),
        "type": text("string, int, decimal, date, dateTime, time, geopoint, …, binary, structure or repeat"),
        "binary": maybe("True for files, else null.", fields.Boolean),
        "selectMultiple": maybe("True for select_multiple, else null.", fields.Boolean),
        "field": maybe("Where its answer goes in the case store."),
        "privacy": text("P0, P1, P2 or P3"),
    },
)

FORM_ATTACHMENT = schema(
    "FormAttachment",
    {
        "name": text("File name the form asks for."),
        "type": text("Always file."),
        "exists": flag("Whether phones can have it."),
        "blobExists": flag("Whether a file was uploaded."),
        "datasetExists": flag("Whether it is made from the case store when a phone asks."),
        "hash": maybe("MD5 of the file."),
        "updatedAt": instant("Not kept; null.", null=True),
    },
)

FORM_KEY = schema(
    "FormKey",
    {
        "id": field(fields.UUID, "Id of the key."),
        "public": text(
            "Base64 of its public half, as the form carries it. The private half is never given out."
        ),
        "createdAt": instant("When it was made."),
        "retiredAt": instant("Since when phones no longer get it; null: they get it now.", null=True),
    },
)
