"""What the tests of a coordinator's work on cases share: finding a case, and asking the store behind the pages."""

import re
from collections.abc import Callable, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Select, select

from app.models import TABLES, LedgerEntry
from tests.ui.conftest import Visitor

WHY = "Agreed in the case conference"
Ask = Callable[[Select[Any]], Sequence[Row[Any]]]


def uid(path: str) -> UUID:
    """The case of a page."""
    return UUID(path.rpartition("/")[2])


def case_with(visitor: Visitor, *texts: str) -> str:
    """The path of a case whose page has all of these."""
    for nth in range(20):
        path = visitor.first("/cases", nth)
        if all(text in visitor.get(path) for text in texts):
            return path
    raise AssertionError("the demo has such a case")


def an_open_case(visitor: Visitor) -> str:
    """The path of one that is active."""
    return re.findall(r"(/cases/[0-9a-f-]{36})", visitor.get("/cases?status=active"))[0]


def entries(store: Ask, action: str) -> list[LedgerEntry]:
    """What the ledger says of an action."""
    return [one for (one,) in store(select(LedgerEntry).where(LedgerEntry.action == action))]


def rows(store: Ask, table: str, path: str) -> list[Any]:
    """The rows of a case in one table of the case store."""
    sql = TABLES[table]
    return [one._mapping for one in store(select(sql).where(sql.c.case_id == uid(path)))]
