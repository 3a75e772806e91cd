"""Encrypts a submission with Java, as the Android client does for a form with a public key."""

import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from tests.clients.javarosa import run


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
        told = [str(folder / one) for one in ("form.xml", "submission.xml", "files", "out")]
        subprocess.run(run.command("Encryption", "encrypt", *told), check=True, capture_output=True)
        sent = {one.name: one.read_bytes() for one in (folder / "out").iterdir()}
    return Encrypted(sent.pop("submission.xml"), sent)
