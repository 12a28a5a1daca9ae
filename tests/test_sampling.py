import numpy as np
import pytest
import tensorflow as tf

from gan_helpers.core import sampling
from gan_helpers.core.system import latent_noise


def test_an_epoch_visits_every_example_once_in_a_new_order():
    def epoch(number):
        return np.concatenate([sampling.batch_indices(3, number * 5 + i, 20, 100).numpy() for i in range(5)])

    first, second = epoch(0), epoch(1)
    assert sorted(first) == sorted(second) == list(range(100))
    assert (first != second).mean() > 0.9


def test_leftovers_are_not_always_the_same_examples():
    seen = {int(i) for step in range(60) for i in sampling.batch_indices(0, step, 4, 11)}
    assert seen == set(range(11))


def test_batches_start_anywhere_without_history():
    images = np.arange(50, dtype=np.float32)
    whole = list(sampling.batches(images, batch_size=8, stop=20, seed=1))
    resumed = list(sampling.batches(images, batch_size=8, start=13, stop=20, seed=1))
    assert [int(step) for step, _ in resumed] == list(range(13, 20))
    for (_, a), (_, b) in zip(whole[13:], resumed, strict=True):
        assert np.array_equal(a, b)


def test_labels_stay_with_their_images():
    images = np.arange(30)
    for _, (x, y) in sampling.batches((images, images * 10), batch_size=7, stop=9, seed=0):
        assert np.array_equal(y, x * 10)


def test_noise_depends_on_seed_step_and_stream_only():
    def draw(seed=0, step=5, stream="generator noise"):
        return sampling.normal((64, 10), seed, step, stream).numpy()

    assert np.array_equal(draw(), draw())
    assert np.array_equal(
        draw(), tf.function(lambda s: sampling.normal((64, 10), 0, s, "generator noise"))(tf.constant(5))
    )
    for other in (draw(seed=1), draw(step=6), draw(stream="discriminator noise")):
        assert abs(np.corrcoef(draw().ravel(), other.ravel())[0, 1]) < 0.15
    big = sampling.normal((100_000,), 0, 0, "x").numpy()
    assert big.mean() == pytest.approx(0, abs=0.02) and big.std() == pytest.approx(1, abs=0.02)
    even = sampling.uniform((100_000,), 0, 0, "x").numpy()
    assert even.min() >= 0 and even.max() < 1
    assert even.mean() == pytest.approx(0.5, abs=0.01) and even.std() == pytest.approx(12**-0.5, abs=0.01)


def test_batches_may_be_of_one_example_and_of_all():
    for size in (1, 3):
        seen = [int(i) for _, batch in sampling.batches(np.arange(3), batch_size=size, stop=3 // size) for i in batch]
        assert sorted(seen) == [0, 1, 2]


def test_there_may_be_no_step_to_make():
    assert not list(sampling.batches(np.arange(3), batch_size=1, stop=0))


def test_what_nobody_chooses_is_0():
    whole = [batch for _, batch in sampling.batches(np.arange(20), batch_size=5, start=0, stop=8, seed=0)]
    short = [batch for _, batch in sampling.batches(np.arange(20), batch_size=5, stop=8)]
    assert np.array_equal(whole, short)
    assert np.array_equal(latent_noise(3, 4), latent_noise(3, 4, seed=0))


def test_helpful_errors():
    with pytest.raises(ValueError, match="same length"):
        sampling.batches((np.zeros(3), np.zeros(4)), batch_size=2, stop=1)
    with pytest.raises(ValueError, match=r"from 1 to the number of examples \(3\), got 4"):
        sampling.batches(np.zeros(3), batch_size=4, stop=1)
