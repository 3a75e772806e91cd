"""Putting interviews together: the merge policies of the dictionary, and the corrections people made.

Rows are collected by table and key, with everything that was said of each column in the order of the
interviews. Then each column becomes a fact with its earlier values, and rows that a policy takes out of the
present are marked.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from submissions.decision import Decision, current
from submissions.facts import CaseRow, CaseState, Fact, Head, row_id
from submissions.intake import Intake, IntakeRow
from submissions.values import Value
from xlsforms.dictionary import Dictionary, Table
from xlsforms.finding import Finding, warning
from xlsforms.marked import N_, worded


class Row:
    """A row in the making. `said` holds every saying of a column in the order of the interviews; `columns`
    the facts made of them."""

    __slots__ = ("columns", "earlier", "intake", "key", "parent", "said", "table")

    def __init__(self, table: str, key: str, parent: str | None, intake: Intake | None) -> None:
        self.table = table
        self.key = key
        self.parent = parent
        self.intake = intake
        """The last interview that said anything of the row."""
        self.said: dict[str, list[Fact]] = {}
        self.columns: dict[str, Fact] = {}
        self.earlier = False

    def value(self, column: str) -> Any:
        fact = self.columns.get(column)
        return None if fact is None else fact.value

    def put(self, column: str, fact: Fact) -> None:
        """Set a fact; what stood there becomes its earlier value."""
        if (before := self.columns.get(column)) is not None:
            fact = fact._replace(earlier=(*fact.earlier, before._replace(earlier=()), *before.earlier))
        self.columns[column] = fact

    def derive(self, column: str, value: Value, *, rule: str, source: Intake | None = None) -> None:
        """Set what the server computes, if it computes anything. An equal value that somebody said keeps
        its source; what a person decided stays."""
        before = self.columns.get(column)
        if value is None or (before is not None and (before.decision is not None or before.value == value)):
            return
        source = source or self.intake
        fact = Fact(value, rule=rule)
        if source is not None:
            fact = Fact(value, "", source.submission, source.instance_id, "", source.held_on, None, rule)
        self.put(column, fact)

    def take_away(self, column: str, *, rule: str) -> None:
        """Leave a column without a value, what was said staying as earlier."""
        before = self.columns.get(column)
        if before is not None and before.value is not None and before.decision is None:
            self.put(column, Fact(None, rule=rule))


class Folding:
    """A fold under way: rows by table and key, interviews in their order."""

    def __init__(self, case_uid: str, dictionary: Dictionary, *, rules: str) -> None:
        self.case_uid = case_uid
        self.dictionary = dictionary
        self.rules = rules
        self.tables: dict[str, dict[str, Row]] = {}
        self.interviews: list[Intake] = []
        self.findings: list[Finding] = []
        self._scopes: dict[str, str] = {}

    # ---- what the interviews say

    def take(self, intakes: Iterable[Intake]) -> None:
        """Collect what the current version of each submission says."""
        grouped: dict[str, list[Intake]] = {}
        for intake in intakes:
            grouped.setdefault(intake.submission, []).append(intake)
        for versions in grouped.values():
            last, branches = current(versions)
            self.interviews.append(last)
            if branches:
                self.findings.append(
                    warning(
                        "edit_branches",
                        N_("An interview was edited in two places; the edit finished last counts."),
                        N_("Compare the versions and correct the case where the other one is right."),
                        question=last.submission,
                    )
                )
        self.interviews.sort(key=lambda one: (one.order, one.submission))
        self.findings.sort(key=lambda one: one.question or "")
        for intake in self.interviews:
            self.row("interview", intake.submission, None, intake)
            for row in intake.rows:
                self.say(intake, row)

    def say(self, intake: Intake, said: IntakeRow) -> None:
        table = self.dictionary.tables.get(said.table)
        if table is None or table.scope != "case":
            return
        row = self.row(
            said.table,
            self.scoped(said.table, said.key, intake),
            self.scoped(table.parent, said.parent, intake) if table.parent else None,
            intake,
        )
        submission, instance_id, held_on = intake.submission, intake.instance_id, intake.held_on
        for column, (value, answer, question) in said.values.items():
            fact = Fact(value, answer, submission, instance_id, question, held_on)
            if (facts := row.said.get(column)) is None:
                row.said[column] = [fact]
            else:
                facts.append(fact)

    def row(self, table: str, key: str, parent: str | None, intake: Intake | None) -> Row:
        """The row, made if it is not there, with the rows it hangs from."""
        rows = self.tables.setdefault(table, {})
        found = rows.get(key)
        if found is None:
            found = rows[key] = Row(table, key, parent, intake)
            above = self.dictionary.tables[table].parent
            if above is not None and parent is not None and parent not in self.tables.get(above, {}):
                self.row(above, parent, parent.rpartition("/")[0] or None, intake)
        elif intake is not None:
            found.intake = intake
        return found

    def scoped(self, table: str, key: str, intake: Intake) -> str:
        """The key of a row inside the case: behind its interview, unless the row belongs to the case
        itself."""
        scope = self._scopes.get(table)
        if scope is None:
            root = self.dictionary.tables[table]
            while root.parent:
                root = self.dictionary.tables[root.parent]
            scope = self._scopes[table] = root.merge
        if scope == "latest" or (
            scope == "by_key" and key and key[0] != "#" and "=" not in key.partition("/")[0]
        ):
            return key
        return f"{intake.submission}|{key}" if key else intake.submission

    # ---- putting it together

    def merge(self, decisions: Iterable[Decision]) -> None:
        """Make facts of what was said, and move to the earlier rows what the policies take out of the
        present."""
        gave = self.givers(decisions)
        for name, rows in self.tables.items():
            table = self.dictionary.tables[name]
            first = {column for column, field in table.fields.items() if field.merge == "first"}
            for row in rows.values():
                for column, said in row.said.items():
                    if len(said) == 1:
                        row.columns[column] = said[0]
                    elif column in first:
                        row.columns[column] = said[0]._replace(earlier=tuple(said[:0:-1]))
                    elif table.fields[column].merge == "given":
                        given = min(said, key=lambda fact: gave.get(fact.submission, _LAST))
                        others = (fact for fact in reversed(said) if fact is not given)
                        row.columns[column] = given._replace(earlier=tuple(others))
                    else:
                        row.columns[column] = said[-1]._replace(earlier=tuple(said[-2::-1]))
            if table.merge == "latest" and table.row_key:
                self.keep_last_set(rows)
        self.replace_provisional()

    def givers(self, decisions: Iterable[Decision]) -> Mapping[str, tuple[int, int]]:
        """First instanceID → how early an interview could give the case what it keeps: those that name the case before
        all others, then those that somebody attached, in the order of the decisions."""
        attached = {
            one.body["submission"]: place for place, one in enumerate(decisions) if one.kind == "attach"
        }
        gave: dict[str, tuple[int, int]] = {}
        for place, intake in enumerate(self.interviews):
            if intake.case_uid == self.case_uid:
                gave[intake.submission] = 0, place
            elif intake.submission in attached:
                gave[intake.submission] = 1, attached[intake.submission]
            else:
                gave[intake.submission] = 2, place
        return gave

    def keep_last_set(self, rows: Mapping[str, Row]) -> None:
        """A set is that of the last interview that said any of it."""
        last = max((row.intake.order for row in rows.values() if row.intake), default=None)
        for row in rows.values():
            row.earlier = row.intake is not None and row.intake.order != last

    def replace_provisional(self) -> None:
        """The assistance interviews' rows replace those of the screening; of several screenings, the last
        counts."""
        for name, rows in self.tables.items():
            if self.dictionary.tables[name].merge != "replace" or self.dictionary.tables[name].parent:
                continue
            sources = {row.intake.order: row.intake for row in rows.values() if row.intake}
            standing = {order for order, intake in sources.items() if intake.kind == "assistance"}
            standing = standing or {max(sources, default=("", "", ""))}
            for row in rows.values():
                row.earlier = row.intake is not None and row.intake.order not in standing
        for name, rows in self.tables.items():
            if parent := self.dictionary.tables[name].parent:
                for row in rows.values():
                    row.earlier = row.earlier or self.above_is_earlier(parent, row.parent)

    def above_is_earlier(self, table: str, key: str | None) -> bool:
        while key is not None and (row := self.tables.get(table, {}).get(key)) is not None:
            if row.earlier:
                return True
            above = self.dictionary.tables[table].parent
            if above is None:
                return False
            table, key = above, row.parent
        return False

    # ---- what people decided

    def correct(self, decisions: Iterable[Decision]) -> None:
        """Corrections hold whatever is said later; one whose source is not the present one any more gets a
        finding."""
        for decision in decisions:
            if decision.kind != "correct":
                continue
            body = decision.body
            name, key, column = str(body["table"]), str(body.get("row_key") or ""), str(body["column"])
            table = self.dictionary.tables.get(name)
            if table is None or column not in table.fields:
                continue
            row = self.tables.get(name, {}).get(key)
            if row is None:
                row = self.orphan(table, key, decision)
            before = row.columns.get(column)
            self.outdated(decision, before, name, column)
            value = body.get("value")
            row.put(
                column,
                Fact(
                    tuple(value) if isinstance(value, list) else value,
                    held_on=decision.day,
                    decision=decision.id,
                ),
            )
            if column in table.row_key:
                row.earlier = value is None

    def orphan(self, table: Table, key: str, decision: Decision) -> Row:
        """The row of a correction whose row is not there: new if it belongs to the case itself, else
        earlier."""
        row = self.row(table.name, key, None, None)
        if table.merge != "latest":
            row.earlier = True
            self.findings.append(
                warning(
                    "correction_without_row",
                    worded(
                        "A correction is about a row of %(name)s that is not in the case any more.",
                        name=table.name,
                    ),
                    N_("Its interview was edited, deleted or moved: decide again if it is still needed."),
                    question=f"decision {decision.id}",
                )
            )
        return row

    def outdated(self, decision: Decision, before: Fact | None, table: str, column: str) -> None:
        overrules = decision.body.get("overrules")
        said = [before, *before.earlier] if before else []
        source = next((fact for fact in said if fact.decision is None), None)
        if not overrules or source is None:
            return
        if any(overrules.get(what, getattr(source, what)) != getattr(source, what) for what in _SOURCE):
            self.findings.append(
                warning(
                    "correction_outdated",
                    worded(
                        "A correction of %(table)s.%(column)s overrules an answer that is not the present"
                        " one any more. The correction holds.",
                        table=table,
                        column=column,
                    ),
                    N_("Compare it with the newer answer and decide again."),
                    question=f"decision {decision.id}",
                )
            )

    # ---- the result

    def state(self) -> CaseState:
        rows: dict[str, tuple[CaseRow, ...]] = {}
        earlier: dict[str, tuple[CaseRow, ...]] = {}
        for name in self.dictionary.tables:
            if not (made := self.tables.get(name)):
                continue
            table = self.dictionary.tables[name]
            frozen = [(row.earlier, self.frozen(table, row)) for row in made.values()]
            if present := tuple(row for gone, row in frozen if not gone):
                rows[name] = present
            if past := tuple(row for gone, row in frozen if gone):
                earlier[name] = past
        return CaseState(
            self.case_uid,
            rows,
            earlier,
            tuple(
                Head(
                    id=row_id(self.case_uid, "interview", intake.submission),
                    submission=intake.submission,
                    instance_id=intake.instance_id,
                    form_id=intake.form_id,
                    form_version=intake.form_version,
                    kind=intake.kind,
                    held_on=intake.held_on,
                    ended_at=intake.ended_at,
                    consent_ok=intake.consent_ok,
                )
                for intake in self.interviews
            ),
            tuple(self.findings),
        )

    def frozen(self, table: Table, row: Row) -> CaseRow:
        source = None if table.merge == "latest" else row.intake
        return CaseRow(
            table=table.name,
            id=row_id(self.case_uid, table.name, row.key),
            key=row.key,
            parent_id=row_id(self.case_uid, table.parent, row.parent or "") if table.parent else None,
            interview_id=row_id(self.case_uid, "interview", source.submission) if source else None,
            columns=row.columns,
        )


_LAST = (3, 0)
"""What the office recorded gives after all interviews."""
_SOURCE = ("submission", "question", "instance_id")
