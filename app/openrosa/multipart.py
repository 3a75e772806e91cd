"""Read the body of a submission part by part: the XML into memory, files straight into the seal.

Werkzeug's own form parser keeps plain files on disk; its decoder underneath does not. Nothing here is kept longer than
one piece of the body, whatever the body claims to be.
"""

import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import IO, Final

from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.sansio.multipart import Data, Epilogue, Event, Field, File, MultipartDecoder, NeedData

from app import problems
from app.services.receive import IncomingFile

XML_PART: Final = "xml_submission_file"
_PIECE: Final = 64 * 1024
# What the decoder may hold at once: a piece, and the headers of a part that are cut in two by it.
_HELD: Final = 4 * _PIECE
_MEDIA_TYPE: Final = re.compile(r"[a-zA-Z0-9.+-]{1,60}/[a-zA-Z0-9.+-]{1,60}")


@dataclass(slots=True)
class Body:
    """What a submission request carried."""

    xml: bytes | None = None
    files: list[IncomingFile] = field(default_factory=list)


def read(
    stream: IO[bytes],
    boundary: str,
    *,
    begin_file: Callable[[str, str], IncomingFile],
    opened: ExitStack,
    max_xml: int,
    max_files: int,
) -> Body:
    """Read the parts of a multipart/form-data body (RFC 7578). Files are closed by `opened`.

    Raises Problem: not_a_submission for what is no such body or breaks off, too_large.
    """
    body = Body()
    write: Callable[[bytes], object] | None = None
    xml = bytearray()
    # The parts that are no files are few: *isIncomplete*, and what a proxy may add.
    decoder = MultipartDecoder(boundary.encode("latin-1", "replace"), _HELD, max_parts=max_files + 20)
    for event in _events(decoder, stream):
        match event:
            case File() | Field() if event.name == XML_PART:
                if body.xml is not None:
                    raise problems.not_a_submission("This request carries two interviews.")
                body.xml = b""
                write = xml.extend
            case File():
                if len(body.files) >= max_files:
                    raise problems.not_a_submission("This interview has too many files for one request.")
                incoming = begin_file(event.name or event.filename, _media_type(event))
                opened.callback(incoming.close)
                body.files.append(incoming)
                write = incoming.write
            case Field():
                write = None
            case Data() if write is not None:
                write(event.data)
                if len(xml) > max_xml:
                    raise problems.too_large(max_xml)
    if body.xml is not None:
        body.xml = bytes(xml)
    return body


def _events(decoder: MultipartDecoder, stream: IO[bytes]) -> Iterator[Event]:
    try:
        while True:
            piece = stream.read(_PIECE)
            decoder.receive_data(piece or None)
            while not isinstance(event := decoder.next_event(), NeedData):
                yield event
                if isinstance(event, Epilogue):
                    return
    except RequestEntityTooLarge:
        raise
    except (ValueError, LookupError):
        # Decoder errors, and headers that are not UTF-8.
        raise problems.not_a_submission("What arrived is incomplete or damaged.") from None


def _media_type(part: File) -> str:
    """What the phone says the file is, if it is a media type at all."""
    said = part.headers.get("content-type", "").partition(";")[0].strip()
    return said.lower() if _MEDIA_TYPE.fullmatch(said) else "application/octet-stream"
