"""A language of a form, as its author writes it: `Français (fr)`."""

import re
import unicodedata
from typing import Final, Literal

_TAG: Final = re.compile(r"\(([A-Za-z]{2,3}(?:[-_][A-Za-z0-9]{2,8})*)\)\s*$")
_LEFTWARD: Final = frozenset(
    {"ar", "arc", "ckb", "dv", "fa", "he", "iw", "ks", "nqo", "prs", "ps", "sd", "syr", "ug", "ur", "yi"}
)
_NAMES: Final = frozenset(
    {"arabic", "dari", "divehi", "farsi", "hebrew", "pashto", "persian", "sindhi", "sorani", "uyghur", "urdu"}
)
"""What authors write who leave the tag out."""


def tag(language: str) -> str:
    """The BCP 47 tag of a language, empty where its name has none: `Français (fr)` is `fr`."""
    found = _TAG.search(language) or re.fullmatch(r"([A-Za-z]{2,3})", language.strip())
    return found[1].replace("_", "-") if found else ""


def direction(language: str) -> Literal["ltr", "rtl"]:
    """Where its lines run: by the tag (its script, else the language), else by the name."""
    first, *others = tag(language).lower().split("-")
    if first:
        scripts = [one for one in others if len(one) == 4]
        leftward = scripts[0] in ("arab", "hebr", "thaa", "nkoo", "syrc") if scripts else first in _LEFTWARD
    else:
        words = re.findall(r"\w+", language.lower())
        leftward = any(one in _NAMES for one in words) or any(
            unicodedata.bidirectional(sign) in ("R", "AL") for sign in language
        )
    return "rtl" if leftward else "ltr"
