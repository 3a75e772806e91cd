"""Texts of an XForm: itext in several languages, or plain text in one; outputs inside it, media beside it."""

import re
from posixpath import basename

from lxml import etree

from xlsforms.schema import Label
from xlsforms.xml import inner, local

_ITEXT = re.compile(r"jr:itext\(\s*['\"]?([^'\")]*)['\"]?\s*\)")


class Texts:
    """The itext of a model, ready to be looked up, and what it refers to: `media` file names, `outputs`
    expressions. A single language called "default" is what converters write for a form that names none; it
    is shown as no language."""

    def __init__(self, model: etree._Element) -> None:
        self.media: dict[str, None] = {}  # a set that keeps its order
        self.outputs: list[str] = []
        self._texts: dict[str, dict[str, str]] = {}
        translations = [one for itext in model if local(itext) == "itext" for one in itext]
        named = [one.get("lang", "") for one in translations]
        self.languages: tuple[str, ...] = () if named == ["default"] else tuple(named)
        default = next((one for one in translations if one.get("default") is not None), None)
        first = default if default is not None else (translations[0] if translations else None)
        self.default_language = first.get("lang", "") if self.languages and first is not None else ""
        for translation in translations:
            language = translation.get("lang", "") if self.languages else ""
            for text in translation:
                self._read(text, language)

    def itext(self, key: str) -> Label:
        """The text with this id in every language it has."""
        return self._texts.get(key.strip(), {})

    def label(self, element: etree._Element) -> Label:
        """The text of a label, hint or the like: what its `ref` names, else what it holds itself."""
        if reference := _ITEXT.fullmatch((element.get("ref") or "").strip()):
            return self.itext(reference[1])
        plain = self._flat(element)
        return {"": plain} if plain else {}

    def message(self, text: str | None) -> Label:
        """The text of an attribute such as jr:constraintMsg."""
        if not text:
            return {}
        reference = _ITEXT.fullmatch(text.strip())
        return self.itext(reference[1]) if reference else {"": text.strip()}

    def _read(self, text: etree._Element, language: str) -> None:
        for value in text:
            if local(value) != "value":
                continue
            if (form := value.get("form")) in ("image", "big-image", "audio", "video"):
                name = basename((value.text or "").strip())
                if name:
                    self.media[name] = None
            elif form is None or (
                form == "long" and not self._texts.get(text.get("id", ""), {}).get(language)
            ):
                flat = self._flat(value)
                if flat and flat != "-":  # pyxform writes "-" where a translation is missing
                    self._texts.setdefault(text.get("id", "").strip(), {})[language] = flat

    def _flat(self, element: etree._Element) -> str:
        """Text with its outputs as `${name}`."""
        parts = [element.text or ""]
        for child in element:
            if local(child) == "output":
                expression = (child.get("value") or child.get("ref") or "").strip()
                self.outputs.append(expression)
                simple = re.fullmatch(r"[\w./:-]+", expression)
                parts.append("${" + (expression.rpartition("/")[2] if simple else expression) + "}")
            else:
                parts.append(inner(child))
            parts.append(child.tail or "")
        return "".join(parts).strip()
