"""From a record to an intake: what one interview says, in the dictionary's words.

A mapping (`xlsforms.mapping`) says which question fills which field. Here every mapped answer becomes a
value in a row of a case table, and keeps the question it came from and the text the phone wrote. Nothing
about other interviews is known here; `case.fold` puts them together.

Rows are told apart by a key, unique inside the table and the intake:

    ""                          the single row of the table
    "purpose=research"          a row told apart by codes, in the order of the table's row key
    "1b4e…"                     a row with a uid of its own (repeats)
    "#2"                        a repeat row without one: its position
    "1b4e…/means=debt"          a row that hangs from another, behind that one's key
"""

from dataclasses import replace

from submissions import conversion, determination, eligibility, values
from submissions.binding import Binding, MappedRepeat, Plan, plan
from submissions.entities import CASES
from submissions.intake import Intake, IntakeRow, Said
from submissions.record import Answer, Record
from submissions.values import Value
from xlsforms.dictionary import Dictionary, load
from xlsforms.finding import Finding, warning
from xlsforms.mapping import Mapping as FormMapping
from xlsforms.marked import N_, worded
from xlsforms.schema import Form

__all__ = ["KINDS", "Intake", "IntakeRow", "Said", "normalise"]

KINDS = {"ct_screening": "screening", "ct_assistance": "assistance"}
"""Form id → kind of interview. Any other form is of kind `other`."""


def normalise(
    record: Record,
    mapping: FormMapping,
    dictionary: Dictionary | None = None,
    *,
    form: Form,
    submission: str,
) -> Intake:
    """Say a record in the dictionary's words. `submission` is the instanceID of the first version of its
    chain of edits (the record's own if it is no edit)."""
    made = plan(form, mapping, dictionary or load())
    return _Normalising(made, record, submission).intake()


class _Normalising:
    """One record on its way."""

    def __init__(self, plan: Plan, record: Record, submission: str) -> None:
        self.plan = plan
        self.record = record
        self.submission = submission
        self.findings = list(record.findings)
        self.rows: dict[tuple[str, str], IntakeRow] = {}
        self.further: list[IntakeRow] = []
        """What was said of a field a second time, by another question."""
        self.general: list[tuple[Binding, str, Said]] = []
        """What holds for every row of its table that this interview says anything of (`consent.method`)."""
        self.keys: dict[tuple[str, tuple[int, ...]], str] = {}
        """Instance of a mapped repeat → key of its row."""
        self.head = {"case_uid": "", "case_ref": "", "held_on": "", "today": ""}

    def intake(self) -> Intake:
        record, plan = self.record, self.plan
        for answer in record.answers:
            if (what := plan.heads.get(answer.path)) is not None and answer.known and answer.text.strip():
                self.head[what] = answer.text.strip()
        held_on = self.held_on()
        if record.rows:
            self.repeat_rows()
        bindings = plan.bindings
        for answer in record.answers:
            if answer.known and (found := bindings.get(answer.path)) is not None:
                for binding in found:
                    self.take(binding, answer, held_on)
        self.spread()
        intake = Intake(
            submission=self.submission,
            instance_id=record.instance_id,
            deprecated_id=record.deprecated_id,
            form_id=record.form_id,
            form_version=record.version,
            kind=KINDS.get(record.form_id, "other"),
            held_on=held_on,
            ended_at=(values.instant(record.ended_at) or record.ended_at) if record.ended_at else "",
            case_uid=self.case_uid(),
            case_ref=self.head["case_ref"] or None,
            consent_ok=record.consent_ok,
            rows=(*self.rows.values(), *self.further),
            change=next((one for one in record.entities if one.list_name == CASES), None),
        )
        self.findings += _differences(intake, plan.dictionary)
        if not record.instance_id:
            self.findings.append(
                warning(
                    "instance_id_missing",
                    N_(
                        "The form gives its interviews no instanceID: two with the same answers count as one, and "
                        "none can be edited on the phone."
                    ),
                    N_("Add meta/instanceID to the form (every XLSForm has it) and publish a new version."),
                )
            )
        return replace(intake, findings=tuple(self.findings))

    def held_on(self) -> str:
        for said in (
            self.head["held_on"],
            self.record.started_at,
            self.head["today"],
            self.record.ended_at,
        ):
            try:
                return values.day(said or "")
            except ValueError:
                continue
        return ""

    def case_uid(self) -> str | None:
        if not self.plan.case_mapped:
            # The form does not know of cases (HTCDS): its submission is one.
            return conversion.case_uid_of(self.submission) if self.plan.bindings else None
        try:
            return conversion.identifier(self.head["case_uid"])
        except ValueError:
            return None

    def repeat_rows(self) -> None:
        """Give every instance of a mapped repeat the key of its row, and begin the row."""
        wanted = {repeat.uid for repeat in self.plan.repeats.values()}
        uids = {
            (one.path, one.row): one.text for one in self.record.answers if one.path in wanted and one.known
        }
        for path, positions in self.record.rows:
            if (repeat := self.plan.repeats.get(path)) is None:
                continue
            parent = self.parent(repeat.table, repeat.parent, positions)
            try:
                own = conversion.identifier(uids.get((repeat.uid or "", positions), ""))
            except ValueError:
                own = "#" + ".".join(map(str, positions))
            key = f"{parent}/{own}" if parent else own
            if (repeat.table, key) in self.rows:
                key += "#" + ".".join(map(str, positions))
                self.findings.append(
                    warning(
                        "row_uid_twice",
                        worded(
                            "Two rows of %(table)s carry the same identifier; both are kept.",
                            table=repeat.table,
                        ),
                        N_("The calculation of the identifier should be once(uuid())."),
                        question=repeat.xpath(positions),
                    )
                )
            self.keys[path, positions] = key
            row = self.rows[repeat.table, key] = IntakeRow(repeat.table, key, parent, {})
            for column, value in repeat.keys.items():
                row.values[column] = Said(value, "", repeat.xpath(positions))

    def parent(self, table: str, repeat: MappedRepeat | None, positions: tuple[int, ...]) -> str:
        """Key of the row that a row of `table` hangs from: that of the repeat around it, else the parent
        table's single row, begun if it is not there (the screening's one episode)."""
        if repeat is not None and (key := self.keys.get(repeat.instance(positions))) is not None:
            return key
        above = self.plan.dictionary.tables[table].parent
        if above is not None and (above, "") not in self.rows:
            self.rows[above, ""] = IntakeRow(above, "", self.parent(above, None, ()), {})
        return ""

    def take(self, binding: Binding, answer: Answer, held_on: str) -> None:
        """One answer to one of its targets: a row for each code that was ticked, or the one value."""
        value = answer.value
        if not isinstance(value, tuple):
            if (read := self.read(binding, answer, answer.text, held_on)) is not None:
                self.put(binding, answer, read, several=False)
            return
        read_all = [read for code in value if (read := self.read(binding, answer, code, held_on)) is not None]
        if binding.array and read_all:
            self.put(binding, answer, tuple(map(str, read_all)), several=False)
        elif not binding.array:
            for read in read_all:
                self.put(binding, answer, read, several=True)

    def read(self, binding: Binding, answer: Answer, text: str, held_on: str) -> Value:
        """The value for the field, or None with a finding."""
        if not text or text.isspace():
            return None
        try:
            return binding.convert(text, held_on)
        except conversion.UnknownCodeError:
            self.doubt(
                answer,
                "unknown_code",
                worded(
                    "The answer has a code the list %(list_name)s does not know. It is not in the case.",
                    list_name=binding.list_name,
                ),
                N_("Add the code to the dictionary, or mend the form, and run the submission again."),
            )
        except ValueError:
            self.doubt(
                answer,
                "unreadable_value",
                worded("The answer is no value for %(name)s. It is not in the case.", name=binding.name),
                N_("Look at the answer and correct the case by hand."),
            )
        return None

    def doubt(self, answer: Answer, code: str, message: str, mend: str) -> None:
        """One finding of a kind for each answer; reading the record may have found it already."""
        if not any(one.code == code and one.question == answer.xpath for one in self.findings):
            self.findings.append(warning(code, message, mend, question=answer.xpath))

    def put(self, binding: Binding, answer: Answer, value: Value, *, several: bool) -> None:
        """Write a value into its row."""
        said = Said(value, answer.text, answer.xpath)
        name = binding.table.name
        if binding.home is not None:
            self.say(binding, self.rows[name, self.keys[binding.home.instance(answer.row)]], said)
            return
        parent = "" if binding.table.parent is None else self.parent(name, binding.parent, answer.row)
        if binding.general:
            self.general.append((binding, parent, said))
            return
        key = binding.key(value, several=several)
        if parent:
            key = f"{parent}/{key}" if key else parent
        if (row := self.rows.get((name, key))) is None:
            row = self.rows[name, key] = IntakeRow(name, key, parent, {})
        for column, code in binding.keys.items():
            row.values.setdefault(column, Said(code, "", answer.xpath))
        self.say(binding, row, said)

    def say(self, binding: Binding, row: IntakeRow, said: Said) -> None:
        """Write a value. What another question said of the same field stays, and this comes after it."""
        columns = {binding.column: said}
        if binding.beside is not None and binding.beside in binding.table.fields:
            columns[binding.beside] = Said(said.answer, said.answer, said.question)
        before = row.values.get(binding.column)
        if before is not None and before.answer and before.question != said.question:
            self.further.append(IntakeRow(row.table, row.key, row.parent, columns))
        else:
            row.values.update(columns)

    def spread(self) -> None:
        """Values that name no row go to every row of their table; to one of their own if there is none."""
        for binding, parent, said in self.general:
            table = binding.table.name
            rows = [
                row
                for (name, _), row in self.rows.items()
                if name == table
                and row.parent == parent
                and all(
                    row.values[column].value == code
                    for column, code in binding.keys.items()
                    if column in row.values
                )
            ]
            for row in rows:
                self.say(binding, row, said)
            if not rows:
                row = self.rows[table, parent] = IntakeRow(table, parent, parent, {})
                self.say(binding, row, said)


def _differences(intake: Intake, dictionary: Dictionary) -> list[Finding]:
    """Compare what the phone computed with what the server computes. Screening interviews only."""
    if intake.kind != "screening" or intake.consent_ok is False:
        return []
    found: list[Finding] = []
    columns = [(row.table, row.values) for row in intake.rows]
    single = {f"{row.table}.{column}": said for row in intake.rows for column, said in row.values.items()}
    if (suggested := single.get("screening.suggested_status")) is not None:
        facts = determination.facts(columns, held_on=intake.held_on)
        if suggested.value != determination.suggest(facts, dictionary=dictionary).suggestion:
            found.append(_differs("suggestion", suggested))
    gaf = next(
        (row.values for row in intake.rows if row.table == "eligibility" and row.key == "programme=gaf"), None
    )
    if gaf is not None and (result := gaf.get("result")) is not None:

        def text(name: str) -> str | None:
            said = single.get(name) if name not in gaf else gaf[name]
            return str(said.value) if said is not None else None

        proposal = eligibility.gaf(
            trafficking_status=text("screening.trafficking_status"),
            identified_country=text("case_file.identified_country"),
            other_programme=text("other_programme"),
            assistance_wanted=text("screening.assistance_wanted"),
            other_category=text("screening.other_category"),
            dictionary=dictionary,
        )
        if result.value != proposal.result:
            found.append(_differs("eligibility", result))
    return found


_COMPUTED = {"suggestion": N_("suggestion"), "eligibility": N_("eligibility")}


def _differs(what: str, said: Said) -> Finding:
    return warning(
        f"{what}_differs",
        worded(
            "The %(what)s the phone computed is not the one the rules give; the server's stands.",
            what=worded(_COMPUTED[what]),
        ),
        N_("Check that the form's calculation and the rules are of the same version."),
        question=said.question,
    )
