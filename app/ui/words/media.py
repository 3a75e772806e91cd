"""What kind of file something is, in words."""

from typing import Final

from app.language import N_, _

_FAMILIES: Final = {"image": N_("Picture"), "audio": N_("Recording"), "video": N_("Film")}
_KINDS: Final = {"application/pdf": N_("PDF"), "text/plain": N_("Plain text")}


def kind_of_file(media_type: str) -> str:
    """What a file is, by its media type: Picture (jpeg), PDF, Office document, File."""
    family, _slash, form = media_type.partition("/")
    if family in _FAMILIES:
        return f"{_(_FAMILIES[family])} ({form})"
    if media_type in _KINDS:
        return _(_KINDS[media_type])
    return _("Office document") if "document" in media_type else _("File")
