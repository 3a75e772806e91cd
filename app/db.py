"""The database: one engine, sessions for requests, and the line in which writers stand."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from inspect import iscoroutinefunction
from pathlib import Path
from typing import Any, Final

from flask import Flask
from flask_sqlalchemy_lite import SQLAlchemy
from sqlalchemy import URL, Connection, Engine, ExceptionContext, Select, Table, create_engine, event
from sqlalchemy.dialects.postgresql import insert as insert_postgresql
from sqlalchemy.dialects.sqlite import insert as insert_sqlite
from sqlalchemy.orm import Session

from app import problems
from app.models import Model

db = SQLAlchemy(session_options={"autoflush": True})

BEGIN: Final = "saif_begin"
"""Execution option of a connection: the statement with which SQLite begins its next transaction; empty for
none."""


def engine_options(url: URL) -> dict[str, Any]:
    """What `create_engine` needs for the URL. Parameters never reach an error message: they are answers."""
    options: dict[str, Any] = {"url": url, "hide_parameters": True, "pool_size": 20, "max_overflow": 20}
    # The connection given back last is the next one used: its statements are prepared and its pages cached.
    options["pool_use_lifo"] = True
    if url.get_backend_name() == "sqlite":
        # Writers stand in the line of `writing`; the time-out is for a stranger such as the sqlite3 shell.
        options["connect_args"] = {"timeout": 30, "check_same_thread": False, "cached_statements": 256}
    return options


def make_engine(url: URL) -> Engine:
    """An engine for the URL, for whoever works without Flask: the worker, the command line, tests."""
    return prepare(create_engine(**engine_options(url)))


def prepare(engine: Engine) -> Engine:
    """Make SQLite durable and strict, with transactions begun by us and not by its driver; and PostgreSQL's one
    complaint about what somebody typed their problem and not ours."""
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _on_sqlite_connect)
        event.listen(engine, "begin", _on_sqlite_begin)
    else:
        event.listen(engine, "handle_error", _on_error)
    return engine


def _on_error(context: ExceptionContext) -> None:
    from psycopg import DataError  # a tenth of a second, for nothing where the database is SQLite

    error = context.original_exception
    if type(error) is DataError and "NUL" in str(error):
        raise problems.bad_request(
            "What was sent holds the character NUL, which no text may hold.", "Remove it."
        ) from None


def _on_sqlite_connect(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # the driver must not begin transactions of its own
    cursor = connection.cursor()
    for pragma in (
        "journal_mode = WAL",
        "synchronous = FULL",
        "foreign_keys = ON",
        "temp_store = MEMORY",
        "cache_size = -16000",
        "journal_size_limit = 64000000",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _on_sqlite_begin(connection: Connection) -> None:
    begin = connection.get_execution_options().get(BEGIN, "BEGIN")
    if begin:
        connection.exec_driver_sql(begin)


# A transaction that reads first and writes later fails if another one wrote between: writers say so at once.
_TO_WRITE: Final = {BEGIN: "BEGIN IMMEDIATE"}


@contextmanager
def line(engine: Engine) -> Iterator[None]:
    """Stand in line to write. SQLite has one writer at a time and lets the others poll, so that some starve; a
    lock on a file beside the database is first come, first served between all threads and processes.
    PostgreSQL needs no line."""
    if engine.dialect.name != "sqlite":
        yield
        return
    # Opened anew each time: the lock belongs to the open file, and threads must exclude each other too.
    descriptor = os.open(f"{engine.url.database}-line", os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


@contextmanager
def writing(session: Session) -> Iterator[Session]:
    """The way to write: one transaction, committed at the end of the block, rolled back if it raises.

    Reading done in the session before ends here, so that what is written is decided on the present state:
    read inside the block what the decision depends on. Inside another `writing` of the session it joins that
    one.
    """
    if session.info.get("writing"):
        yield session
        return
    if session.new or session.dirty or session.deleted:
        raise RuntimeError("changes made before `writing` would be lost: make them inside it")
    session.rollback()
    engine = session.get_bind()
    assert isinstance(engine, Engine)
    with line(engine):
        session.info["writing"] = True
        try:
            with session.begin():
                session.connection(execution_options=_TO_WRITE)
                yield session
        finally:
            session.info["writing"] = False


@contextmanager
def connect_to_write(engine: Engine) -> Iterator[Connection]:
    """The same as `writing` without a session, for paths that cannot afford one."""
    with (
        line(engine),
        engine.connect() as connection,
        connection.execution_options(**_TO_WRITE).begin(),
    ):
        yield connection


@contextmanager
def connect_to_glance(engine: Engine) -> Iterator[Connection]:
    """A connection for one SELECT, without the two statements that a transaction around it would cost."""
    options = {BEGIN: ""} if engine.dialect.name == "sqlite" else {"isolation_level": "AUTOCOMMIT"}
    with engine.connect() as connection:
        yield connection.execution_options(**options)


def glance(engine: Engine, statement: Select[Any]) -> Any:
    """The first value of one SELECT. A worker that has nothing to do does nothing else, many times a second: so the
    statement is one that was made once."""
    with connect_to_glance(engine) as connection:
        return connection.scalar(statement)


def insert_or(connection: Connection, table: Table) -> Any:
    """INSERT with ON CONFLICT, which both databases have and SQLAlchemy spells in each dialect."""
    return insert_sqlite(table) if connection.dialect.name == "sqlite" else insert_postgresql(table)


def init_app(app: Flask, url: URL) -> Engine:
    """Give the application its engine, and sessions."""
    if url.get_backend_name() == "sqlite":
        Path(str(url.database)).parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    app.config["SQLALCHEMY_ENGINES"] = {"default": engine_options(url)}
    db.init_app(app)
    # The extension also closes asynchronous sessions, in an event loop of its own: a millisecond of every
    # request, for sessions nobody opens.
    closing = app.teardown_appcontext_funcs
    closing[:] = [function for function in closing if not iscoroutinefunction(function)]
    with app.app_context():
        return prepare(db.engine)


def migrations(app: Flask) -> Any:
    """What leads the database of the application from one migration to another, within its context."""
    from flask_alembic import Alembic  # a tenth of a second, for what most processes never do

    return Alembic(app, metadatas=Model.metadata, run_mkdir=False, command_name="")


def upgrade(app: Flask) -> None:
    """Bring the database to the newest migration."""
    with app.app_context():
        migrations(app).upgrade()
