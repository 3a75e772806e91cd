"""Interviews made by hand, in the dictionary's words."""

from submissions.decision import Decision
from submissions.intake import Intake, IntakeRow, Said

CASE = "0b5e2f4c-6a7d-4c1e-9f21-5d3c8a1b2e44"
OTHER = "7d1f0c2a-1b3e-4f5a-8c6d-9e0f1a2b3c4d"


def row(table, key="", parent="", **values):
    """A row whose values were said by a question called after their column; a Said stands as it is."""
    return IntakeRow(
        table,
        key,
        parent,
        {
            column: value if isinstance(value, Said) else Said(value, str(value), f"/data/{column}")
            for column, value in values.items()
        },
    )


def codes_of(table, column, *said, parent="", **keys):
    """Rows of a question with several codes."""
    made = []
    for code in said:
        own = "|".join([*(f"{key}={value}" for key, value in keys.items()), f"{column}={code}"])
        made.append(
            IntakeRow(
                table,
                f"{parent}/{own}" if parent else own,
                parent,
                {key: Said(value, "", f"/data/{column}") for key, value in keys.items()}
                | {column: Said(code, " ".join(said), f"/data/{column}")},
            )
        )
    return made


def interview(kind="screening", submission="uuid:s", *, held_on="2026-03-10", ended_at="", rows=(), **more):
    settings = {
        "instance_id": submission,
        "deprecated_id": None,
        "form_id": f"ct_{kind}",
        "form_version": "2026112201",
        "case_uid": CASE,
        "case_ref": None,
        "consent_ok": True,
    }
    return Intake(
        submission=submission,
        kind=kind,
        held_on=held_on,
        ended_at=ended_at or f"{held_on}T10:00:00.000Z",
        rows=tuple(one for some in rows for one in (some if isinstance(some, list) else [some])),
        **settings | more,
    )


def decided(kind, made_at="2026-06-01T08:00:00.000Z", id="d1", **body):  # noqa: A002  (the shape calls it so)
    return Decision(id, kind, made_at, 7, body)


def every_fact(state):
    """(table, row key, column, fact), facts of earlier rows and earlier facts included."""
    for rows in (state.rows, state.earlier_rows):
        for table, some in rows.items():
            for one in some:
                for column, fact in one.columns.items():
                    for each in (fact, *fact.earlier):
                        yield table, one.key, column, each
