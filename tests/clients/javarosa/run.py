#!/usr/bin/env python3
"""Runs one of the programs in this folder: run.py FillForm|FillForms|Encryption ARGUMENTS...

Finds JavaRosa in the ODK_Validate.jar that the pyxform package brings along (or in the file named
by ODK_VALIDATE_JAR), compiles the sources once and starts Java. Needs a JDK, version 11 or newer.
"""

import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
PROGRAMS = ("FillForm", "FillForms", "Encryption")


class JavaMissing(RuntimeError):
    """A tool that is not installed, named."""


def jar() -> Path:
    """The jar that holds JavaRosa. Raises JavaMissing."""
    named = os.environ.get("ODK_VALIDATE_JAR")
    if named:
        return Path(named)
    spec = importlib.util.find_spec("pyxform")
    if spec is None or not spec.submodule_search_locations:
        raise JavaMissing("pyxform is not installed, and ODK_VALIDATE_JAR names no jar")
    return Path(spec.submodule_search_locations[0], "validators/odk_validate/bin/ODK_Validate.jar")


def classes(library: Path) -> Path:
    """The folder of compiled classes, made when the sources or the library changed. Raises JavaMissing."""
    for tool in ("javac", "java"):
        if shutil.which(tool) is None:
            raise JavaMissing(f"{tool} is not installed (a JDK, version 11 or newer)")
    sources = sorted(HERE.glob("*.java"))
    digest = hashlib.sha256(str(library).encode())
    for source in sources:
        digest.update(source.read_bytes())
    target = Path(tempfile.gettempdir(), f"fillform-{os.getuid()}-{digest.hexdigest()[:16]}")
    if not (target / "FillForm.class").exists():
        with tempfile.TemporaryDirectory(dir=target.parent) as build:
            subprocess.run(
                ["javac", "-nowarn", "-encoding", "UTF-8", "-cp", str(library), "-d", build, *map(str, sources)],
                check=True,
            )
            target.mkdir(exist_ok=True)
            # FillForm.class last: its presence means that the folder is complete.
            for file in sorted(Path(build).iterdir(), key=lambda f: f.name == "FillForm.class"):
                os.replace(file, target / file.name)
    return target


def command(program: str, *arguments: str, java: tuple[str, ...] = ()) -> list[str]:
    """The command line that runs a program; `java` are options of Java itself, such as -Duser.timezone=UTC."""
    library = jar()
    path = f"{library}{os.pathsep}{classes(library)}"
    # The quick compiler alone: of eighty interviews in one process, the other one still cost more than it saved.
    quick = ("-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xss4m")
    return ["java", *quick, *java, "-cp", path, program, *arguments]


if __name__ == "__main__":
    if len(sys.argv) < 2 or sys.argv[1] not in PROGRAMS:
        sys.exit(__doc__)
    try:
        sys.exit(subprocess.run(command(*sys.argv[1:])).returncode)
    except JavaMissing as e:
        sys.exit(f"run.py: {e}")
