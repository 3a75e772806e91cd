"""The fold: from what the interviews of a case say, and what people decided, to the state of the case.

`fold` depends on nothing but its arguments, and not on their order: the same interviews give the same case
however often and in whatever order they came. Every value that an interview says can be found again: as a
fact, among the earlier values of a fact, or in an earlier row. Where values come together, the merge policy
of the dictionary decides (`merging`, and `xlsforms/dictionary/README.md`); what the server computes itself
is in `derivation`.
"""

from collections.abc import Iterable

from submissions import branching
from submissions.decision import Decision, in_order, place
from submissions.derivation import derive
from submissions.eligibility import DEFAULT_RULES
from submissions.facts import CaseRow, CaseState, Fact, Head, row_id
from submissions.intake import Intake
from submissions.merging import Folding
from submissions.recording import record
from xlsforms.dictionary import Dictionary, load

__all__ = ["CaseRow", "CaseState", "Decision", "Fact", "Head", "fold", "place", "row_id"]


def fold(
    case_uid: str,
    intakes: Iterable[Intake],
    decisions: Iterable[Decision] = (),
    *,
    rules: str = DEFAULT_RULES,
    dictionary: Dictionary | None = None,
) -> CaseState:
    """The state of a case from its interviews (all versions, in any order) and the decisions about it.

    Costs O(interviews). Give the intakes that `place` puts into the case and the decisions made about it,
    or about cases merged into it. `rules` is
    the rule set that the mission chose for its programme.
    """
    folding = Folding(case_uid, dictionary or load(), rules=rules)
    decided = in_order(decisions)
    folding.take(intakes)
    if folding.interviews:  # without interviews nothing is known of a case, whatever was decided about it
        record(folding, decided)
        folding.merge(decided)
        folding.correct(decided)
        derive(folding, decided)
        folding.findings += branching.of_case(folding.interviews)
    return folding.state()
