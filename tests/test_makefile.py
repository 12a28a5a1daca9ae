"""What ``make`` says: its help, which chapter opens, and plain words about interpreters that do not fit."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
VERSION = f"{sys.version_info.major}.{sys.version_info.minor}"

pytestmark = pytest.mark.skipif(os.name == "nt" or shutil.which("make") is None, reason="no make here")


def make(*arguments):
    """Run make as from a fresh shell, whatever make or variables these tests were started with."""
    ours = ("MAKEFLAGS", "MAKEOVERRIDES", "MAKELEVEL", "MFLAGS", "PYTHON", "VENV")
    environment = {name: value for name, value in os.environ.items() if name not in ours}
    return subprocess.run(["make", *arguments], cwd=ROOT, env=environment, capture_output=True, text=True, check=False)


def refusal(*arguments):
    """What make says when it refuses, less make's own last line."""
    result = make(*arguments)
    assert result.returncode != 0 and not result.stdout
    assert "Traceback" not in result.stderr and "command not found" not in result.stderr
    (sentence, _) = result.stderr.splitlines()
    return sentence


def fake_python(file, version):
    """An interpreter that does nothing but name its version."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(f"#!/bin/sh\necho {version}\n")
    file.chmod(0o755)
    return file


def test_make_alone_prints_help():
    result = make()
    assert result.returncode == 0, result.stderr
    for command in ("make lab", "make test", "make test-fast", "make check", "make restamp"):
        assert f"  {command} " in result.stdout
    assert "fitting-python" not in result.stdout


def test_lab_is_started_with_the_courses_settings(tmp_path):
    assert "--config=tools/jupyter_lab_config.py" in make("-n", "lab", f"VENV={tmp_path}/venv").stdout


def test_an_interpreter_that_is_not_there(tmp_path):
    sentence = refusal("doctor", "PYTHON=nonsense", f"VENV={tmp_path}/venv")
    assert sentence.startswith("nonsense was not found. Install Python 3.11, 3.12 or 3.13, or")
    assert "make doctor PYTHON=" in sentence
    assert not (tmp_path / "venv").exists()


def test_an_interpreter_that_is_too_old(tmp_path):
    old = fake_python(tmp_path / "python", "3.9")
    sentence = refusal("doctor", f"PYTHON={old}", f"VENV={tmp_path}/venv")
    assert sentence.startswith(f"Python 3.11, 3.12 or 3.13 is needed, {old} is 3.9.")


def test_an_environment_made_with_another_python(tmp_path):
    fake_python(tmp_path / "venv/bin/python", "3.12")
    other = fake_python(tmp_path / "python", "3.13")
    sentence = refusal("doctor", f"PYTHON={other}", f"VENV={tmp_path}/venv")
    assert sentence == (
        f"{tmp_path}/venv was made with Python 3.12, you asked for 3.13: run make clean first, or leave PYTHON out."
    )


@pytest.mark.parametrize("arguments", [[], ["PYTHON=python3"]])
def test_an_environment_that_is_too_old(tmp_path, arguments):
    fake_python(tmp_path / "venv/bin/python", "3.9")
    sentence = refusal("doctor", f"VENV={tmp_path}/venv", *arguments)
    assert sentence.startswith(f"{tmp_path}/venv was made with Python 3.9, ") and "make clean" in sentence


def test_an_environment_whose_interpreter_is_gone(tmp_path):
    (tmp_path / "venv/bin").mkdir(parents=True)
    (tmp_path / "venv/bin/python").symlink_to(tmp_path / "gone")
    assert refusal("doctor", f"VENV={tmp_path}/venv") == (
        f"{tmp_path}/venv is broken, its Python is gone: run make clean first."
    )


@pytest.mark.parametrize("arguments", [[], [f"PYTHON={sys.executable}"]])
def test_an_environment_that_fits_is_used_without_a_word(tmp_path, arguments):
    fake_python(tmp_path / "venv/bin/python", VERSION)
    (tmp_path / "venv/.ready").touch()
    result = make("fitting-python", f"VENV={tmp_path}/venv", *arguments)
    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")
