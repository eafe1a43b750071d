"""benchmarks/models.py: what is timed on both sides is the same network. No time is judged here."""

import functools

from dlcourse import models

import keras
import numpy as np
import pytest


@pytest.fixture
def benchmark(load_benchmark, monkeypatch):
    module = load_benchmark("models")
    for name, value in (("SHAPE", (32, 32, 3)), ("BATCH", 2), ("CLASSES", 3)):
        monkeypatch.setattr(module, name, value)
    theirs, preprocessing = keras.applications.VGG16, keras.applications.vgg16
    small = functools.partial(models.vgg16, dropout=0.0)  # few layers, quickly compiled; Keras' has no dropout
    monkeypatch.setattr(module, "NETS", {"vgg16": (small, theirs, preprocessing)})
    return module


def test_both_sides_compute_the_same_and_a_step_trains_both_alike(benchmark):
    nets = benchmark.pair("vgg16")
    before = [net.trainable_weights[0].numpy() for net in nets]
    forward = [benchmark.forward(net) for net in nets]
    assert forward[0]().shape == (2, 3) and benchmark.difference(*(function() for function in forward)) < 1e-5
    costs = [benchmark.step(net)() for net in nets]
    assert benchmark.difference(*costs) < 1e-4
    for net, start in zip(nets, before, strict=True):
        assert np.abs(net.trainable_weights[0].numpy() - start).max() > 1e-6
    nets[0].trainable_weights[-1].assign([5.0, 0.0, 0.0])
    assert benchmark.difference(*(function() for function in forward)) > 1e-2


def test_a_net_that_trains_other_numbers_is_not_timed(benchmark, monkeypatch):
    build, theirs, module = benchmark.NETS["vgg16"]

    def frozen(*args, **kwargs):
        net = build(*args, **kwargs)
        net.get_layer("block1_conv1").trainable = False
        return net

    monkeypatch.setitem(benchmark.NETS, "vgg16", (frozen, theirs, module))
    with pytest.raises(AssertionError, match=r"^vgg16: \d+ numbers are trained here, \d+ there"):
        benchmark.pair("vgg16")


def test_the_table_tells_whether_each_goal_was_reached(benchmark, monkeypatch, capsys):
    times = iter([[0.25, 0.25], [0.5, 0.25]])
    monkeypatch.setattr(benchmark, "pair", lambda name: (1, 1))
    monkeypatch.setattr(benchmark, "forward", lambda net: lambda: np.ones(3))
    monkeypatch.setattr(benchmark, "step", lambda net: lambda: np.ones(3))
    monkeypatch.setattr(benchmark.timing, "take_turns", lambda functions, rounds: next(times))
    benchmark.main()
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 3
    assert lines[1].split()[-5:] == ["1.00", "at", "most", "1.05:", "reached"]
    assert lines[2].split()[-5:] == ["2.00", "at", "most", "1.05:", "missed"]


def test_a_side_that_computes_something_else_is_not_timed(benchmark, monkeypatch):
    monkeypatch.setattr(benchmark, "pair", lambda name: (1, 2))
    monkeypatch.setattr(benchmark, "forward", lambda net: lambda: np.full(3, net))
    with pytest.raises(AssertionError, match="vgg16: the two forwards compute something else"):
        benchmark.main(rounds=1)
