"""Privacy classes: P0 operational, P1 case data, P2 sensitive, P3 identifiers and free text."""

from xlsforms.dictionary import Dictionary
from xlsforms.schema import Form, references
from xlsforms.target import Mapping

_PERSONAL = frozenset(
    {
        "text", "image", "audio", "video", "file", "barcode", "geopoint", "geotrace", "geoshape", "audit",
        "username", "email", "phonenumber", "start-geopoint", "background-audio",
    }
)  # fmt: skip
_METADATA = frozenset(
    {"start", "end", "today", "deviceid", "subscriberid", "simserial", "instanceID", "deprecatedID", "note"}
)


def privacy(form: Form, mapping: Mapping, dictionary: Dictionary) -> dict[str, str]:
    """Question path → P0, P1, P2 or P3.

    A mapped question has the class of its field, the highest of several. What is not mapped is P3 if
    anything may stand in it (text, media, places), P0 if the phone fills it in and it tells nothing about
    a person, else P1. An unmapped calculation, the instance name among them, is at least what it is
    calculated from.
    """
    classes: dict[str, str] = {}
    used_by: dict[str, list[str]] = {}
    for question in form.questions():
        fields = [dictionary.field(target.name) for target in mapping.bindings.get(question.path, ())]
        mapped = [one.privacy for one in fields if one is not None]
        if mapped:
            classes[question.path] = max(mapped)
        elif question.type in _PERSONAL:
            classes[question.path] = "P3"
        else:
            classes[question.path] = "P0" if question.type in _METADATA else "P1"
            for path in references(question.calculation or "", question.path):
                used_by.setdefault(path, []).append(question.path)
    for level in ("P3", "P2"):
        rising = [path for path, one in classes.items() if one == level]
        while rising:
            for path in used_by.get(rising.pop(), ()):
                if classes[path] < level:
                    classes[path] = level
                    rising.append(path)
    return classes
