"""How fast submissions are received, and what one costs.

    python -m benchmarks.receive [--database sqlite|postgresql] [--stored N] [--count N] [--connections N]

The server runs as users run it (gunicorn, two workers, durable), its load comes from one process over raw sockets, and
the bodies are made before the clock starts. CPU is that of the web processes; the load generator and the database
server share the machine and count for the rate only.
"""

import argparse
import heapq
import os
import random
import selectors
import socket
import sys
import tempfile
import time
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import URL, event, func, insert, select
from sqlalchemy.orm import Session

from app import create_app, keys
from app.config import Config
from app.db import make_engine, upgrade
from app.models import LedgerEntry, Submission, new_id
from benchmarks.crowd import database
from tests.field import Field, make_field
from tests.server import Server, serve

WORDS = [
    "casa",
    "работа",
    "помощь",
    "travail",
    "abri",
    "безопасность",
    "passeport",
    "viaje",
    "帮助",
    "مساعدة",
]


@dataclass(frozen=True)
class Result:
    """What one burst showed. Seconds."""

    rate: float
    p50: float
    p99: float
    cpu: float
    peak: int


def interview(instance_id: str, size: int = 10_000, seed: int = 1) -> bytes:
    """A submission of about this many bytes: short answers, some texts in several scripts."""
    choose = random.Random(seed)
    nodes, length = [], 0
    for number in range(10_000):
        kind = choose.random()
        if kind < 0.5:
            answer = choose.choice(["yes", "no", "unknown", "MD", "KH", "2026-11-22", "3"])
        elif kind < 0.9:
            answer = "_".join(
                choose.choices(["labour", "domestic", "debt", "threat", "shelter", "other"], k=2)
            )
        else:
            answer = " ".join(choose.choices(WORDS, k=20))
        nodes.append(f"<question_{number}>{answer}</question_{number}>")
        length += len(nodes[-1].encode())
        if length > size - 300:
            break
    return (
        f'<data id="visit" version="1" xmlns:orx="http://openrosa.org/xforms">{"".join(nodes)}'
        f"<orx:meta><orx:instanceID>{instance_id}</orx:instanceID></orx:meta></data>"
    ).encode()


def request(field: Field, xml: bytes, *, attachment: bytes = b"") -> bytes:
    """The bytes of one POST as Collect sends it."""
    boundary = b"2f8a1c5e-9d41-4b7a-8f51-1f2d3c4b5a69"
    body = (
        b"--" + boundary + b'\r\nContent-Disposition: form-data; name="xml_submission_file"; '
        b'filename="Visit_2026-11-22_10-15-00.xml"\r\nContent-Type: text/xml\r\nContent-Length: '
        + str(len(xml)).encode() + b"\r\n\r\n" + xml + b"\r\n"
    )  # fmt: skip
    if attachment:
        body += (
            b"--" + boundary + b'\r\nContent-Disposition: form-data; name="photo.jpg"; filename="photo.jpg"\r\n'
            b"Content-Type: image/jpeg\r\n\r\n" + attachment + b"\r\n"
        )  # fmt: skip
    body += b"--" + boundary + b"--\r\n"
    head = (
        f"POST {field.path}/submission?deviceID=collect%3AAbCd0123EfGh4567 HTTP/1.1\r\nHost: 127.0.0.1\r\n"
        "X-OpenRosa-Version: 1.0\r\nUser-Agent: org.odk.collect.android/v2026.3.3\r\nAccept-Encoding: gzip\r\n"
        f"Content-Type: multipart/form-data; boundary={boundary.decode()}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def burst(port: int, requests: list[bytes], *, connections: int) -> tuple[float, list[float]]:
    """Send the requests over so many connections, each waiting for its answer. Returns seconds, and each one's."""
    selector = selectors.DefaultSelector()
    todo = iter(requests)
    times: list[float] = []
    started: dict[socket.socket, float] = {}
    answers: dict[socket.socket, bytes] = {}

    def post(connection: socket.socket) -> bool:
        data = next(todo, None)
        if data is None:
            return False
        started[connection] = time.perf_counter()
        connection.sendall(data)
        return True

    begin = time.perf_counter()
    for _ in range(connections):
        connection = socket.create_connection(("127.0.0.1", port))
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        selector.register(connection, selectors.EVENT_READ)
        post(connection)
    left = connections
    while left:
        for key, _ in selector.select():
            connection = key.fileobj
            assert isinstance(connection, socket.socket)
            answer = answers.pop(connection, b"") + connection.recv(65536)
            # Gunicorn sends the head and the body apart.
            if not answer.endswith(b"</OpenRosaResponse>\n"):
                answers[connection] = answer
                continue
            if not answer.startswith(b"HTTP/1.1 201"):
                raise RuntimeError(f"not taken: {answer!r}")
            times.append(time.perf_counter() - started[connection])
            if b"connection: close" in answer.lower()[:400] and len(times) < len(requests):
                raise RuntimeError("the server closed a connection")
            if not post(connection):
                selector.unregister(connection)
                connection.close()
                left -= 1
    return time.perf_counter() - begin, times


def fill(url: URL, field: Field, rows: int) -> None:
    """Put submissions into the table as if they had been received and normalised, with their ledger rows."""
    engine = make_engine(url)
    sealed = os.urandom(4000)
    with engine.connect() as connection:
        have = connection.scalar(select(func.count()).select_from(Submission)) or 0
        for start in range(have, rows, 5000):
            ids = [new_id() for _ in range(min(5000, rows - start))]
            at = datetime.now(UTC)
            connection.execute(
                insert(Submission),
                [
                    {
                        "id": one, "mission_id": field.mission_id, "device_id": field.device_id,
                        "xml_form_id": "visit", "form_version": "1", "instance_id": f"uuid:{uuid.uuid4()}",
                        "received_at": at, "xml": sealed, "xml_digest": os.urandom(32), "state": "normalised",
                        "root_instance_id": f"uuid:{uuid.uuid4()}", "case_id": uuid.uuid4(),
                    }
                    for one in ids
                ],
            )  # fmt: skip
            connection.execute(
                insert(LedgerEntry),
                [
                    {
                        "id": new_id(),
                        "actor": "device:1",
                        "action": "submission.receive",
                        "object": f"submission:{one}",
                    }
                    for one in ids
                ],
            )
            connection.commit()
    engine.dispose()


def queries_per_item(config: Config, field: Field) -> float:
    """Statements for one submission that comes alone: BEGIN and COMMIT counted."""
    app = create_app(config)
    client, engine, count = app.test_client(), app.extensions["saif"].engine, 0

    def counted(*_: object) -> None:
        nonlocal count
        count += 1

    for name in ("before_cursor_execute", "commit"):
        event.listen(engine, name, counted)
    items = 10
    for _ in range(items):
        data = request(field, interview(f"uuid:{uuid.uuid4()}"))
        head, _, body = data.partition(b"\r\n\r\n")
        content_type = head.decode().partition("Content-Type: ")[2].partition("\r\n")[0]
        assert (
            client.post(f"{field.path}/submission", data=body, content_type=content_type).status_code == 201
        )
    engine.dispose()
    # PostgreSQL's driver begins a transaction without asking SQLAlchemy to.
    return count / items + (engine.dialect.name == "postgresql")


def measure(server: Server, field: Field, *, count: int, connections: int) -> Result:
    """One burst."""
    bodies = [request(field, interview(f"uuid:{uuid.uuid4()}", seed=number % 50)) for number in range(count)]
    before = server.cpu()
    seconds, times = burst(server.port, bodies, connections=connections)
    cpu = (server.cpu() - before) / count
    slowest = heapq.nlargest(max(count // 100, 1), times)[-1]
    return Result(count / seconds, sorted(times)[count // 2], slowest, cpu, max(server.memory().values()))


def attachment_growth(server: Server, field: Field, *, size: int = 20_000_000) -> int:
    """By how many bytes the peak of a worker rises when a large attachment comes in. Small ones come first."""
    content = os.urandom(size)
    for _ in range(20):
        burst(
            server.port,
            [request(field, interview(f"uuid:{uuid.uuid4()}"), attachment=b"x" * 200_000)] * 1,
            connections=1,
        )
    for pid in server.pids[1:]:
        Path(f"/proc/{pid}/clear_refs").write_text("5")
    before = server.memory("VmHWM")
    for _ in range(4):
        burst(
            server.port,
            [request(field, interview(f"uuid:{uuid.uuid4()}"), attachment=content)],
            connections=1,
        )
    after = server.memory("VmHWM")
    return max(after[pid] - before[pid] for pid in before)


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--database", choices=["sqlite", "postgresql", "both"], default="both")
    parser.add_argument(
        "--stored", type=int, action="append", help="rows there are before (default: 1000 and 100000)"
    )
    parser.add_argument("--count", type=int, default=5000)
    parser.add_argument("--connections", type=int, default=32)
    said = parser.parse_args()
    kinds = ["sqlite", "postgresql"] if said.database == "both" else [said.database]
    for kind in kinds:
        with tempfile.TemporaryDirectory() as directory, database(kind, Path(directory)) as url:
            home = Path(directory)
            keyring = keys.generate(home / "keys")
            config = Config(
                home=home,
                database_url=url,
                blob_url=(home / "blobs").as_uri(),
                keys=home / "keys",
                surface="device",
            )
            upgrade(create_app(config))
            engine = make_engine(url)
            with Session(engine) as session:
                field = make_field(session, keyring)
            engine.dispose()
            environ = {
                "SAIF_HOME": directory, "SAIF_SURFACE": os.environ.get("SAIF_SURFACE", "all"),
                "DATABASE_URL": url.render_as_string(hide_password=False),
            }  # fmt: skip
            for stored in said.stored or [1000, 100_000]:
                fill(url, field, stored)
                with serve(environ, port=free_port()) as server:
                    measure(
                        server, field, count=500, connections=said.connections
                    )  # caches, statements, threads
                    result = measure(server, field, count=said.count, connections=said.connections)
                    growth = attachment_growth(server, field)
                print(
                    f"receive {kind:10} {stored:>7} stored: {result.rate:6.0f}/s  p50 {result.p50 * 1000:5.1f} ms  "
                    f"p99 {result.p99 * 1000:5.1f} ms  CPU {result.cpu * 1000:.2f} ms  peak {result.peak / 1e6:.0f} MB  "
                    f"20 MB attachment +{growth / 1e6:.1f} MB",
                    flush=True,
                )
            print(
                f"receive {kind:10} {queries_per_item(config, field):.1f} statements for one that comes alone",
                flush=True,
            )
    return 0


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


if __name__ == "__main__":
    sys.exit(main())
