"""Where the command line finds the files of a form: where it is told, in a folder of the form, and beside it."""

from collections.abc import Collection, Iterator
from pathlib import Path


def given(form: Path, media: Collection[Path]) -> Iterator[Path]:
    """The files named by hand, those of folders named so, and those of the folder `visit-media` beside `visit.xlsx`. All
    of them are meant for the form."""
    own = form.with_name(f"{form.stem}-media")
    for path in (own, *media) if own.is_dir() else media:
        if path.is_dir():
            yield from sorted(one for one in path.iterdir() if one.is_file() and not one.name.startswith("."))
        else:
            yield path


def beside(form: Path, wanted: Collection[str]) -> Iterator[Path]:
    """Of the other files in the form's folder those that it names."""
    for name in wanted:
        if Path(name).name == name and (path := form.with_name(name)).is_file() and path != form:
            yield path
