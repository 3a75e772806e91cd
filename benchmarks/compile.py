"""What an upload costs, from its bytes to its findings, beside what bare pyxform costs on the same file.

    python -m benchmarks.compile [FILE ...]

The authored workbooks, and those of the forms corpus where it is at hand (SAIF_FORMS_CORPUS), or the files named, are
compiled as uploads are, in a child process with limits, and converted by pyxform alone, in turn; CPU seconds, the least
of the rounds. The ratio of the two must stay below 1.3 for a form of 250 questions. It is given without start (pyxform
is imported, the process that forks is there) and with it (a fresh process each). Then a form of 5,000 questions and one
with 50,000 choices: seconds, and the peak of memory of both processes together.
"""

import argparse
import io
import os
import resource
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import openpyxl
from pyxform.xls2xform import convert

import xlsforms
from xlsforms import apart
from xlsforms.compile import CompiledForm, compile_form

ROOT = Path(__file__).parent.parent
AUTHORED = Path(xlsforms.__file__).parent / "forms"
CORPUS = Path(os.environ.get("SAIF_FORMS_CORPUS") or ROOT.parent / "shared" / "forms-corpus")
ROUNDS = 5
BARE = "import sys; from pyxform.xls2xform import convert; convert(sys.argv[1])"
UPLOAD = """
import sys
from pathlib import Path
from xlsforms import apart
from xlsforms.compile import compile_form
path = Path(sys.argv[1])
compile_form(path.read_bytes(), path.name)
apart.end()
"""


def forking() -> int:
    """The process that forks; there is one after the first upload."""
    compile_form(b"| survey |", "nothing.md")
    return apart.process()


def spent(process: int) -> float:
    """CPU seconds of this process, of that one and of the children it has seen the end of (proc_pid_stat(5))."""
    time.sleep(0.05)  # until the last child is gone
    numbers = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return time.process_time() + sum(int(one) for one in numbers[11:15]) / os.sysconf("SC_CLK_TCK")


def fresh(program: str, path: Path) -> float:
    """CPU seconds of a process that runs a program on a file, and of its children."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, "-c", program, path], capture_output=True, cwd=ROOT, check=False)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def alone(path: Path, content: bytes) -> None:
    """pyxform, on what it converts and on what it refuses."""
    with suppress(Exception):  # it refuses some of the corpus
        convert(io.BytesIO(content), file_type=path.suffix)


def ratio(path: Path, rounds: int = ROUNDS) -> str:
    """One workbook: pyxform and an upload in turn."""
    content, process = path.read_bytes(), forking()
    bare, uploads, walls = [], [], []
    for _ in range(rounds):
        began = spent(process)
        alone(path, content)
        between = spent(process)
        start = time.perf_counter()
        compiled = compile_form(content, path.name)
        walls.append(time.perf_counter() - start)
        bare.append(between - began)
        uploads.append(spent(process) - between)
    started = [(fresh(BARE, path), fresh(UPLOAD, path)) for _ in range(2)]
    first, upload = (min(one) for one in zip(*started, strict=True))
    asked = f"{len(list(compiled.schema.questions())):4} questions" if compiled.schema else "refused       "
    warm = f"{min(uploads):5.2f} s of pyxform {min(bare):5.2f} s: {min(uploads) / min(bare):4.2f}"
    cold = f"{upload:5.2f} s of {first:5.2f} s: {upload / first:4.2f}"
    return f"{asked}  {len(compiled.findings):3} findings  {min(walls):5.2f} s  CPU {warm}  with start {cold}"


def questions(number: int) -> dict[str, list[list[str]]]:
    """A form of so many questions of six types, in groups of 25, in three languages, with conditions."""
    kinds = ("text", "integer", "select_one yn", "select_multiple things", "date", "calculate")
    survey = [
        ["type", "name", *LABELS, "relevant", "constraint", "constraint_message::English (en)", "calculation"]
    ]
    for n in range(number):
        if n % 25 == 0:
            survey += [["end_group"]] * bool(n) + [
                ["begin_group", f"g{n}", f"Section {n}", f"Partie {n}", f"قسم {n}"]
            ]
        kind, before = kinds[n % 6], f"${{q{max(n - 1, 0)}}} != ''"
        texts = [] if kind == "calculate" else [f"Question {n}", f"La question {n}", f"سؤال {n}"]
        row = [kind, f"q{n}", *(texts or ["", "", ""]), before if n % 3 == 1 else ""]
        row += [". > 0 and . < 120", "From 1 to 119"] if kind == "integer" else ["", ""]
        survey.append([*row, f"if({before}, 1, 0)" if kind == "calculate" else ""])
    survey.append(["end_group"])
    lists = [("yn", "yes"), ("yn", "no"), *(("things", f"t{n}") for n in range(20))]
    choices = [["list_name", "name", *LABELS], *([name, code, code, code, code] for name, code in lists)]
    return {"survey": survey, "choices": choices, "settings": [["form_id", "version"], ["questions", "1"]]}


def choices(number: int) -> dict[str, list[list[str]]]:
    """A form with a list of so many choices, filtered by another."""
    survey = [["type", "name", "label", "choice_filter"], ["select_one region", "region", "Region"]]
    survey.append(["select_one place", "place", "Place", "region = ${region}"])
    regions = [["region", f"r{n}", f"Region {n}", ""] for n in range(100)]
    places = [["place", f"p{n}", f"Place {n}", f"r{n % 100}"] for n in range(number)]
    listed = [["list_name", "name", "label", "region"], *regions, *places]
    return {"survey": survey, "choices": listed, "settings": [["form_id", "version"], ["choices", "1"]]}


LABELS = ("label::English (en)", "label::Français (fr)", "label::العربية (ar)")
LARGE: dict[str, Callable[[], dict[str, list[list[str]]]]] = {
    "5,000 questions": lambda: questions(5000),
    "50,000 choices": lambda: choices(50_000),
}


def workbook(sheets: dict[str, list[list[str]]]) -> bytes:
    """A .xlsx of these rows."""
    book = openpyxl.Workbook(write_only=True)
    for title, rows in sheets.items():
        sheet = book.create_sheet(title)
        for row in rows:
            sheet.append([cell or None for cell in row])
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


@contextmanager
def watched() -> Iterator[list[int]]:
    """Meanwhile the resident memory of this process and all below it is looked at; the list holds the peak, in kB."""
    peak, over = [0], threading.Event()

    def look() -> None:
        while not over.wait(0.02):
            parents = {}
            for stat in Path("/proc").glob("[0-9]*/stat"):
                try:
                    numbers = stat.read_text().rpartition(")")[2].split()
                except OSError:
                    continue
                parents[int(stat.parent.name)] = (int(numbers[1]), int(numbers[21]))
            ours = {os.getpid()}
            while more := {pid for pid, (parent, _) in parents.items() if parent in ours} - ours:
                ours |= more
            pages = sum(parents[pid][1] for pid in ours if pid in parents)
            peak[0] = max(peak[0], pages * resource.getpagesize() // 1024)

    watcher = threading.Thread(target=look)
    watcher.start()
    try:
        yield peak
    finally:
        over.set()
        watcher.join()


def large(name: str) -> str:
    """A large form, from upload to findings."""
    content, steps = workbook(LARGE[name]()), []
    forking()
    compiled: CompiledForm
    with watched() as peak:
        start = time.perf_counter()
        compiled = compile_form(content, "large.xlsx", progress=lambda step, _: steps.append(step))
        seconds = time.perf_counter() - start
    fate = "compiles" if compiled.ok else "refused"
    return f"{len(content) / 1000:6.0f} kB  {fate}  {seconds:5.1f} s  {peak[0] / 1000:4.0f} MB  {len(steps)} steps told"


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("files", nargs="*", type=Path)
    files = parser.parse_args().files
    corpus = sorted(CORPUS.glob("*.xls*")) if CORPUS.is_dir() else []
    for path in files or [*sorted(AUTHORED.glob("*.xlsx")), *corpus]:
        print(f"compile {path.name[:40]:40} {ratio(path)}", flush=True)
    for name in () if files else LARGE:
        print(f"compile {name:40} {large(name)}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
