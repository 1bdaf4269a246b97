"""How many random cases there are, from which seed, and where they run."""

import os

import hypothesis
import pytest
from hypothesis import strategies as st

MANY = "KERAS_GAN_FUZZ" in os.environ
CASES = int(os.environ.get("KERAS_GAN_FUZZ", "100"))
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
NUMBERS = st.one_of(
    st.integers(-(10**22), 10**22),
    st.integers(-3, 70),
    st.floats(),
    st.sampled_from(["", "nan", "inf", "-inf", "1e400", "0x10", "1_000", "true", "٣", "1,2"]),
)
PYTHON_WORDS = ("Traceback", "NoneType", "numpy", "invalid literal", "Errno", "object has no")


def fuzz(cases):
    """Settings of a test of so many cases; by default always the same ones."""
    settings = hypothesis.settings(
        max_examples=cases,
        deadline=None,
        database=None,
        print_blob=True,
        suppress_health_check=list(hypothesis.HealthCheck),
    )
    seed = hypothesis.seed(int(os.environ.get("KERAS_GAN_FUZZ_SEED", "0")))
    return lambda function: seed(settings(function))


@pytest.fixture(autouse=True)
def elsewhere(tmp_path, monkeypatch):
    """What is relative, temporary or at home is in a folder of the test's own."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    # Thousands of small files need not survive a power cut.
    monkeypatch.setattr(os, "fsync", lambda handle: None)
