"""Read the body of a submission part by part: the XML into memory, files straight into the seal.

Werkzeug's own form parser keeps plain files on disk; its decoder underneath does not. Nothing here is kept longer than
one piece of the body, whatever the body claims to be.
"""

import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import IO, Final

from flask import request
from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.http import parse_options_header
from werkzeug.sansio.multipart import Data, Epilogue, Event, Field, File, MultipartDecoder, NeedData

from app import part_names as names
from app import problems
from app.services.receive import IncomingFile
from app.state import state

XML_PART: Final = "xml_submission_file"
INCOMPLETE: Final = "*isIncomplete*"
"""The field that says more requests follow. Nothing depends on it: files count as missing until they are here."""
_PIECE: Final = 64 * 1024
# What the decoder may hold at once: a piece, and the headers of a part that are cut in two by it.
_HELD: Final = 4 * _PIECE
_MEDIA_TYPE: Final = re.compile(r"[a-zA-Z0-9.+-]{1,60}/[a-zA-Z0-9.+-]{1,60}")


@dataclass(slots=True)
class Body:
    """What a submission request carried."""

    xml: bytes | None = None
    files: list[IncomingFile] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Interview:
    """An interview that came whole: its XML, and its files, sealed."""

    xml: bytes
    files: list[IncomingFile]


def of_request(opened: ExitStack) -> Interview:
    """The interview that this request carries, from a phone or a browser. Files are closed by `opened`.

    Raises Problem: not_a_submission, too_large, unavailable.
    """
    here = state()
    kind, options = parse_options_header(request.headers.get("Content-Type"))
    if kind.lower() != "multipart/form-data" or not options.get("boundary"):
        raise problems.not_a_submission("What arrived is not in the form in which phones send interviews.")
    try:
        body = read(
            request.stream,
            options["boundary"],
            begin_file=here.inbox.file,
            opened=opened,
            max_xml=here.config.max_xml,
            max_files=here.config.max_files,
        )
    except OSError as error:
        # Of the disk: what breaks off on the way is a Problem already.
        raise problems.unavailable() from error
    if body.xml is None:
        raise problems.not_a_submission("The request holds no interview.")
    return Interview(body.xml, body.files)


@dataclass(frozen=True, slots=True)
class _Part:
    """A part that is a file, or a field that is one if an answer says so; and the names it may go by."""

    content: IncomingFile
    names: list[str]
    surely: bool


def read(
    stream: IO[bytes],
    boundary: str,
    *,
    begin_file: Callable[[str, str], IncomingFile],
    opened: ExitStack,
    max_xml: int,
    max_files: int,
) -> Body:
    """Read the parts of a multipart/form-data body (RFC 7578), in whatever order they come. Files are closed by
    `opened`.

    Raises Problem: not_a_submission for what is no such body or breaks off, too_large.
    """
    parts: list[_Part] = []
    write: Callable[[bytes], object] | None = None
    xml: bytearray | None = None
    # The parts that are no files are few: *isIncomplete*, and what a proxy may add.
    decoder = MultipartDecoder(boundary.encode("latin-1", "replace"), _HELD, max_parts=max_files + 20)
    for event in _events(decoder, stream):
        match event:
            case File() | Field() if XML_PART in (event.name, getattr(event, "filename", None)):
                if xml is not None:
                    raise problems.not_a_submission("This request carries two interviews.")
                xml = bytearray()
                write = xml.extend
            case Field() if event.name == INCOMPLETE:
                write = None
            case File() | Field():
                if len(parts) >= max_files:
                    raise problems.not_a_submission("This interview has too many files for one request.")
                part = _begin(event, begin_file)
                write = part.content.write if part else None
                if part:
                    opened.callback(part.content.close)
                    parts.append(part)
            case Data() if write is not None:
                write(event.data)
                if xml is not None and len(xml) > max_xml:
                    raise problems.too_large(max_xml)
    if xml is None:
        return Body()
    return Body(bytes(xml), _files(bytes(xml), parts))


def _begin(event: File | Field, begin_file: Callable[[str, str], IncomingFile]) -> _Part | None:
    """Begin to take a part in; None for a plain field without a name, which is nothing to anybody."""
    filename = event.filename if isinstance(event, File) else None
    raw = names.unescaped(event.headers.get("content-disposition", ""))
    said = names.possible(raw.get("filename"), filename, raw.get("name"), event.name)
    media_type = _media_type(event)
    # A plain field has neither a file's name nor a file's type.
    surely = bool(filename) or not (media_type == "" or media_type.startswith("text/plain"))
    if not said and not surely:
        return None
    if not said:
        raise problems.not_a_submission("A file of this interview has no usable name.")
    content = begin_file(said[0], media_type or "application/octet-stream")
    return _Part(content, said, surely)


def _files(xml: bytes, parts: list[_Part]) -> list[IncomingFile]:
    """The parts that are files, by the names they go by."""
    # Collect's parts have one name each, and need no looking up.
    named = names.texts(xml) if any(len(part.names) > 1 or not part.surely for part in parts) else frozenset()
    files: list[IncomingFile] = []
    taken: set[str] = set()
    for part in parts:
        if part.surely or not named.isdisjoint(part.names):
            part.content.name = names.choose(part.names, named, taken)
            taken.add(part.content.name)
            files.append(part.content)
    return files


def _events(decoder: MultipartDecoder, stream: IO[bytes]) -> Iterator[Event]:
    try:
        while True:
            decoder.receive_data(_piece(stream))
            while not isinstance(event := decoder.next_event(), NeedData):
                yield event
                if isinstance(event, Epilogue):
                    return
    except (ValueError, LookupError):
        # Decoder errors, and headers that are not UTF-8.
        raise _damaged() from None


def _piece(stream: IO[bytes]) -> bytes | None:
    """The next piece of the body; None at its end."""
    try:
        return stream.read(_PIECE) or None
    except RequestEntityTooLarge:
        raise
    except Exception:  # noqa: BLE001 -- a body that breaks off is another error with each server
        raise _damaged() from None


def _damaged() -> problems.Problem:
    return problems.not_a_submission("What arrived is incomplete or damaged.")


def _media_type(part: File | Field) -> str:
    """What the phone says the file is, if it is a media type at all; else empty."""
    said = part.headers.get("content-type", "").partition(";")[0].strip()
    return said.lower() if _MEDIA_TYPE.fullmatch(said) else ""
