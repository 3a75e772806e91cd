"""Where the choices of a question come from: items in the body, an instance of the form, an attached file,
or the rows of a repeat."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from posixpath import basename

from lxml import etree

from xlsforms.schema import Choice, resolve
from xlsforms.text import Texts
from xlsforms.xml import child, inner, local

_INSTANCE = re.compile(r"instance\(\s*['\"]([^'\"]+)['\"]\s*\)")
_SEARCH = re.compile(r"\bsearch\(\s*['\"]([^'\"]+)['\"]")
_KEYED = re.compile(r"jr:itext\(\s*([\w.-]+)\s*\)")


@dataclass(frozen=True, slots=True)
class Source:
    """As the fields of a Question of the same names."""

    choices: str | None = None
    file: str | None = None
    itemset: str | None = None
    choice_filter: str | None = None


class Itemsets:
    """The choice lists met so far, in `choices`. `instances` are the secondary instances by id."""

    def __init__(self, instances: Mapping[str, etree._Element], texts: Texts) -> None:
        self.choices: dict[str, tuple[Choice, ...]] = {}
        self._instances, self._texts = instances, texts

    def source(self, control: etree._Element | None, path: str) -> Source:
        """Where the control of the question at this path has its choices from."""
        if control is None:
            return Source()
        if query := control.get("query"):
            return Source(file="itemsets.csv", choice_filter=_predicate(query))
        if search := _SEARCH.search(control.get("appearance", "")):
            return Source(file=csv_name(search[1]))
        itemset = child(control, "itemset")
        if itemset is None:
            items = [one for one in control if local(one) == "item"]
            if items:
                self.choices[path] = tuple(self._choice(item, "value", "label") for item in items)
            return Source(choices=path if items else None)
        nodeset = itemset.get("nodeset", "")
        named = _INSTANCE.search(nodeset)
        if named is None:
            return Source(itemset=resolve(nodeset, path), choice_filter=_predicate(nodeset))
        instance = self._instances.get(named[1])
        if instance is not None and instance.get("src"):
            return Source(file=basename(instance.get("src", "")), choice_filter=_predicate(nodeset))
        if instance is not None and named[1] not in self.choices:
            self.choices[named[1]] = self._listed(instance, itemset)
        return Source(choices=named[1], choice_filter=_predicate(nodeset))

    def _listed(self, instance: etree._Element, itemset: etree._Element) -> tuple[Choice, ...]:
        value, label = child(itemset, "value"), child(itemset, "label")
        value_name = "name" if value is None else value.get("ref", "")
        label_name = "label" if label is None else label.get("ref", "")
        return tuple(
            self._choice(item, value_name, label_name)
            for item in instance.iter(etree.Element)
            if child(item, value_name) is not None
        )

    def _choice(self, item: etree._Element, value: str, label: str) -> Choice:
        parts = {local(part): part for part in item}
        keyed = _KEYED.fullmatch(label.strip())
        shown = parts.get(keyed[1] if keyed else label)
        if shown is None:
            text = {}
        else:
            text = dict(self._texts.itext(shown.text or "") if keyed else self._texts.label(shown))
        columns = {name: (part.text or "").strip() for name, part in parts.items()}
        for name in (value, label, "label", keyed[1] if keyed else ""):
            columns.pop(name, None)
        return Choice(inner(parts[value]).strip() if value in parts else "", text, columns)


def csv_name(name: str) -> str:
    """The file that pulldata() and search() mean by a name."""
    return name if name.lower().endswith(".csv") else f"{name}.csv"


def _predicate(nodeset: str) -> str | None:
    start, end = nodeset.find("["), nodeset.rfind("]")
    return " ".join(nodeset[start + 1 : end].split()) if 0 <= start < end else None
