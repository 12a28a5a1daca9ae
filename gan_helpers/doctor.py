"""Is this machine ready for the course? Plain answers, and what to do where the answer is no."""

from __future__ import annotations

import importlib.metadata
import platform
import shutil
import sys
from pathlib import Path

import psutil
from packaging.version import Version

from .core import session
from .data import manifest, sets

NEEDS = {"tensorflow": "2.18", "keras": "3.5", "numpy": "1.26", "matplotlib": "3.8", "ipywidgets": "7.7"}
MEMORY_GB = 4
DISK_GB = 2


def examine() -> list[tuple[bool, str, str]]:
    """All findings, each (fine?, what was found, what to do if not)."""
    return [python(), *packages(), tensorflow(), threads(), memory(), disk(), *data(), *weights(), jupyter()]


def report() -> bool:
    """Print the findings; return whether the course will run."""
    findings = examine()
    for fine, found, remedy in findings:
        print(("  ok   " if fine else "  NO   ") + found)
        if not fine:
            print(f"       → {remedy}")
    ready = all(fine for fine, _, _ in findings)
    print("\nThis machine is ready." if ready else "\nNot ready yet: mend what is marked NO, then run this again.")
    return ready


def python() -> tuple[bool, str, str]:
    """Python's version."""
    fine = (3, 11) <= sys.version_info[:2] <= (3, 13)
    return fine, f"Python {platform.python_version()}", "install Python 3.11, 3.12 or 3.13 and make a new environment"


def packages() -> list[tuple[bool, str, str]]:
    """The packages the course stands on."""
    findings = []
    for name, least in NEEDS.items():
        version = installed(name)
        if version is None:
            remedy = "pip install 'gan-helpers[tf]'" if name in ("tensorflow", "keras") else f"pip install {name}"
            findings.append((False, f"{name} is not installed", remedy))
        else:
            fine = Version(version) >= Version(least)
            findings.append((fine, f"{name} {version}", f"pip install --upgrade '{name}>={least}'"))
    return findings


def installed(name: str) -> str | None:
    """The installed version, whichever build of the package it is."""
    for build in (name, f"{name}-cpu"):
        try:
            return importlib.metadata.version(build)
        except importlib.metadata.PackageNotFoundError:
            continue
    return None


def tensorflow() -> tuple[bool, str, str]:
    """Whether TensorFlow starts, and on what."""
    try:
        session.quiet_tensorflow()
        return True, f"TensorFlow starts, on {session.device()}", ""
    except ImportError as error:
        return False, "TensorFlow does not start", str(error)


def threads() -> tuple[bool, str, str]:
    """How many processors there are to use; times in the course are for two."""
    return True, f"{session.processors()} processor(s) to use; times in the course are for 2", ""


def memory() -> tuple[bool, str, str]:
    """Free memory."""
    free = psutil.virtual_memory().available / 1e9
    return free >= MEMORY_GB, f"{free:.1f} GB of memory free", f"close programs until {MEMORY_GB} GB are free"


def disk() -> tuple[bool, str, str]:
    """Free disk space, where the course is run."""
    free = shutil.disk_usage(Path.cwd()).free / 1e9
    return free >= DISK_GB, f"{free:.0f} GB of disk free", f"make room: checkpoints and caches need {DISK_GB} GB"


def data() -> list[tuple[bool, str, str]]:
    """Every shipped data set, checked against its digest."""
    listed = intact("list of data sets", manifest.manifest)
    if not listed[0]:
        return [listed]
    return [intact(entry["title"], lambda name=name: sets.load(name)) for name, entry in manifest.manifest().items()]


def weights() -> list[tuple[bool, str, str]]:
    """Every shipped set of weights, checked against its card."""
    folder = manifest.ASSETS / "weights"
    cards = sorted({file.with_suffix(".json") for end in ("json", "npz") for file in folder.glob(f"*.{end}")})
    if not cards:
        return [(False, f"there are no weights in {folder}", manifest.REINSTALL)]
    return [intact(f"weights of {card.stem}", lambda card=card: manifest.read_weights(card)) for card in cards]


def intact(what: str, check) -> tuple[bool, str, str]:
    """Run ``check``; a ``DataError`` is the finding."""
    try:
        check()
        return True, f"{what}: intact", ""
    except manifest.DataError as error:
        return False, f"{what}: damaged or missing", str(error)


def jupyter() -> tuple[bool, str, str]:
    """Whether notebooks can be opened here."""
    fine = installed("jupyterlab") is not None or "google.colab" in sys.modules
    return fine, "JupyterLab is installed" if fine else "JupyterLab is not installed", "pip install 'gan-helpers[lab]'"
