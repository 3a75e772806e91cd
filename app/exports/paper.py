"""A questionnaire as PDF: for interviews on paper, and for translators.

Typst sets it: see docs/decisions/0009-questionnaires-on-paper.md. It is tagged for those who hear it (PDF/UA-1), as
long as every letter has a font; where one has none, the PDF says so on its first page.
"""

import json
import re
import threading
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from functools import cache
from importlib.resources import files
from typing import Any, Final

import typst

from xlsforms import language
from xlsforms.questionnaire import Questionnaire

TYPE: Final = "application/pdf"

_TEMPLATE: Final = "questionnaire.typ"
_FACE: Final = "Noto Sans"
_ONE_AT_A_TIME: Final = threading.Lock()
"""The longest paper takes 400 MB while it is made; so a process never needs more than that."""
_UNDRAWN: Final = re.compile(r"the text .?\"(.+?)\".? could not be displayed")

_ENGLISH: Final = {
    "of": "of",
    "version": "version",
    "only": "Only if {a}",
    "copy": "Copy these questions for each one there is.",
    "missing": "not translated",
    "annexed": "Choose from list {a} at the end.",
    "listed": "Choose from {a}.",
    "annex": "List {a}",
    "more": "… and {a} more, which are not printed.",
    "worked": "What a phone works out by itself",
    "legend": "* must be answered. ○ choose one, □ choose all that apply.",
    "filled": "Filled in by",
    "on": "on",
    "attached": "Attached as",
    "day": "day",
    "month": "month",
    "year": "year",
    "latitude": "Latitude",
    "longitude": "Longitude",
}
_WORDS: Final[Mapping[str, Mapping[str, str]]] = {
    "fr": {
        "of": "sur",
        "version": "version",
        "only": "Seulement si {a}",
        "copy": "Copier ces questions pour chacun.",
        "missing": "non traduit",
        "annexed": "Choisir dans la liste {a}, à la fin.",
        "listed": "Choisir dans {a}.",
        "annex": "Liste {a}",
        "more": "… et {a} autres, qui ne sont pas imprimés.",
        "worked": "Ce qu’un téléphone calcule lui-même",
        "legend": "* réponse obligatoire. ○ un seul choix, □ tous les choix qui conviennent.",
        "filled": "Rempli par",
        "on": "le",
        "attached": "Joint sous le nom",
        "day": "jour",
        "month": "mois",
        "year": "année",
        "latitude": "Latitude",
        "longitude": "Longitude",
    },
    "es": {
        "of": "de",
        "version": "versión",
        "only": "Solo si {a}",
        "copy": "Copie estas preguntas para cada uno.",
        "missing": "sin traducir",
        "annexed": "Elija de la lista {a}, al final.",
        "listed": "Elija de {a}.",
        "annex": "Lista {a}",
        "more": "… y {a} más, que no se imprimen.",
        "worked": "Lo que un teléfono calcula por sí mismo",
        "legend": "* respuesta obligatoria. ○ elija una, □ elija todas las que correspondan.",
        "filled": "Rellenado por",
        "on": "el",
        "attached": "Adjunto como",
        "day": "día",
        "month": "mes",
        "year": "año",
        "latitude": "Latitud",
        "longitude": "Longitud",
    },
    "ar": {
        "of": "من",
        "version": "الإصدار",
        "only": "فقط إذا: {a}",
        "copy": "انسخ هذه الأسئلة لكل واحد.",
        "missing": "غير مترجم",
        "annexed": "اختر من القائمة {a} في النهاية.",
        "listed": "اختر من {a}.",
        "annex": "القائمة {a}",
        "more": "… و{a} أخرى لم تُطبع.",
        "worked": "ما يحسبه الهاتف بنفسه",
        "legend": "* إجابة إلزامية. ○ اختر واحدة، □ اختر كل ما ينطبق.",
        "filled": "ملأه",
        "on": "بتاريخ",
        "attached": "مرفق باسم",
        "day": "يوم",
        "month": "شهر",
        "year": "سنة",
        "latitude": "خط العرض",
        "longitude": "خط الطول",
    },
}


def pdf(paper: Questionnaire) -> bytes:
    """The PDF, A4. The screening form takes less than a second."""
    try:
        return _set(paper, notes=(), standards=["ua-1"])
    except typst.TypstError as fault:
        if not fault.message.startswith("PDF/UA"):
            raise
        undrawn = _UNDRAWN.search(fault.message)
    return _set(paper, notes=(_without_font(undrawn[1]),) if undrawn else (), standards=[])


def _set(paper: Questionnaire, *, notes: tuple[str, ...], standards: list[Any]) -> bytes:
    content: dict[str, Any] = {
        **asdict(paper),
        "languages": [_language(one) for one in paper.languages],
        "notes": notes,
    }
    return typeset(_TEMPLATE, content, standards=standards)


def typeset(template: str, content: Mapping[str, Any], *, standards: Sequence[Any] = ()) -> bytes:
    """A template of this folder as PDF. `content` reaches it as data, with the fonts there are."""
    said = {**content, "fonts": _families()}
    with _ONE_AT_A_TIME:
        return typst.compile(
            (files("app.exports") / template).read_bytes(),
            font_paths=_fonts(),
            sys_inputs={"paper": json.dumps(said, ensure_ascii=False)},
            pdf_standards=list(standards),
        )


def _language(name: str) -> dict[str, Any]:
    primary = language.tag(name).lower().split("-")[0]
    return {
        "name": name,
        "tag": primary or "en",
        "rtl": language.direction(name) == "rtl",
        "words": {**_ENGLISH, **_WORDS.get(primary, {})},
    }


def _without_font(letters: str) -> str:
    """What the first page says of letters that stand as empty boxes."""
    script = unicodedata.name(letters[0], "unknown").split()[0]
    script = "Chinese, Japanese or Korean" if script == "CJK" else script.capitalize()
    return (
        f"Some letters of this form could not be printed ({script}): this server has no font for them. "
        "Its administrator can install one, such as those of the Noto family."
    )


@cache
def _fonts() -> typst.Fonts:
    """Those we bring, and for other scripts those of the system."""
    return typst.Fonts(include_system_fonts=True, font_paths=[str(files("manimgx_fonts"))])


@cache
def _families() -> list[str]:
    """Ours, Latin first: the same paper comes from every server."""
    folder = str(files("manimgx_fonts"))
    ours = {one.family for one in _fonts().fonts() if (one.path or "").startswith(folder)}
    return [_FACE, *sorted(ours - {_FACE})]
