"""Templates, compiled once for all processes: those of one page take a tenth of a second and more."""

import sys
from contextlib import suppress
from pathlib import Path

from flask import Flask
from jinja2 import FileSystemBytecodeCache
from jinja2.bccache import Bucket


class Beside(FileSystemBytecodeCache):
    """Compiled templates in a folder beside their text, as Python keeps modules: each is known by what it was made of,
    and where there can be no folder, nothing is kept."""

    def __init__(self, templates: Path) -> None:
        folder = templates / "__pycache__"
        with suppress(OSError):
            folder.mkdir(exist_ok=True)
        super().__init__(str(folder))

    def load_bytecode(self, bucket: Bucket) -> None:
        with suppress(OSError):
            super().load_bytecode(bucket)

    def dump_bytecode(self, bucket: Bucket) -> None:
        with suppress(OSError):
            super().dump_bytecode(bucket)


def init_app(app: Flask) -> None:
    """Keep what is compiled, unless Python was told to keep nothing."""
    if not sys.dont_write_bytecode:
        app.jinja_env.bytecode_cache = Beside(Path(app.root_path, str(app.template_folder)))
