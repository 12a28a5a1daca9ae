import os
import subprocess
import sys
from pathlib import Path

import pytest

from gan_helpers.core import session


def test_mode_comes_from_the_environment(monkeypatch):
    choose = dict(smoke=1, laptop=2, full=3)
    assert session.by_mode(**choose) == 1  # tests run in smoke mode
    monkeypatch.setenv("GAN_MODE", "full")
    assert session.by_mode(**choose) == 3
    monkeypatch.delenv("GAN_MODE")
    assert session.mode() == "laptop"
    monkeypatch.setenv("GAN_MODE", "fast")
    with pytest.raises(ValueError, match="one of smoke, laptop, full, got 'fast'"):
        session.by_mode(**choose)


def test_setup_says_what_runs_and_seeds(capsys):
    import numpy as np

    session.setup(seed=7)
    first = np.random.rand()
    session.setup(seed=7)
    assert np.random.rand() == first
    line = capsys.readouterr().out.splitlines()[0]
    for part in ("Python 3.", "TensorFlow 2.", "Keras 3.", "mode smoke", "seed 7"):
        assert part in line


def test_a_missing_name_is_explained(capsys):
    """Cells can be run in any order; what then is missing is said, and what helps."""
    from IPython.core.interactiveshell import InteractiveShell

    InteractiveShell.instance()
    try:
        session.hint_at_earlier_cells()
        unbound = "def f():\n    a += 1\nf()"
        for code, helps in (("nothing_of_that_name", 1), ("1 / 0", 0), (unbound, 0)):
            assert not InteractiveShell.instance().run_cell(code).success
            assert capsys.readouterr().err.count("run the cells above first") == helps, code
    finally:
        InteractiveShell.clear_instance()


def test_importing_the_package_leaves_tensorflow_alone():
    code = "import sys, gan_helpers; assert 'tensorflow' not in sys.modules and 'matplotlib' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_setup_warns_of_smoke_mode_only(monkeypatch, capsys):
    session.setup()
    assert "The text describes laptop mode" in capsys.readouterr().out
    monkeypatch.setenv("GAN_MODE", "laptop")
    session.setup()
    assert len(capsys.readouterr().out.splitlines()) == 1


def test_a_bare_python_is_told_what_to_install(tmp_path):
    """``-S`` hides all installed packages."""
    (tmp_path / "gan_helpers").symlink_to(Path(session.__file__).parents[1])
    command = [sys.executable, "-S", "-m", "gan_helpers", "doctor"]
    run = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, env={})
    assert run.returncode != 0 and "pip install" in run.stderr and "Traceback" not in run.stderr


def test_bfloat16_is_looked_at_before_it_is_offered(monkeypatch):
    import tensorflow as tf

    assert session.bfloat16_speedup(rounds=1) >= 0

    def cannot(*_):
        raise tf.errors.AbortedError(None, None, "no primitive for bfloat16")

    monkeypatch.setattr(tf.nn, "conv2d", cannot)
    assert session.bfloat16_speedup() == 0
    with pytest.raises(ValueError, match="rounds must be a whole number of at least 1, got 0"):
        session.bfloat16_speedup(rounds=0)


def test_every_short_name_exists():
    import gan_helpers as gh

    for name in gh.__all__:
        assert getattr(gh, name) is not None


def test_tensorflow_starts_without_a_word():
    code = "import gan_helpers as gh; gh.setup()"
    laptop = os.environ | {"GAN_MODE": "laptop"}
    process = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True, env=laptop)
    assert process.stderr == "" and len(process.stdout.splitlines()) == 1


def test_silence_has_an_end():
    before = os.fstat(2)
    with session._stderr_silenced():
        assert os.path.samestat(os.fstat(2), os.stat(os.devnull))
    assert os.path.samestat(os.fstat(2), before)


def test_threads_are_set_before_tensorflow_computes_or_not_at_all():
    import tensorflow as tf

    tf.zeros(()).numpy()
    with pytest.raises(ValueError, match="at least 1, got 0"):
        session.use_threads(0)
    with pytest.raises(RuntimeError, match="cannot be modified after initialization"):
        session.use_threads(tf.config.threading.get_intra_op_parallelism_threads() + 1)


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="only Linux tells a process where to run")
def test_the_set_up_line_counts_the_threads_that_compute():
    """On one processor, results are not those of two: whoever compares bits must see that."""
    code = "import os; os.sched_setaffinity(0, {min(os.sched_getaffinity(0))}); import gan_helpers as gh; gh.setup()"
    told = "from gan_helpers.core import session; session.quiet_tensorflow(); session.use_threads(3); session.setup()"
    told += "; import tensorflow as tf; assert tf.config.threading.get_inter_op_parallelism_threads() == 3"
    for line, count in ((code, "CPU (1 thread)"), (told, "CPU (3 threads)")):
        process = subprocess.run([sys.executable, "-c", line], check=True, capture_output=True, text=True)
        assert count in process.stdout


def test_graphics_processors_are_named(monkeypatch):
    import tensorflow as tf

    names = {"first": {"device_name": "Tesla T4"}, "second": {}}
    monkeypatch.setattr(tf.config, "list_physical_devices", lambda kind: list(names) if kind == "GPU" else [])
    monkeypatch.setattr(tf.config.experimental, "get_device_details", names.get)
    assert session.device() == "GPU Tesla T4, GPU"
