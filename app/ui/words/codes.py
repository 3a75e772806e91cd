"""The labels of codes: they stand in the dictionary, in languages of its own."""

from xlsforms import dictionary
from xlsforms.schema import text


def code_label(code_list: str | None, code: str, locale: str) -> str:
    """The label of a code in the reader's language; the code itself if the list does not know it."""
    found = dictionary.load().code_lists.get(code_list or "")
    return text(found.codes[code].label, locale, "en") if found is not None and code in found else code
