import subprocess
import sys
import time

import pytest

from gan_helpers import config


def test_mode_comes_from_the_environment(monkeypatch):
    choose = dict(smoke=1, laptop=2, full=3)
    assert config.by_mode(**choose) == 1  # tests run in smoke mode
    monkeypatch.setenv("GAN_MODE", "full")
    assert config.by_mode(**choose) == 3
    monkeypatch.delenv("GAN_MODE")
    assert config.mode() == "laptop"
    monkeypatch.setenv("GAN_MODE", "fast")
    with pytest.raises(ValueError, match="one of smoke, laptop, full, got 'fast'"):
        config.by_mode(**choose)


def test_setup_says_what_runs_and_seeds(capsys):
    import numpy as np

    config.setup(seed=7)
    first = np.random.rand()
    config.setup(seed=7)
    assert np.random.rand() == first
    line = capsys.readouterr().out.splitlines()[0]
    for part in ("Python 3.", "TensorFlow 2.", "Keras 3.", "mode smoke", "seed 7"):
        assert part in line


def test_importing_the_package_is_quick_and_leaves_tensorflow_alone():
    code = "import sys, gan_helpers; assert 'tensorflow' not in sys.modules and 'matplotlib' not in sys.modules"
    started = time.monotonic()
    subprocess.run([sys.executable, "-c", code], check=True)
    assert time.monotonic() - started < 2  # Python itself included


def test_every_short_name_exists():
    import gan_helpers as gh

    for name in gh.__all__:
        assert getattr(gh, name) is not None


def test_tensorflow_starts_without_a_word():
    code = "import gan_helpers as gh; gh.setup()"
    process = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert process.stderr == "" and len(process.stdout.splitlines()) == 1
