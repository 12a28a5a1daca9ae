"""How fast do the chapters train, and what would a reader use instead?

    make bench            # or: .venv-bench/bin/python benchmarks/speed.py --pair convolutional --rounds 7

Two pairs of networks: the dense one of chapter 3 and the convolutional one of chapter 4. For each, all variants train
the same networks with the same batch size. Every variant runs in a process of its own (``peers.py``), because
TensorFlow and PyTorch do not always get along in one. They take turns, because the speed of a shared machine drifts:
only ratios from one run mean something. Each round times every variant once, in an order of its own, while the others
wait; the table shows the median over the rounds. ``--json FILE`` also writes the figures. If a variant fails, the
others go on, the table says so, and the exit code is 1.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib.util
import json
import random
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

from pairs import BATCH, NAMES, PAIRS

PATIENCE = 600  # seconds that a peer may take for an answer


class PeerFailed(RuntimeError):
    """A peer died, or did not answer in time. The message has the end of what it wrote to its standard error."""


class Peer:
    """A process that waits until it is told to work; used in a ``with`` statement, at the end of which it is gone."""

    def __init__(self, command: list[str], patience: float = PATIENCE):
        self.patience = patience
        self.errors = tempfile.TemporaryFile()  # noqa: SIM115 - a pipe would have to be read along; closed in __exit__
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.errors, encoding="utf-8"
        )

    def answer(self) -> dict:
        """Wait for its next line."""
        alarm = threading.Timer(self.patience, self.process.kill)
        alarm.start()
        try:
            line = self.process.stdout.readline()
        finally:
            alarm.cancel()  # also when the reader has pressed Ctrl-C
        if not line:  # its end of the pipe is closed
            raise PeerFailed(self.last_words())
        return json.loads(line)

    def round(self) -> dict:
        """Tell it to make one round, and wait for what it answers."""
        with contextlib.suppress(BrokenPipeError):  # if it has died, the answer will tell
            self.process.stdin.write("round\n")
            self.process.stdin.flush()
        return self.answer()

    def last_words(self, lines: int = 8) -> str:
        """How it ended, and the last lines that it wrote to its standard error."""
        self.stop()
        self.errors.seek(0)
        text = self.errors.read().decode(errors="replace")
        return "\n    ".join([f"exit code {self.process.returncode}", *text.splitlines()[-lines:]])

    def stop(self) -> None:
        """Close its standard input, upon which it ends; if it does not, end it."""
        with contextlib.suppress(BrokenPipeError):
            self.process.stdin.close()
        try:
            self.process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.stop()
        self.process.stdout.close()
        self.errors.close()


def take_turns(commands: dict[str, list[str]], rounds: int) -> tuple[dict[str, list[float]], dict[str, str]]:
    """Start a peer for each command, then let one after the other make a round, ``rounds`` times.

    Returns:
        Milliseconds a step in each round, without the peers that this machine is not made for, and the messages of
        those that failed; both by the commands' names.
    """
    peers, times, failures = {}, {name: [] for name in commands}, {}
    with contextlib.ExitStack() as stack:
        for name, command in commands.items():  # one after the other, so that none disturbs another's warm-up
            peer = stack.enter_context(Peer(command))
            try:
                ready = peer.answer()
            except PeerFailed as failure:
                failures[name] = str(failure)
                print(f"{name:<40}failed")
                continue
            if "left_out" in ready:
                print(f"{name:<40}left out: {ready['left_out']}")
                del times[name]
                continue
            peers[name] = peer
            print(f"{name:<40}{ready['steps']:>6} steps a round, warm-up {ready['warm_up']:.0f} s, {ready['about']}")
        for number in range(rounds):
            turns = [name for name in peers if name not in failures]
            random.Random(number).shuffle(turns)  # nobody always comes after the same one
            for name in turns:
                try:
                    done = peers[name].round()
                except PeerFailed as failure:
                    failures[name] = str(failure)
                else:
                    times[name].append(1000 * done["seconds"] / done["steps"])
    return times, failures


def peer_command(variant: str, which: str) -> list[str]:
    """How to start the process of a variant."""
    return [sys.executable, str(Path(__file__).with_name("peers.py")), variant, which]


def compare(which: str, rounds: int) -> tuple[dict[str, float | None], dict[str, str]]:
    """Milliseconds a step of every variant (median; None where it failed), and why the failed ones did."""
    variants = [name for name in PAIRS[which].variants if name != "Torch" or importlib.util.find_spec("torch")]
    times, failures = take_turns({NAMES[name]: peer_command(name, which) for name in variants}, rounds)
    return {name: None if name in failures else statistics.median(own) for name, own in times.items()}, failures


def table(which: str, milliseconds: dict[str, float | None]) -> str:
    """The variants' times, and how many times as fast each of ours is, beside the goals."""
    goals = {NAMES[name]: goal for name, goal in PAIRS[which].goals.items()}
    ours = [value for name, value in milliseconds.items() if name.startswith("gan_helpers")]
    lines = [f"{PAIRS[which].title:<40}{'ms a step':>10}   our variants are … times as fast"]
    for name, value in milliseconds.items():
        if value is None:
            lines.append(f"{name:<40}{'failed':>10}")
            continue
        ratios = "".join(f"{value / own:>7.2f} ×" if own else f"{'–':>7}  " for own in ours)
        goal = f"   (goal ≥ {goals[name]:g})" if name in goals else ""
        lines.append(f"{name:<40}{value:>10.2f}{ratios}{goal}")
    return "\n".join(lines)


def import_seconds(rounds: int) -> dict[str, float]:
    """Seconds from starting Python to a ready notebook, against importing TensorFlow alone; medians, interleaved."""
    commands = {
        "import tensorflow": "import tensorflow",
        "import gan_helpers, setup()": "import gan_helpers as gh; gh.setup(); gh.GAN, gh.Dashboard, gh.check",
    }
    times = {name: [] for name in commands}
    for _ in range(rounds):
        for name, command in commands.items():
            started = time.perf_counter()
            subprocess.run([sys.executable, "-c", command], check=True, capture_output=True)
            times[name].append(time.perf_counter() - started)
    return {name: statistics.median(values) for name, values in times.items()}


def main() -> int:
    """Measure, and print beside the goals; the exit code is 1 if anything failed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pair", choices=(*PAIRS, "all"), default="all")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", help="also write the figures to this file")
    options = parser.parse_args()
    print(f"batch {BATCH}, {options.rounds} rounds")
    if not importlib.util.find_spec("torch"):
        print("PyTorch is not installed, so its line is left out; benchmarks/README.md says how to add it.")

    figures, failures = {}, {}
    for which in PAIRS if options.pair == "all" else (options.pair,):
        print(f"\nGetting ready: {PAIRS[which].title}")
        figures[which], failed = compare(which, options.rounds)
        failures |= {f"{name}, {which}": message for name, message in failed.items()}
        print("\n" + table(which, figures[which]))
    if options.pair != "convolutional":
        figures["imports"] = import_seconds(options.rounds)
        for name, value in figures["imports"].items():
            print(f"{name:<32}{value:>8.2f} s")
    if options.json:
        with open(options.json, "w", encoding="utf-8") as file:
            json.dump(figures, file, indent=2)
    for name, message in failures.items():
        print(f"\nfailed: {name}: {message}")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
