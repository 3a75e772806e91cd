"""Compiled forms, kept for all tests of a session."""

from collections.abc import Collection
from functools import cache

from xlsforms.compile import CompiledForm, Progress, compile_apart
from xlsforms.workbook import Kind, Limits


class Compiled:
    """In the place of `compile_apart`: asks it once for each file, and tells the steps as they were told then."""

    def __init__(self) -> None:
        self._made = cache(_made)

    def __call__(
        self,
        kind: Kind,
        content: bytes,
        name: str,
        *,
        beside: Collection[str] | None,
        limits: Limits,
        progress: Progress,
    ) -> CompiledForm:
        known = None if beside is None else frozenset(beside)
        compiled, steps = self._made(kind, content, name, known, limits)
        for step, share in steps:
            progress(step, share)
        return compiled


def _made(
    kind: Kind, content: bytes, name: str, beside: frozenset[str] | None, limits: Limits
) -> tuple[CompiledForm, list[tuple[str, float | None]]]:
    steps: list[tuple[str, float | None]] = []
    compiled = compile_apart(
        kind, content, name, beside=beside, limits=limits, progress=lambda *step: steps.append(step)
    )
    return compiled, steps
