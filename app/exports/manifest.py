"""The manifest of an archive: what it was made of and what is in it. It says neither who made it nor when, which the
ledger does: the same of the same is the same bytes."""

import json
from collections.abc import Iterator

from app.exports.archive import Archive
from app.exports.content import Content

NAME = "manifest.json"


def manifest(archive: Archive, content: Content) -> Iterator[bytes]:
    """Write the manifest as the last entry: what the content is described by, rows of each table, files, and the
    SHA-256 of every other entry."""
    content.written.entries = dict(archive.entries)
    said = {
        **content.described,
        "rows": content.written.rows,
        "files": content.written.files,
        "sha256": archive.entries,
    }
    yield from archive.copy(NAME, [json.dumps(said, indent=2, ensure_ascii=False).encode() + b"\n"])
