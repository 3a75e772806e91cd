"""Checks of one target: whether this question, standing where it stands, can fill that field.

Each check answers with the finding that says why not and how to mend it, or with None.
"""

from collections.abc import Iterable
from collections.abc import Mapping as MappingABC

from xlsforms.dictionary import Dictionary, Field, Table
from xlsforms.finding import Finding, error, warning
from xlsforms.marked import N_, either, every, worded
from xlsforms.schema import Question
from xlsforms.spelling import nearest
from xlsforms.target import Target, parse

COLUMN = "case_field"
"""Plain name of the mapping column, see `workbook.split_header`."""

_ANY = frozenset(
    {
        "text", "code", "integer", "decimal", "boolean", "date", "instant", "country", "language", "uuid",
        "array",
    }
)  # fmt: skip
_FITS: MappingABC[str, frozenset[str]] = {
    "text": frozenset({"text"}),
    "barcode": frozenset({"text"}),
    **{name: frozenset({"text"}) for name in ("image", "audio", "video", "file")},  # the name of the file
    "integer": frozenset({"integer", "decimal"}),
    "decimal": frozenset({"decimal"}),
    "range": frozenset({"integer", "decimal"}),
    "date": frozenset({"date"}),
    "today": frozenset({"date"}),
    "dateTime": frozenset({"instant", "date"}),
    "start": frozenset({"instant"}),
    "end": frozenset({"instant"}),
    "boolean": frozenset({"boolean"}),
    "acknowledge": frozenset({"boolean"}),
    "select_one": frozenset({"code", "country", "language", "boolean", "text", "uuid", "integer"}),
    "select_multiple": frozenset({"code", "country", "language", "array"}),
    "rank": frozenset({"array"}),
    "calculate": _ANY,
    "hidden": _ANY,
    **{name: frozenset({"text"}) for name in ("username", "email", "phonenumber", "deviceid", "simserial")},
    **{name: frozenset({"text"}) for name in ("subscriberid", "instanceID", "instanceName")},
}
"""Type of a question → types of the fields it may fill without a converter."""

_ORIGINS = {"derived": N_("worked out from other answers"), "office": N_("decided by people in the office")}


def unfit(question: Question, target: Target, dictionary: Dictionary) -> Finding | None:
    """Why this question cannot fill this target, whatever is around it."""
    table = dictionary.tables.get(target.table)
    if not target.column:
        return malformed(
            question.path,
            worded("“%(target)s” names a table only; a question fills a column of it", target=target),
        )
    if table is None or target.column not in table.fields:
        return _unknown(question.path, target, dictionary)
    field = table.fields[target.column]
    if table.scope != "case" or field.origin != "form":
        return _error(
            "mapping_not_from_forms",
            worded(
                "%(name)s is %(origin)s, not filled by forms.",
                name=target.name,
                origin=worded(_ORIGINS.get(field.origin, N_("kept by the system"))),
            ),
            N_("Choose another field, or leave the cell empty; the answer is kept either way."),
            question.path,
        )
    return _key_fault(question.path, target, table, dictionary) or _type_fault(
        question, target, table, dictionary
    )


def _key_fault(path: str, target: Target, table: Table, dictionary: Dictionary) -> Finding | None:
    for key, value in target.keys.items():
        field = table.fields.get(key)
        if field is None:
            return _error(
                "mapping_key_unknown",
                worded("%(name)s has no column “%(key)s” to tell rows apart.", name=table.name, key=key),
                mending(
                    key,
                    table.fields,
                    worded("Its rows are told apart by %(columns)s.", columns=", ".join(table.row_key))
                    if table.row_key
                    else N_("Its rows are told apart by nothing."),
                ),
                path,
            )
        codes = dictionary.code_lists.get(field.code_list or "")
        if codes is not None and value not in codes:
            return _error(
                "mapping_key_unknown",
                worded("“%(value)s” is no code of %(name)s.%(key)s.", value=value, name=table.name, key=key),
                mending(value, codes, worded("Its codes are %(codes)s.", codes=", ".join(codes))),
                path,
            )
    if target.column in table.row_key and len(table.row_key) > 1 and not target.keys:
        missing = next(key for key in table.row_key if key != target.column)
        return _error(
            "mapping_key_missing",
            worded(
                "Rows of %(name)s are told apart by %(row_key)s; %(missing)s is not said.",
                name=table.name,
                row_key=every(table.row_key),
                missing=missing,
            ),
            worded(
                "Write %(name)s[%(missing)s='…'].%(column)s",
                name=table.name,
                missing=missing,
                column=target.column,
            ),
            path,
        )
    return None


def _type_fault(question: Question, target: Target, table: Table, dictionary: Dictionary) -> Finding | None:
    field = table.fields[target.column]
    if target.converter:
        converter = dictionary.converters.get(target.converter)
        if converter is None:
            return _error(
                "mapping_converter_unknown",
                worded("There is no converter “%(converter)s”.", converter=target.converter),
                mending(
                    target.converter, dictionary.converters, N_("Use one of the dictionary's converters.")
                ),
                question.path,
            )
        if _takes(question, converter.from_types) and field.type in converter.to_types:
            return None
        return _error(
            "mapping_type",
            worded(
                "The converter %(name)s makes %(to_types)s of %(from_types)s, not %(type)s of %(type_2)s.",
                name=converter.name,
                to_types=either(converter.to_types),
                from_types=either(converter.from_types),
                type=field.type,
                type_2=question.type,
            ),
            N_("Remove the converter, or change the type of the question."),
            question.path,
        )
    if field.type not in _FITS.get(question.type, frozenset()):
        able = [
            one.name
            for one in dictionary.converters.values()
            if _takes(question, one.from_types) and field.type in one.to_types
        ]
        return _error(
            "mapping_type",
            worded(
                "A question of type %(type)s cannot fill %(name)s, which is %(field)s.",
                type=question.type,
                name=target.name,
                field=_article(field),
            ),
            worded("Write %(able)s: %(target)s", able=able[0], target=target)
            if able
            else _question_for(field),
            question.path,
        )
    several = question.type == "select_multiple" and field.type != "array"
    if several and target.column not in table.row_key and "uid" not in table.row_key:
        return _error(
            "mapping_type",
            worded("A select_multiple has several answers, and %(name)s holds one.", name=target.name),
            N_("Use select_one, or map to a table that holds a row for each code."),
            question.path,
        )
    return None


def _takes(question: Question, types: tuple[str, ...]) -> bool:
    """Whether a converter takes a question: a calculate or hidden node has no type but what it yields."""
    return question.type in types or question.type in ("calculate", "hidden")


def misplaced(
    question: Question, target: Target, around: tuple[Target | None, ...], dictionary: Dictionary
) -> Finding | None:
    """Why this target cannot be filled from where the question stands; `around` are the targets of the
    repeats around it, outermost first, None for one that is not mapped."""
    table = dictionary.tables[target.table]
    if not around or (target.column in table.row_key and not any(around)):
        return None
    if around[-1] is None:
        return _error(
            "mapping_repeat_unmapped",
            worded(
                "%(name)s stands in a repeat that is not mapped: its answers would overwrite each other.",
                name=question.name,
            ),
            N_("Write the table its rows are in the mapping cell of the begin_repeat row."),
            question.path,
        )
    inside = around[-1].table
    several = question.type == "select_multiple" and table.fields[target.column].type != "array"
    if several and table.name == inside and target.column not in table.row_key:
        return _error(
            "mapping_type",
            worded(
                "A row of %(inside)s has one %(column)s, and a select_multiple several answers.",
                inside=inside,
                column=target.column,
            ),
            N_("Use select_one, or map to a table that holds a row for each code."),
            question.path,
        )
    if table.name != inside and inside not in _ancestors(table, dictionary):
        return _error(
            "mapping_from_repeat",
            worded(
                "%(name)s stands in a repeat of %(inside)s; %(name_2)s is not part of such a row.",
                name=question.name,
                inside=inside,
                name_2=target.name,
            ),
            worded("Move the question out of the repeat, or map it to a field of %(inside)s.", inside=inside),
            question.path,
        )
    return None


def repeat_target(
    path: str, cell: str, around: tuple[Target | None, ...], dictionary: Dictionary
) -> tuple[Target | None, list[Finding]]:
    """The table a repeat is mapped to, or why not; `around` as in `misplaced`."""
    try:
        target = parse(cell)
    except ValueError as fault:
        return None, [malformed(path, fault.args[0])]
    table = dictionary.tables.get(target.table)
    if target.column:
        return None, [
            malformed(
                path, worded("“%(target)s” names a column; a repeat is mapped to a table", target=target)
            )
        ]
    if table is None or table.scope != "case":
        known = [one.name for one in dictionary.tables.values() if one.scope == "case"]
        mend = mending(target.table, known, N_("See the tables of the dictionary."))
        return None, [
            _error(
                "mapping_unknown_table",
                worded("There is no table “%(table)s”.", table=target.table),
                mend,
                path,
            )
        ]
    if unknown := _key_fault(path, target, table, dictionary):
        return None, [unknown]
    if not table.row_key:
        return None, [
            _error(
                "mapping_repeat_of_one",
                worded("An interview has one row of %(name)s; a repeat gives several.", name=table.name),
                N_("Map the repeat to a table of many rows, or ask without a repeat."),
                path,
            )
        ]
    outer = next((one.table for one in reversed(around) if one), None)
    if outer and outer not in _ancestors(table, dictionary):
        return None, [
            _error(
                "mapping_from_repeat",
                worded(
                    "The repeat stands in a repeat of %(outer)s; rows of %(name)s do not belong to one.",
                    outer=outer,
                    name=table.name,
                ),
                worded("Move the repeat out, or map it to a table below %(outer)s.", outer=outer),
                path,
            )
        ]
    return target, []


def _ancestors(table: Table, dictionary: Dictionary) -> tuple[str, ...]:
    found: list[str] = []
    parent = table.parent
    while parent and parent not in found:
        found.append(parent)
        parent = dictionary.tables[parent].parent if parent in dictionary.tables else None
    return tuple(found)


def _unknown(path: str, target: Target, dictionary: Dictionary) -> Finding:
    known = [field.name for field in dictionary.fields() if field.origin == "form"]
    table = dictionary.tables.get(target.table)
    mend = mending(target.name, known, N_("See the fields of the dictionary."))
    if table is not None and not mend.startswith("Did you"):
        mend = worded("Fields of %(table)s: %(fields)s.", table=table.name, fields=", ".join(table.fields))
    return _error(
        "mapping_unknown_field",
        worded("There is no field “%(name)s” in the case store.", name=target.name),
        mend,
        path,
    )


def mending(word: str, known: Iterable[str], otherwise: str) -> str:
    """A mending that names the known word nearest to one that is unknown."""
    close = nearest(word, known)
    return worded("Did you mean “%(close)s”?", close=close) if close else otherwise


_ARTICLES = {
    "code": N_("a code"),
    "array": N_("a set of codes"),
    "instant": N_("a point in time"),
    "uuid": N_("an identifier"),
}


def _article(field: Field) -> str:
    words = _ARTICLES.get(field.type)
    return worded(words) if words else worded("a %(type)s", type=field.type)


def _question_for(field: Field) -> str:
    able = sorted(name for name, types in _FITS.items() if field.type in types and types is not _ANY)
    return worded(
        "Use a question of type %(types)s, or leave the mapping cell empty.",
        types=either(able or ["calculate"]),
    )


def malformed(path: str, why: str) -> Finding:
    """The finding for a cell the grammar does not know."""
    return _error(
        "mapping_malformed",
        worded("The mapping cannot be read: %(why)s.", why=why),
        N_("Write table.column, table[key='code'].column or converter: table.column; put ; between several."),
        path,
    )


def _error(code: str, message: str, mend: str, path: str) -> Finding:
    return error(code, message, mend, question=path, column=COLUMN)


def doubt(code: str, message: str, mend: str, path: str) -> Finding:
    """A warning about the mapping cell of a question or repeat."""
    return warning(code, message, mend, question=path, column=COLUMN)
