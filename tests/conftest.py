"""What several unit tests need."""

import signal

import matplotlib as mpl
import numpy as np
import pytest

from gan_helpers.core.session import quiet_tensorflow

tf, _ = quiet_tensorflow()


@pytest.fixture(autouse=True)
def plain_settings():
    """Every test draws in Matplotlib's own style and compiles its functions, whatever ``setup()`` did in another."""
    tf.config.run_functions_eagerly(False)
    with mpl.rc_context():
        mpl.rcdefaults()
        yield


@pytest.fixture
def eagerly():
    """Without compiling: for a few steps of tests that are not about the compiled graph."""
    tf.config.run_functions_eagerly(True)
    yield
    tf.config.run_functions_eagerly(False)


@pytest.fixture
def interruptible():
    """SIGINT as a terminal or a kernel has it: a process started in the background may have been told to ignore it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture(scope="session")
def digits():
    from gan_helpers.data import sets

    return sets.mnist()


@pytest.fixture
def make_gan():
    """A function that makes a compiled GAN: same arguments, same weights."""
    import keras

    from gan_helpers.losses import NonSaturatingLoss
    from gan_helpers.models.gan import GAN, build_discriminator, build_generator

    def make(seed=0, loss=None, learning_rate=1e-3, jit_compile=False):
        keras.utils.set_random_seed(seed)
        gan = GAN(build_generator(8), build_discriminator(), loss or NonSaturatingLoss(), seed)
        gan.compile(
            keras.optimizers.SGD(learning_rate, momentum=0.9),  # traced in half of Adam's time
            keras.optimizers.SGD(learning_rate, momentum=0.9),
            jit_compile=jit_compile,
        )
        return gan

    return make


def weights(model):
    return [variable.numpy().copy() for variable in model.variables]


def equal(a, b):
    return all(np.array_equal(x, y) for x, y in zip(a, b, strict=True))
