"""The formats of downloads. Each is a module of `app.exports`; those that need large libraries are imported when they
are asked for."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from app import problems
from app.exports import csv_zip, geojson, json_lines, media, xlsx
from app.exports.content import Content
from app.language import N_, _

Write = Callable[[Content], Iterator[bytes]]


@dataclass(frozen=True, slots=True)
class Format:
    """One format. `name` is what it is asked for by, `ending` that of its file; `about` is a sentence for who chooses.
    `readable`: files have names that say what they are. `needs_identifiers`: it is nothing without them."""

    name: str
    title: str
    ending: str
    content_type: str
    about: str
    write: Write
    readable: bool = False
    needs_identifiers: bool = False
    archive: bool = True


def get(name: str) -> Format:
    """The format of a name. Raises the Problem `invalid`."""
    if name not in FORMATS:
        raise problems.invalid(
            _("There is no such format."), _("Take one of %(these)s.", these=", ".join(FORMATS))
        )
    return FORMATS[name]


def _parquet(content: Content) -> Iterator[bytes]:
    from app.exports import parquet

    return parquet.write(content)


def _spss(content: Content) -> Iterator[bytes]:
    from app.exports import statistics

    return statistics.write(content, statistics.SPSS)


def _stata(content: Content) -> Iterator[bytes]:
    from app.exports import statistics

    return statistics.write(content, statistics.STATA)


_ZIP: Final = "application/zip"
_SHEET: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

FORMATS: Final[Mapping[str, Format]] = {
    one.name: one
    for one in (
        Format(
            "csv",
            N_("CSV"),
            "csv.zip",
            _ZIP,
            N_(
                "A text file for the form and one for each repeat, joined by KEY and PARENT_KEY; exactly what phones "
                "wrote. For scripts, and for whatever reads ODK Central's downloads."
            ),
            csv_zip.write,
        ),
        Format(
            "csv_root",
            N_("CSV, the form alone"),
            "csv",
            "text/csv; charset=utf-8",
            N_("The table of the form without its repeats."),
            csv_zip.write_root,
            archive=False,
        ),
        Format(
            "xlsx",
            N_("Excel"),
            "xlsx",
            _SHEET,
            N_(
                "A sheet for the form, one for each repeat and a codebook; numbers and dates are such. Up to "
                "1,048,575 rows a sheet."
            ),
            xlsx.write,
            archive=False,
        ),
        Format(
            "spss",
            N_("SPSS"),
            "spss.zip",
            _ZIP,
            N_(
                "A .sav file for each table, with labels of variables and values; up to some 4 million cells a table."
            ),
            _spss,
        ),
        Format(
            "stata",
            N_("Stata"),
            "stata.zip",
            _ZIP,
            N_(
                "A .dta file for each table, with labels of variables and values; up to some 4 million cells a table."
            ),
            _stata,
        ),
        Format(
            "parquet",
            N_("Parquet"),
            "parquet.zip",
            _ZIP,
            N_("A typed column file for each table, for R, Python and Power BI; of any size."),
            _parquet,
        ),
        Format(
            "jsonl",
            N_("JSON lines"),
            "jsonl",
            "application/x-ndjson",
            N_("A line for each submission, the rows of repeats inside it."),
            json_lines.write,
            archive=False,
        ),
        Format(
            "geojson",
            N_("GeoJSON"),
            "geojson",
            "application/geo+json",
            N_("A feature for each place, for maps; only where a form asks for places."),
            geojson.write,
            archive=False,
        ),
        Format(
            "files",
            N_("Files"),
            "files.zip",
            _ZIP,
            N_(
                "Pictures, recordings and signatures, under names that say the day, the submission and the question."
            ),
            media.write,
            readable=True,
            needs_identifiers=True,
        ),
    )
}
"""Name → format."""
