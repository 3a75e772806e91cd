"""The tables, plain SQLAlchemy. Importing this package registers all of them in `Model.metadata`."""

from app.models.access_token import AccessToken
from app.models.answer import Answer, IndexedQuestion
from app.models.attention import CaseAttention
from app.models.base import Instant, Model, ago, new_id, now
from app.models.case import CaseAlias, CaseEntity, CaseReach, CaseState, Decision
from app.models.case_store import TABLES
from app.models.comment import Comment, Mention
from app.models.document import Document
from app.models.entity import Entity, EntityList, EntityPending, EntityProperty, EntityVersion
from app.models.form import Assignment, Form, FormMedia, FormVersion
from app.models.form_key import FormKey, Rendition
from app.models.hint import CaseHint
from app.models.ledger import LedgerEntry
from app.models.mission import Device, DeviceGroup, Interviewer, Mission
from app.models.organisation import Organisation
from app.models.packing import AnswerPage, Packed
from app.models.saved_download import MadeDownload, SavedDownload
from app.models.saved_view import SavedView
from app.models.submission import AwaitedFile, Conflict, Submission, SubmissionFile
from app.models.trial import Trial, TrialFile, UnwantedBlob
from app.models.twin import CaseTrace, TraceDue, TraceKey, Twin
from app.models.upload import Upload, UploadFile
from app.models.user import Grant, User, UserSession
from app.models.webhook import Webhook, WebhookDelivery

__all__ = [
    "TABLES",
    "AccessToken",
    "Answer",
    "AnswerPage",
    "Assignment",
    "AwaitedFile",
    "CaseAlias",
    "CaseAttention",
    "CaseEntity",
    "CaseHint",
    "CaseReach",
    "CaseState",
    "CaseTrace",
    "Comment",
    "Conflict",
    "Decision",
    "Device",
    "DeviceGroup",
    "Document",
    "Entity",
    "EntityList",
    "EntityPending",
    "EntityProperty",
    "EntityVersion",
    "Form",
    "FormKey",
    "FormMedia",
    "FormVersion",
    "Grant",
    "IndexedQuestion",
    "Instant",
    "Interviewer",
    "LedgerEntry",
    "MadeDownload",
    "Mention",
    "Mission",
    "Model",
    "Organisation",
    "Packed",
    "Rendition",
    "SavedDownload",
    "SavedView",
    "Submission",
    "SubmissionFile",
    "TraceDue",
    "TraceKey",
    "Trial",
    "TrialFile",
    "Twin",
    "UnwantedBlob",
    "Upload",
    "UploadFile",
    "User",
    "UserSession",
    "Webhook",
    "WebhookDelivery",
    "ago",
    "new_id",
    "now",
]
