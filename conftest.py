"""Shared by unit tests and notebook tests: smoke mode, notebooks that stop at their first error, and their times.

A test says right or wrong, never fast or slow: what a notebook took is printed, and fails nothing. Nor does a reader's
own work: a notebook whose code is no longer the course's is run and reported, but cannot fail the run.
"""

import functools
import os
import time
from collections import Counter
from pathlib import Path
from queue import Empty

os.environ["GAN_MODE"] = "smoke"  # also reaches the kernels of notebook tests
os.environ.setdefault("MPLBACKEND", "agg")

import nbformat
import pytest
from nbval.kernel import RunningKernel
from nbval.plugin import IPyNbCell

import notebooks

seconds = Counter()


def await_reply_while_alive(self, msg_id, timeout=None):
    """nbval's own version waits out the whole cell timeout when a kernel has died."""
    deadline = time.monotonic() + (timeout or float("inf"))
    while time.monotonic() < deadline:
        try:
            message = self.get_message(stream="shell", timeout=1)
        except Empty:
            if not self.is_alive():
                raise RuntimeError("the kernel died while it ran this cell (out of memory?)") from None
            continue
        if message["parent_header"].get("msg_id") == msg_id:
            return
    raise Empty


RunningKernel.await_reply = await_reply_while_alive


@functools.cache
def edited(path):
    """Whether the notebook's code has changed since the course's authors ran it."""
    notebook = nbformat.read(path, as_version=4)
    return notebook.metadata.get(notebooks.STAMP, {}).get("code") != notebooks.code_hash(notebook)


def pytest_addoption(parser):
    """Authors want to hear of errors in notebooks that they are changing."""
    parser.addoption("--author", action="store_true", help="notebooks that were edited can fail, too")


def pytest_collection_modifyitems(config, items):
    """A reader's own cells may fail without failing the run."""
    for item in items:
        if isinstance(item, IPyNbCell) and not config.getoption("--author") and edited(Path(item.parent.path)):
            item.add_marker(pytest.mark.xfail(reason="this notebook has been edited"))


def pytest_runtest_setup(item):
    """After a failed cell the rest of the notebook would only fail for the same reason."""
    if isinstance(item, IPyNbCell) and getattr(item.parent, "a_cell_failed", False):
        pytest.skip("an earlier cell of this notebook failed")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    """Remember which notebooks have failed, edited ones included."""
    report = yield
    if isinstance(item, IPyNbCell) and (report.failed or hasattr(report, "wasxfail")) and call.excinfo:
        item.parent.a_cell_failed = True
    return report


def pytest_runtest_logreport(report):
    """Add up the seconds of each notebook."""
    file = report.nodeid.split("::")[0]
    if file.endswith(".ipynb"):
        seconds[file] += report.duration


def pytest_terminal_summary(terminalreporter):
    """Say what each notebook took, and which cells of edited notebooks failed."""
    for name, spent in sorted(seconds.items()):
        terminalreporter.write_line(f"{name}: {spent:.0f} s")
    for report in terminalreporter.stats.get("xfailed", []):
        terminalreporter.write_line(f"edited, and fails (which does not count): {report.nodeid}")
