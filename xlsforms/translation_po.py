"""The texts of a form as gettext PO, one file a language, and what comes back in one.

The context (msgctxt) of an entry is the place of the text, so the same words in two places may be translated apart. A
stale translation is fuzzy, with the source it was made from as the previous msgid. There are no plurals, as in forms.
"""

from collections.abc import Iterator
from typing import Final

import polib

from xlsforms.finding import Finding
from xlsforms.language import tag
from xlsforms.marked import N_
from xlsforms.translation_sheet import NotTexts, not_texts
from xlsforms.translations import Entry, Translations

_LANGUAGE: Final = "X-Form-Language"
"""The header that holds a language as the form names it; PO's own has room for its code only."""
_PARTS: Final = {
    "image": "The name of a picture",
    "big-image": "The name of a large picture",
    "audio": "The name of a recording",
    "video": "The name of a film",
}


def write(translations: Translations, language: str, *, form_id: str, version: str) -> bytes:
    """The texts that have a source, in UTF-8."""
    file = polib.POFile(wrapwidth=100)
    file.header = f"{translations.title}: texts of a form. Keep what stands in ${{…}} as it is."
    file.metadata = {
        "Project-Id-Version": f"{form_id} {version}".strip(),
        "Language": tag(language).replace("-", "_"),
        _LANGUAGE: language,
        "MIME-Version": "1.0",
        "Content-Type": "text/plain; charset=UTF-8",
        "Content-Transfer-Encoding": "8bit",
    }
    for text in translations.texts:
        if not (source := text.said.get(translations.source)):
            continue
        entry = polib.POEntry(
            msgctxt=text.place,
            msgid=source,
            msgstr=text.said.get(language, ""),
            comment=". ".join([*([_PARTS[text.part]] if text.part in _PARTS else []), text.context]),
            occurrences=[(text.sheet, str(text.row))],
        )
        if text.state(language, translations.source) == "stale":
            entry.flags.append("fuzzy")
            entry.previous_msgid = text.made_from[language]
        file.append(entry)
    return str(file).encode()


def read(content: bytes, language: str = "") -> Iterator[Entry]:
    """What a PO file says; an entry without a translation says nothing. `language` goes before what the file names.
    Raises `NotTexts`."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise NotTexts(not_texts(N_("It is not in UTF-8."))) from None
    if "msgid" not in text or "\n" not in text:  # polib takes a single line for the name of a file
        raise NotTexts(not_texts(N_("It has no entries.")))
    try:
        file = polib.pofile(text)
    except (OSError, ValueError, IndexError, AttributeError) as fault:
        raise NotTexts(_malformed(str(fault))) from None
    language = language or file.metadata.get(_LANGUAGE, "") or file.metadata.get("Language", "")
    if not language:
        raise NotTexts(not_texts(N_("It does not say which language it is in, and neither do you.")))
    for entry in file:
        if entry.msgstr.strip() and not entry.obsolete:
            yield Entry(
                entry.msgctxt or "",
                language,
                source=entry.msgid,
                said=entry.msgstr.replace("\r\n", "\n").strip(),
                state="fuzzy" if "fuzzy" in entry.flags else "ok",
                row=entry.linenum,
            )


def _malformed(said: str) -> Finding:
    """polib names the line at the end of what it says, and quotes what stands there before."""
    line = said.rpartition("(line ")[2].partition(")")[0]
    where = f" Line {line} is not as gettext writes it." if line.isdigit() else ""
    return not_texts(f"It is no PO file that gettext could read.{where}")
