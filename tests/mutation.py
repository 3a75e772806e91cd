"""Inputs near real ones, for `tests.fuzz`: what is cut, doubled, swapped and strewn with words that mean something."""

from collections.abc import Sequence

from hypothesis import strategies as st

_OPERATIONS = ("cut", "end", "double", "put", "byte", "move")


@st.composite
def mutated(draw: st.DrawFn, seeds: Sequence[bytes], words: Sequence[bytes]) -> bytes:
    """One of the seeds after up to eight changes, or plain bytes."""
    if draw(st.integers(0, 19)) == 0:
        return draw(st.binary(max_size=2000))
    found = draw(st.sampled_from(seeds))
    steps = st.tuples(
        st.sampled_from(_OPERATIONS),
        st.floats(0, 1, width=32),
        st.sampled_from([1, 2, 7, 60, 900]),
        st.sampled_from(words) | st.binary(max_size=4),
    )
    for operation, place, length, word in draw(st.lists(steps, max_size=8)):
        at = int(place * len(found))
        piece = found[at : at + length]
        match operation:
            case "cut":
                found = found[:at] + found[at + length :]
            case "end":
                found = found[:at]
            case "double":
                found = found[:at] + piece * 2 + found[at + length :]
            case "put":
                found = found[:at] + word + found[at:]
            case "byte":
                found = found[:at] + word[:1] + found[at + 1 :]
            case "move":
                found = piece + found[:at] + found[at + length :]
    return found
