"""The functions that expressions on a phone may call: those of the ODK XForms specification and of ODK Collect.

A form that calls another one converts, and then stops on the phone.
"""

import re
from collections.abc import Iterator

from xlsforms.finding import Finding, error
from xlsforms.marked import N_, worded
from xlsforms.schema import Form
from xlsforms.spelling import nearest

KNOWN = frozenset(
    (
        "abs", "acos", "area", "asin", "atan", "atan2", "base64-decode", "boolean", "boolean-from-string",
        "checklist", "choice-name", "coalesce", "concat", "contains", "cos", "count", "count-non-empty",
        "count-selected", "current", "date", "date-time", "decimal-date-time", "decimal-time", "depend",
        "digest", "distance", "enclosed-area", "ends-with", "exp", "exp10", "extract-signed", "false",
        "format-date", "format-date-time", "geofence", "if", "indexed-repeat", "instance", "int", "intersects",
        "is-selected", "itext", "join", "log", "log10", "max", "min", "node", "normalize-space", "not", "now",
        "number", "once", "pi", "position", "pow", "property", "pulldata", "random", "randomize", "regex",
        "round", "selected", "selected-at", "sin", "sqrt", "starts-with", "string", "string-length", "substr",
        "substring-after", "substring-before", "sum", "tan", "text", "today", "translate", "true", "uuid",
        "version", "weighted-checklist",
    )
)  # fmt: skip
"""Names without their prefix (`jr:choice-name`)."""
_CALL = re.compile(r"(?<![\w$.-])(?:[A-Za-z_][\w.-]*:)?([A-Za-z_][\w.-]*)\s*\(")
_LITERAL = re.compile(r"'[^']*'|\"[^\"]*\"")
_OPERATORS = frozenset(("and", "or", "div", "mod"))


def check(form: Form) -> Iterator[Finding]:
    """A finding for each call of a function that phones do not have."""
    for node in form.nodes():
        for attribute in ("relevant", "constraint", "calculation", "choice_filter", "count"):
            expression = getattr(node, attribute, None) or ""
            column = "repeat_count" if attribute == "count" else attribute
            called = _CALL.findall(_LITERAL.sub("''", expression))
            for name in dict.fromkeys(one for one in called if one not in KNOWN | _OPERATORS):
                alike = nearest(name, KNOWN)
                yield error(
                    "unknown_function",
                    worded(
                        "The %(column)s of %(name)s calls %(name_2)s(), which phones do not know: the "
                        "form stops there.",
                        column=column,
                        name=node.name,
                        name_2=name,
                    ),
                    worded("Write %(alike)s() if that is what you mean.", alike=alike)
                    if alike
                    else N_("Say it with functions of XLSForm."),
                    question=node.path,
                    column=column,
                )
