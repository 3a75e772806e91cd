"""From an answer to the value of a field: what each type of the dictionary holds, and the named converters.

A mapping may name a converter where type or code of question and field differ; the list is closed
(`xlsforms/dictionary/converters.csv`). Values are JSON-native. ValueError: the text is no value of that type;
UnknownCodeError: the code is not in the field's list.
"""

import unicodedata
import uuid
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache

from submissions import values
from submissions.values import Value
from xlsforms.dictionary import Dictionary, Field

ORGANISATIONS = uuid.UUID("6f1c2a0e-0d0f-5b7e-9a3d-2f6f5a1b7c44")
"""Namespace of organisations: an organisation is its normalised name until the office knows better."""

_TRUE = frozenset({"yes", "true", "1", "ok"})
_FALSE = frozenset({"no", "false", "0"})


class UnknownCodeError(ValueError):
    """A code that is not in the list of its field."""


def codes_of(field: Field, keys: Mapping[str, str], dictionary: Dictionary) -> frozenset[str]:
    """The codes a field takes in a row with these keys: of the list that holds there, of all its lists if
    the keys do not say which."""
    one = field.list_for(keys)
    names = (one,) if one else [name for name, _ in field.code_lists]
    return frozenset(code for name in names for code in dictionary.code_lists.get(name, ()))


def boolean(said: str) -> bool:
    """`yes`, `true`, `1`; also as other standards write them, `TRUE`."""
    known = said.strip().lower()
    if known in _TRUE:
        return True
    if known in _FALSE:
        return False
    raise ValueError("neither yes nor no")


def identifier(said: str) -> str:
    """A UUID in its canonical form."""
    return str(uuid.UUID(said.strip().removeprefix("uuid:")))


def moment(said: str) -> str:
    """A dateTime as its moment in UTC; as written if it says no offset."""
    return values.instant(said) or values.moment(said)


BY_TYPE: dict[str, Callable[[str], Value]] = {
    "text": values.text,
    "integer": values.integer,
    "decimal": values.decimal,
    "boolean": boolean,
    "date": values.day,
    "instant": moment,
    "uuid": identifier,
}
"""Field type → reader. Codes, countries, languages and arrays are looked up in their lists instead."""


def normalised(name: str) -> str:
    """A name for comparison: compatibility forms folded, accents dropped, case folded, only letters and
    digits."""
    plain = unicodedata.normalize("NFKD", name)
    kept = "".join(sign if sign.isalnum() else " " for sign in plain if not unicodedata.combining(sign))
    return " ".join(unicodedata.normalize("NFKC", kept).casefold().split())


def organisation_id(name: str) -> str:
    """UUIDv5 of the normalised name: the same organisation whoever types it, in whatever order it arrives."""
    return str(uuid.uuid5(ORGANISATIONS, normalised(name) or name.strip()))


def birth_year_from_age(said: str, held_on: str) -> int:
    """Year of the interview less the age answered."""
    if not held_on:
        raise ValueError("the interview has no date")
    return int(held_on[:4]) - values.integer(said)


def precision_from_known(said: str) -> str:
    """Answer to “is the date of birth known?” → how precise the date is."""
    return {"yes": "day", "no": "estimated"}.get(said.strip(), "unknown")


def country_by_name(said: str, dictionary: Dictionary) -> str:
    """A country typed as its name in English, French or Spanish, or as its alpha-2 or alpha-3 code →
    alpha-2."""
    if (found := _country_names(dictionary).get(normalised(said))) is None:
        raise UnknownCodeError("no country of this name")
    return found


_COUNTRIES: list[tuple[Dictionary, dict[str, str]]] = []


def _country_names(dictionary: Dictionary) -> dict[str, str]:
    if not _COUNTRIES or _COUNTRIES[0][0] is not dictionary:
        names: dict[str, str] = {}
        for code, one in dictionary.code_lists["country"].codes.items():
            for name in (code, *one.label.values()):
                names.setdefault(normalised(name), code)
        for country in dictionary.countries.values():
            names.setdefault(normalised(country.alpha3), country.code)
        for name, code in _short_names(dictionary):
            names.setdefault(name, code)
        _COUNTRIES[:] = [(dictionary, names)]
    return _COUNTRIES[0][1]


def _short_names(dictionary: Dictionary) -> Iterator[tuple[str, str]]:
    """What people write for `Moldova, Republic of`, where only one country is called so."""
    short: dict[str, set[str]] = {}
    for code, one in dictionary.code_lists["country"].codes.items():
        for name in one.label.values():
            short.setdefault(normalised(name.partition(",")[0].partition("(")[0]), set()).add(code)
    return ((name, codes.pop()) for name, codes in short.items() if name and len(codes) == 1)


@lru_cache(maxsize=4096)
def case_uid_of(submission: str) -> str:
    """The case of a submission whose form makes no case uid: one of its own, derived from the instanceID of
    its first version, in the shape of a UUID of version 4, because phones ignore others."""
    raw = uuid.uuid5(ORGANISATIONS, f"case:{submission}").bytes
    return str(uuid.UUID(bytes=raw, version=4))
