"""Optuna samplers whose point for a trial depends on the seed and the trial's number alone.

With Optuna's own samplers two processes that share a study and a seed would try the same points. A trial's number is
unique in its study, whoever runs it.
"""

import functools

from dlcourse.tuning.scales import point

import numpy as np
import optuna


class Points(optuna.samplers.BaseSampler):
    """Tries `point(space, seed, number, box)` in the trial of that number."""

    def __init__(self, space, seed, box=None):
        self._space, self._at = space, functools.partial(point, space, seed, box=box)

    def infer_relative_search_space(self, study, trial):
        return {}

    def sample_relative(self, study, trial, search_space):
        return {}

    def sample_independent(self, study, trial, name, distribution):
        return dict(self._space[key].told(key, value) for key, value in self._at(trial.number).items())[name]


class SeededTPE(optuna.samplers.BaseSampler):
    """Optuna's tree-structured Parzen estimator, seeded anew for each trial."""

    def __init__(self, seed):
        self._seed = seed

    def before_trial(self, study, trial):
        seed = np.random.SeedSequence([self._seed, trial.number]).generate_state(1)[0]
        self._sampler = optuna.samplers.TPESampler(seed=int(seed))
        self._sampler.before_trial(study, trial)

    def infer_relative_search_space(self, study, trial):
        return self._sampler.infer_relative_search_space(study, trial)

    def sample_relative(self, study, trial, search_space):
        return self._sampler.sample_relative(study, trial, search_space)

    def sample_independent(self, study, trial, name, distribution):
        return self._sampler.sample_independent(study, trial, name, distribution)

    def after_trial(self, study, trial, state, values):
        self._sampler.after_trial(study, trial, state, values)
