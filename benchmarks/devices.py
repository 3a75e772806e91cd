"""What a phone costs that looks whether something is new: manifest, list of cases, and "not modified".

    python -m benchmarks.devices [--database sqlite|postgresql] [--cases N ...]

A form with 2 MB of CSV media, and a phone whose group has so many open cases. Requests go through the
application in this process, without a network. CPU is this process's, the database server's is not in it. Memory
is Python's own peak while the whole list leaves.
"""

import argparse
import hashlib
import sys
import tempfile
import time
import tracemalloc
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from app import create_app, keys
from app.config import Config
from app.db import connect_to_write, upgrade, writing
from app.keys import Keyring
from app.models import Device, DeviceGroup, FormMedia, FormVersion
from app.services import entities
from benchmarks.crowd import database
from tests.field import Field, make_field

REPEATS = 20


def furnish(app: Flask, keyring: Keyring) -> tuple[Field, int]:
    """A phone in a group, and a form that wants a large file and the cases. Returns the group's id too."""
    villages = "name,label\r\n" + "".join(f"v{n:06},Village number {n:06}\r\n" for n in range(66_000))
    content = villages.encode()
    with Session(app.extensions["saif"].engine) as session:
        field = make_field(session, keyring)
        with writing(session):
            group = DeviceGroup(mission_id=field.mission_id, name="East")
            session.add(group)
            session.flush()
            session.get_one(Device, field.device_id).group_id = group.id
            version = session.scalars(select(FormVersion)).one()
            version.wants = ["cases.csv", "mission.csv", "villages.csv"]
            md5 = hashlib.md5(content, usedforsecurity=False).hexdigest()
            session.add(
                FormMedia(
                    version_id=version.id, name="villages.csv", md5=md5, content_type="text/csv", content=content
                )
            )  # fmt: skip
            return field, group.id


def add_cases(app: Flask, field: Field, group_id: int, count: int) -> None:
    """Open cases of the group, as the worker writes them."""
    for start in range(0, count, 5000):
        wanted = {
            uuid.uuid4(): {
                "mission_id": field.mission_id, "owner_id": None, "group_id": group_id, "open": True,
                "label": f"MDCHI-26-{number:08x}", "sex": "female", "is_minor": "0", "status": "active",
                "next_contact_on": "2026-12-01",
            }
            for number in range(start, min(start + 5000, count))
        }  # fmt: skip
        with connect_to_write(app.extensions["saif"].engine) as connection:
            for statement, rows in entities.changes(connection, wanted):
                if rows:
                    connection.execute(statement, rows)


def cpu(act: Callable[[], Any]) -> float:
    """Seconds of processor time, the mean of many runs after the first."""
    act()
    began = time.process_time()
    for _ in range(REPEATS):
        act()
    return (time.process_time() - began) / REPEATS


def drain(client: FlaskClient, path: str, **headers: str) -> int:
    """Take a list as a server would send it, in pieces. Returns its bytes."""
    with client.get(path, headers=headers, buffered=False) as answer:
        assert answer.status_code == 200
        return sum(len(piece) for piece in answer.iter_encoded())


def measure(client: FlaskClient, field: Field, version: uuid.UUID, count: int) -> str:
    """One line of results."""
    manifest, path = f"{field.path}/forms/{version}/manifest", f"{field.path}/cases.csv"
    tag = client.head(path).headers["ETag"]

    def unchanged() -> None:
        assert client.get(path, headers={"If-None-Match": tag}).status_code == 304

    def announced() -> None:
        assert client.get(manifest).status_code == 200

    drain(client, path)
    began, spent = time.perf_counter(), time.process_time()
    size = drain(client, path)
    seconds, spent = time.perf_counter() - began, time.process_time() - spent
    packed = drain(client, path, **{"Accept-Encoding": "gzip"})
    tracemalloc.start()
    drain(client, path, **{"Accept-Encoding": "gzip"})
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return (
        f"manifest {cpu(announced) * 1000:.1f} ms CPU  304 {cpu(unchanged) * 1000:.1f} ms CPU  list "
        f"{seconds * 1000:.0f} ms, {spent * 1000:.0f} ms CPU, {count / seconds:,.0f} cases/s, {size / 1e6:.1f} MB, "
        f"{packed / 1e6:.1f} MB packed, peak {peak / 1e6:.1f} MB"
    )


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--database", choices=["sqlite", "postgresql", "both"], default="both")
    parser.add_argument("--cases", type=int, nargs="+", default=[1000, 100_000])
    said = parser.parse_args()
    for kind in ["sqlite", "postgresql"] if said.database == "both" else [said.database]:
        for count in said.cases:
            with tempfile.TemporaryDirectory() as directory, database(kind, Path(directory)) as url:
                home = Path(directory)
                keyring = keys.generate(home / "keys")
                config = Config(
                    home=home, database_url=url, blob_url=(home / "blobs").as_uri(), keys=home / "keys",
                    surface="device",
                )  # fmt: skip
                app = create_app(config)
                upgrade(app)
                field, group_id = furnish(app, keyring)
                add_cases(app, field, group_id, count)
                with Session(app.extensions["saif"].engine) as session:
                    version = session.scalars(select(FormVersion.id)).one()
                print(
                    f"devices {kind:10} {count:>7} cases: {measure(app.test_client(), field, version, count)}",
                    flush=True,
                )
                app.extensions["saif"].engine.dispose()
    return 0


if __name__ == "__main__":
    sys.exit(main())
