"""Searching for hyperparameters: scales, grid against random, coarse to fine, and searches that processes share.

    from dlcourse import tuning

    space = {"learning_rate": tuning.Log(1e-4, 1), "beta": tuning.OneMinusLog(0.9, 0.999)}
    study = tuning.search(lambda values: train_and_validate(**values), space, trials=25)
    print(tuning.table(study))

A search runs on Optuna (Akiba et al. 2019, arXiv:1907.10902), and what it returns is an Optuna study. Random search
follows Bergstra and Bengio, "Random search for hyper-parameter optimization", JMLR 13, 2012.
"""

from dlcourse.tuning.draws import linear_sample, log_sample, one_minus_log_sample
from dlcourse.tuning.figures import plot_importances, plot_learning_curves, plot_search
from dlcourse.tuning.results import Result, importances, results, table
from dlcourse.tuning.scales import Choice, Linear, Log, OneMinusLog, sample
from dlcourse.tuning.search import coarse_to_fine, search
from dlcourse.tuning.shared import shared_study

__all__ = [
    "Choice",
    "Linear",
    "Log",
    "OneMinusLog",
    "Result",
    "coarse_to_fine",
    "importances",
    "linear_sample",
    "log_sample",
    "one_minus_log_sample",
    "plot_importances",
    "plot_learning_curves",
    "plot_search",
    "results",
    "sample",
    "search",
    "shared_study",
    "table",
]
