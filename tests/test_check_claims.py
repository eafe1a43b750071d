"""`check.claim`: silent when a statement holds, a line when it does not, an error where the notebooks are tested."""

from dlcourse import check

import numpy as np
import pytest


@pytest.fixture
def lenient(monkeypatch):
    monkeypatch.delenv("DLCOURSE_CLAIMS", raising=False)


@pytest.mark.parametrize("truth", [True, np.True_, np.array(1.0) > 0, 1])
def test_a_statement_that_holds_prints_nothing(truth, capsys, lenient):
    assert check.claim(truth, "the cost falls") is None
    assert capsys.readouterr().out == ""


def test_a_statement_that_does_not_hold_is_said_and_stops_nothing(capsys, lenient):
    check.claim(np.float64(2) < 1, "the cost falls")
    assert capsys.readouterr().out == "With these settings this does not hold: the cost falls.\n"


def test_in_the_tests_a_statement_that_does_not_hold_is_an_error(monkeypatch, capsys):
    monkeypatch.setenv("DLCOURSE_CLAIMS", "strict")
    check.claim(True, "the cost falls")
    with pytest.raises(AssertionError, match="this does not hold: the cost falls"):
        check.claim(False, "the cost falls")


def test_these_tests_and_the_notebooks_under_them_are_strict():
    with pytest.raises(AssertionError):
        check.claim(False, "the cost falls")


@pytest.mark.parametrize(
    ("truth", "text", "named"),
    [
        ([True, False], "so", "truth"),
        (0.5, "so", "truth"),
        ((), "so", "truth"),
        (True, " ", "text"),
        (np.ones(2), "so", "truth"),
        (1, None, "text"),
    ],
)
def test_a_claim_without_one_truth_or_without_words_is_refused(truth, text, named):
    with pytest.raises(ValueError, match=named):
        check.claim(truth, text)
