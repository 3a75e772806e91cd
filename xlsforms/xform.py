"""From an XForm to its schema.

Reads what pyxform writes and what people write by hand: ODK XForms (https://getodk.github.io/xforms-spec/)
with itext or plain labels, internal, external and repeat itemsets, nested groups and repeats, old forms
whose id is the namespace of their instance. The primary instance decides which nodes there are, binds and
controls say what they are. A control this reader does not know makes a question of the type its bind says:
nothing a phone may send is lost for being unfamiliar.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from posixpath import basename

from lxml import etree

from xlsforms import entity
from xlsforms.finding import Finding, error
from xlsforms.itemset import Itemsets, csv_name
from xlsforms.marked import N_, worded
from xlsforms.schema import Entity, Form, Group, Label, Node, Question, Repeat, resolve
from xlsforms.text import Texts
from xlsforms.xml import LIMITS, XmlError, XmlLimits, attributes, child, inner, local, parse

DEPTH = 60
"""Levels of nodes that are read; submissions are read 64 deep."""

DATA_TYPES = {
    "string": "text", "text": "text", "int": "integer", "integer": "integer", "long": "integer",
    "decimal": "decimal", "double": "decimal", "float": "decimal", "boolean": "boolean", "date": "date",
    "time": "time", "dateTime": "dateTime", "geopoint": "geopoint", "geotrace": "geotrace",
    "geoshape": "geoshape", "barcode": "barcode", "binary": "file",
}  # fmt: skip
"""Data types of binds → types of questions; any other is read as text."""

_CONTROLS = {
    "select1": "select_one", "select": "select_multiple", "rank": "rank", "trigger": "acknowledge",
    "range": "range",
}  # fmt: skip
_PRELOADS = {
    ("timestamp", "start"): "start",
    ("timestamp", "end"): "end",
    ("date", "today"): "today",
    **{("property", name): name for name in ("deviceid", "username", "email", "phonenumber")},
    **{("property", name): name for name in ("subscriberid", "simserial")},
}
_ACTIONS = {"setgeopoint": "start-geopoint", "recordaudio": "background-audio"}
_META = ("instanceID", "instanceName", "deprecatedID", "audit")
_CONTROL_ONLY = frozenset({"ref", "nodeset", "bind", "appearance", "query", "class", "mediatype"})
_LOG_PARAMETERS = ("location-priority", "track-changes", "track-changes-reasons", "identify-user")
_FILE_FUNCTION = re.compile(r"\b(?:pulldata|search)\(\s*['\"]([^'\"]+)['\"]")


class XFormError(ValueError):
    """The XForm cannot be read; `findings` say why and how to mend it."""

    def __init__(self, *findings: Finding) -> None:
        super().__init__("; ".join(finding.message for finding in findings))
        self.findings = findings


def read(xform: bytes, limits: XmlLimits = LIMITS) -> Form:
    """The schema of an XForm. Raises XFormError on hostile or malformed XML, and where a part is missing
    without which no client could install and fill the form: a title, a body, a model, a primary instance, a form
    id."""
    try:
        root = parse(xform, limits)
    except XmlError as fault:
        raise XFormError(fault.finding) from fault
    head = child(root, "head")
    model = child(root if head is None else head, "model")
    instances = [] if model is None else [one for one in model if local(one) == "instance"]
    primary = next((one[0] for one in instances if len(one) and one.get("src") is None), None)
    if model is None or primary is None:
        raise XFormError(
            error(
                "xform_no_instance",
                N_("The file is XML, but no XForm: it has no model with a primary instance."),
                N_(
                    "Upload the XML that an XLSForm was converted to, not a submission or another kind of file."
                ),
            )
        )
    namespace = etree.QName(primary).namespace
    form_id = primary.get("id") or namespace or ""
    if not form_id.strip() or (primary.get("id") is None and namespace == etree.QName(model).namespace):
        raise XFormError(
            error(
                "xform_no_id",
                N_("The form has no id: the root element of its primary instance carries no id attribute."),
                worded('Write id="…" on the element <%(primary)s>.', primary=local(primary)),
            )
        )
    titled = None if head is None else child(head, "title")
    title = "" if titled is None else " ".join(inner(titled).split())
    body = child(root, "body")
    if not title or body is None:
        raise XFormError(
            error(
                "xform_incomplete",
                N_(
                    "The form has no title, or no body: no phone can install it, and with one form that has no name in "
                    "the list phones refuse the whole list."
                ),
                N_("Write an h:head with an h:title that is not empty, and an h:body beside it."),
            )
        )
    return _Reader(model, body, primary).form(form_id, title)


@dataclass(frozen=True, slots=True)
class _Control:
    """A control of the body and where it stands."""

    element: etree._Element
    kind: str


class _Reader:
    """Indexes of one XForm, made once, and the walk over its primary instance."""

    def __init__(
        self,
        model: etree._Element,
        body: etree._Element,
        primary: etree._Element,
    ) -> None:
        self.model, self.primary = model, primary
        self.texts = Texts(model)
        self.base = "/" + local(primary)
        self.instances = {
            one.get("id", ""): one
            for one in model
            if local(one) == "instance" and one is not primary.getparent()
        }
        self.binds: dict[str, Mapping[str, str]] = {}
        self.bind_ids: dict[str, str] = {}
        for bind in (one for one in model if local(one) == "bind"):
            path = resolve(bind.get("nodeset") or bind.get("ref") or "", self.base)
            self.binds[path] = {**self.binds.get(path, {}), **attributes(bind)}
            if bind.get("id"):
                self.bind_ids[bind.get("id", "")] = path
        self.calculated = {path: one["calculate"] for path, one in self.binds.items() if "calculate" in one}
        self.controls: dict[str, _Control] = {}
        self.labels: dict[str, etree._Element] = {}
        self.repeats: dict[str, etree._Element] = {}
        self.actions: dict[str, etree._Element] = {}
        self._index(body, self.base)
        for action in model:
            if local(action) in ("setvalue", *_ACTIONS) and action.get("ref"):
                self.actions.setdefault(resolve(action.get("ref", ""), self.base), action)
        self.itemsets = Itemsets(self.instances, self.texts)
        self.entities: list[Entity] = []
        self.saves: dict[str, str] = {}

    def form(self, form_id: str, title: str) -> Form:
        children = self._children([self.primary], self.base)
        submission = child(self.model, "submission")
        return Form(
            form_id=form_id,
            version=next((v for k, v in attributes(self.primary).items() if k == "version"), ""),
            title=title,
            root=local(self.primary),
            languages=self.texts.languages,
            default_language=self.texts.default_language,
            children=children,
            choices=self.itemsets.choices,
            gate=self._gate(children),
            namespace=etree.QName(self.primary).namespace,
            entities=tuple(entity.with_properties(self.entities, self.saves)),
            entities_version=entity.version(self.model),
            media=tuple(dict.fromkeys(self._media())),
            encrypted=submission is not None and bool(submission.get("base64RsaPublicKey")),
            action="" if submission is None else (submission.get("action") or "").strip(),
        )

    def _reference(self, control: etree._Element, context: str) -> str | None:
        if (bind := control.get("bind")) is not None:
            return self.bind_ids.get(bind)
        named = control.get("ref") or control.get("nodeset")
        return resolve(named, context) if named else None

    def _index(self, around: etree._Element, context: str) -> None:
        for element in around:
            kind = local(element)
            if kind in ("label", "hint", "item", "itemset", "value", "output", "help", "alert"):
                continue
            path = self._reference(element, context)
            if kind in ("setvalue", *_ACTIONS):
                if path:
                    self.actions.setdefault(path, element)
            elif kind in ("group", "repeat"):
                if path:
                    if kind == "repeat":
                        self.repeats.setdefault(path, element)
                    if kind == "group" or path not in self.labels:
                        self.labels[path] = element
                self._index(element, path or context)
            elif path:
                self.controls.setdefault(path, _Control(element, kind))
                self._index(element, context)
            else:
                self._index(element, context)

    def _children(self, elements: list[etree._Element], path: str) -> tuple[Node, ...]:
        """Nodes below the elements that share a path: a repeat's template and its first instance are one
        node."""
        groups: dict[str, list[etree._Element]] = {}
        for element in elements:
            for one in element:
                groups.setdefault(local(one), []).append(one)
        return tuple(self._node(name, found, f"{path}/{name}") for name, found in groups.items())

    def _node(self, name: str, elements: list[etree._Element], path: str) -> Node:
        if path.count("/") > DEPTH:
            raise XFormError(
                error(
                    "xform_too_deep",
                    worded(
                        "Groups and repeats are nested more than %(depth)s deep, and the server reads no "
                        "deeper.",
                        depth=DEPTH,
                    ),
                    N_("Nest fewer groups in each other."),
                    question=path,
                    column="type",
                )
            )
        bind = self.binds.get(path, {})
        if entity.declares(path):
            self.entities.append(entity.declaration(elements[0], path, self.calculated, self.actions))
        outer = self.labels.get(path)
        if path in self.repeats:
            repeat = self.repeats[path]
            count = next((v for k, v in attributes(repeat).items() if k == "count"), None)
            return Repeat(
                name=name,
                path=path,
                label=self._text(outer, "label"),
                children=self._children(elements, path),
                relevant=_expression(bind, "relevant"),
                field=bind.get("field"),
                appearance=repeat.get("appearance")
                or (outer.get("appearance") if outer is not None else None),
                count=count.strip() if count else None,
            )
        if any(len(element) for element in elements) or outer is not None or entity.declares(path):
            return Group(
                name=name,
                path=path,
                label=self._text(outer, "label"),
                children=self._children(elements, path),
                relevant=_expression(bind, "relevant"),
                appearance=outer.get("appearance") if outer is not None else None,
            )
        return self._question(name, elements[0], path)

    def _question(self, name: str, node: etree._Element, path: str) -> Question:
        bind = self.binds.get(path, {})
        control = self.controls.get(path)
        element = control.element if control else None
        if "saveto" in bind:
            self.saves[path] = bind["saveto"]
        source = self.itemsets.source(element, path)
        start = self.actions.get(path)
        default = (node.text or "").strip() or (
            start.get("value") or start.text if start is not None else None
        )
        return Question(
            name=name,
            path=path,
            type=self._type(name, path, bind, control),
            data_type=bind.get("type", "string").rpartition(":")[2],
            label=self._text(element, "label"),
            hint=self._text(element, "hint"),
            choices=source.choices,
            field=bind.get("field"),
            required=bind.get("required", "false()").strip() not in ("false()", "false", ""),
            relevant=_expression(bind, "relevant"),
            constraint=_expression(bind, "constraint"),
            constraint_message=self.texts.message(bind.get("constraintMsg")),
            calculation=_expression(bind, "calculate"),
            appearance=element.get("appearance") if element is not None else None,
            readonly=bind.get("readonly", "false()").strip() not in ("false()", "false", ""),
            file=source.file,
            itemset=source.itemset,
            choice_filter=source.choice_filter,
            default=default,
            parameters=_log_parameters(bind) if element is None else _parameters(element),
        )

    def _type(self, name: str, path: str, bind: Mapping[str, str], control: _Control | None) -> str:
        data_type = bind.get("type", "string").rpartition(":")[2]
        if control is None:
            if path.split("/")[-2] == "meta" and name in _META:
                return name
            preload = _PRELOADS.get((bind.get("preload", ""), bind.get("preloadParams", "")))
            if preload:
                return preload
            action = self.actions.get(path)
            if action is not None and local(action) in _ACTIONS:
                return _ACTIONS[local(action)]
            return "calculate" if "calculate" in bind else "hidden"
        if control.kind == "upload":
            media = control.element.get("mediatype", "").partition("/")[0]
            return media if media in ("image", "audio", "video") else "file"
        if control.kind in _CONTROLS:
            return _CONTROLS[control.kind]
        if control.element.get("query"):
            return "select_one"
        silent = "calculate" not in bind and path not in self.actions
        if control.kind == "input" and data_type == "string" and silent and "readonly" in bind:
            return "note" if bind["readonly"].strip() == "true()" else "text"
        return DATA_TYPES.get(data_type, "text")

    def _text(self, element: etree._Element | None, kind: str) -> Label:
        found = None if element is None else child(element, kind)
        return {} if found is None else self.texts.label(found)

    def _media(self) -> Iterator[str]:
        for instance in self.instances.values():
            source = instance.get("src", "")
            if source.startswith("jr://") and not source.startswith("jr://instance/"):
                yield basename(source)
        yield from self.texts.media
        for control in self.controls.values():
            if control.element.get("query"):
                yield "itemsets.csv"
        expressions = [value for bind in self.binds.values() for value in bind.values()]
        expressions += [control.element.get("appearance", "") for control in self.controls.values()]
        expressions += self.texts.outputs
        for expression in expressions:
            for name in _FILE_FUNCTION.findall(expression):
                if name not in self.instances:
                    yield csv_name(name)

    def _gate(self, children: tuple[Node, ...]) -> str | None:
        """Path of the question that an attribute `gate` of the instance's root names, or whose own bind
        has it."""
        named = next((v for k, v in attributes(self.primary).items() if k == "gate"), "").strip(" ${}")
        marked = {path for path, bind in self.binds.items() if bind.get("gate")}
        stack = list(children)
        while stack:
            node = stack.pop()
            if isinstance(node, Question):
                if node.name == named or node.path in marked or (named and node.path == named):
                    return node.path
            else:
                stack.extend(node.children)
        return None


def _expression(bind: Mapping[str, str], name: str) -> str | None:
    return " ".join(bind[name].split()) or None if name in bind else None


def _log_parameters(bind: Mapping[str, str]) -> dict[str, str]:
    """What an audit question wants in the log: nobody is asked, so it stands with the bind."""
    return {name: bind[name] for name in _LOG_PARAMETERS if name in bind}


def _parameters(control: etree._Element) -> dict[str, str]:
    return {name: value for name, value in attributes(control).items() if name not in _CONTROL_ONLY}
