"""Databases for tests: emptied after each, and furnished with what was made once."""

import json
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any
from unittest import mock

import sqlalchemy.engine.create
from sqlalchemy import URL, Engine, create_engine, event, text

import app.db
from app.models import Model

TABLES = tuple(table.name for table in Model.metadata.sorted_tables)
_FILLED = text(
    " UNION ALL ".join(f"SELECT '{name}' WHERE EXISTS (SELECT FROM \"{name}\")" for name in TABLES)
)


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
            engine.dispose = lambda close=True: None  # type: ignore[method-assign]
            if url.get_backend_name() == "sqlite":
                event.listen(engine, "checkout", _hurry)
        return engine

    # The first name is the one that Flask's extension asks for an engine.
    with (
        mock.patch.object(sqlalchemy.engine.create, "create_engine", make),
        mock.patch.object(app.db, "create_engine", make),
    ):
        yield kept


def release(engine: Engine | None) -> None:
    """Close the connections of an engine that is kept."""
    if engine is not None:
        Engine.dispose(engine)


def _hurry(connection: sqlite3.Connection, _record: object, _proxy: object) -> None:
    """A database that lives for one test need not survive a power cut."""
    connection.execute("PRAGMA synchronous = OFF")


def empty(url: URL) -> None:
    """Empty the tables of a PostgreSQL database, and begin its numbers at one again."""
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        # Whoever forgot to close a connection must not make the next test wait.
        connection.execute(
            text(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        )
        # Deleting few rows is much faster than TRUNCATE, which makes new files.
        connection.execute(text("SET session_replication_role = replica"))  # in any order
        for name in connection.execute(_FILLED).scalars().all():
            connection.execute(text(f'DELETE FROM "{name}"'))
        connection.execute(text("SELECT setval(oid::regclass, 1, false) FROM pg_class WHERE relkind = 'S'"))
    engine.dispose()


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
            for (name,) in cursor.execute(_FILLED.text).fetchall():
                with cursor.copy(f'COPY "{name}" TO STDOUT (FORMAT binary)') as rows:
                    (into / f"{name}.rows").write_bytes(b"".join(rows))
            cursor.execute("SELECT sequencename, last_value FROM pg_sequences WHERE last_value IS NOT NULL")
            (into / "numbers.json").write_text(json.dumps(dict(cursor.fetchall())))


def put(kept: Path, engine: Engine, blobs: Path) -> None:
    """Fill an empty database and an empty blob store with what was taken."""
    if (kept / "blobs").exists():
        shutil.copytree(kept / "blobs", blobs, dirs_exist_ok=True)
    with closing(engine.raw_connection()) as pooled:
        connection: Any = pooled.driver_connection
        if engine.dialect.name == "sqlite":
            with closing(sqlite3.connect(kept / "saif.db")) as source:
                source.backup(connection)
            return
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL session_replication_role = replica")
            for file in kept.glob("*.rows"):
                with cursor.copy(f'COPY "{file.stem}" FROM STDIN (FORMAT binary)') as rows:
                    rows.write(file.read_bytes())
            for name, number in json.loads((kept / "numbers.json").read_text()).items():
                cursor.execute("SELECT setval(quote_ident(%s)::regclass, %s)", (name, number))
        connection.commit()
