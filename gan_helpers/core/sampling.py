"""Randomness as a function: the batch and the noise of step s depend on (seed, s) and on nothing else.

Nothing here keeps state, so there is no state to lose: a killed run that resumes at step s sees exactly the
batches and the noise that it would have seen, and two machines with one seed see the same.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence

import keras
import numpy as np
import tensorflow as tf

from . import checks

PREFETCH = 16  # batches made ahead, so that gathering never holds up training

Source = np.ndarray | tuple[np.ndarray, ...]  # examples, or several arrays that are drawn together


class Seed:
    """The seed of a run. It may be changed without a compiled step being traced anew.

    A compiled step reads its seeds from variables, one for each stream. They are made when a step first asks for them.

    Args:
        value: any int.

    Raises:
        ValueError: it is none.
    """

    def __init__(self, value: int):
        self.value = checks.integer("seed", value)
        self._streams: dict[str, tf.Variable] = {}

    def of(self, stream: str) -> tf.Tensor:
        """This run's number for one stream of random draws: an int64 scalar."""
        number = stream_number(self.value, stream)
        if replicas()[1] > 1:  # variables cannot be made within a replica
            return tf.constant(number, tf.int64)
        if stream not in self._streams:
            with tf.init_scope():  # outside of the graph that is being traced
                self._streams[stream] = tf.Variable(number, trainable=False, dtype=tf.int64)
        return self._streams[stream].read_value()

    def change(self, value: int) -> None:
        """Make it the seed of another run."""
        self.value = checks.integer("seed", value)
        for stream, variable in self._streams.items():
            variable.assign(stream_number(self.value, stream))

    def __int__(self) -> int:
        return self.value

    def __repr__(self) -> str:
        return str(self.value)


def stream_number(seed: int, stream: str) -> int:
    """A number for each pair of a seed and a stream; a Python hash would change from one process to the next."""
    return zlib.crc32(f"{seed}/{stream}".encode())


def step_seed(seed: int | Seed, step: tf.Tensor | int, stream: str) -> tf.Tensor:
    """The seed of one random draw: one for each (seed, step, stream).

    Args:
        seed: the run's seed.
        step: the training step, an int or an integer scalar tensor.
        stream: what the draw is for, e.g. ``"discriminator noise"``. Draws of one step that must be independent
            need different streams.

    Returns:
        int64 tensor of shape (2,), for TensorFlow's stateless random functions, which scramble it.
    """
    if isinstance(seed, Seed):
        run = seed.of(stream)
    else:
        run = tf.constant(stream_number(checks.integer("seed", seed), stream), tf.int64)
    return tf.stack([run, tf.cast(step if tf.is_tensor(step) else checks.integer("step", step), tf.int64)])


def replicas() -> tuple[tf.Tensor | int, int]:
    """Which replica this is, and how many there are: (0, 1) unless several devices train together."""
    context = tf.distribute.get_replica_context()
    if context is None or context.num_replicas_in_sync == 1:
        return 0, 1
    return context.replica_id_in_sync_group, context.num_replicas_in_sync


def assign(variable: keras.Variable, value: tf.Tensor) -> None:
    """``variable.assign(value)`` within a training step, which may run on several replicas.

    A variable that replicas share cannot be assigned by one of them. All step aside, and it is assigned for all.
    """

    def everywhere(strategy, variable, value):
        strategy.extended.update(variable, lambda own, value: own.assign(value), args=(value,))

    if replicas()[1] == 1:
        variable.assign(value)
    else:
        tf.distribute.get_replica_context().merge_call(everywhere, args=(variable.value, value))


def own_share(draw, shape) -> tf.Tensor:
    """This replica's rows of what ``draw`` makes for all replicas together.

    So two replicas that draw 64 rows each have the noise of one device that draws 128.
    """
    index, count = replicas()
    if count == 1:
        return draw(shape)
    shape = tf.convert_to_tensor(shape)
    rows_of_all = tf.concat([shape[:1] * count, shape[1:]], axis=0)
    begin = tf.concat([shape[:1] * index, 0 * shape[1:]], axis=0)
    return tf.slice(draw(rows_of_all), begin, shape)


def normal(shape, seed: int | Seed, step: tf.Tensor | int, stream: str) -> tf.Tensor:
    """Standard normal noise, float32, for (seed, step, stream).

    XLA deals the same generator's numbers out in another order: runs with and without ``jit_compile`` repeat
    themselves exactly, but not each other.
    """
    numbers = step_seed(seed, step, stream)
    return own_share(lambda shape: tf.random.stateless_normal(shape, numbers, alg="philox"), shape)


def uniform(shape, seed: int | Seed, step: tf.Tensor | int, stream: str) -> tf.Tensor:
    """Numbers from 0 to 1, float32, for (seed, step, stream)."""
    numbers = step_seed(seed, step, stream)
    return own_share(lambda shape: tf.random.stateless_uniform(shape, numbers, alg="philox"), shape)


def batch_indices(
    seed: int | Seed, step: tf.Tensor | int, batch_size: int, dataset_size: int, stream: str = "epoch order"
) -> tf.Tensor:
    """Which examples make up the batch of ``step``: int64, shape (batch_size,).

    Each epoch visits the examples in a new random order, without repeats; the last ``dataset_size % batch_size``
    of that order are skipped, so that every batch lies within one epoch.
    """
    steps_per_epoch = dataset_size // batch_size
    step = tf.cast(step, tf.int64)
    epoch, position = step // steps_per_epoch, step % steps_per_epoch
    in_order = position * batch_size + tf.range(batch_size, dtype=tf.int64)
    epoch_seed = step_seed(seed, epoch, stream)
    return tf.random.experimental.index_shuffle(in_order, epoch_seed, max_index=dataset_size - 1)


def arrays_of(source: Source) -> tuple[np.ndarray, ...]:
    """The arrays of a source, of which an array by itself is one."""
    return source if isinstance(source, tuple) else (source,)


def check_lengths(sources: Sequence[Source], batch_sizes: Sequence[int]) -> None:
    """Raise an error unless every source can fill a batch.

    Raises:
        ValueError: arrays that are to be drawn together differ in length, or a source has fewer examples than one of
            its batches needs.
    """
    for source, batch_size in zip(sources, batch_sizes, strict=True):
        lengths = [len(array) for array in arrays_of(source)]
        if len(set(lengths)) != 1:
            raise ValueError(f"arrays of one source must have the same length, got lengths {lengths}")
        if not 1 <= batch_size <= lengths[0]:
            raise ValueError(f"batch_size must be from 1 to the number of examples ({lengths[0]}), got {batch_size}")


def as_tensors(sources: Sequence[Source]) -> tuple[tuple[tf.Tensor, ...], ...]:
    """The sources in TensorFlow's memory, each a tuple of tensors."""
    return tuple(tuple(tf.convert_to_tensor(array) for array in arrays_of(source)) for source in sources)


def indices_of(
    sources: Sequence[tuple[tf.Tensor, ...]], batch_sizes: Sequence[int], seed: int | Seed, step: tf.Tensor
) -> tuple[tf.Tensor, ...]:
    """Which examples of each source make up its batch of ``step``. Every source has an epoch order of its own.

    So examples of different sources meet by chance: two aligned sets of pictures do not arrive as pairs. What belongs
    together (images and their labels, say) is one source.

    Args:
        sources: from :func:`as_tensors`.
        batch_sizes: one for each.
        seed: chooses the orders.
        step: an integer scalar.

    Returns:
        For each source int64, shape (batch size,).
    """
    return tuple(
        batch_indices(seed, step, size, arrays[0].shape[0], "epoch order" if i == 0 else f"epoch order of source {i}")
        for i, (arrays, size) in enumerate(zip(sources, batch_sizes, strict=True))
    )


def gather(sources: Sequence[tuple[tf.Tensor, ...]], indices: Sequence[tf.Tensor], parts: int = 1) -> tuple:
    """The examples with these indices, for each source a tensor, or a tuple of tensors if it has several arrays.

    Where several replicas train together, each gets its share of the batch.

    Args:
        sources: from :func:`as_tensors`.
        indices: from :func:`indices_of`.
        parts: so many batches follow each other in one; each is shared out by itself.
    """
    index, count = replicas()
    batches = []
    for arrays, chosen in zip(sources, indices, strict=True):
        if count > 1:
            shares = tf.reshape(chosen, (parts, count, chosen.shape[0] // (parts * count)))
            chosen = tf.reshape(shares[:, index], [chosen.shape[0] // count])
        batch = tuple(tf.gather(array, chosen) for array in arrays)
        batches.append(batch if len(batch) > 1 else batch[0])
    return tuple(batches)


def batches(
    *sources: Source, batch_size: int | Sequence[int], stop: int, start: int = 0, seed: int = 0
) -> tf.data.Dataset:
    """The batches of steps ``start`` to ``stop − 1``, each a tuple ``(step, batch of sources[0], …)``.

    These are the batches that ``System.train`` sees, as a data set for loops of one's own.

    Args:
        sources: each an array of examples, or a tuple of arrays that are drawn together, such as images and labels.
            They are held in memory.
        batch_size: examples a batch, at most the source's length; one number for all sources, or one for each.
        stop: the first step that is not produced.
        start: the first step that is.
        seed: chooses the order.

    Returns:
        A ``tf.data.Dataset``; ``step`` is an int64 scalar.

    Raises:
        ValueError: the lengths within a source differ, there are fewer examples than one batch needs, or a number makes
            no sense.
    """
    sizes = each(batch_size, len(sources))
    for name, value, least in (("stop", stop, 0), ("start", start, 0), *(("batch_size", size, 1) for size in sizes)):
        checks.count(name, value, least)
    checks.integer("seed", seed)
    check_lengths(sources, sizes)
    tensors = as_tensors(sources)
    options = tf.data.Options()
    # The autotuner's thread is joined only when its doubling timer fires: it would stall the end of the loop.
    options.autotune.enabled = False

    def batch(step):
        return step, *gather(tensors, indices_of(tensors, sizes, seed, step))

    data = tf.data.Dataset.range(start, stop).map(batch)
    return data.prefetch(PREFETCH).with_options(options)


def each(batch_size: int | Sequence[int], sources: int) -> tuple[int, ...]:
    """``batch_size`` for each of so many sources.

    Raises:
        ValueError: there are not as many sizes as sources.
    """
    sizes = (batch_size,) * sources if np.ndim(batch_size) == 0 else tuple(batch_size)
    if len(sizes) != sources:
        raise ValueError(f"batch_size must be one number, or one for each of {sources} source(s), got {batch_size}")
    return sizes
