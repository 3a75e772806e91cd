"""What the search for duplicates costs one case, in a store of any size.

    python -m benchmarks.twins [--database sqlite|postgresql] [--sizes N N ...] [--count N]

One mission of fictional people, some of them twice; names are drawn as unevenly as names are (the commonest first name
has 1 % of the people). CPU is the worker's; candidates and pairs are given for each case.
"""

import argparse
import random
import sys
import tempfile
import time
import uuid
from datetime import date, timedelta
from pathlib import Path

from sqlalchemy import Engine, func, insert, select

from app import keys
from app.db import connect_to_write, make_engine
from app.keys import Keyring
from app.models import TABLES, CaseState, Twin, now
from app.models.case_store import p3_context
from app.services import twins
from benchmarks import crowd

SYLLABLES = [a + b for a in "bdgklmnprstvz" for b in "aeiou"]


def names(chance: random.Random, count: int) -> list[str]:
    return ["".join(chance.choices(SYLLABLES, k=chance.choice((2, 3, 3, 4)))) for _ in range(count)]


def people(
    engine: Engine, keyring: Keyring, mission: int, chance: random.Random, count: int
) -> list[uuid.UUID]:
    """New cases with a person each, one in fifty much like the one before."""
    given, family = names(random.Random(1), 2000), names(random.Random(2), 20000)
    at, states, persons, citizenships = now(), [], [], []
    said: dict[str, str] = {}
    for _ in range(count):
        case_id, person_id = uuid.UUID(int=chance.getrandbits(128), version=4), uuid.uuid4()
        if not said or chance.random() > 0.02:
            first = given[min(int(chance.expovariate(1 / 100)), len(given) - 1)]
            born = date(1960, 1, 1) + timedelta(days=chance.randrange(17000))
            said = {"first_name": first, "family_name": chance.choice(family), "birthdate": born.isoformat()}
        sealed = {
            column: keyring.encrypt(text.encode(), p3_context("person", column, person_id))
            for column, text in said.items()
        }
        states.append(
            {"case_id": case_id, "mission_id": mission, "manifest": {}, "findings": [], "updated_at": at}
        )
        persons.append({"case_id": case_id, "person_id": person_id, "sex": chance.choice(("female", "male")),
                        "birthdate_precision": "day", **sealed})  # fmt: skip
        citizenships.append(
            {"case_id": case_id, "row_id": uuid.uuid4(), "country": chance.choice(("MD", "UA", "KH"))}
        )
    with connect_to_write(engine) as connection:
        connection.execute(insert(CaseState), states)
        connection.execute(insert(TABLES["person"]), persons)
        connection.execute(insert(TABLES["person_citizenship"]), citizenships)
        made = [one["case_id"] for one in states]
        twins.due(connection, made)
    return made


def measure(engine: Engine, keyring: Keyring, count: int) -> str:
    """Compare what is due, which is `count` cases."""
    began, cpu, done = time.perf_counter(), time.process_time(), 0
    while some := twins.search(engine, keyring):
        done += some
    seconds, cpu = time.perf_counter() - began, time.process_time() - cpu
    with engine.connect() as connection:
        pairs = connection.scalar(select(func.count()).select_from(Twin))
    again = f"  ({done - count} compared again)" if done > count else ""
    return f"{done / seconds:5.0f}/s  CPU {cpu / done * 1000:.2f} ms a case  {pairs} pairs{again}"


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--database", choices=["sqlite", "postgresql"], default="sqlite")
    parser.add_argument("--sizes", type=int, nargs="+", default=[1000, 10_000, 100_000])
    parser.add_argument("--count", type=int, default=1000)
    said = parser.parse_args()
    with tempfile.TemporaryDirectory() as directory, crowd.database(said.database, Path(directory)) as url:
        keyring = keys.generate(Path(directory) / "keys")
        engine = make_engine(url)
        mission, chance, stored = crowd.furnish(engine), random.Random(3), 0
        for size in said.sizes:
            while stored < size:
                more = min(10_000, size - stored)
                people(engine, keyring, mission, chance, more)
                twins.search_all(engine, keyring)
                stored += more
            people(engine, keyring, mission, chance, said.count)
            stored += said.count
            print(
                f"twins {said.database:10} {size:>7} stored: {measure(engine, keyring, said.count)}",
                flush=True,
            )
        engine.dispose()
    return 0


if __name__ == "__main__":
    sys.exit(main())
