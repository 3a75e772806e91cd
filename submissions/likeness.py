"""Whether two cases may be one person's: what is compared, by which keys others are found, and what speaks for it.

Names come in any order, in any script, with and without accents, and as somebody heard them. They are said in Latin
letters and reduced to what most ways of writing them have in common. Nothing here decides: a person does.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from anyascii import anyascii

RULES = 1
"""Number of these rules. Where it rises, every case is looked at again (`saif replay`)."""

ENOUGH = 55
"""From this score on, two cases are proposed."""

POINTS: Mapping[str, int] = {
    "document_same": 60,
    "name_same": 45,
    "name_sounds_same": 38,
    "name_alike": 30,
    "name_partly": 15,
    "name_differs": -40,
    "phone_same": 35,
    "email_same": 35,
    "birthdate_same": 30,
    "birthdate_swapped": 22,
    "birth_year_same": 15,
    "birth_year_near": 8,
    "birth_year_differs": -40,
    "reference_same": 25,
    "sex_same": 5,
    "sex_differs": -15,
    "citizenship_shared": 8,
    "citizenship_differs": -8,
}
"""What each reason adds to the score: the rarer it is among two people who are not one, the more. A name and a birth
year within two years, a sex and a citizenship in common make a candidate, as the domain reference wants it
(section 6, step 9); so does a name that is only alike with the same date of birth."""

TABLES = ("person", "person_name", "person_citizenship")
"""Tables of the case store whose rows are compared, beside the case reference."""

_YEARS = 2
_LONGEST, _WORDS, _WORD, _NAMES = 300, 10, 30, 5
_ALIKE = 0.88
_LIKE_AT_ALL = 0.75


@dataclass(frozen=True, slots=True)
class Traits:
    """What is compared of a case, or of an interview that found none. `names` are written in Latin letters, small,
    each a tuple of its words in alphabetical order; dates are `YYYY-MM-DD`, `year` is that of the birth, known or
    estimated; `reference` is any text that is the same for the same case reference. Empty, None: not known."""

    names: tuple[tuple[str, ...], ...] = ()
    birthdate: str = ""
    year: int | None = None
    sex: str = ""
    citizenships: tuple[str, ...] = ()
    phone: str = ""
    email: str = ""
    document: str = ""
    reference: str = ""

    def to_json(self) -> dict[str, Any]:
        """A JSON object, always the same for the same traits."""
        return asdict(self)

    @classmethod
    def from_json(cls, said: Mapping[str, Any]) -> "Traits":
        names = tuple(tuple(name) for name in said["names"])
        return cls(**{**said, "names": names, "citizenships": tuple(said["citizenships"])})


@dataclass(frozen=True, slots=True)
class Likeness:
    """How much speaks for one person, and what: keys of POINTS, the weightiest first."""

    score: int
    reasons: tuple[str, ...]


# ---- what is compared ------------------------------------------------------------------------------------------


def traits(rows: Iterable[tuple[str, Mapping[str, Any]]], *, reference: str = "") -> Traits:
    """The traits in rows of case tables: pairs of a table and its columns with their values."""
    person: dict[str, Any] = {}
    names: set[tuple[str, ...]] = set()
    citizenships: set[str] = set()
    for table, columns in rows:
        if table == "person":
            person |= {column: value for column, value in columns.items() if value is not None}
        elif table == "person_name":
            names.add(words(str(columns.get("name") or "")))
        elif table == "person_citizenship" and columns.get("country"):
            citizenships.add(str(columns["country"]))
    names.add(words(f"{person.get('first_name', '')} {person.get('family_name', '')}"))
    birthdate = str(person.get("birthdate", ""))
    year = birthdate[:4] if birthdate else str(person.get("birth_year_estimate", ""))
    return Traits(
        names=tuple(sorted(names - {()}))[:_NAMES],
        birthdate=birthdate if person.get("birthdate_precision") in (None, "day") else "",
        year=int(year) if year.isdecimal() else None,
        sex=str(person.get("sex", "")),
        citizenships=tuple(sorted(citizenships)),
        phone=re.sub(r"\D", "", str(person.get("contact_phone", "")))[-9:],
        email=str(person.get("contact_email", "")).strip().casefold(),
        document="".join(re.findall(r"\w", str(person.get("identity_number", "")).casefold())),
        reference=reference,
    )


def words(name: str) -> tuple[str, ...]:
    """The words of a name in Latin letters without accents, in alphabetical order: the first ten, none longer than
    thirty letters, whatever somebody typed where a name belongs."""
    found = re.findall(r"[a-z]+", anyascii(name[:_LONGEST]).casefold().replace("'", ""))
    return tuple(sorted(word[:_WORD] for word in found[:_WORDS]))


_SOUNDS = tuple(
    (re.compile(pattern), becomes)
    for pattern, becomes in (
        (r"(.)\1+", r"\1"),
        ("t?sch|tch|ch(?![rl])|sh|zh|cz|dj", "s"),
        ("ck|ch|q|c", "k"),
        ("ph", "f"),
        ("kh", "h"),
        ("x", "ks"),
        ("^[aeiouyj][aeiouyjw]*", "a"),
        ("(?<=[bdgklprst])h", ""),
        ("(?<=.)[aeiouyj]+", ""),
        ("w", "v"),
        ("z", "s"),
    )
)


def sound(word: str) -> str:
    """What most ways of writing a word have in common: consonants that sound alike fall together, vowels but for a
    first one go, and so do doubled letters. `mohammed`, `muhamad` and the Arabic letters of it become `mhmd`."""
    for pattern, becomes in _SOUNDS:
        word = pattern.sub(becomes, word)
    return word


# ---- where to look ---------------------------------------------------------------------------------------------


def keys(one: Traits) -> frozenset[str]:
    """What two cases must have in common, at least once, to be compared at all. Readable: hash them before they are
    kept. None is shared by many people who are not alike, whatever the size of the store."""
    found = {f"name {' '.join(sorted(map(sound, name)))}" for name in one.names}
    if one.year is not None:
        # A year stands for itself and the two after it, so that two cases within two years share one.
        found |= {
            f"word {sound(word)} {year} {one.sex}"
            for name in one.names
            for word in name
            if len(word) > 1
            for year in range(one.year, one.year + _YEARS + 1)
        }
    if one.birthdate:
        found.add(f"born {one.birthdate} {one.sex}")
    for trait in ("phone", "email", "document", "reference"):
        if value := getattr(one, trait):
            found.add(f"{trait} {value}")
    return frozenset(found)


def reference_keys(reference: str) -> frozenset[str]:
    """What a case reference has in common with one that differs in one letter, in its end or before it."""
    return frozenset({f"head {reference[:-_TAIL]}", f"tail {reference[-_TAIL:]}"} if reference else ())


def typed_keys(reference: str) -> frozenset[str]:
    """Where to look for the references that a mistyped one may have meant. With a letter too many or too few, what
    stands before the end is longer or shorter than it should be."""
    heads = {f"head {reference[:-cut]}" for cut in (_TAIL - 1, _TAIL, _TAIL + 1)}
    return frozenset({f"tail {reference[-_TAIL:]}", *heads} if reference else ())


_TAIL = 4


# ---- what speaks for it ----------------------------------------------------------------------------------------


def compare(one: Traits, other: Traits) -> Likeness:
    """What speaks for and against the two being one person. It does not matter which comes first."""
    found = [_name(one, other), _birth(one, other)]
    found += [
        f"{trait}_same"
        for trait in ("document", "phone", "email", "reference")
        if getattr(one, trait) and getattr(one, trait) == getattr(other, trait)
    ]
    if one.sex and other.sex:
        found.append("sex_same" if one.sex == other.sex else "sex_differs")
    if one.citizenships and other.citizenships:
        shared = set(one.citizenships) & set(other.citizenships)
        found.append("citizenship_shared" if shared else "citizenship_differs")
    reasons = sorted((reason for reason in found if reason), key=lambda reason: (-POINTS[reason], reason))
    return Likeness(max(0, sum(POINTS[reason] for reason in reasons)), tuple(reasons))


def _name(one: Traits, other: Traits) -> str:
    """The best that any name of one makes with any name of the other."""
    said = [_two_names(a, b) for a in one.names for b in other.names]
    return max(said, key=lambda reason: POINTS.get(reason, 0), default="")


def _two_names(one: tuple[str, ...], other: tuple[str, ...]) -> str:
    if one == other:
        return "name_same"
    if sorted(map(sound, one)) == sorted(map(sound, other)):
        return "name_sounds_same"
    fewer, more = sorted((one, other), key=lambda name: (len(name), name))
    pairs = [max(_two_words(word, each) for each in more) for word in fewer]
    alike = sum(pairs) / len(pairs)
    if alike >= _ALIKE and len(fewer) > 1:
        return "name_alike"
    if alike >= _ALIKE or max(pairs) >= _ALIKE:
        return "name_partly"
    return "" if alike >= _LIKE_AT_ALL else "name_differs"


def _two_words(one: str, other: str) -> float:
    return 1.0 if sound(one) == sound(other) and len(sound(one)) > 1 else resemblance(one, other)


def _birth(one: Traits, other: Traits) -> str:
    if one.birthdate and other.birthdate:
        if one.birthdate == other.birthdate:
            return "birthdate_same"
        if (
            one.birthdate[:4] == other.birthdate[:4]
            and one.birthdate[5:7] == other.birthdate[8:]
            and (one.birthdate[8:] == other.birthdate[5:7])
        ):
            return "birthdate_swapped"
    if one.year is None or other.year is None:
        return ""
    apart = abs(one.year - other.year)
    if not apart:
        return "birth_year_same"
    return "birth_year_near" if apart <= _YEARS else "birth_year_differs"


def resemblance(one: str, other: str) -> float:
    """How alike two words are, from 0 to 1 (Jaro 1989, with Winkler's weight for a common beginning)."""
    if one == other:
        return 1.0
    reach = max(len(one), len(other)) // 2 - 1
    taken = [False] * len(other)
    mine: list[str] = []
    for place, letter in enumerate(one):
        for at in range(max(0, place - reach), min(len(other), place + reach + 1)):
            if not taken[at] and other[at] == letter:
                taken[at] = True
                mine.append(letter)
                break
    if not mine:
        return 0.0
    theirs = [letter for letter, found in zip(other, taken, strict=True) if found]
    moved = sum(a != b for a, b in zip(mine, theirs, strict=True)) / 2
    count = len(mine)
    jaro = (count / len(one) + count / len(other) + (count - moved) / count) / 3
    common = 0
    for a, b in zip(one[:4], other[:4], strict=False):
        if a != b:
            break
        common += 1
    return jaro + common * 0.1 * (1 - jaro)


def distance(one: str, other: str, *, at_most: int) -> int:
    """How many letters must be typed otherwise, left out, added or exchanged with their neighbour to make one text
    of the other; `at_most` + 1 where it is more. Costs no more than the texts are long, times `at_most`."""
    if abs(len(one) - len(other)) > at_most or max(len(one), len(other)) > _LONGEST:
        return at_most + 1
    before: list[int] = []
    last = list(range(len(other) + 1))
    for row, letter in enumerate(one, 1):
        line = [row]
        for column, each in enumerate(other, 1):
            cost = min(last[column] + 1, line[-1] + 1, last[column - 1] + (letter != each))
            if row > 1 and column > 1 and letter == other[column - 2] and one[row - 2] == each:
                cost = min(cost, before[column - 2] + 1)
            line.append(cost)
        if min(line) > at_most:
            return at_most + 1
        before, last = last, line
    return min(last[-1], at_most + 1)
