"""Learning-rate decay: α falls with the epochs (notes, section 2.4.6)."""

from dlcourse.scratch.checks import at_least, chance, checked, not_negative, positive, scale


@checked(learning_rate=positive, epoch=not_negative, decay_rate=scale)
def inverse_time_decay(learning_rate, epoch, decay_rate=1.0):
    """Return α = α0 / (1 + decay_rate · epoch), in the shape of `epoch`.

    Args:
        learning_rate: α0, above 0.
        epoch: Number of the epoch, 0 or more, or an array of them.
        decay_rate: 0 or more; 1 halves α0 after the first epoch.

    Raises ValueError if a value is out of its range.
    Taught in notebook 2-2, section 2.4.6; notes, eq. 2.5.
    """
    return learning_rate / (1 + decay_rate * epoch)


@checked(learning_rate=positive, epoch=not_negative, rate=chance)
def exponential_decay(learning_rate, epoch, rate=0.95):
    """Return α = α0 · rateᵉᵖᵒᶜʰ, in the shape of `epoch`.

    Args:
        learning_rate, epoch: As for `inverse_time_decay`.
        rate: Above 0 and at most 1: what an epoch leaves of α.

    Raises ValueError if a value is out of its range.
    Taught in notebook 2-2, section 2.4.6.
    """
    return learning_rate * rate**epoch


@checked(learning_rate=positive, epoch=not_negative, factor=chance, every=at_least(1))
def step_decay(learning_rate, epoch, factor=0.5, every=10):
    """Return α = α0 · factor^⌊epoch / every⌋: constant, then multiplied by the factor after every so many epochs.

    Args:
        learning_rate, epoch: As for `inverse_time_decay`.
        factor: Above 0 and at most 1.
        every: Epochs between two drops, 1 or more.

    Raises ValueError if a value is out of its range.
    Taught in notebook 2-2, section 2.4.6.
    """
    return learning_rate * factor ** (epoch // every)
