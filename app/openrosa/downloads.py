"""What a phone downloads: whole or the range that it lacks, compressed, and not at all if it has it already."""

import gzip
import hashlib
import zlib
from collections.abc import Iterator
from typing import Final

from flask import Response, request

from app import headers, problems
from app.exports.spool import Spool
from app.openrosa.errors import XML
from app.services.phones import File

_WORTH_COMPRESSING: Final = 1000
# Pictures and recordings are compressed by nature.
_TEXT: Final = ("text/", "application/json", "application/geo+json", "application/xml", "image/svg+xml")


def xml(content: bytes) -> Response:
    """A document made for this request."""
    md5 = hashlib.md5(content, usedforsecurity=False).hexdigest()
    return file(File(content, md5, XML))


def stream(tag: str, pieces: Iterator[bytes], content_type: str) -> Response:
    """What may be long, in constant memory; what the phone has already is not even begun.

    It is spooled before the first byte leaves: on a bad line it leaves slowly, and nobody may hold a connection to
    the database for so long.
    """
    response = Response(content_type=content_type)
    response.set_etag(tag, weak=True)
    response.vary.add("Accept-Encoding")
    if request.if_none_match.contains_weak(tag):
        response.status_code = 304
        return response
    if request.accept_encodings["gzip"]:
        response.headers["Content-Encoding"] = "gzip"
        pieces = _compressed(pieces)
    spool = Spool.of(pieces)
    response.call_on_close(spool.close)
    response.response = spool.drain()
    return response


def _compressed(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """The pieces in the gzip format (RFC 1952)."""
    packer = zlib.compressobj(6, zlib.DEFLATED, 16 + zlib.MAX_WBITS)
    for piece in pieces:
        yield packer.compress(piece)
    yield packer.flush()


def file(wanted: File) -> Response:
    """Bytes with their ETag; compressed, because the last mile of a phone is the slowest, or the range asked for.

    The compressed bytes are another representation (RFC 9110, 8.8.3), so only its weak tag is theirs; a range is
    always one of the plain bytes.
    """
    ranged = headers.asks_for_a_range()
    compressed = (
        not ranged
        and len(wanted.content) >= _WORTH_COMPRESSING
        and wanted.content_type.startswith(_TEXT)
        and bool(request.accept_encodings["gzip"])
    )
    response = Response(wanted.content, content_type=wanted.content_type)
    response.set_etag(wanted.md5, weak=compressed)
    response.vary.add("Accept-Encoding")
    response.make_conditional(request, accept_ranges=ranged, complete_length=len(wanted.content))
    if response.status_code == 412:
        raise problems.of_status(412)
    response.accept_ranges = "bytes"
    if compressed and response.status_code == 200:
        response.set_data(gzip.compress(wanted.content, 6, mtime=0))
        response.headers["Content-Encoding"] = "gzip"
    return response
