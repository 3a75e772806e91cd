"""A second opinion on an XForm: ODK Validate, the checker that is built on the form engine of ODK Collect.

It needs Java, which a server may lack; publishing does not depend on it.
"""

import re
import subprocess
from importlib.util import find_spec
from pathlib import Path
from shutil import which
from tempfile import TemporaryDirectory

from xlsforms.finding import Finding, error
from xlsforms.marked import N_, worded

_JAR = "validators/odk_validate/bin/ODK_Validate.jar"
_PATH = re.compile(r"\(?(/[\w.-]+(?:/[\w.-]+(?:\[\d+\])?)+)\)?")
_NOISE = re.compile(
    r"^\s*at |^Caused by|^\s*\.\.\. \d+ more|XForm is invalid|See above for the errors|^\s*$|^(?:>> )?Result"
    r"|files failed validation|form\.xml$|Something broke the parser"
)


def validate(xform: bytes, *, seconds: int = 60, megabytes: int = 512) -> tuple[Finding, ...] | None:
    """What ODK Validate objects to, empty if nothing; None where Java or the jar is absent. Stopped after
    `seconds`, which is a finding too."""
    java, jar = which("java"), _jar()
    if java is None or jar is None:
        return None
    with TemporaryDirectory(prefix="xform-") as scratch:
        file = Path(scratch, "form.xml")
        file.write_bytes(xform)
        command = [java, f"-Xmx{megabytes}m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-jar", str(jar)]
        try:
            said = subprocess.run(  # noqa: S603 - the jar that comes with pyxform, on a file of our own
                [*command, str(file)], capture_output=True, timeout=seconds, env={}, check=False
            )
        except subprocess.TimeoutExpired:
            return (
                _objection(
                    worded(
                        "Checking the form with ODK Validate took more than %(seconds)s seconds.",
                        seconds=seconds,
                    )
                ),
            )
    if said.returncode == 0:
        return ()
    text = said.stderr.decode(errors="replace") or said.stdout.decode(errors="replace")
    lines = [re.sub(r"^[\w.$]+(?:Exception|Error):\s*|^>> ", "", line) for line in text.splitlines()]
    kept = list(dict.fromkeys(line.strip() for line in lines if not _NOISE.search(line)))
    return (_objection(" ".join(kept)[:1000] or N_("ODK Validate refuses the form without saying why.")),)


def _jar() -> Path | None:
    spec = find_spec("pyxform")
    for folder in (spec.submodule_search_locations or []) if spec else []:
        if (jar := Path(folder, _JAR)).is_file():
            return jar
    return None


def _objection(text: str) -> Finding:
    named = _PATH.search(text)
    # Of conditions it does not say which, and of a loop only who is in it.
    column = "calculation" if text.startswith("Cycle") or "Calculate expression" in text else "name"
    return error(
        "validate_refused",
        text,
        N_("Mend the expression named; phones would refuse the form or stop in the middle of an interview."),
        question=re.sub(r"\[\d+\]", "", named[1]) if named else None,
        column=column if named else None,
    )
