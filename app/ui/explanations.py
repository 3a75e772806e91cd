"""What each finding means, for designers: the page of the documentation, so that there is one text and not two."""

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from flask import Blueprint, render_template
from markupsafe import Markup, escape

from app import problems
from app.auth import needs

bp = Blueprint("explanations", __name__)

_PAGE: Final = Path(__file__).resolve().parents[2] / "docs" / "findings.md"
_CODE: Final = re.compile(r"`([^`]+)`")
_LINK: Final = re.compile(r"\[([^\]]+)\]\([^)]*\)")


@dataclass(frozen=True, slots=True)
class Explained:
    """A row of a table: codes, what is wrong, and how to mend it."""

    codes: tuple[str, ...]
    wrong: Markup
    mend: Markup


@bp.get("/findings")
@needs("signed_in")
def codes() -> str:
    """All codes, under the headings of the documentation."""
    return render_template("forms/explanations.html", parts=explained(_PAGE))


@cache
def explained(page: Path) -> dict[str, tuple[Explained, ...]]:
    """The tables of the page by their headings. Raises the Problem `not_found` where the documentation was left out."""
    try:
        text = page.read_text(encoding="utf-8")
    except OSError:
        raise problems.not_found("page: this server was set up without its documentation") from None
    parts: dict[str, tuple[Explained, ...]] = {}
    for section in re.split(r"^## ", text, flags=re.MULTILINE)[1:]:
        title, _, body = section.partition("\n")
        rows = [line.strip("|\n ").split(" | ") for line in body.splitlines() if line.startswith("| `")]
        parts[title] = tuple(
            Explained(tuple(_CODE.findall(row[0])), _marked_up(row[1]), _marked_up(row[2]))
            for row in rows
            if len(row) == 3
        )
    return {title: rows for title, rows in parts.items() if rows}


def _marked_up(text: str) -> Markup:
    plain = str(escape(_LINK.sub(r"\1", text)))
    return Markup(_CODE.sub(r"<code>\1</code>", plain))  # noqa: S704 -- escaped the line before
