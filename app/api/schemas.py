"""What the REST interface takes and gives, field by field: the same schemas validate and make the OpenAPI
page.

They are built from dictionaries because the names are ODK Central's, in its spelling. Nothing leaves that is
not listed here; a case's tables are listed by the dictionary of the case store.
"""

from datetime import UTC
from typing import Any

from marshmallow import EXCLUDE, Schema, fields, validate


class _Shape(Schema):
    """What is not described is overlooked: clients send more than we read."""

    class Meta:
        unknown = EXCLUDE


def schema(name: str, described: dict[str, fields.Field[Any]]) -> type[Schema]:
    """A schema class of that name."""
    return _Shape.from_dict(described, name=name)


def _field(kind: Any, description: str, *, null: bool = False, **more: Any) -> fields.Field[Any]:
    made: fields.Field[Any] = kind(
        required=True, allow_none=null, metadata={"description": description}, **more
    )
    return made


def text(description: str, **more: Any) -> fields.Field[Any]:
    """A text that is always there."""
    return _field(fields.String, description, **more)


def maybe(description: str, kind: Any = fields.String, **more: Any) -> fields.Field[Any]:
    """A field that is always there and may be null."""
    return _field(kind, description, null=True, **more)


def number(description: str, **more: Any) -> fields.Field[Any]:
    """An integer."""
    return _field(fields.Integer, description, strict=True, **more)


def flag(description: str) -> fields.Field[Any]:
    """True or false."""
    return _field(fields.Boolean, description)


class Instant(fields.DateTime):
    """A moment as ODK Central writes it: ISO 8601 in UTC, milliseconds, Z."""

    def _serialize(self, value: Any, *_: Any, **__: Any) -> str | None:
        if value is None:
            return None
        text: str = value.astimezone(UTC).isoformat(timespec="milliseconds")
        return text.replace("+00:00", "Z")


def instant(description: str, *, null: bool = False) -> fields.Field[Any]:
    """A moment that is always there, or may be null."""
    return _field(Instant, description, null=null)


def option(kind: Any, description: str, default: Any = None, **more: Any) -> fields.Field[Any]:
    """A parameter of a query that need not be given."""
    made: fields.Field[Any] = kind(
        load_default=default, allow_none=default is None, metadata={"description": description}, **more
    )
    return made


SUCCESS = schema("Success", {"success": flag("Always true: failures are problems.")})

PROBLEM = schema(
    "Problem",
    {
        "type": text("Always about:blank (RFC 9457)."),
        "title": text("The kind of problem."),
        "status": number("The HTTP status."),
        "detail": text("What happened this time."),
        "mend": text("What to do about it."),
        "problem": text("Stable name of the problem, for programs."),
        "code": _field(fields.Float, "As ODK Central numbers it; its whole part is the HTTP status."),
        "message": text("All of it in one text, as in ODK Central."),
        "details": _field(fields.Dict, "For programs: parameters at fault, findings of a form."),
    },
)

FINDING = schema(
    "Finding",
    {
        "severity": text("error, warning or info", validate=validate.OneOf(["error", "warning", "info"])),
        "code": text("Stable name of the finding."),
        "message": text("What, and why it matters."),
        "mend": text("How to mend it."),
        "sheet": maybe("Sheet of the workbook."),
        "row": maybe("Row as a spreadsheet program counts.", fields.Integer),
        "column": maybe("Header of the column."),
        "question": maybe("Name or path of the question."),
        "choice": maybe("Code of a choice of its list."),
    },
)

# --- sessions and people
# ------------------------------------------------------------------------------------------

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
        "locale": text("Language of their pages: en, fr or es."),
        "roles": _field(fields.List, "What they may do, and where.", cls_or_instance=fields.Nested(ROLE)),
    },
)

# --- missions
# -----------------------------------------------------------------------------------------------------

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

# --- forms
# --------------------------------------------------------------------------------------------------------

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
        "toMend": _field(fields.List, "Each text that is missing or stale.", cls_or_instance=fields.Dict()),
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
        "findings": _field(fields.List, "What its checks say.", cls_or_instance=fields.Nested(FINDING)),
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
        "id": _field(fields.UUID, "Id of the key."),
        "public": text(
            "Base64 of its public half, as the form carries it. The private half is never given out."
        ),
        "createdAt": instant("When it was made."),
        "retiredAt": instant("Since when phones no longer get it; null: they get it now.", null=True),
    },
)

# --- devices
# ------------------------------------------------------------------------------------------------------

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

# --- submissions
# --------------------------------------------------------------------------------------------------

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

TIMELINE_SESSION = schema(
    "TimelineSession",
    {
        "startedAt": instant("When the form was opened, by the phone's clock."),
        "endedAt": instant("The last thing that happened before it was left."),
        "active": number("Seconds in which a question was on the screen."),
        "saved": flag("Whether it was saved."),
        "finalised": flag("Whether it was finalised."),
    },
)

TIMELINE_SECTION = schema(
    "TimelineSection",
    {
        "path": text(
            "Path of the group, or of the form for questions in none; empty for what the form lacks."
        ),
        "label": text("What it is called, in the form's default language."),
        "active": number("Seconds."),
        "questions": number("How many were visited."),
        "visits": number("How often, all together."),
    },
)

TIMELINE_QUESTION = schema(
    "TimelineQuestion", {"path": text("XPath of the question."), "times": number("How often.")}
)

TIMELINE = schema(
    "Timeline",
    {
        "active": number("Seconds in which a question was on the screen."),
        "saves": number("How often the form was saved."),
        "finalised": flag("Whether the log tells that the form was finalised."),
        "sessions": _field(
            fields.List, "Each time it was open.", cls_or_instance=fields.Nested(TIMELINE_SESSION)
        ),
        "sections": _field(
            fields.List,
            "In the order in which they were first entered.",
            cls_or_instance=fields.Nested(TIMELINE_SECTION),
        ),
        "returns": _field(
            fields.List, "Questions somebody came back to.", cls_or_instance=fields.Nested(TIMELINE_QUESTION)
        ),
        "edits": _field(
            fields.List, "Answers that were replaced.", cls_or_instance=fields.Nested(TIMELINE_QUESTION)
        ),
        "pauses": _field(
            fields.List, "Seconds of each of five minutes or more.", cls_or_instance=fields.Integer()
        ),
        "findings": _field(
            fields.List, "What is wrong with the log.", cls_or_instance=fields.Nested(FINDING)
        ),
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
        "findings": _field(fields.List, "What was found in it.", cls_or_instance=fields.Nested(FINDING)),
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

FILTER = (
    "As in OData, of `__system/submissionDate`, `updatedAt`, `submitterId` and `reviewState`: eq ne lt le gt ge, "
    "and or not, parentheses, now(), year() to second()."
)

XML_QUERY = schema(
    "SubmissionXmlQuery",
    {
        "reason": option(fields.String, "Why you need it, where a reason must be given."),
        "asSent": option(fields.Boolean, "Of one that the phone encrypted, what it sent instead.", False),
    },
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
        "value": _field(
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
        "value": _field(
            fields.List, "The rows; what they hold is in the metadata.", cls_or_instance=fields.Dict()
        ),
        "@odata.nextLink": fields.String(metadata={"description": "Where to go on, if there is more."}),
        "@odata.count": fields.Integer(metadata={"description": "How many rows there are, if asked for."}),
    },
)

# --- cases
# --------------------------------------------------------------------------------------------------------

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
        "caseId": _field(fields.UUID, "The case."),
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
        "attention": _field(fields.List, "What needs attention.", cls_or_instance=fields.String()),
        "updatedAt": instant("When it last changed."),
    },
)

CASE_PAGE = schema(
    "CasePage",
    {
        "items": _field(fields.List, "Newest change first.", cls_or_instance=fields.Nested(CASE)),
        "next": maybe("Pass it as `after` for the next page; null on the last."),
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

# --- entity lists
# -------------------------------------------------------------------------------------------------

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
        "forms": _field(fields.List, "Forms that save to it.", cls_or_instance=fields.String()),
    },
)

DATASET = schema(
    "Dataset",
    {
        "name": text("Its name."),
        "projectId": number("Its mission."),
        "createdAt": instant("When it was added."),
        "approvalRequired": flag("Whether submissions act on it only once they are approved."),
        "properties": _field(
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
        "uuid": _field(fields.UUID, "The entity."),
        "creatorId": number("Id of the device or person that made it."),
        "createdAt": instant("When it was made."),
        "updatedAt": instant("When it was last changed.", null=True),
        "deletedAt": instant("When it was deleted.", null=True),
        "conflict": maybe("soft or hard, until somebody resolved it."),
        "currentVersion": _field(fields.Nested, "What it says now.", nested=ENTITY_VERSION),
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
