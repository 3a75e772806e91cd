"""The designer's checks: what converts, and still would go wrong on a phone, in the data, or for a person.

`lint` looks at the cells of the workbook (see `cells`) and at the compiled form where there is one.
`placed` gives findings of others, which know a question by its path only, their cell.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import islice
from urllib.parse import urlsplit

from xlsforms import cells, choices, conditions, entity, expressions, functions, sequence
from xlsforms.dictionary import Dictionary
from xlsforms.finding import Finding, error, warning
from xlsforms.mapping import Mapping
from xlsforms.marked import N_, worded
from xlsforms.privacy import privacy
from xlsforms.schema import Form, references
from xlsforms.spelling import nearest
from xlsforms.workbook import TRANSLATED, Workbook

_TELLING = {
    "geopoint": N_("where the person is"), "geotrace": N_("where the person went"),
    "geoshape": N_("where the person is"),
    "start-geopoint": N_("where the interview was held"),
    "image": N_("what or whom it shows"), "audio": N_("a voice"),
    "video": N_("whom it shows, and a voice"), "background-audio": N_("the voices of the whole interview"),
}  # fmt: skip


def lint(
    workbook: Workbook, form: Form | None, mapping: Mapping | None, dictionary: Dictionary
) -> tuple[Finding, ...]:
    """All findings. Without a form (it did not compile) those that the cells alone allow; with an empty
    workbook (the form came as XML) those that the form alone allows."""
    found = [*cells.check(workbook), *choices.check(workbook)]
    if form is not None:
        # What looks wrong in a cell and converts all the same is in a column that counts for nothing.
        found = [replace(one, severity="warning") if one.is_error else one for one in found]
        found += _identity(form)
        found += _destination(form)
        found += _questions(form)
        found += _gate(workbook, form)
        found += _unlabelled(workbook)
        found += functions.check(form)
        found += _entities(form)
        found += islice(conditions.check(form), cells.MOST)
        found += islice(sequence.check(form), cells.MOST)
        found += _names_of_people(form, mapping or Mapping(), dictionary)
    found += islice(expressions.check(workbook, form), cells.MOST)
    return tuple(found)


def placed(findings: Iterable[Finding], workbook: Workbook) -> Iterator[Finding]:
    """The findings, each with its cell if it names a question of the survey sheet and no row, and with its
    column as the sheet writes it."""
    rows = cells.rows_by_path(workbook)
    for one in findings:
        if one.question and one.row is None and one.sheet in (None, "survey"):
            row = rows.get(one.question.partition("/")[2].partition("/")[2])
            if row and one.choice is not None:
                one = _choice(one, row, workbook)
            elif row:
                one = replace(one, sheet="survey", row=row)
        if one.sheet and one.column:
            header = workbook[one.sheet].written(one.column)
            one = replace(one, column=header) if header else one
        yield one


def _choice(one: Finding, row: int, workbook: Workbook) -> Finding:
    """The finding at the choice it is about, in the list of the question of that row."""
    sheet = workbook["choices"]
    listed = next((name for number, name, _ in choices.selects(workbook["survey"]) if number == row), None)
    for number, one_of in sheet.numbered():
        if (sheet.get(one_of, "list_name"), sheet.get(one_of, "name")) == (listed, one.choice):
            return replace(one, sheet="choices", row=number)
    return replace(one, sheet="survey", row=row, column="type")


def _destination(form: Form) -> Iterator[Finding]:
    """`submission/@action` (ODK XForms) overrides the phone's own address, and every form here is sent with it."""
    if not form.action:
        return
    try:
        usable = urlsplit(form.action).scheme in ("http", "https") and bool(urlsplit(form.action).hostname)
    except ValueError:
        usable = False
    say, what = (
        (
            warning,
            N_(
                "Phones will send the interviews of this form to the address it names, and not to this server."
            ),
        )
        if usable
        else (
            error,
            N_("The form names an address to send interviews to that is none: no phone can install it."),
        )
    )
    yield say(
        "submission_elsewhere",
        what,
        N_("Remove the setting submission_url (in XML, the attribute action of submission)."),
        sheet="settings",
        row=2,
        column="submission_url",
    )


def _identity(form: Form) -> Iterator[Finding]:
    """Ids under which a phone would know another form than the one that is listed."""
    if form.form_id != form.form_id.strip():
        yield error(
            "xform_id_blanks",
            N_(
                "The form id begins or ends with a blank, which phones drop in the list and not in the form: they would "
                "take it for two forms."
            ),
            N_("Remove the blanks."),
        )
    if form.namespace == form.form_id:
        yield warning(
            "xform_id_in_namespace",
            N_(
                "The form has its id as the namespace of its primary instance, as forms had it long ago: ODK Collect of "
                "today does not install it."
            ),
            N_("Write the id as the attribute id of the root element of the primary instance."),
        )


def _gate(workbook: Workbook, form: Form) -> Iterator[Finding]:
    """A gate that is no question guards nothing, and nobody would notice."""
    settings = workbook["settings"]
    for header in settings.columns if form.gate is None else ():
        named = settings.rows[0].get(header, "").strip(" ${}") if settings.rows else ""
        if named and re.fullmatch(r"(?i)attribute\s*::\s*[\w.-]+:gate", header):
            close = nearest(named, (question.name for question in form.questions()))
            yield error(
                "gate_unknown",
                worded(
                    "There is no question “%(named)s” to be the consent gate: nothing would be cut "
                    "without consent.",
                    named=named,
                ),
                worded("Did you mean %(close)s?", close=close)
                if close
                else N_("Write the name of the calculation that must be 1."),
                sheet="settings",
                row=2,
                column=header,
            )


def _unlabelled(workbook: Workbook) -> Iterator[Finding]:
    """Lists whose first choice has neither text nor picture: pyxform writes them, and phones, which look at the first to
    know where texts are, refuse the form."""
    sheet = workbook["choices"]
    shown = [header for column in TRANSLATED for header in sheet.all_headers(column)]
    used = {name for _, name, _ in choices.selects(workbook["survey"])}
    for number, cells_of in sheet.numbered():
        name = sheet.get(cells_of, "list_name")
        if name in used and not any(cells_of.get(header) for header in shown):
            yield error(
                "choices_unlabelled",
                worded(
                    "The first choice of the list %(name)s has no label: no phone opens the form.", name=name
                ),
                N_("Fill in the labels of the list; a label may be the same as the name."),
                **sheet.cell(number, "label"),
            )
        used.discard(name)


def _questions(form: Form) -> Iterator[Finding]:
    if not any(question.type == "instanceID" for question in form.questions()):
        yield warning(
            "instance_id_missing",
            N_(
                "Submissions of this form have no instanceID: two with the same answers count as one, and none can "
                "be edited on the phone."
            ),
            N_(
                'Add <meta><instanceID/></meta> to the primary instance, with a bind jr:preload="uid"; in a workbook, '
                "remove the setting omit_instanceID."
            ),
        )
    for question in form.questions():
        if question.type in _TELLING:
            yield warning(
                "question_identifies",
                worded(
                    "This %(type)s question records %(telling)s: that may endanger the person.",
                    type=question.type,
                    telling=worded(_TELLING[question.type]),
                ),
                N_("Ask only if the person's safety does not suffer, and say so in the hint."),
                question=question.path,
                column="type",
            )
        if question.choices and not form.choice_list(question):
            yield error(
                "choices_missing",
                worded("%(name)s has no choices.", name=question.name),
                N_("Add choices to its list."),
                question=question.path,
                column="type",
            )


def _entities(form: Form) -> Iterator[Finding]:
    """What no phone opens, or reads otherwise than it was meant. pyxform sees to it in a workbook, nobody else does in
    an XForm."""
    if (form.entities or form.entities_version) and not form.entities_version.startswith(entity.VERSIONS):
        yield error(
            "entities_version",
            N_(
                "The form does not name a version of the entities specification that phones know: no phone opens it."
            ),
            N_(
                'Write entities:entities-version="2024.1.0" on the element model, or 2025.1.0 if it declares several '
                "entities, or one in a group or repeat."
            ),
        )
    for declared in form.entities:
        if not entity.is_list_name(declared.list_name):
            yield error(
                "name_malformed",
                worded("%(list_name)s cannot be the name of an entity list.", list_name=declared.list_name),
                N_("Begin with a letter, then letters, digits, - and _ only: phones look for NAME.csv."),
                sheet="entities",
                row=2,
                column="list_name",
            )
        for name, path in declared.properties.items():
            if not entity.is_property_name(name):
                yield error(
                    "name_reserved",
                    worded("%(name)s cannot be the name of a property of entities.", name=name),
                    N_("Begin with a letter, not with two underscores, and leave name and label to phones."),
                    question=path,
                    column="save_to",
                )


def _names_of_people(form: Form, mapping: Mapping, dictionary: Dictionary) -> Iterator[Finding]:
    """Identifiers (P3) in what is shown in lists: the instance name, and label and properties of entities,
    which every phone of the group receives."""
    classes = privacy(form, mapping, dictionary)

    def personal(expression: str | None, context: str) -> str:
        used = references(expression or "", context)
        return ", ".join(sorted(path.rpartition("/")[2] for path in used if classes.get(path) == "P3"))

    for question in form.questions():
        if question.type == "instanceName" and (names := personal(question.calculation, question.path)):
            yield warning(
                "personal_data_in_instance_name",
                worded(
                    "The instance name is made of %(names)s: phones show it in lists, and send it in clear.",
                    names=names,
                ),
                N_("Use the case reference instead."),
                sheet="settings",
                row=2,
                column="instance_name",
            )
    for declared in form.entities:
        shared = declared.list_name
        if names := personal(declared.label, declared.path + "/label"):
            yield warning(
                "personal_data_in_entity",
                worded(
                    "Every phone receives the list %(list)s, and its label is made of %(names)s.",
                    list=shared,
                    names=names,
                ),
                N_("Use the case reference instead."),
                sheet="entities",
                row=2,
                column="label",
            )
        for name, path in declared.properties.items():
            if classes.get(path) == "P3":
                yield warning(
                    "personal_data_in_entity",
                    worded(
                        "Every phone receives the list %(list)s, and its property %(name)s may identify the person.",
                        list=shared,
                        name=name,
                    ),
                    N_("Empty the save_to cell."),
                    question=path,
                    column="save_to",
                )
