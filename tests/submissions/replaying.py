"""What a new version of a form does to answers of the old one, found out by holding interviews and reading them again.

`held` makes interviews as a phone would: irrelevant answers empty, calculations computed. `word` reads those of the
old version by both, and holds what it finds against the rules of both. It knows nothing of `xlsforms.diff`.
"""

import itertools
from collections import Counter
from collections.abc import Iterator
from copy import deepcopy
from decimal import Decimal, InvalidOperation

from lxml import etree

from submissions import gate, normalise, record
from submissions.made import once
from xlsforms import dictionary, mapping
from xlsforms.schema import Form, Group, Node, Question, Repeat, references

WORDS = dictionary.load()
ID = "uuid:11111111-1111-4111-8111-111111111111"
NUMBERS = ("20", "0", "5", "10", "12", "15", "150")
SAMPLES = {
    "text": ("Ann", "Zoe"),
    "integer": NUMBERS,
    "decimal": ("20", "20.5", *NUMBERS[1:]),
    "date": ("2026-01-02", "1990-05-06"),
    "time": ("08:30:00.000+01:00",),
    "dateTime": ("2026-01-02T08:30:00.000+01:00",),
    "start": ("2026-02-03T08:30:00.000+01:00",),
    "end": ("2026-02-03T09:30:00.000+01:00",),
    "today": ("2026-02-03",),
    "geopoint": ("1.5 2.5 0 0",),
    "geotrace": ("1.5 2.5 0 0; 1.6 2.6 0 0",),
    "geoshape": ("1.5 2.5 0 0; 1.6 2.6 0 0; 1.5 2.5 0 0",),
    "boolean": ("true",),
    "acknowledge": ("OK",),
    "barcode": ("123",),
    "instanceID": (ID,),
    "deprecatedID": (),
    "note": (),
}
ASIDE = ("uuid(", "once(", "now(", "random(", "today(")
"""What no second computation gives again."""


def word(old: Form, new: Form) -> str:
    """safe, widening, narrowing or lossy."""
    before = held(old)
    assert before, "the old version allows no interview at all"
    if any(loses(xml, old, new) for xml in before):
        return "lossy"
    if not all(allowed(_shared(etree.fromstring(xml), new), new) for xml in before):
        return "narrowing"
    after = (etree.fromstring(xml) for xml in held(new))
    gone = frozenset(one.path for one in old.questions()) - {one.path for one in new.questions()}
    return "safe" if all(allowed(_shared(root, old), old, gone=gone) for root in after) else "widening"


# --- interviews --------------------------------------------------------------------------------------------------


@once
def held(form: Form) -> tuple[bytes, ...]:
    """Interviews that a phone would let somebody finish: a plain one, then every answer varied, and answers together
    whose questions look at each other."""
    return tuple(etree.tostring(root) for root in _tried(form) if allowed(root, form))


def interviews(form: Form) -> Iterator[bytes]:
    """Three interviews that answer each question with what can be tried first, whether or not the phone would have asked it: for
    forms whose conditions take a phone to compute."""
    plain = {
        one.path: _samples(form, one) or ("computed",) * bool(one.calculation) for one in form.questions()
    }
    for place in range(3):
        answers = {path: said[place % len(said)] for path, said in plain.items() if said}
        yield etree.tostring(_filled(form, answers, as_asked=False))


def _tried(form: Form) -> Iterator[etree._Element]:
    questions = [one for one in form.questions() if len(_samples(form, one)) > 1]
    plain = {one.path: _samples(form, one)[0] for one in form.questions() if _samples(form, one)}
    variants: list[dict[str, str]] = [{}]
    for one in questions:
        variants += ({one.path: said} for said in ("", *_samples(form, one)))
    for one, other in itertools.combinations(questions, 2):
        if _looks_at(form, one, other.path) or _looks_at(form, other, one.path):
            both = itertools.product(("", *_samples(form, one)), ("", *_samples(form, other)))
            variants += ({one.path: first, other.path: second} for first, second in both)
    for varied in variants:
        yield _filled(form, plain | varied, as_asked=True)


def _samples(form: Form, question: Question) -> tuple[str, ...]:
    codes = tuple(choice.name for choice in form.choice_list(question))
    match question.type:
        case "calculate" | "instanceName":
            if "uuid(" in (question.calculation or ""):
                return ("22222222-2222-4222-8222-222222222222",)
            return () if question.calculation else ("computed",)
        case "range":
            step = Decimal(question.parameters["step"])
            start, end = Decimal(question.parameters["start"]), Decimal(question.parameters["end"])
            return tuple(str(start + place * step) for place in range(int((end - start) / step) + 1))
        case "select_one":
            return codes or ("somewhere",)
        case "select_multiple" | "rank":
            return (*codes, " ".join(codes)) if codes else ("somewhere",)
    return SAMPLES.get(question.type, ("something",))


def _looks_at(form: Form, question: Question, path: str) -> bool:
    around = [node for node in form.nodes() if f"{question.path}/".startswith(f"{node.path}/")]
    said = (
        getattr(node, name, None) for node in around for name in ("relevant", "constraint", "choice_filter")
    )
    return any(path in references(one, question.path) for one in said if one)


def _filled(form: Form, answers: dict[str, str], *, as_asked: bool) -> etree._Element:
    root = etree.Element(form.root, id=form.form_id, version=form.version)

    def fill(nodes: tuple[Node, ...], inside: etree._Element) -> None:
        for node in nodes:
            for _ in range(2 if isinstance(node, Repeat) else 1):
                element = etree.SubElement(inside, node.path.rpartition("/")[2].rpartition(":")[2])
                if isinstance(node, Question):
                    element.text = answers.get(node.path) or None
                else:
                    fill(node.children, element)

    fill(form.children, root)
    for _ in range(2 * as_asked):  # a calculation may need one that stands behind it
        for node, element in _elements(form, root):
            if not _holds(node.relevant, element):
                for one in element.iter():
                    one.text = None
            elif (
                isinstance(node, Question)
                and node.calculation
                and (found := _computed(node, element)) is not None
            ):
                element.text = found or None
    return root


def _elements(form: Form, root: etree._Element) -> Iterator[tuple[Node, etree._Element]]:
    def walk(nodes: tuple[Node, ...], around: list[etree._Element]) -> Iterator[tuple[Node, etree._Element]]:
        for node in nodes:
            name = node.path.rpartition("/")[2]
            found = [one for element in around for one in element.findall(name)]
            for element in found:
                yield node, element
            if found and not isinstance(node, Question):
                yield from walk(node.children, found)

    return walk(form.children, [root])


# --- the rules of a version ------------------------------------------------------------------------------------


def allowed(root: etree._Element, form: Form, *, gone: frozenset[str] = frozenset()) -> bool:
    """Whether this is an interview that the version lets somebody finish. That an answer is missing to a question that
    is `gone` from the version the interview was held with is no fault."""
    hidden: list[etree._Element] = []
    for node, element in _elements(form, root):
        if not _holds(node.relevant, element):
            hidden.append(element)
        if isinstance(node, Question) and node.type not in ("note", "instanceID", "instanceName"):
            said = (element.text or "").strip()
            if any(one in hidden for one in (element, *element.iterancestors())):
                if said:
                    return False
            elif not said:
                if (
                    node.required
                    and node.type != "calculate"
                    and not node.calculation
                    and node.path not in gone
                ):
                    return False
            elif not _may_say(form, node, element, said):
                return False
    kept = record.read(etree.tostring(root), form)
    return not any(one.code in ("unknown_code", "unreadable_value") for one in kept.findings)


def _may_say(form: Form, question: Question, element: etree._Element, said: str) -> bool:
    if question.readonly and not question.calculation and said != (question.default or ""):
        return False
    if question.type == "range" and said not in _samples(form, question):
        return False
    if question.choice_filter:
        for choice in form.choice_list(question):
            if choice.name in said.split():
                item = etree.SubElement(element.getroottree().getroot(), "item")
                for column, value in choice.columns.items():
                    etree.SubElement(item, column).text = value
                shown = _holds(question.choice_filter, item)
                item.getparent().remove(item)
                if not shown:
                    return False
    return _holds(question.constraint, element)


def _holds(condition: str | None, element: etree._Element) -> bool:
    return condition is None or gate._holds(gate._compiled(condition), element)


def _computed(question: Question, element: etree._Element) -> str | None:
    if any(one in (question.calculation or "") for one in ASIDE):
        return None
    try:
        return gate._text(gate._compiled(question.calculation or "")(element))
    except (gate.GateError, etree.XPathError):
        return None


def _shared(root: etree._Element, form: Form) -> etree._Element:
    """The interview without what this version does not ask, and with an empty place for what it asks besides."""
    root = deepcopy(root)

    def fit(element: etree._Element, nodes: tuple[Node, ...]) -> None:
        names = {node.path.rpartition("/")[2].rpartition(":")[2]: node for node in nodes}
        for child in list(element):
            node = names.get(child.tag)
            if node is None:
                element.remove(child)
            elif not isinstance(node, Question):
                fit(child, node.children)
        for name, node in names.items():
            if element.find(name) is None and not isinstance(node, Repeat):
                child = etree.SubElement(element, name)
                if isinstance(node, Group):
                    fit(child, node.children)

    fit(root, form.children)
    return root


# --- reading again ----------------------------------------------------------------------------------------------


def loses(xml: bytes, old: Form, new: Form) -> bool:
    """Whether an answer of the old version has another place, value or meaning when the new version reads it."""
    first, second = _read(xml, old), record.read(xml, new)
    said = {(one.path, one.row): _value(one.value) for one in second.answers if one.known}
    meta = f"/{old.root}/meta/"
    for one in first.answers:
        if one.known and not one.path.startswith(meta) and said.get((one.path, one.row)) != _value(one.value):
            return True
    known = {(one.code, one.question) for one in first.findings}
    if any(
        one.code in ("unknown_code", "unreadable_value", "consent_gate", "other_form")
        and (one.code, one.question) not in known
        for one in second.findings
    ):
        return True
    if _said(first, old) - _facts(second, new):
        return True
    wishes = [(one.list_name, one.id, set(one.said.items())) for one in second.entities]
    if any(
        not any(
            (one.list_name, one.id) == (name, key) and set(one.said.items()) <= kept
            for name, key, kept in wishes
        )
        for one in first.entities
    ):
        return True
    return _means_otherwise(xml, old, new)


_read = once(record.read)
"""By the old version, which is compared with many."""


@once
def _mapped(form: Form) -> mapping.Mapping:
    return mapping.read(form, WORDS)[0]


def _facts(said: record.Record, form: Form) -> Counter:
    intake = normalise.normalise(said, _mapped(form), form=form, submission=ID)
    facts = Counter(
        (row.table, row.key, row.parent, column, str(one.value))
        for row in intake.rows
        for column, one in row.values.items()
    )
    heads = {"case_uid": intake.case_uid, "case_ref": intake.case_ref, "held_on": intake.held_on}
    return facts + Counter({("", name, str(value)): 1 for name, value in heads.items() if value})


_said = once(_facts)


def _means_otherwise(xml: bytes, old: Form, new: Form) -> bool:
    """Whether a value would be computed otherwise from the very same answers."""
    before = {one.path: one for one in old.questions()}
    changed = {
        one.path
        for one in new.questions()
        if one.calculation
        and one.type != "instanceName"
        and one.path in before
        and one.calculation != before[one.path].calculation
    }
    if not changed:
        return False
    for node, element in _elements(new, _shared(etree.fromstring(xml), new)):
        if node.path in changed and isinstance(node, Question) and element.text:
            was = before[node.path]
            meant = _computed(was, element) if was.calculation else element.text
            means = _computed(node, element)
            if None not in (meant, means) and _value(meant) != _value(means):
                return True
    return False


def _value(value: object) -> str:
    plain = " ".join(value) if isinstance(value, tuple) else str(value)
    try:
        return str(Decimal(plain).normalize())
    except InvalidOperation:
        return plain.lower() if isinstance(value, bool) else plain
