"""What the form engine of browsers cannot do with a form that phones can: to be said before somebody begins.

It is @getodk/web-forms 0.22, built by `engine/`; another version must be looked at anew.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from xlsforms.marked import N_
from xlsforms.schema import Form, Question

_MAP: Final = N_("shows no map: it would be fetched from another server, and tell it the place")
_PLACE: Final = N_("takes no place: the browser would ask another company where it is")
_BY_TYPE: Final = {
    "geotrace": _MAP,
    "geoshape": _MAP,
    "geopoint": _PLACE,
    "barcode": N_("reads no code with a camera: the text of the code is typed"),
    "background-audio": N_("records nothing"),
    "start-geopoint": _PLACE,
    "audit": N_("keeps no log of the interview"),
}
_DEEP: Final = N_("does not open the form: it asks this in more than 20 groups, one in the other")
_LEVELS: Final = 20
"""Groups in groups that are opened within seconds; each takes half as long again as all before."""
_DRAWN: Final = frozenset({"signature", "draw", "annotate"})


@dataclass(frozen=True, slots=True)
class Lack:
    """Questions that a browser treats otherwise than a phone, and how, as the end of a sentence about each."""

    words: str
    questions: tuple[Question, ...]


def lacking(form: Form) -> tuple[Lack, ...]:
    """What a browser lacks for this form, in the order of its questions."""
    found: dict[str, list[Question]] = {}
    for question in form.questions():
        for words in _of(question):
            found.setdefault(words, []).append(question)
    return tuple(Lack(words, tuple(questions)) for words, questions in found.items())


def _of(question: Question) -> Iterator[str]:
    if question.path.count("/") - 2 > _LEVELS:
        yield _DEEP
    appearances = frozenset((question.appearance or "").split())
    if question.type in _BY_TYPE:
        yield _MAP if appearances & {"maps", "placement-map"} else _BY_TYPE[question.type]
    if question.type == "image" and appearances & _DRAWN:
        yield N_("has no surface to draw on: a picture is chosen instead")
    if "__last-saved" in f"{question.default} {question.calculation}":
        yield N_("fills nothing in from the interview before: it does not keep what was sent")
    if any(one.startswith("ex:") for one in appearances):
        yield N_("starts no other app: the answer is typed")
