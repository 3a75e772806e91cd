"""Whether docs and code agree: `python docs/check.py`; `--write` brings the generated parts up to date.

A page may hold parts made from the code, between `<!-- made from: NAME -->` and `<!-- end -->`. Also checked:
links lead somewhere, every code of a finding is explained, the architecture page names the modules there are,
and the tests that the page of the protocol names are there.
"""

import ast
import re
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import click

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("xlsforms/**/*.md")])
PART = re.compile(r"(<!-- made from: ([a-z ]+) -->\n).*?(<!-- end -->)", re.DOTALL)
LINK = re.compile(r"\]\(([^)#\s]+)(?:#[^)]*)?\)")
TEST = re.compile(r"`((?:tests/[a-z]+/)?test_[a-z_]+)`")
CODE = re.compile(r"(?<=[|,] )`([a-z_]+)`(?=[^|\n]*\|[^|\n]*\|[^|\n]*\|$)", re.MULTILINE)
MODULE = re.compile(r"^  ([a-z_]+\.py(?:  [a-z_]+\.py)*)", re.MULTILINE)


def commands() -> str:
    """Every command of `saif` with its help."""
    from app.cli import main

    def walk(command: click.Command, path: str, parent: click.Context | None) -> Iterator[str]:
        context = click.Context(command, info_name=path.rpartition(" ")[2], parent=parent)
        if isinstance(command, click.Group):
            for name in command.list_commands(context):
                child = command.get_command(context, name)
                assert child is not None
                yield from walk(child, f"{path} {name}", context)
        else:
            yield f"### `{path}`\n\n```text\n{command.get_help(context)}\n```\n"

    return "\n".join(walk(main, "saif", None))


def problems() -> str:
    """The catalogue of problems, from the source of app.problems."""
    rows = ["| code | status | what it says | when |", "|---|---|---|---|"]
    for function in ast.parse((ROOT / "app/problems.py").read_text()).body:
        if not isinstance(function, ast.FunctionDef):
            continue
        for call in ast.walk(function):
            if not (isinstance(call, ast.Call) and getattr(call.func, "id", "") == "Problem"):
                continue
            given = [_told(argument) for argument in call.args[:3]]
            if all(isinstance(argument, ast.Constant) for argument in given):
                code, status, title = (ast.unparse(argument).strip("'\"") for argument in given)
                when = (ast.get_docstring(function) or "").splitlines()[0]
                rows.append(f"| `{code}` | {status} | {title} | {when} |")
    return "\n".join(rows) + "\n"


def _told(argument: ast.expr) -> ast.expr:
    """A text as it is in English: without the `_` that translates it."""
    translated = isinstance(argument, ast.Call) and getattr(argument.func, "id", "") == "_"
    return argument.args[0] if translated else argument


def settings() -> str:
    """The settings, from the docstrings below the fields of app.config.Config."""
    tree = ast.parse((ROOT / "app/config.py").read_text())
    config = next(node for node in tree.body if isinstance(node, ast.ClassDef) and node.name == "Config")
    rows = ["| setting | meaning |", "|---|---|"]
    for text in (
        node.value.value
        for node in config.body[1:]
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    ):
        name = re.search(r"\b(SAIF_[A-Z_]+|PORT|DATABASE_URL|BLOB_URL)\b", str(text))
        if name:
            words = " ".join(str(text).split()).removeprefix(f"{name[0]}: ")
            rows.append(f"| `{name[0]}` | {words} |")
    return "\n".join(rows) + "\n"


def permissions() -> str:
    """Who may do what, from app.policy.permissions."""
    from app.policy.permissions import ACTIONS, ROLES

    rows = [f"| action | {' | '.join(ROLES)} | means |", f"|---|{'---|' * len(ROLES)}---|"]
    for name, action in ACTIONS.items():
        if action.scope in ("mission", "everywhere"):
            marks = " | ".join("yes" if role in action.roles else "" for role in ROLES)
            rows.append(f"| `{name}` | {marks} | {action.words} |")
    return "\n".join(rows) + "\n"


def routes() -> str:
    """Every route of the REST interface, from the application itself."""
    from app import create_app, keys
    from app.auth import PHONES
    from app.config import Config

    with tempfile.TemporaryDirectory() as home:
        keys.generate(Path(home, "keys"))
        app = create_app(Config.from_environ({"SAIF_HOME": home}))
    rows = ["| method | path | what |", "|---|---|---|"]
    for rule in sorted(app.url_map.iter_rules(), key=lambda rule: rule.rule):
        if rule.rule.startswith("/v1") and not rule.rule.startswith(PHONES):
            view = app.view_functions[rule.endpoint]
            path = re.sub(r"<(?:[a-z]+:)?([a-z_]+)>", r"{\1}", rule.rule)
            for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
                handler = getattr(getattr(view, "view_class", None), method.lower(), view)
                words = (handler.__doc__ or "").strip().splitlines() or [""]
                rows.append(f"| {method} | `{path}` | {words[0]} |")
    return "\n".join(rows) + "\n"


def finding_codes() -> set[str]:
    """Codes of all that the checks of forms can say: first arguments of the functions that make findings."""
    from xlsforms import complaints

    said = {"error", "warning", "info", "say", "tell", "doubt", "_error"}
    codes = set(complaints.CODES)
    for path in (ROOT / "xlsforms").glob("*.py"):
        for call in ast.walk(ast.parse(path.read_text())):
            if isinstance(call, ast.Call) and getattr(call.func, "id", "") in said and call.args:
                first = call.args[0]
                if isinstance(first, ast.Constant) and isinstance(first.value, str):
                    codes.add(first.value)
    return codes


def columns() -> str:
    """The columns of a workbook, from xlsforms.columns."""
    from xlsforms.columns import COLUMNS

    rows: list[str] = []
    for sheet in dict.fromkeys(one.sheet for one in COLUMNS):
        rows += [f"\n## Sheet {sheet}\n", "| column | what stands in it |", "|---|---|"]
        for one in COLUMNS:
            if one.sheet == sheet:
                per = " per language" if one.translated else ""
                rows.append(f"| `{one.header}`{per} | {one.words.replace('|', '&#124;')} |")
    return "\n".join(rows).lstrip("\n") + "\n"


PARTS: dict[str, Callable[[], str]] = {
    "columns": columns,
    "commands": commands,
    "problems": problems,
    "settings": settings,
    "permissions": permissions,
    "routes": routes,
}


def faults(write: bool) -> Iterator[str]:
    """One line for each disagreement."""
    for page in PAGES:
        text = page.read_text()
        made = PART.sub(lambda part: part[1] + PARTS[part[2]]() + part[3], text)
        if made != text and write:
            page.write_text(made)
        elif made != text:
            yield f"{page.relative_to(ROOT)}: out of date; run: python docs/check.py --write"
        for target in LINK.findall(text):
            if (
                "://" not in target
                and not target.startswith("mailto:")
                and not (page.parent / target).exists()
            ):
                yield f"{page.relative_to(ROOT)}: the link to {target} leads nowhere"
    for name in TEST.findall((ROOT / "docs/openrosa.md").read_text()):
        if not (ROOT / ("" if "/" in name else "tests/openrosa") / f"{name}.py").exists():
            yield f"docs/openrosa.md: names {name}, which is not there"
    listed = set(CODE.findall((ROOT / "docs/findings.md").read_text()))
    for code in sorted(finding_codes() - listed):
        yield f"docs/findings.md: the finding {code} is not there"
    for code in sorted(listed - finding_codes()):
        yield f"docs/findings.md: no check says {code}"
    house = (ROOT / "docs/architecture.md").read_text()
    for package in ("xlsforms", "submissions"):
        block = house.partition(f"\n{package}/ ")[2]
        named = set(" ".join(MODULE.findall(re.split(r"\n[a-z]", block)[0])).split())
        there = {path.name for path in (ROOT / package).glob("*.py")} - {"__init__.py"}
        for name in sorted(there - named):
            yield f"docs/architecture.md: section 2 does not name {package}/{name}"
        for name in sorted(named - there):
            yield f"docs/architecture.md: section 2 names {package}/{name}, which is not there"


if __name__ == "__main__":
    found = list(faults(write="--write" in sys.argv))
    for line in found:
        print(line, file=sys.stderr)  # noqa: T201 -- a command's output
    sys.exit(bool(found))
