"""What a test needs beside Python, and what happens where it is not there."""

import os
from typing import NoReturn

import pytest


def missing(tool: str) -> NoReturn:
    """Skip a test for want of a tool, naming it; a fault where everything must be there."""
    if os.environ.get("CI") == "true":
        pytest.fail(f"{tool} is missing, and with CI=true nothing may be skipped for that", pytrace=False)
    pytest.skip(f"needs {tool}")
