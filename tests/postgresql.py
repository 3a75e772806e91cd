"""A PostgreSQL server of our own, for tests and benchmarks: installed programs, a temporary directory, no root."""

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from sqlalchemy import URL, create_engine, text


class MissingTool(Exception):  # noqa: N818 -- it is no fault, it is why a test is skipped
    """Something that is not installed here; its text names it."""


class PostgreSQL:
    """One server on a socket in a temporary directory. `fsync` as PostgreSQL has it: `on` to measure, `off` to test."""

    def __init__(self, *, fsync: str = "off") -> None:
        programs = _programs()
        if programs is None:
            raise MissingTool("the PostgreSQL server programs (initdb)")
        self._as_user: list[str] = []
        if os.geteuid() == 0:  # PostgreSQL refuses to run as root
            if shutil.which("setpriv") is None:
                raise MissingTool("setpriv, to run PostgreSQL as another user than root")
            self._as_user = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"]
        self._programs = programs
        # Short, because a socket's path must be; and not below a directory that is closed to other users.
        self.directory = Path(tempfile.mkdtemp(prefix="saif-pg-"))
        if self._as_user:
            shutil.chown(self.directory, "postgres")
        self._run("initdb", "--auth=trust", "--username=saif", "--encoding=UTF8", "--locale=C", "--no-sync")
        options = f"-k {self.directory} -c listen_addresses='' -c fsync={fsync} -c max_connections=200"
        if fsync == "off":  # then a log that makes up for a torn page is of no use either
            options += (
                " -c full_page_writes=off -c synchronous_commit=off -c wal_level=minimal -c max_wal_senders=0"
            )
        self._run("pg_ctl", "-w", "-l", str(self.directory / "log"), "-o", options, "start")

    def url(self, database: str) -> URL:
        """How to reach one of its databases."""
        return URL.create(
            "postgresql+psycopg", "saif", database=database, query={"host": str(self.directory)}
        )

    def execute(self, *statements: str) -> None:
        """Statements that belong to no database: creating and dropping them."""
        engine = create_engine(self.url("postgres"), isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            for statement in statements:
                connection.execute(text(statement))
        engine.dispose()

    def stop(self) -> None:
        """Stop it and forget everything."""
        self._run("pg_ctl", "-m", "immediate", "stop")
        shutil.rmtree(self.directory, ignore_errors=True)

    def _run(self, program: str, *arguments: str) -> None:
        command = [
            *self._as_user,
            str(self._programs / program),
            "-D",
            str(self.directory / "data"),
            *arguments,
        ]
        # Not through pipes: the server would keep them open.
        said = self.directory / f"{program}.out"
        with said.open("w") as out:
            done = subprocess.run(command, stdout=out, stderr=out, cwd="/", check=False)
        if done.returncode:
            raise RuntimeError(said.read_text())


def _programs() -> Path | None:
    """The newest installed server's programs; they are seldom on the path."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: float(path.parts[-3]))
    if found:
        return found[-1].parent
    on_path = shutil.which("initdb")
    return Path(on_path).resolve().parent if on_path else None
