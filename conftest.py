"""Shared by unit tests and notebook tests: smoke mode, time budgets, and notebooks that stop at their first error."""

import os
import time
from collections import Counter
from queue import Empty

os.environ["GAN_MODE"] = "smoke"  # also reaches the kernels of notebook tests
os.environ.setdefault("MPLBACKEND", "agg")

import pytest
from nbval.kernel import RunningKernel
from nbval.plugin import IPyNbCell

NOTEBOOK_BUDGET = 120  # seconds a notebook may take in smoke mode on two cores

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


def pytest_runtest_setup(item):
    """After a failed cell the rest of the notebook would only fail for the same reason."""
    if isinstance(item, IPyNbCell) and getattr(item.parent, "a_cell_failed", False):
        pytest.skip("an earlier cell of this notebook failed")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    """Remember which notebooks have failed."""
    report = yield
    if isinstance(item, IPyNbCell) and report.failed:
        item.parent.a_cell_failed = True
    return report


def pytest_runtest_logreport(report):
    """Add up the seconds of each notebook."""
    file = report.nodeid.split("::")[0]
    if file.endswith(".ipynb"):
        seconds[file] += report.duration


def pytest_terminal_summary(terminalreporter):
    """Say what each notebook took."""
    for name, spent in sorted(seconds.items()):
        terminalreporter.write_line(f"{name}: {spent:.0f} s of {NOTEBOOK_BUDGET} s")


def pytest_sessionfinish(session):
    """A notebook over its budget fails the run."""
    if max(seconds.values(), default=0) > NOTEBOOK_BUDGET and session.exitstatus == 0:
        session.exitstatus = 1
