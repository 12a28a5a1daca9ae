"""How a notebook starts: the mode it runs in, its seed, quiet logs, and one line that says all this.

The mode is the environment variable ``GAN_MODE``:

========== ======================================================= =================
mode       for                                                     a chapter takes
========== ======================================================= =================
``smoke``  tests: every line runs, nothing is trained to the end   seconds
``laptop`` reading and teaching on two CPU cores (the default)     at most 10 minutes
``full``   a GPU, or patience                                      the paper's budget
========== ======================================================= =================
"""

from __future__ import annotations

import contextlib
import os
import platform
import sys
import time
import warnings
from typing import TypeVar

from ..data.manifest import ASSETS
from . import checks

MODES = ("smoke", "laptop", "full")
DEFAULT_MODE = "laptop"
SMOKE_NOTE = (
    "Smoke mode only checks that every line runs: after so few steps pictures are noise and numbers mean nothing.\n"
    "The text describes laptop mode: unset GAN_MODE and restart the kernel to see what it says."
)
EARLIER_CELLS = (
    "If this name is made in a cell further up, run the cells above first: 'Run All Above Selected Cell' in the menu "
    "'Run' (in Colab: 'Run before' in the menu 'Runtime')."
)

T = TypeVar("T")


def mode() -> str:
    """The mode in force: ``GAN_MODE``, or ``"laptop"`` where it is not set.

    Raises:
        ValueError: ``GAN_MODE`` is none of smoke, laptop, full.
    """
    value = os.environ.get("GAN_MODE", DEFAULT_MODE)
    if value not in MODES:
        raise ValueError(f"GAN_MODE must be one of {', '.join(MODES)}, got {value!r}. Unset it to get 'laptop'.")
    return value


def by_mode(*, smoke: T, laptop: T, full: T) -> T:
    """Choose by mode, e.g. ``steps = by_mode(smoke=20, laptop=4_000, full=20_000)``."""
    return {"smoke": smoke, "laptop": laptop, "full": full}[mode()]


def setup(seed: int = 0) -> None:
    """Prepare a notebook: import TensorFlow quietly, seed Python, NumPy and Keras, set the course's plot style.

    Prints one line with versions, device, mode and seed. In smoke mode TensorFlow's functions run without being
    compiled, because compiling takes longer than the few steps that are made there.

    Args:
        seed: any int from 0 to 2**31 − 1.

    Raises:
        ValueError: the seed is none.
    """
    if checks.count("seed", seed, least=0) >= 2**31:
        raise checks.refuse("seed", "below 2**31", seed)
    tf, keras = quiet_tensorflow()
    keras.utils.set_random_seed(seed)
    use_style()
    hint_at_earlier_cells()
    print(
        f"Python {platform.python_version()} · TensorFlow {tf.__version__} · Keras {keras.__version__} · "
        f"{device()} · mode {mode()} · seed {seed}"
    )
    if mode() == "smoke":
        warnings.filterwarnings("ignore", message="Even though the `tf.config.experimental_run_functions_eagerly`")
        tf.config.run_functions_eagerly(True)
        print(SMOKE_NOTE)


def use_style() -> None:
    """Make the course's style (``assets/course.mplstyle``) the default for everything drawn from now on."""
    import matplotlib.style
    from IPython import get_ipython
    from matplotlib_inline.backend_inline import set_matplotlib_formats

    matplotlib.style.use(ASSETS / "course.mplstyle")
    shell = get_ipython()
    if hasattr(shell, "kernel"):  # matplotlib would do this at the first plt.figure(): too late for our Figures
        shell.run_line_magic("matplotlib", "inline")
        if mode() != "smoke":  # where nobody looks at the pictures
            set_matplotlib_formats("retina")  # twice the pixels at the same size: today's screens show them


def hint_at_earlier_cells() -> None:
    """In a notebook, say below each ``NameError`` what usually helps: most names come from cells further up."""
    from IPython import get_ipython

    def explain(shell, kind, error, traceback, tb_offset=None):
        shell.showtraceback((kind, error, traceback), tb_offset=tb_offset)
        if kind is NameError:  # there are kinds of it that have nothing to do with other cells
            print(EARLIER_CELLS, file=sys.stderr)

    if get_ipython() is not None:
        get_ipython().set_custom_exc((NameError,), explain)


def quiet_tensorflow():
    """Import TensorFlow and Keras without the start-up lines of their C++ libraries; return both modules.

    Raises:
        ImportError: TensorFlow is not installed; the message says how to install it.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    try:
        with _stderr_silenced():
            import keras
            import tensorflow as tf
    except ImportError as error:
        raise ImportError(
            "TensorFlow could not be imported. Install it with `pip install 'gan-helpers[tf]'` "
            f"(or 'gan-helpers[gpu]' for an NVIDIA GPU on Linux). The reason was: {error}"
        ) from error
    tf.get_logger().setLevel("ERROR")  # a notebook that trains ten models would be told ten times that it compiles them
    if keras.backend.backend() != "tensorflow":
        raise ImportError(
            f"Keras runs on the {keras.backend.backend()!r} backend; this course needs 'tensorflow'. "
            "Unset KERAS_BACKEND (and look into ~/.keras/keras.json) and restart the kernel."
        )
    return tf, keras


def device() -> str:
    """The device that trains, e.g. ``"CPU (2 threads)"`` or ``"GPU Tesla T4"``."""
    import tensorflow as tf

    gpus = tf.config.list_physical_devices("GPU")
    if not gpus:
        count = threads()
        return f"CPU ({count} thread{'s' if count > 1 else ''})"
    names = [tf.config.experimental.get_device_details(gpu).get("device_name", "GPU") for gpu in gpus]
    return "GPU " + ", ".join(names)


def threads() -> int:
    """How many processor threads TensorFlow adds numbers up with, on which the last bits of a result can depend.

    As many as :func:`use_threads` said, or else as there are processors that this process may use. (On Linux that can
    be fewer than there are, after ``taskset`` for example.)
    """
    import tensorflow as tf

    return tf.config.threading.get_intra_op_parallelism_threads() or processors()


def processors() -> int:
    """How many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def use_threads(count: int) -> None:
    """Let TensorFlow use only so many processor threads; to be called before it computes anything.

    Args:
        count: at least 1.

    Raises:
        ValueError: ``count`` is below 1.
        RuntimeError: TensorFlow has begun to compute.
    """
    import tensorflow as tf

    checks.count("the number of threads", count)
    tf.config.threading.set_intra_op_parallelism_threads(count)
    tf.config.threading.set_inter_op_parallelism_threads(count)


def bfloat16_speedup(rounds: int = 3) -> float:
    """How many times as fast this machine convolves in bfloat16 as in float32, gradients included; takes two seconds.

    Only processors with instructions for bfloat16, and most GPUs of today, gain anything. The others have to imitate
    it, and some of them need more than ten times as long, above all for the gradients. So look before you compute in
    bfloat16.

    Args:
        rounds: each kind is timed so often, in turns; the best times are compared.

    Returns:
        Above 1 where bfloat16 is faster; 0 where this machine cannot convolve in it at all.
    """
    import tensorflow as tf

    checks.count("rounds", rounds)
    best = dict.fromkeys((tf.float32, tf.bfloat16), float("inf"))
    for turn in range(rounds):
        for dtype in best:
            images, kernel = tf.ones((32, 28, 28, 64), dtype), tf.ones((3, 3, 64, 64), dtype)
            started = time.perf_counter()
            try:
                with tf.GradientTape() as tape:
                    tape.watch([images, kernel])
                    answer = tf.nn.conv2d(images, kernel, 1, "SAME")
                for gradient in tape.gradient(answer, [images, kernel]):
                    gradient.numpy()
            except tf.errors.OpError:
                return 0.0
            best[dtype] = min(best[dtype], time.perf_counter() - started)
        if turn > 0 and best[tf.bfloat16] > 3 * best[tf.float32]:
            break  # clear enough; the first turn only warms up
    return best[tf.float32] / best[tf.bfloat16]


@contextlib.contextmanager
def _stderr_silenced():
    """Send file descriptor 2 to the void: the C++ lines come before any log level is read."""
    sys.stderr.flush()
    saved = os.dup(2)
    void = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(void, 2)
        yield
    finally:
        os.dup2(saved, 2)
        os.close(saved)
        os.close(void)
