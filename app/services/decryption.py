"""Opening what phones encrypted to a key of ours, beside what came, which stays as it is.

The XML decides: as soon as it is there the submission is read like any other. Each file is opened when it arrives, and
the signature is checked once all of them are there. Files are decrypted and sealed again while they stream.
"""

import hashlib
import mimetypes
import re
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final, cast

from sqlalchemy import Connection, Row, Select, Table, select

from app.blobs import BlobStore
from app.keys import Keyring, KeyringError
from app.models import AwaitedFile, Form, FormKey, Rendition, Submission, SubmissionFile
from app.models.form_key import private_context
from app.services import stored, unopened
from app.services.receive import IncomingFile, blob_name
from submissions import encryption, envelope
from submissions.encryption import EncryptionError, Manifest, PrivateKey
from submissions.envelope import EnvelopeError
from xlsforms.finding import Finding

MAX_XML: Final = 20_000_000
"""Bytes of an encrypted XML; it is opened in memory."""
_FILE = cast("Table", SubmissionFile.__table__).c
_AWAITED = cast("Table", AwaitedFile.__table__).c
# A name given by the phone: the milliseconds of its clock, or a log. Anything else may name somebody.
_TELLS_NOTHING: Final = re.compile(r"(?:\d{10,15}|audit|submission)(?:\.\w{1,8}){1,2}")


@dataclass(frozen=True, slots=True)
class Opened:
    """What became of an encrypted submission.

    `xml` is its plain XML, None while it cannot be had; `plain` the same sealed, if it is to be written; `files` are
    rows of files that were opened, `sources` digests of the names of those they were in; `awaited` digests of the names
    that are missing, None to leave them as they are.
    """

    xml: bytes | None
    findings: tuple[Finding, ...]
    plain: bytes | None = None
    files: tuple[dict[str, Any], ...] = ()
    sources: tuple[bytes, ...] = ()
    awaited: frozenset[bytes] | None = frozenset()


def arrived() -> Select[uuid.UUID]:
    """Ids of submissions that are settled, and of which a file has come that was awaited."""
    return (
        select(_AWAITED.submission_id)
        .join(
            SubmissionFile,
            (_FILE.submission_id == _AWAITED.submission_id) & (_FILE.name_digest == _AWAITED.name_digest),
        )
        .join(Submission, Submission.id == _AWAITED.submission_id)
        .where(Submission.state.not_in(("received", "deleted")))
        .distinct()
    )


def open_submission(
    connection: Connection, row: Row[Any], source: bytes, *, keyring: Keyring, blobs: BlobStore
) -> Opened:
    """Open an encrypted submission as far as it has arrived; `source` is the manifest that came as its XML.

    What was opened before is not opened again, unless files are missing. Nothing is written but blobs.
    """
    known = [Finding.from_json(one) for one in row.findings]
    if row.plain is not None and not any(one.code == unopened.MISSING for one in known):
        kept = tuple(one for one in known if one.code in unopened.LASTING)
        return Opened(stored.xml(row, keyring), kept, awaited=None)
    try:
        manifest = encryption.read(source)
    except EncryptionError as error:
        return Opened(None, (unopened.unreadable(error.message),))
    found = _key(connection, row, manifest, keyring)
    if found is None:
        return Opened(None, (unopened.unknown_key(),))
    return _Opening(connection, row, manifest, keyring, blobs).run(*found)


def _key(
    connection: Connection, row: Row[Any], manifest: Manifest, keyring: Keyring
) -> tuple[PrivateKey, bytes] | None:
    """The private key and the submission's own key: by the rendition that was filled, else by trying the keys that the
    form has had in the mission."""
    statement = (
        select(FormKey.id, FormKey.private)
        .join(Form, Form.id == FormKey.form_id)
        .outerjoin(Rendition, (Rendition.key_id == FormKey.id) & (Rendition.version == row.form_version))
        .where(Form.xml_form_id == row.xml_form_id, FormKey.mission_id == row.mission_id)
        .order_by(Rendition.id.is_(None), FormKey.id.desc())
    )
    for identity, sealed in connection.execute(statement):
        try:
            private = encryption.load(keyring.open(sealed, private_context(identity)))
            return private, encryption.unwrap(manifest, private)
        except (EncryptionError, KeyringError):
            continue
    return None


class _Opening:
    """One submission being opened."""

    def __init__(
        self, connection: Connection, row: Row[Any], manifest: Manifest, keyring: Keyring, blobs: BlobStore
    ) -> None:
        self.row = row
        self.manifest = manifest
        self.keyring = keyring
        self.blobs = blobs
        statement = select(SubmissionFile.__table__).where(_FILE.submission_id == row.id)
        self.present = {file.name_digest: file for file in connection.execute(statement)}
        self.xml = b""
        self.digests: dict[str, str] = {}
        self.files: list[dict[str, Any]] = []
        self.missing: list[str] = []
        self.damaged: list[str] = []
        self.in_clear: list[str] = []

    def run(self, private: PrivateKey, key: bytes) -> Opened:
        xml, findings = None, []
        for name, vector in zip(self.manifest.files, encryption.vectors(self.manifest, key), strict=True):
            file = self.present.get(self._name_digest(name))
            if file is None:
                self.missing.append(name)
            elif name != self.manifest.xml:
                self._open_file(name, file, self._plain(file, key, vector))
            elif (fault := self._open_xml(file, self._plain(file, key, vector))) is None:
                xml = self.xml
            else:
                findings.append(fault)
        if self.missing:
            findings.append(unopened.files_missing(self._said(self.missing), len(self.manifest.files)))
        if self.damaged:
            findings.append(unopened.files_damaged(self._said(self.damaged)))
        if self.in_clear:
            findings.append(unopened.files_in_clear(self._said(self.in_clear)))
        if len(self.digests) == len(self.manifest.files) and not encryption.signature_holds(
            self.manifest, private, self.digests
        ):
            findings.append(unopened.signature_wrong())
        new = xml is not None and self.row.plain is None
        return Opened(
            xml,
            tuple(findings),
            stored.seal_plain(xml, self.row.id, self.keyring) if new and xml is not None else None,
            tuple(self.files),
            self._sources(),
            frozenset(map(self._name_digest, self.missing)),
        )

    def _sources(self) -> tuple[bytes, ...]:
        """The files that what was opened now was in; one whose name another has stays in sight."""
        names = (self._name_digest(name) for name in self.digests if name not in self.in_clear)
        return tuple(name for name in names if not self.present[name].opened)

    def _plain(self, file: Row[Any], key: bytes, vector: bytes) -> Iterator[bytes]:
        sealed = self.keyring.open_file(self.blobs.open(file.blob), f"file:{file.blob}")
        return encryption.decrypt(sealed, key=key, vector=vector)

    def _open_xml(self, file: Row[Any], pieces: Iterator[bytes]) -> Finding | None:
        """Read the XML into `xml`; what is wrong with it if it is not that of this submission."""
        if file.size > MAX_XML:
            return unopened.xml_unusable("It is larger than an interview is.")
        try:
            self.xml = b"".join(pieces)
            said = envelope.read(self.xml, max_bytes=MAX_XML)
        except EncryptionError as error:
            return unopened.xml_unusable(error.message)
        except EnvelopeError:
            return unopened.xml_unusable("It is no XML of a form.")
        if said.encrypted or (said.form_id, said.instance_id) != (
            self.manifest.form_id,
            self.manifest.instance_id,
        ):
            return unopened.xml_unusable("It is another submission than the one it came with.")
        self.digests[self.manifest.xml] = hashlib.md5(self.xml, usedforsecurity=False).hexdigest()
        return None

    def _open_file(self, name: str, file: Row[Any], pieces: Iterator[bytes]) -> None:
        """Decrypt a file, seal it again and store it under its plain name."""
        plain_name = encryption.plain_name(name)
        kind = mimetypes.guess_type(plain_name)[0] or "application/octet-stream"
        plain = IncomingFile(plain_name, kind, keyring=self.keyring, blobs=self.blobs)
        md5 = hashlib.md5(usedforsecurity=False)
        try:
            for piece in pieces:
                md5.update(piece)
                plain.write(piece)
            self.digests[name] = md5.hexdigest()
            standing = self.present.get(self._name_digest(plain_name))
            if standing is None:
                self._keep(plain, file)
            elif standing.digest != plain.digest():
                self.in_clear.append(name)
        except EncryptionError:
            self.damaged.append(name)
        finally:
            plain.close()

    def _keep(self, plain: IncomingFile, file: Row[Any]) -> None:
        blob = blob_name(self.keyring, self.row.instance_id, plain.name, plain.digest())
        plain.store(blob, self.blobs)
        self.files.append(
            {
                "submission_id": self.row.id,
                "name": self.keyring.seal(plain.name.encode(), f"file-name:{self.row.id}"),
                "name_digest": self._name_digest(plain.name),
                "digest": plain.digest(),
                "size": plain.size,
                "content_type": plain.content_type,
                "blob": blob,
                "received_at": file.received_at,
            }
        )

    def _name_digest(self, name: str) -> bytes:
        return self.keyring.digest(name.encode())

    def _said(self, names: Sequence[str]) -> list[str]:
        """Files as a finding may name them: by a name that tells nothing, else by their place in the manifest."""
        places = {name: place for place, name in enumerate(self.manifest.files, 1)}
        return [
            encryption.plain_name(name) if _TELLS_NOTHING.fullmatch(name) else f"file {places[name]}"
            for name in names
        ]
