"""Take in what phones send: durable, once, sealed, and without looking at what it says.

A machine that only receives holds no key that opens anything. What is accepted here is what a phone may forget, so the
answer comes after the commit; and nothing an interview says can get it refused, only what it is: not a submission,
not of this mission, or another text under a number that is taken.
"""

import threading
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any, BinaryIO, Final
from uuid import UUID

from sqlalchemy import Engine, func, select
from sqlalchemy.exc import DBAPIError

from app import problems
from app.blobs import BlobStore
from app.db import connect_to_write
from app.keys import Keyring
from app.models import Assignment, Form, new_id, now
from app.services import arrivals, trials
from app.services.arrivals import SUBMISSION, Arrival, Receipt
from app.services.senders import RANK, Sender, admit
from submissions import envelope
from submissions.envelope import Envelope, EnvelopeError

__all__ = ["Inbox", "IncomingFile", "Receipt", "Sender", "admit"]

MAX_NAME: Final = 1000
"""Longest name of a file, in characters."""
MAX_PHONE: Final = 100
"""What is kept of a phone's deviceID, in characters."""


class IncomingFile:
    """A file on its way in: sealed while it streams, so that its plain content is never on disk nor whole in memory."""

    def __init__(self, name: str, content_type: str, *, keyring: Keyring, blobs: BlobStore) -> None:
        self.name = name
        self.content_type = content_type
        self.size = 0
        self._digest = keyring.running_digest()
        self._spooled: BinaryIO = blobs.spool()
        self._sealer = keyring.seal_file(self._spooled)

    def write(self, data: bytes) -> None:
        """Take more of the plain content."""
        self.size += len(data)
        self._digest.update(data)
        self._sealer.write(data)

    def digest(self) -> bytes:
        """Keyed digest of the plain content so far."""
        return self._digest.digest()

    def store(self, blob: str, blobs: BlobStore) -> None:
        """Give it its name in the blob store, durably."""
        self._sealer.finish(f"file:{blob}")
        blobs.put(blob, self._spooled)

    def close(self) -> None:
        """Drop the spool file."""
        self._spooled.close()


def blob_name(keyring: Keyring, owner: str, name: str, digest: bytes) -> str:
    """What a file is called in the blob store: `owner` is the instanceID of its submission, `digest` the keyed one of
    its plain content.

    Other content is another blob, the same content the same: whatever is sent again finds its place taken.
    """
    return keyring.digest(b"\0".join((owner.encode(), name.encode(), digest))).hex()


class Inbox:
    """Where submissions arrive. One per process, shared by its threads.

    Threads commit in groups: the first one to come commits for all that wait at that moment, while the next ones
    gather. Durability costs one sync to disk a group instead of one a submission, and on SQLite, where one may write
    at a time, processes meet in the line of `db.line` and threads do not.
    """

    def __init__(self, engine: Engine, *, keyring: Keyring, blobs: BlobStore, max_xml: int) -> None:
        self.engine = engine
        self.keyring = keyring
        self.blobs = blobs
        self.max_xml = max_xml
        self._mutex = threading.Lock()
        self._waiting: list[Arrival] = []
        self._busy = False

    def file(self, name: str, content_type: str) -> IncomingFile:
        """Begin to take a file in. Close it when the request is over."""
        if not 0 < len(name) <= MAX_NAME:
            raise problems.not_a_submission("A file of this interview has no usable name.")
        return IncomingFile(name, content_type, keyring=self.keyring, blobs=self.blobs)

    def receive(
        self, sender: Sender, *, xml: bytes, files: Sequence[IncomingFile] = (), phone: str | None = None
    ) -> Receipt:
        """Keep a submission. On return it is stored durably, whole, and once; called outside any transaction.

        What a test device sends is a trial, kept apart. Raises Problem: unreadable (the envelope's codes),
        unknown_form, closed_form, no_draft, other_content, unavailable.
        """
        try:
            said = envelope.read(xml, max_bytes=self.max_xml)
        except EnvelopeError as error:
            raise problems.unreadable_submission(error.code, error.message) from None
        if not said.instance_id:
            # Keyed, because it stands in clear: nobody may guess the answers and compare.
            made = UUID(bytes=self.keyring.digest(xml)[:16], version=4)
            said = replace(said, instance_id=f"uuid:{made}")
        try:
            if sender.test_form_id is not None:
                return self._try(sender, said, xml, files)
            if sender.forms.get(said.form_id) not in ("open", "closing"):
                self._check_form(sender, said)
            arrival = self._prepare(sender, said, xml, files, phone)
            self._commit(arrival)
        except (DBAPIError, OSError) as error:
            # The driver's message repeats what it was given; the type is enough to look for the cause.
            raise problems.unavailable() from error
        assert arrival.receipt is not None
        return arrival.receipt

    def _try(self, sender: Sender, said: Envelope, xml: bytes, files: Sequence[IncomingFile]) -> Receipt:
        """Keep a trial: sealed, durable and whole as a submission is, in tables of its own."""
        with self.engine.connect() as connection:
            trials.require_draft(connection, sender, said.form_id)
        trial = trials.Arrival(new_id(), sender, said, self.keyring.digest(xml), now())
        sealed = self.keyring.seal(xml, trials.sealed_to(sender.test_form_id, said.instance_id))
        # Named after this arrival alone: deleting a trial can never take a file that something else refers to.
        rows = [self._store(file, f"trial {trial.id}", trial.at) for file in files]
        try:
            with connect_to_write(self.engine) as connection:
                return trials.keep(connection, trial, xml=sealed, files=rows, keyring=self.keyring)
        except problems.Problem:  # the draft went while the files came
            for row in rows:
                self.blobs.delete(row["blob"])
            raise

    # --- before the transaction --------------------------------------------------------------------------------

    def _check_form(self, sender: Sender, said: Envelope) -> None:
        """For a form that is not open to the sender: taken all the same if it is open to another group here (the
        phone may have changed groups), or if the submission repeats or edits one that is here."""
        with self.engine.connect() as connection:
            states = connection.execute(
                select(func.max(RANK))
                .join(Form, Form.id == Assignment.form_id)
                .where(Assignment.mission_id == sender.mission_id, Form.xml_form_id == said.form_id)
            ).scalar_one()
            if states:
                return
            known = connection.execute(
                select(SUBMISSION.c.id)
                .where(
                    SUBMISSION.c.mission_id == sender.mission_id,
                    SUBMISSION.c.xml_form_id == said.form_id,
                    SUBMISSION.c.instance_id.in_([said.instance_id, said.deprecated_id or said.instance_id]),
                )
                .limit(1)
            ).first()
        if known is None:
            raise problems.unknown_form() if states is None else problems.closed_form()

    def _prepare(
        self,
        sender: Sender,
        said: Envelope,
        xml: bytes,
        files: Iterable[IncomingFile],
        phone: str | None,
    ) -> Arrival:
        """Seal everything and store the files: all that can be done before others have to wait."""
        identity = new_id()
        received_at = now()
        row = {
            "id": identity,
            "mission_id": sender.mission_id,
            "device_id": sender.device_id,
            "interviewer_id": sender.interviewer_id,
            "group_id": sender.group_id,
            "user_id": sender.user_id,
            # PostgreSQL stores no NUL, and advice must not cost an interview.
            "phone": phone.replace("\0", "")[:MAX_PHONE] if phone else None,
            "xml_form_id": said.form_id,
            "form_version": said.version,
            "instance_id": said.instance_id,
            "deprecated_id": said.deprecated_id,
            "received_at": received_at,
            "xml": self.keyring.seal(xml, f"submission:{identity}"),
            "xml_digest": self.keyring.digest(xml),
            "state": "received",
            "findings": [],
        }
        rows = [self._store(file, said.instance_id, received_at) for file in files]
        woken = threading.Lock()
        woken.acquire()
        return Arrival(row, rows, sender, xml, woken)

    def _store(self, file: IncomingFile, owner: str, received_at: Any) -> dict[str, Any]:
        digest = file.digest()
        blob = blob_name(self.keyring, owner, file.name, digest)
        file.store(blob, self.blobs)
        return {
            "name": file.name,
            "name_digest": self.keyring.digest(file.name.encode()),
            "digest": digest,
            "size": file.size,
            "content_type": file.content_type,
            "blob": blob,
            "received_at": received_at,
        }

    # --- the group ---------------------------------------------------------------------------------------------

    def _commit(self, arrival: Arrival) -> None:
        """Wait for somebody to commit this arrival, or be the one who commits for all."""
        with self._mutex:
            self._waiting.append(arrival)
            arrival.leads = not self._busy
            self._busy = True
        if not arrival.leads:
            arrival.woken.acquire()
        if arrival.leads:
            with self._mutex:
                group, self._waiting = self._waiting, []
            try:
                self._write_group(group)
            finally:
                self._wake(group, arrival)
        if arrival.failure is not None:
            raise arrival.failure

    def _wake(self, group: list[Arrival], leader: Arrival) -> None:
        with self._mutex:
            if self._waiting:
                self._waiting[0].leads = True
                self._waiting[0].woken.release()
            else:
                self._busy = False
        for arrival in group:
            if arrival is not leader:
                arrival.woken.release()

    def _write_group(self, group: list[Arrival]) -> None:
        try:
            with connect_to_write(self.engine) as connection:
                arrivals.write(connection, group, self.keyring)
        except Exception as error:  # noqa: BLE001 -- handed to the thread it belongs to, which raises it
            if len(group) == 1:
                group[0].failure = error
                return
            # One of them cannot be stored, or the database is away: each one alone learns which it is.
            for arrival in group:
                self._write_group([arrival])
