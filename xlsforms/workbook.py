"""A form designer's workbook: what kind of file it is, whether it is safe to open, and the cells of its
sheets.

Nothing here converts. `kind_of` and `inspect` look at an uploaded file from outside, before any
spreadsheet library does; `Workbook` holds the cells as text, so that a finding can name sheet, row and
column.
"""

import io
import json
import re
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Literal

from xlsforms import zipped
from xlsforms.finding import Finding, error
from xlsforms.marked import N_, worded
from xlsforms.separated import decoded

Kind = Literal["xlsx", "xls", "csv", "zip", "md", "xml"]
"""What an upload may be; `zip` is one of CSV files."""

_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_DTD = re.compile(rb"<\s*!\s*(?:DOCTYPE|ENTITY)", re.IGNORECASE)
_ENCODING = re.compile(rb"""encoding\s*=\s*["']([^"']*)["']""")
_PLAIN = re.compile(rb"(?i)utf-?8|utf-?16(?:le|be)?|us-ascii|iso-8859-1|windows-125\d")
_CHUNK = 1 << 20
_OTHERS = (
    (b"%PDF", N_("It is a PDF.")), (b"\x89PNG", N_("It is a picture.")), (b"\xff\xd8\xff", N_("It is a picture.")),
    (b"GIF8", N_("It is a picture.")), (b"{\\rtf", N_("It is a text document.")),
    (b"\x1f\x8b", N_("It is a compressed file.")),
)  # fmt: skip
"""What files are that people take for a form, by their first bytes."""
_PACKAGES = (
    (b"mimetypeapplication/vnd.oasis.opendocument", N_("It is an OpenDocument spreadsheet.")),
    (b"xl/workbook.bin", N_("It is a binary workbook (.xlsb).")),
    (b"word/document.xml", N_("It is a Word document.")),
    (b"ppt/presentation.xml", N_("It is a presentation.")),
)
"""Other packages than workbooks, by what is in them."""

_COLUMNS = {
    "caption": "label", "command": "type", "tag": "name", "value": "name", "relevance": "relevant",
    "read_only": "readonly", "calculate": "calculation", "constraining_message": "constraint_message",
    "bind::jr:constraintmsg": "constraint_message", "bind::jr:requiredmsg": "required_message",
    "requiredmsg": "required_message", "bind::relevant": "relevant", "bind::calculate": "calculation",
    "bind::constraint": "constraint", "bind::required": "required", "bind::readonly": "readonly",
    "count": "repeat_count", "jr:count": "repeat_count", "control::appearance": "appearance",
    "body::appearance": "appearance", "media::image": "image", "media::audio": "audio",
    "media::video": "video",
    "media::big-image": "big-image", "bind::case:field": "case_field", "id_string": "form_id",
    "set_form_id": "form_id",
}  # fmt: skip
TRANSLATED = (
    "label", "hint", "guidance_hint", "constraint_message", "required_message",
    "image", "big-image", "audio", "video",
)  # fmt: skip
"""Columns that may stand once per language."""
SURVEY_COLUMNS = frozenset(
    {
        *TRANSLATED, *_COLUMNS.values(), "type", "name", "relevant", "required", "readonly", "constraint", "calculation",
        "trigger", "appearance", "choice_filter", "parameters", "default", "repeat_count", "autoplay", "disabled",
        "save_to", "query", "intent", "compact_tag", "accuracythreshold", "rows",
    }
) - {"form_id"}  # fmt: skip
"""Plain names of the columns of the survey sheet that are read."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What an uploaded form may cost: bytes as uploaded, bytes and files unpacked, seconds, bytes of
    memory."""

    upload: int = 10 << 20
    unpacked: int = 64 << 20
    ratio: int = 200
    parts: int = 2000
    cells: int = 2_000_000
    xform: int = 16 << 20
    cpu_seconds: int = 60
    wall_seconds: int = 90
    memory: int = 1 << 30


@dataclass(frozen=True, slots=True)
class Sheet:
    """One sheet. `columns` are its headers as written; row i of `rows` (header → text, empty cells left
    out) is row i + 2 of the spreadsheet."""

    name: str
    columns: tuple[str, ...] = ()
    rows: tuple[Mapping[str, str], ...] = ()
    _written: Mapping[tuple[str, str], str] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_written", _headers(self.columns))

    def header(self, column: str, language: str = "") -> str | None:
        """The header as written of a column by its plain name: `label`, `relevant`, `case_field`."""
        return self._written.get((column, language))

    def written(self, column: str) -> str | None:
        """The header as written, that of the first language if the column stands once per language."""
        return self.header(column) or next(iter(self.all_headers(column)), None)

    def is_filter(self, header: str) -> bool:
        """Whether a column of a choices sheet is the designer's own."""
        name, _ = split_header(header)
        return name not in TRANSLATED and name not in ("list_name", "name")

    def values(self, column: str) -> Iterator[str]:
        """What stands in a column, by its plain name; empty cells left out."""
        return (value for row in self.rows if (value := self.get(row, column)))

    def cell(self, row: int, column: str) -> dict[str, Any]:
        """Where a finding about a cell is, by the plain name of its column: keywords of a Finding."""
        return {"sheet": self.name, "row": row, "column": self.written(column) or column}

    def numbered(self) -> Iterator[tuple[int, Mapping[str, str]]]:
        """Rows that are not empty, with the number a spreadsheet program shows."""
        return ((number, row) for number, row in enumerate(self.rows, start=2) if row)

    def get(self, row: Mapping[str, str], column: str, language: str = "") -> str:
        """A cell by the plain name of its column, empty if it is."""
        header = self._written.get((column, language))
        return row.get(header, "") if header else ""

    def languages(self, column: str) -> tuple[str, ...]:
        """Languages a translated column stands in, "" for the one without a language."""
        return tuple(language for name, language in self._written if name == column)

    def all_headers(self, column: str) -> tuple[str, ...]:
        """The headers of a column in all its languages."""
        return tuple(header for (name, _), header in self._written.items() if name == column)


@dataclass(frozen=True, slots=True)
class Workbook:
    """The sheets an XLSForm may have, by name in lower case: survey, choices, settings, entities, ..."""

    sheets: Mapping[str, Sheet]

    def __getitem__(self, name: str) -> Sheet:
        """A sheet, an empty one if the workbook has none of that name."""
        return self.sheets.get(name, Sheet(name))

    def setting(self, name: str) -> str:
        """A setting of the form by the plain name of its column, empty if it is not set."""
        sheet = self["settings"]
        return sheet.get(sheet.rows[0], name) if sheet.rows else ""

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "Workbook":
        return cls(
            {name: Sheet(name, tuple(sheet["columns"]), tuple(sheet["rows"])) for name, sheet in data.items()}
        )

    def to_json(self) -> dict[str, Any]:
        return {
            name: {"columns": sheet.columns, "rows": [dict(row) for row in sheet.rows]}
            for name, sheet in self.sheets.items()
        }

    def packed(self) -> bytes:
        """The same to be kept: what is shown of a finding's row later must not open the upload again."""
        return zlib.compress(json.dumps(self.to_json()).encode())

    @classmethod
    def unpacked(cls, packed: bytes | None) -> "Workbook":
        """What `packed` made; without cells where none were kept."""
        return cls.from_json(json.loads(zlib.decompress(packed))) if packed else cls({})


@lru_cache(maxsize=64)
def _headers(columns: tuple[str, ...]) -> Mapping[tuple[str, str], str]:
    """Plain name and language → header as written, the first of several."""
    headers: dict[tuple[str, str], str] = {}
    for header in columns:
        headers.setdefault(split_header(header), header)
    return headers


def split_header(header: str) -> tuple[str, str]:
    """Plain name and language of a column: `label::English (en)` → ("label", "English (en)")."""
    parts = [part.strip() for part in header.split("::")]
    if len(parts) == 1 and ":" in header and not header.startswith(("jr:", "bind:", "body:")):
        parts = [part.strip() for part in header.split(":", 1)]  # the old single colon
    language = parts.pop() if len(parts) > 1 and parts[0].lower() not in ("bind", "body", "media") else ""
    if len(parts) > 2:
        language = parts.pop()
    name = "::".join(parts).lower()
    name = _COLUMNS.get(name, _COLUMNS.get(name.replace(" ", "_"), name.replace(" ", "_")))
    if language and name not in TRANSLATED:
        return f"{name}::{language}".lower(), ""
    return name, language


def kind_of(content: bytes, name: str) -> Kind | Finding:
    """What the file is, by what it holds; its name only decides between two kinds of plain text."""
    head = content[:4096].lstrip(b"\xef\xbb\xbf \t\r\n")
    for mark, what in _OTHERS:
        if head.startswith(mark):
            return unreadable(what)
    if content.startswith(b"PK"):
        for mark, what in _PACKAGES:
            if mark in content:
                return unreadable(what)
        return "zip" if zipped.is_zipped(content) else "xlsx"
    if content.startswith(_OLE):
        if "EncryptedPackage".encode("utf-16-le") in content:
            return unreadable(
                N_("It is protected by a password."), N_("Remove the password and save it again.")
            )
        return "xls"
    if head.lower().startswith((b"<html", b"<!doctype html", b"<table")) and b"xforms" not in content:
        return unreadable(N_("It is a web page, as some programs write tables."))
    if head.startswith(b"<"):
        return "xml"
    text = decoded(content)
    if text is None:
        return unreadable(
            N_("It is neither a workbook nor text in UTF-8."),
            N_("Save it as Excel workbook (.xlsx), or a table as “CSV UTF-8”."),
        )
    if not text.strip() or "\0" in text:
        return unreadable(
            N_("It is empty.") if not text.strip() else N_("It is no text."), N_("Choose another file.")
        )
    lines = [line.strip() for line in text.splitlines() if line.strip() and not line.strip().startswith("#")]
    if name.lower().endswith(".md") or (lines and lines[0].startswith("|")):
        return "md"
    return "csv"


def too_large(content: bytes, limits: Limits) -> Finding | None:
    """Why a file is not even looked at, or None."""
    if len(content) <= limits.upload:
        return None
    return error(
        "workbook_too_large",
        worded(
            "The file has %(value)s MB; at most %(value_2)s MB are accepted.",
            value=len(content) >> 20,
            value_2=limits.upload >> 20,
        ),
        N_(
            "Remove pictures from the workbook and move long choice lists to a CSV file attached to the form."
        ),
    )


def inspect(content: bytes, kind: Kind, limits: Limits) -> Finding | None:
    """Why a workbook must not be opened, or None. Unpacks a .xlsx in pieces and keeps nothing: it is
    measured, and looked through for document type declarations, before a spreadsheet library sees it."""
    if finding := too_large(content, limits):
        return finding
    if kind not in ("xlsx", "zip"):
        return None
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            return _measure(archive, limits) or (_look_through(archive) if kind == "xlsx" else None)
    except (zipfile.BadZipFile, zipfile.LargeZipFile, NotImplementedError, RuntimeError, OSError, EOFError):
        return unreadable(
            N_("It is damaged or was cut short."), N_("Open it in a spreadsheet program and save it again.")
        )
    except Exception as fault:  # zlib.error and struct.error have no common base
        if type(fault).__module__ not in ("zlib", "struct"):
            raise
        return unreadable(N_("It is damaged."), N_("Open it in a spreadsheet program and save it again."))


def _measure(archive: zipfile.ZipFile, limits: Limits) -> Finding | None:
    parts = archive.infolist()
    unpacked = sum(part.file_size for part in parts)
    packed = sum(part.compress_size for part in parts) or 1
    names = [part.filename for part in parts]
    if (
        len(parts) > limits.parts
        or unpacked > limits.unpacked
        or unpacked > max(packed * limits.ratio, 1 << 20)
    ):
        return error(
            "workbook_bomb",
            worded(
                "Unpacked, the workbook would be %(value)s MB in %(number)s parts, far more than "
                "a form needs.",
                value=unpacked >> 20,
                number=len(parts),
            ),
            N_("Delete empty rows and columns that carry formats, remove pictures, and save it again."),
        )
    if any(part.flag_bits & 1 for part in parts):
        return unreadable(N_("It is protected by a password."), N_("Remove the password and save it again."))
    if len(set(names)) < len(names) or any(
        name.startswith(("/", "\\")) or ".." in re.split(r"[/\\]", name) for name in names
    ):
        return unreadable(
            N_("Its parts have names that no spreadsheet program writes."),
            N_("Copy the sheets into a new workbook."),
        )
    return None


def _look_through(archive: zipfile.ZipFile) -> Finding | None:
    """Looks into every part, whatever its name: any of them can be named as a sheet."""
    for part in archive.infolist():
        with archive.open(part) as stream:
            before = b""
            while piece := stream.read(_CHUNK).replace(
                b"\0", b""
            ):  # UTF-16 looks like ASCII without its zeros
                declared = _ENCODING.search(piece[:200]) if not before else None
                if declared and not _PLAIN.fullmatch(declared[1]):
                    return unreadable(
                        N_("One of its parts is in an unusual encoding."),
                        N_("Save it again in a spreadsheet program."),
                    )
                if _DTD.search(before[-32:] + piece):
                    return error(
                        "xml_dtd",
                        N_(
                            "The workbook holds a document type declaration (DOCTYPE), which can harm a server."
                        ),
                        N_("Copy the sheets into a new workbook."),
                    )
                before = piece
    return None


def unreadable(why: str, mend: str = N_("Save it as Excel workbook (.xlsx).")) -> Finding:
    """The finding about a file that is no form that can be read."""
    return error(
        "workbook_unreadable", worded("The file cannot be read as a form. %(why)s", why=worded(why)), mend
    )
