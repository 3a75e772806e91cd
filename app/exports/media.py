"""The files of submissions in an archive, under names that say what they are."""

from collections.abc import Iterator

from app.exports.archive import Archive
from app.exports.content import Content
from app.exports.manifest import manifest


def write(content: Content) -> Iterator[bytes]:
    """The archive, piece by piece."""
    archive = Archive()
    yield archive.take()
    for rows in content.submissions:  # files are known when all was read
        for _ in rows:
            pass
    for name, pieces in content.files():
        yield from archive.copy(name, pieces)
        content.written.files += 1
    yield from manifest(archive, content)
    yield archive.close()
