"""Hypothesis for as long as one likes: `SAIF_FUZZ_MINUTES=10 pytest -k fuzz` tries inputs for ten minutes a test,
where a run of the suite tries a hundred."""

import os
import time
from collections.abc import Callable
from typing import Any

from hypothesis import HealthCheck, given, seed, settings
from hypothesis.strategies import SearchStrategy

MINUTES = float(os.environ.get("SAIF_FUZZ_MINUTES", "0"))


def fuzz(check: Callable[[Any], None], inputs: SearchStrategy[Any], *, examples: int = 100) -> int:
    """Try a check with inputs until the time is up, at least once with so many. Returns how many were tried."""
    until = time.monotonic() + 60 * MINUTES
    tried = rounds = 0

    def counted(one: Any) -> None:
        nonlocal tried
        tried += 1
        check(one)

    while rounds == 0 or time.monotonic() < until:
        limits = settings(
            max_examples=examples if not MINUTES else 2000,
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
        )
        seed(rounds)(limits(given(inputs)(counted)))()
        rounds += 1
    return tried
