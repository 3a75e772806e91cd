"""The index of answers: what tables of submissions are filtered, sorted and searched by.

It holds answers of the classes P0 to P2 only, in clear as the tables of cases hold them, and nothing of what stands
behind a refused consent. All of it is made from the submissions, and can be made again.
"""

from sqlalchemy import Double, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Model

LONGEST = 200
"""Characters of an answer that are kept here: what can be an entry of an index of PostgreSQL."""
_BYTES = String(LONGEST).with_variant(String(LONGEST, collation="C"), "postgresql")


class IndexedQuestion(Model):
    """A question of a form, whichever version, as a mission's submissions answer it: a number for its path."""

    __tablename__ = "indexed_question"
    __table_args__ = (UniqueConstraint("mission_id", "xml_form_id", "path"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    mission_id: Mapped[int] = mapped_column(ForeignKey("mission.id"))
    xml_form_id: Mapped[str]
    path: Mapped[str] = mapped_column(comment="Without positions: /data/person/age")


class Answer(Model):
    """One answer of the submission that has this number.

    Its key is the order in which a table is sorted by a question, so that a page of it is a walk along the key.
    """

    __tablename__ = "answer"
    __table_args__ = (Index(None, "submission", "question_id"), {"sqlite_with_rowid": False})

    question_id: Mapped[int] = mapped_column(
        primary_key=True, autoincrement=False, comment="indexed_question.id"
    )
    value: Mapped[float] = mapped_column(Double, primary_key=True, comment="Of a number; 0 for all else")
    text: Mapped[str] = mapped_column(
        _BYTES, primary_key=True, comment="As the phone wrote it, its beginning"
    )
    submission: Mapped[int] = mapped_column(
        primary_key=True, autoincrement=False, comment="submission.number"
    )
    position: Mapped[str] = mapped_column(
        String(40), primary_key=True, comment="In which rows of repeats: 2.1; empty outside of them"
    )
