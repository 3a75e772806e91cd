"""A phone that stays switched on: fills XForms with JavaRosa, many of them in one Java process.

    with Phone() as phone:
        filled = phone.fill("screening.xml", {"family_name": "Exampla"}, seed=7)
        filled.xml            # bytes, as Collect would send them
        filled.report         # dict, see README.md: answers with their paths, entities, ...
        filled.attachments    # {name: path}; the files live as long as the phone

Options are those of FillForm, with underscores: seed=7, repeats=3, optional=0.5, only_answers=True,
ascii=True, language="English (en)", edit=path, media=folder, entity_lists=folder, ... and
properties={"username": "..."}. What the form or the answers make impossible raises Refused.
"""

import functools
import importlib.util
import json
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path


def _run_module():
    spec = importlib.util.spec_from_file_location("javarosa_run", Path(__file__).with_name("run.py"))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


run = _run_module()
JavaMissing = run.JavaMissing


class Refused(Exception):
    """The form was not filled. `status` tells why: 3 no form, 4 the form failed, 5 the form refused, 6 wrong answers."""

    def __init__(self, message: str, status: int):
        super().__init__(message)
        self.status = status


@dataclass(frozen=True, slots=True)
class Filled:
    """A finished form: the submission, JavaRosa's report, and its files by name."""

    xml: bytes
    report: dict
    attachments: dict[str, Path]

    @property
    def instance_id(self) -> str:
        return self.report["instanceID"]

    def answer(self, name: str) -> str | None:
        """The last value the person gave to the question of this name (not calculations)."""
        given = [a["value"] for a in self.report["answers"] if a["path"].rpartition("/")[2] == name]
        return given[-1] if given else None


class Phone:
    """One Java process. Not for several threads; several phones may run side by side. `report` is that of the form
    filled last."""

    report: dict

    def __init__(self, *, time_zone: str | None = None):
        java = (f"-Duser.timezone={time_zone}",) if time_zone else ()
        command = run.command("FillForms", java=java)
        self._folder = tempfile.TemporaryDirectory(prefix="phone-")
        self._filled = 0
        self._java = subprocess.Popen(
            command,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, encoding="utf-8",
        )  # fmt: skip

    def __enter__(self) -> "Phone":
        return self

    def __exit__(self, *_) -> None:
        self.close()

    def close(self) -> None:
        """Ends the process and throws the files away."""
        self._java.stdin.close()
        self._java.wait(timeout=30)
        self._java.stdout.close()
        self._folder.cleanup()

    def fill(self, form: str | Path, answers: dict | None = None, *, properties: dict | None = None,
             attachments: str | Path | None = None, **options) -> Filled:
        """Fills a form and finalises it. Raises Refused."""
        self._filled += 1
        folder = Path(attachments or Path(self._folder.name, f"files-{self._filled}"))
        arguments = [str(form), "-", "-", "--attachments", str(folder)]
        for name, value in options.items():
            if value is True:
                arguments.append("--" + name.replace("_", "-"))
            elif value is not None and value is not False:
                arguments += ["--" + name.replace("_", "-"), str(value)]
        for name, value in (properties or {}).items():
            arguments += ["--property", f"{name}={value}"]
        reply = self.run(arguments, answers)
        files = {name: folder / name for name in reply["report"]["attachments"]}
        return Filled(reply["xml"].encode(), reply["report"], files)

    def run(self, arguments: list[str], answers: dict | None = None) -> dict:
        """FillForm with these arguments; the reply holds xml, report and warnings. Raises Refused."""
        reply = self._do({"arguments": arguments, "answers": answers or {}})
        self.report = reply["report"]
        return reply

    def encrypt(self, form: Path, submission: Path, attachments: Path, out: Path) -> None:
        """Encrypts a submission as the program Encryption does. Raises Refused."""
        self._do({"encrypt": [str(path) for path in (form, submission, attachments, out)]})

    def _do(self, job: dict) -> dict:
        self._java.stdin.write(json.dumps(job) + "\n")
        self._java.stdin.flush()
        line = self._java.stdout.readline()
        if not line:
            raise RuntimeError(f"the Java process ended with status {self._java.wait()}")
        reply = json.loads(line)
        if reply["status"]:
            raise Refused(reply["message"], reply["status"])
        return reply


@functools.cache
def kept() -> Phone:
    """The phone that whatever runs in this process shares, with the time of UTC: Java has to start and to warm up
    only once. Raises JavaMissing."""
    return Phone(time_zone="UTC")


def switch_off() -> None:
    """Ends the phone that is kept, if somebody asked for it."""
    if kept.cache_info().currsize:
        kept().close()
        kept.cache_clear()
