"""Encrypts a submission with Java, as the Android client does for a form with a public key."""

import tempfile
from dataclasses import dataclass
from pathlib import Path

from tests.clients.javarosa.phone import kept


@dataclass(frozen=True)
class Encrypted:
    """What the client then sends: the manifest as the submission's XML, and its files by name."""

    manifest: bytes
    files: dict[str, bytes]


def encrypt(xform: bytes, xml: bytes, files: dict[str, bytes] | None = None) -> Encrypted:
    """Encrypt a submission of a form that has a public key. Raises JavaMissing."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "form.xml").write_bytes(xform)
        (folder / "submission.xml").write_bytes(xml)
        (folder / "files").mkdir()
        for file, content in (files or {}).items():
            (folder / "files" / file).write_bytes(content)
        kept().encrypt(*(folder / one for one in ("form.xml", "submission.xml", "files", "out")))
        sent = {one.name: one.read_bytes() for one in (folder / "out").iterdir()}
    return Encrypted(sent.pop("submission.xml"), sent)
