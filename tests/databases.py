"""Databases for tests: emptied after each, and furnished with what was made once."""

import json
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any
from unittest import mock

import psycopg
import pytest
import sqlalchemy.engine.create
from sqlalchemy import JSON, URL, Engine, LargeBinary, QueuePool, Text, create_engine, event

import app.db
from app.models import FormVersion, Model

on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
"""For what no database sees: what is folded, read, masked, rendered, refused or written out is so in Python."""
TABLES = tuple(table.name for table in Model.metadata.sorted_tables)
_FILLED = " UNION ALL ".join(f"SELECT '{name}' WHERE EXISTS (SELECT FROM \"{name}\")" for name in TABLES)
_LARGE = [one for one in FormVersion.__table__.c if isinstance(one.type, JSON | LargeBinary | Text)]
# Deleting few rows is much faster than TRUNCATE, which makes new files.
_DELETED = "".join(f'DELETE FROM "{name}";' for name in TABLES)
_EMPTIED_FILE = f"BEGIN IMMEDIATE; {_DELETED} COMMIT"
# A function, so that its statements are planned once a session and need one round trip.
_EMPTIED = f"""
-- To compress the forms, which are large, would take longer than all else of putting them.
ALTER TABLE form_version {", ".join(f'ALTER "{one.name}" SET STORAGE EXTERNAL' for one in _LARGE)};
SET session_replication_role = replica; -- in any order
CREATE FUNCTION pg_temp.emptied() RETURNS void LANGUAGE plpgsql AS $$ BEGIN
    -- Whoever forgot to end a transaction must not make the next test wait.
    PERFORM pg_terminate_backend(pid) FROM pg_stat_activity
        WHERE datname = current_database() AND pid <> pg_backend_pid() AND state <> 'idle';
    {_DELETED}
    PERFORM setval(format('%I.%I', schemaname, sequencename)::regclass, 1, false) FROM pg_sequences
        WHERE last_value IS NOT NULL;
END $$
"""


@contextmanager
def kept_engines() -> Iterator[dict[URL, Engine | None]]:
    """Make one engine for each URL in the dict that is yielded, whoever asks for it: compiling the same statements
    anew for every test takes a fifth of the time of all. It is None until somebody asks."""
    kept: dict[URL, Engine | None] = {}

    def make(url: URL, **options: Any) -> Engine:
        engine = kept.get(url) or create_engine(url, **options)
        if url in kept and kept[url] is None:
            kept[url] = engine
            # A command disposes of its engine when it ends; the test goes on with it.
            engine.dispose = lambda close=True: None  # type: ignore[method-assign]  # kept for the next test
            if url.get_backend_name() == "sqlite":
                event.listen(engine, "checkout", _hurry)
        return engine

    # The first name is the one that Flask's extension asks for an engine.
    with (
        mock.patch.object(sqlalchemy.engine.create, "create_engine", make),
        mock.patch.object(app.db, "create_engine", make),
    ):
        yield kept
    for engine in kept.values():
        if engine is not None:
            Engine.dispose(engine)


def release(engine: Engine | None) -> None:
    """Close the connections of an engine that is kept. Those to a server that all came back may serve the next test:
    they have planned and prepared its statements."""
    if engine is None:
        return
    assert isinstance(engine.pool, QueuePool)
    if engine.dialect.name == "sqlite" or engine.pool.checkedout():
        Engine.dispose(engine)


def _hurry(connection: sqlite3.Connection, _record: object, _proxy: object) -> None:
    """A database that lives for one test need not survive a power cut."""
    connection.execute("PRAGMA synchronous = OFF")


@contextmanager
def emptying(url: URL) -> Iterator[Callable[[], None]]:
    """A function that empties the tables of a database, and begins its numbers at one again. Whoever is connected
    stays so."""
    if url.get_backend_name() == "sqlite":
        with closing(sqlite3.connect(str(url.database), timeout=30, isolation_level=None)) as file:
            file.execute("PRAGMA synchronous = OFF")

            def clear() -> None:
                file.executescript(_EMPTIED_FILE)

            yield clear
        return
    with psycopg.connect(
        host=str(url.query["host"]), dbname=url.database, user=url.username, autocommit=True
    ) as connection:
        connection.execute(_EMPTIED)

        def empty() -> None:
            connection.execute("SELECT pg_temp.emptied()")

        yield empty


def take(into: Path, engine: Engine, blobs: Path) -> None:
    """Keep what a database and a blob store hold, in a directory that is made for it."""
    into.mkdir()
    if blobs.exists():
        shutil.copytree(blobs, into / "blobs")
    with closing(engine.raw_connection()) as pooled:
        connection: Any = pooled.driver_connection
        if engine.dialect.name == "sqlite":
            with closing(sqlite3.connect(into / "saif.db")) as kept:
                connection.backup(kept)
            return
        with connection.cursor() as cursor:
            for (name,) in cursor.execute(_FILLED).fetchall():
                with cursor.copy(f'COPY "{name}" TO STDOUT (FORMAT binary)') as rows:
                    (into / f"{name}.rows").write_bytes(b"".join(rows))
            cursor.execute("SELECT sequencename, last_value FROM pg_sequences WHERE last_value IS NOT NULL")
            (into / "numbers.json").write_text(json.dumps(dict(cursor.fetchall())))


def put(kept: Path, engine: Engine, blobs: Path) -> None:
    """Fill an empty database and an empty blob store with what was taken."""
    if (kept / "blobs").exists():
        shutil.copytree(kept / "blobs", blobs, dirs_exist_ok=True)
    if engine.dialect.name == "sqlite":
        assert isinstance(engine.pool, QueuePool)
        assert not engine.pool.checkedout(), "somebody has the file open that is about to be replaced"
        release(engine)
        shutil.copy(kept / "saif.db", str(engine.url.database))
        return
    with closing(engine.raw_connection()) as pooled:
        connection: Any = pooled.driver_connection
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL session_replication_role = replica")
            for file in kept.glob("*.rows"):
                with cursor.copy(f'COPY "{file.stem}" FROM STDIN (FORMAT binary)') as rows:
                    rows.write(file.read_bytes())
            for name, number in json.loads((kept / "numbers.json").read_text()).items():
                cursor.execute("SELECT setval(quote_ident(%s)::regclass, %s)", (name, number))
        connection.commit()
