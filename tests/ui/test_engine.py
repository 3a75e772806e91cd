"""The form engine of the browser as it is committed: what its recipe says, and nothing a page may not run."""

import json
import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
ENGINE = ROOT / "app/static/odk/web-forms.js"


def test_the_engine_is_the_one_of_the_recipe_and_holds_neither_eval_nor_maps_from_outside():
    recipe = json.loads((ROOT / "engine/package.json").read_text())
    built = ENGINE.read_text()
    wanted = recipe["dependencies"]["@getodk/web-forms"]
    assert f'"v{wanted}"' in built
    assert not re.search(r"(?<![.\w$])(?:eval|new Function)\(", built)
    assert not re.search(r"openstreetmap|@font-face", built)
    locked = json.loads((ROOT / "engine/package-lock.json").read_text())["packages"]
    assert all("integrity" in one and "resolved" not in one for path, one in locked.items() if path)
    licences = (ENGINE.parent / "LICENSES.txt").read_text()
    for name in recipe["dependencies"]:
        assert re.search(
            rf"^{re.escape(name)} {re.escape(locked[f'node_modules/{name}']['version'])}\b",
            licences,
            re.MULTILINE,
        )
