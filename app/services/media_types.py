"""What kind of file something is, by what it holds: neither by its name nor by what was said of it."""

import io
import re
import zipfile
from dataclasses import dataclass
from typing import Final, Literal

Family = Literal["image", "audio", "video", "document"]


@dataclass(frozen=True, slots=True)
class MediaType:
    """A kind of file. `name` is what it is served as, `shown` whether a browser shows or plays it by itself."""

    name: str
    ending: str
    family: Family = "document"
    shown: bool = False


_JPEG: Final = MediaType("image/jpeg", "jpg", "image", shown=True)
_MARKS: Final = (
    (0, b"\xff\xd8\xff", _JPEG),
    (0, b"\x89PNG\r\n\x1a\n", MediaType("image/png", "png", "image", shown=True)),
    (0, b"GIF87a", MediaType("image/gif", "gif", "image", shown=True)),
    (0, b"GIF89a", MediaType("image/gif", "gif", "image", shown=True)),
    (8, b"WEBP", MediaType("image/webp", "webp", "image", shown=True)),
    (8, b"WAVE", MediaType("audio/wav", "wav", "audio", shown=True)),
    (0, b"II*\0", MediaType("image/tiff", "tif", "image")),
    (0, b"MM\0*", MediaType("image/tiff", "tif", "image")),
    (0, b"ID3", MediaType("audio/mpeg", "mp3", "audio", shown=True)),
    (0, b"\xff\xfb", MediaType("audio/mpeg", "mp3", "audio", shown=True)),
    (0, b"\xff\xf3", MediaType("audio/mpeg", "mp3", "audio", shown=True)),
    (0, b"\xff\xf1", MediaType("audio/aac", "aac", "audio", shown=True)),
    (0, b"\xff\xf9", MediaType("audio/aac", "aac", "audio", shown=True)),
    (0, b"fLaC", MediaType("audio/flac", "flac", "audio", shown=True)),
    (0, b"OggS", MediaType("audio/ogg", "ogg", "audio", shown=True)),
    (0, b"#!AMR", MediaType("audio/amr", "amr", "audio")),
    (0, b"\x1a\x45\xdf\xa3", MediaType("video/webm", "webm", "video", shown=True)),
    (0, b"%PDF-", MediaType("application/pdf", "pdf")),
)
"""Where a mark stands, the mark, and what has it. Of RIFF only the two kinds named, which begin with that word."""
_BRANDS: Final = {
    b"M4A ": MediaType("audio/mp4", "m4a", "audio", shown=True),
    b"heic": MediaType("image/heic", "heic", "image"),
    b"heix": MediaType("image/heic", "heic", "image"),
    b"mif1": MediaType("image/heif", "heif", "image"),
    b"avif": MediaType("image/avif", "avif", "image", shown=True),
    b"qt  ": MediaType("video/quicktime", "mov", "video"),
}
"""By the brand of an ISO base media file (ISO/IEC 14496-12, 4.3); every other one is a film."""
_FILM: Final = MediaType("video/mp4", "mp4", "video", shown=True)
_TEXT: Final = MediaType("text/plain", "txt")
_OFFICE: Final = {
    "word/document.xml": MediaType(
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document", "docx"
    ),
    "xl/workbook.xml": MediaType("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "xlsx"),
    "ppt/presentation.xml": MediaType(
        "application/vnd.openxmlformats-officedocument.presentationml.presentation", "pptx"
    ),
}
_OPEN: Final = {
    f"application/vnd.oasis.opendocument.{name}": ending
    for name, ending in (("text", "odt"), ("spreadsheet", "ods"), ("presentation", "odp"))
}
_CONTROL: Final = re.compile(r"[\0-\x08\x0b\x0e-\x1f\x7f]")
_MACROS: Final = ("vbaProject.bin", "Basic/script-lc.xml")


def of(head: bytes, said: str = "") -> MediaType | None:
    """What the first 16 bytes tell; None if it is nothing that is known. `said` is the media type that came with it: it
    only decides whether a container for both holds a film or a recording."""
    for place, mark, kind in _MARKS:
        if head.startswith(mark, place) and (place == 0 or head.startswith(b"RIFF")):
            return kind
    if head[4:8] != b"ftyp":
        return None
    brand = _BRANDS.get(head[8:12], _FILM)
    return _BRANDS[b"M4A "] if brand is _FILM and said.startswith("audio/") else brand


def of_document(content: bytes) -> MediaType | None:
    """What a whole file is, office documents without macros and plain text included; None for anything else, web pages
    and programs among it."""
    if (kind := of(content[:16])) is not None:
        return kind
    if content.startswith(b"PK\x03\x04"):
        return _of_archive(content)
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return None
    plain = text.strip() and not _CONTROL.search(text) and not text.lstrip().startswith("<")
    return _TEXT if plain else None


def _of_archive(content: bytes) -> MediaType | None:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            names = set(archive.namelist())
            if any(name.endswith(_MACROS) for name in names):
                return None
            if "mimetype" in names:
                with archive.open("mimetype") as part:
                    said = part.read(100).decode("ascii", "replace").strip()
                return MediaType(said, _OPEN[said]) if said in _OPEN else None
    except (zipfile.BadZipFile, RuntimeError, NotImplementedError, EOFError, OSError, ValueError):
        return None  # damaged, under a password, or packed as nobody packs documents
    return next((kind for name, kind in _OFFICE.items() if name in names), None)
