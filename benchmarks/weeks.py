"""Whether it matters when things arrive: weeks without a network against phones that are online all the time.

    python -m benchmarks.weeks [--database sqlite|postgresql|both] [--phones N] [--weeks N] [--each-week N] [--seed N]

JavaRosa fills so many interviews a week on each phone, some of them edited, some on two phones. One server gets
each as it is finished, another gets them weeks later: shuffled, in parts, some again. Ends with 1 if the two hold
anything that differs, row by row.
"""

import argparse
import contextlib
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from sqlalchemy import URL

from app import create_app, keys
from app.db import upgrade
from app.services import publish
from tests.clients.javarosa.phone import JavaMissing, Phone
from tests.conftest import make_config
from tests.line import weeks
from tests.line.whole import FORMS
from tests.postgresql import MissingTool, PostgreSQL
from tests.services import interviews

SHOWN = 40


def compare(
    database: str, finished: list[weeks.Finished], checked: dict[str, publish.Checked], phones: int
) -> int:
    """One run on one kind of database. Returns how many differences there were."""
    with contextlib.ExitStack() as open_:
        folder = Path(open_.enter_context(tempfile.TemporaryDirectory(prefix="weeks-")))
        keys.generate(folder / "keys")
        postgresql = None
        if database == "postgresql":
            postgresql = PostgreSQL()
            open_.callback(postgresql.stop)
        servers = []
        for name in ("online", "offline"):
            home = folder / name
            home.mkdir()
            url = URL.create("sqlite", database=str(home / "saif.db"))
            if postgresql is not None:
                postgresql.execute(f"CREATE DATABASE {name}")
                url = postgresql.url(name)
            app = create_app(make_config(url, folder / "keys", home))
            upgrade(app)
            open_.callback(app.extensions["saif"].engine.dispose)
            servers.append(weeks.open_server(app, checked, phones=phones))
        online, offline = servers
        began = time.monotonic()
        weeks.at_once(online, finished)
        at_once = time.monotonic()
        weeks.weeks_later(offline, finished)
        later = time.monotonic()
        wrong, counted = weeks.compared(online.held(), offline.held())
        wrong += [
            f"{name}: {one}"
            for name, server in (("online", online), ("offline", offline))
            for one in server.faults()
        ]
    print(f"{database}: at once in {at_once - began:.0f} s, weeks later in {later - at_once:.0f} s")
    print("  sent weeks later: " + ", ".join(f"{count} {what}" for what, count in offline.sent.items()))
    print("  compared: " + ", ".join(f"{count} {what}" for what, count in sorted(counted.items())))
    for line in wrong[:SHOWN]:
        print(f"  DIFFERENCE {line}")
    print(f"  {len(wrong)} differences", flush=True)
    return len(wrong)


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--database", choices=["sqlite", "postgresql", "both"], default="both")
    parser.add_argument("--phones", type=int, default=20)
    parser.add_argument("--weeks", type=int, default=4)
    parser.add_argument("--each-week", type=int, default=5, help="interviews on each phone (default 5)")
    parser.add_argument("--seed", type=int, default=1, help="another seed gives other answers (default 1)")
    asked = parser.parse_args()
    try:
        with Phone(time_zone="UTC") as java, tempfile.TemporaryDirectory() as folder:
            checked = {
                name: publish.check((FORMS / f"{name}.xlsx").read_bytes(), f"{name}.xlsx")
                for name in ("screening", "assistance")
            }
            for name, one in checked.items():
                Path(folder, f"{name}.xml").write_bytes(one.compiled.xform or b"")
            interviews.write_media(Path(folder))
            finished = weeks.diary(
                java, Path(folder), phones=asked.phones, weeks=asked.weeks, each_week=asked.each_week,
                seed=asked.seed,
            )  # fmt: skip
        kinds = Counter((one.interview.form, "edited" if one.edit else "new") for one in finished)
        print(f"{asked.phones} phones, {asked.weeks} weeks: {len(finished)} submissions: ", end="")
        print(
            ", ".join(f"{count} {form} {kind}" for (form, kind), count in sorted(kinds.items())), flush=True
        )
        databases = ["sqlite", "postgresql"] if asked.database == "both" else [asked.database]
        return 1 if sum([compare(one, finished, checked, asked.phones) for one in databases]) else 0
    except (JavaMissing, MissingTool) as missing:
        print(f"weeks needs {missing}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
