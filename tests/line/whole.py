"""The whole line compared: every interview of a crowd, in cases and in downloads."""

from collections import Counter
from pathlib import Path
from typing import Any

from tests.line import compare, workbook
from tests.line.office import Office
from tests.line.phones import ASSISTANCE, SCREENING
from tests.line.said import Said, unlike

FORMS = Path(__file__).parents[2] / "xlsforms" / "forms"


def differences(office: Office, said: list[Said]) -> tuple[list[str], dict[str, Counter[str]]]:
    """What is not as JavaRosa reports it, and what was compared."""
    books = {
        name: workbook.read(FORMS / f"{name.removeprefix('ct_')}.xlsx") for name in (SCREENING, ASSISTANCE)
    }
    wrong = [f"{one.key} {path}: JavaRosa contradicts itself" for one in said for path in unlike(one.report)]
    cases = list(office.cases())
    faults, counted = compare.in_cases(said, books, compare.facts(cases, books))
    counted["cases"] = len(cases)
    wrong += faults
    counts = {"cases": counted}
    for name, book in books.items():
        gated = [path for path, asked in book.questions.items() if asked.gated]
        mine = [one for one in said if one.form_id == name]
        got = office.download(name)
        faults, counts[name] = compare.in_download(mine, got, name, gated=gated)
        wrong += faults
        wrong += _files(mine, got.media, counts[name])
        wrong += _listed(mine, office.submissions(name))
    return wrong, counts


def _listed(said: list[Said], lines: list[dict[str, Any]]) -> list[str]:
    """Each submission is listed once, and in the state it should be in."""
    listed = {line["instanceId"]: line for line in lines}
    if len(listed) != len(lines) or set(listed) != {one.key for one in said}:
        return ["the list of submissions has others than were sent"]
    return [
        f"{one.key}: is {line['state']}: {[finding['code'] for finding in line['findings']]}"
        for one in said
        if (line := listed[one.key])["state"] != ("waiting" if one.waits else "normalised")
    ]


def _files(said: list[Said], media: list[str], counted: Counter[str]) -> list[str]:
    """Files of interviews that were sent once and not changed, one for one, by name; copies of a name are numbered."""
    have = Counter(_unnumbered(name) for name in media)
    want = Counter(
        name for one in said if not one.edited and not one.shut for name in one.report["attachments"]
    )
    counted["files"] = sum(want.values())
    return [f"file {name}: {have[name]} of {times}" for name, times in want.items() if have[name] < times]


def _unnumbered(name: str) -> str:
    stem, dot, ending = name.rpartition(".")
    return f"{stem.partition(' (')[0]}{dot}{ending}"
