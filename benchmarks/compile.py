"""How long a workbook takes from upload to findings.

    python -m benchmarks.compile [FILE ...]

The authored workbooks, and those of the forms corpus where it is at hand (SAIF_FORMS_CORPUS), or the files
named. Each is compiled as an upload is, in a child process with limits; CPU and memory are the child's.
"""

import argparse
import os
import resource
import sys
import time
from pathlib import Path

import xlsforms
from xlsforms.compile import compile_form

ROOT = Path(__file__).parent.parent
AUTHORED = Path(xlsforms.__file__).parent / "forms"
CORPUS = Path(os.environ.get("SAIF_FORMS_CORPUS") or ROOT.parent / "shared" / "forms-corpus")


def measure(path: Path) -> str:
    """One workbook."""
    content = path.read_bytes()
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    began = time.perf_counter()
    compiled = compile_form(content, path.name)
    seconds = time.perf_counter() - began
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    questions = sum(1 for _ in compiled.schema.questions()) if compiled.schema is not None else 0
    said = f"{questions:4} questions" if compiled.ok else "refused       "
    return (
        f"{len(content) / 1000:6.0f} kB  {said}  {len(compiled.findings):3} findings  {seconds:5.2f} s  "
        f"CPU {cpu:5.2f} s  peak of all so far {after.ru_maxrss / 1000:.0f} MB"
    )


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("files", nargs="*", type=Path)
    files = parser.parse_args().files
    if not files:
        kinds = (".xlsx", ".xls")
        corpus = sorted(path for path in CORPUS.glob("*") if path.suffix in kinds) if CORPUS.is_dir() else []
        files = [*sorted(AUTHORED.glob("*.xlsx")), *corpus]
    began = time.perf_counter()
    for path in files:
        print(f"compile {path.name[:50]:50} {measure(path)}", flush=True)
    print(f"compile {len(files)} workbooks, {len(files) / (time.perf_counter() - began):.2f}/s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
