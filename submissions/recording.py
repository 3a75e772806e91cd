"""What the office said of a case itself: plan items, services, referrals, consent, the next contact.

A record is said on the day of its decision, as an interview is said on the day it was held, and stands among the
interviews after those of its own day. What was said last holds, whoever said it: a later interview may say otherwise,
which is how a record differs from a correction.
"""

from bisect import bisect_right
from collections.abc import Iterable

from submissions.decision import Decision
from submissions.facts import Fact
from submissions.merging import Folding, Row
from xlsforms.finding import warning
from xlsforms.marked import N_, worded


def record(folding: Folding, decisions: Iterable[Decision]) -> None:
    """Add to what the interviews say what the office recorded. `decisions` in their order. A record about a row that is
    not there any more (its interview was moved) is left out, with a finding."""
    records = [
        one for one in decisions if one.kind == "record" and one.body["table"] in folding.dictionary.tables
    ]
    begun = {(one.body["table"], _key(one)) for one in records if one.body.get("new")}
    for decision in sorted(records, key=lambda one: one.order):
        name, key = str(decision.body["table"]), _key(decision)
        table = folding.dictionary.tables[name]
        if (name, key) in begun or (table.merge == "latest" and not key):
            _say(folding.row(name, key, None, None), decision, table.fields)
        elif (row := folding.tables.get(name, {}).get(key)) is not None:
            _say(row, decision, table.fields)
        else:
            folding.findings.append(
                warning(
                    "record_without_row",
                    worded(
                        "The office recorded something about a row of %(name)s that is not in the case "
                        "any more.",
                        name=name,
                    ),
                    N_("Its interview was edited, deleted or moved: record it again if it is still needed."),
                    question=f"decision {decision.id}",
                )
            )


def _key(decision: Decision) -> str:
    return str(decision.body.get("row_key") or "")


def _say(row: Row, decision: Decision, known: Iterable[str]) -> None:
    for column, value in decision.body["values"].items():
        if column in known:
            said = row.said.setdefault(column, [])
            fact = Fact(
                tuple(value) if isinstance(value, list) else value,
                held_on=decision.day,
                decision=decision.id,
            )
            said.insert(bisect_right(said, decision.day, key=lambda one: one.held_on), fact)
