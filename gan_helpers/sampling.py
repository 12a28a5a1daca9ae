"""Randomness as a function: the batch and the noise of step s depend on (seed, s) and on nothing else.

Nothing here keeps state, so there is no state to lose: a killed run that resumes at step s sees exactly the
batches and the noise that it would have seen, and two machines with one seed see the same.
"""

from __future__ import annotations

import zlib

import numpy as np
import tensorflow as tf

PREFETCH = 16  # batches made ahead, so that gathering never holds up training


def step_seed(seed: int, step: tf.Tensor | int, stream: str) -> tf.Tensor:
    """The seed of one random draw: one for each (seed, step, stream).

    Args:
        seed: the run's seed.
        step: the training step, an int or an integer scalar tensor.
        stream: what the draw is for, e.g. ``"discriminator noise"``. Draws of one step that must be independent
            need different streams.

    Returns:
        int64 tensor of shape (2,), for TensorFlow's stateless random functions, which scramble it.
    """
    run = zlib.crc32(f"{seed}/{stream}".encode())  # a Python hash would change from one process to the next
    return tf.stack([tf.constant(run, tf.int64), tf.cast(step, tf.int64)])


def normal(shape, seed: int, step: tf.Tensor | int, stream: str) -> tf.Tensor:
    """Standard normal noise, float32, for (seed, step, stream).

    XLA deals the same generator's numbers out in another order: runs with and without ``jit_compile`` repeat
    themselves exactly, but not each other.
    """
    return tf.random.stateless_normal(shape, step_seed(seed, step, stream), alg="philox")


def uniform(shape, seed: int, step: tf.Tensor | int, stream: str) -> tf.Tensor:
    """Numbers from 0 to 1, float32, for (seed, step, stream)."""
    return tf.random.stateless_uniform(shape, step_seed(seed, step, stream), alg="philox")


def batch_indices(seed: int, step: tf.Tensor | int, batch_size: int, dataset_size: int) -> tf.Tensor:
    """Which examples make up the batch of ``step``: int64, shape (batch_size,).

    Each epoch visits the examples in a new random order, without repeats; the last ``dataset_size % batch_size``
    of that order are skipped, so that every batch lies within one epoch.
    """
    steps_per_epoch = dataset_size // batch_size
    step = tf.cast(step, tf.int64)
    epoch, position = step // steps_per_epoch, step % steps_per_epoch
    in_order = position * batch_size + tf.range(batch_size, dtype=tf.int64)
    epoch_seed = step_seed(seed, epoch, "epoch order")
    return tf.random.experimental.index_shuffle(in_order, epoch_seed, max_index=dataset_size - 1)


def batches(*arrays: np.ndarray, batch_size: int, stop: int, start: int = 0, seed: int = 0) -> tf.data.Dataset:
    """The batches of steps ``start`` to ``stop − 1``, each a tuple ``(step, batch of arrays[0], …)``.

    Args:
        arrays: arrays with one length, such as images or images and labels. They are held in memory.
        batch_size: examples a batch, at most the arrays' length.
        stop: the first step that is not produced.
        start: the first step that is.
        seed: chooses the order.

    Returns:
        A ``tf.data.Dataset``; ``step`` is an int64 scalar.

    Raises:
        ValueError: the arrays' lengths differ, or there are fewer examples than one batch needs.
    """
    sizes = {len(array) for array in arrays}
    if len(sizes) != 1:
        raise ValueError(f"all arrays must have the same length, got lengths {[len(a) for a in arrays]}")
    (size,) = sizes
    if not 1 <= batch_size <= size:
        raise ValueError(f"batch_size must be from 1 to the number of examples ({size}), got {batch_size}")
    tensors = [tf.convert_to_tensor(array) for array in arrays]

    def batch(step):
        indices = batch_indices(seed, step, batch_size, size)
        return step, *(tf.gather(tensor, indices) for tensor in tensors)

    options = tf.data.Options()
    # The autotuner's thread is joined only when its doubling timer fires: it would stall the end of every fit().
    options.autotune.enabled = False
    return tf.data.Dataset.range(start, stop).map(batch).prefetch(PREFETCH).with_options(options)
