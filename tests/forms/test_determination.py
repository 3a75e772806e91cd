"""The weights compiled into the form are those of the dictionary (domain reference, section 3.2)."""

import random

import pytest
from lxml import etree

from tests.forms.test_interviews import answers_of, fill
from xlsforms.dictionary import load

pytestmark = pytest.mark.java

DIMENSIONS = (
    "deception",
    "coercion_rec",
    "vulnerability_rec",
    "exploitation",
    "coercion_dest",
    "vulnerability_dest",
)


def positive(strong, medium, weak):
    """Two strong; one strong and one medium or weak; three medium; two medium and one weak."""
    return strong >= 2 or (strong >= 1 and medium + weak >= 1) or medium >= 3 or (medium >= 2 and weak >= 1)


@pytest.mark.parametrize("age", [16, 30])
@pytest.mark.parametrize("seed", range(6))
def test_counts_and_dimensions_follow_the_weights(phone, xforms, lists, age, seed):
    chance = random.Random(seed)
    weights = load().indicators
    answers = answers_of("screening", "adult strong") | {
        "age_estimate": str(age),
        "age_at_entry": str(min(age, 20)),
    }
    ticked = {}
    for dimension in DIMENSIONS:
        codes = list(weights[f"ind_{dimension}"])
        ticked[dimension] = chance.sample(codes, chance.randint(0, min(5, len(codes))))
        answers[f"ind_{dimension}"] = " ".join(ticked[dimension])
    root = etree.fromstring(fill(phone, xforms, lists, "screening", answers).xml)
    for dimension, codes in ticked.items():
        found = [
            getattr(weights[f"ind_{dimension}"][code], "child" if age < 18 else "adult") for code in codes
        ]
        counts = [found.count(letter) for letter in "SMW"]
        said = [
            int(float(root.findtext(f".//n_{size}_{dimension}"))) for size in ("strong", "medium", "weak")
        ]
        assert said == counts, dimension
        assert root.findtext(f".//dim_{dimension}") == str(int(positive(*counts))), dimension
