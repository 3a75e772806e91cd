"""What every table shares: the registry, the names of constraints, identifiers and instants."""

import os
import time
import uuid
from datetime import UTC, datetime, timedelta

from sqlalchemy import BindParameter, DateTime, MetaData, bindparam
from sqlalchemy.engine import Dialect
from sqlalchemy.orm import DeclarativeBase
from sqlalchemy.types import TypeDecorator

# Named constraints, so that a migration can drop what another one made.
NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


class Model(DeclarativeBase):
    """The registry of all tables; `Model.metadata` is what migrations compare against."""

    metadata = MetaData(naming_convention=NAMES)


class Instant(TypeDecorator[datetime]):
    """An instant, always UTC and always aware: SQLite forgets the zone, PostgreSQL does not."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002 -- SQLAlchemy's
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("an instant needs a time zone")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002 -- SQLAlchemy's
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def now() -> datetime:
    """The present instant in UTC."""
    return datetime.now(UTC)


def ago(long: timedelta) -> BindParameter[datetime]:
    """So long before a statement runs: for one that is made once and asked again and again."""
    return bindparam(None, callable_=lambda: now() - long, type_=Instant())


def new_id() -> uuid.UUID:
    """A UUID version 7 (RFC 9562), so that new rows sit together: 48 bits of milliseconds, 12 of the fraction of
    one (section 6.2, method 3: what one process makes, sorts as it was made), then random."""
    milliseconds, rest = divmod(time.time_ns(), 1_000_000)
    clock = (milliseconds & (1 << 48) - 1) << 80 | 0x7 << 76 | (rest << 12) // 1_000_000 << 64
    random = int.from_bytes(os.urandom(8), "big") & (1 << 62) - 1
    return uuid.UUID(int=clock | 0x2 << 62 | random)
