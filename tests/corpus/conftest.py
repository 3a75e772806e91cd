"""The forms from the field: public XLSForms and XForms, unchanged, and what pyxform and JavaRosa made of them.

They lie beside the checkout (SAIF_FORMS_CORPUS, else ../shared/forms-corpus); without them these tests are skipped.
"""

import csv
import os
import subprocess
from pathlib import Path

import pytest

from tests.clients.javarosa.phone import JavaMissing, run
from tests.tools import missing
from xlsforms import compile as compiling

CORPUS = Path(
    os.environ.get("SAIF_FORMS_CORPUS") or Path(__file__).parents[2].parent / "shared" / "forms-corpus"
)


def measured() -> list[dict[str, str]]:
    """The rows of RESULTS.tsv, empty where the corpus is absent."""
    if not (CORPUS / "RESULTS.tsv").exists():
        return []
    with (CORPUS / "RESULTS.tsv").open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines, delimiter="\t"))


class Compiled(dict):
    """file name → CompiledForm, compiled when first asked for, once a session."""

    def __missing__(self, file: str):
        self[file] = compiling.compile_form((CORPUS / file).read_bytes(), file)
        return self[file]


@pytest.fixture(scope="session")
def corpus() -> Compiled:
    return Compiled()


@pytest.fixture(scope="session")
def trees(corpus, tmp_path_factory) -> dict[str, list[list[str]]]:
    """What JavaRosa sees in every form that compiles, by file: rows of kind, path, data type, flags."""
    try:
        jar = run.jar()
        run.classes(jar)  # names the tool that is missing
    except JavaMissing as tool:
        missing(str(tool))
    folder = tmp_path_factory.mktemp("xforms")
    files = []
    for row in measured():
        if (source := corpus[row["file"]].xform) is not None:
            files.append(folder / (row["file"] + ".xml"))
            files[-1].write_bytes(source)
    program = Path(__file__).with_name("FormTree.java")
    command = ["java", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-cp", jar, program, *files]
    said = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert said.returncode == 0, said.stderr[-2000:]
    rows: dict[str, list[list[str]]] = {}
    for line in said.stdout.splitlines():
        file, *cells = line.split("\t")
        rows.setdefault(file.removesuffix(".xml"), []).append(cells)
    return rows
