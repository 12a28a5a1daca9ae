"""Is anything lost when training is killed or stopped? Kill every system at random times, and compare the last bits.

python tools/kills.py --kills 4 --stops 2 --seed 0 [NAME …]     # of each system; about ten minutes in all
python tools/kills.py --first 9 --minutes 5                     # in portions: nine systems have been tried

Each system of tests/systems.py is trained to its end undisturbed. Then it is trained again, saving after every step:
killed (SIGKILL) so many times at a random moment, wherever it may be, and resumed from its checkpoint. And it is
stopped (SIGINT) so many times, and continued within its process. Weights, optimizers, averages, pools and curves must
come out the same to the bit. TensorFlow is imported once, and each training runs in a forked process.
"""

import argparse
import hashlib
import os
import random
import signal
import sys
import tempfile
import time
import traceback
from pathlib import Path

os.environ |= {"GAN_MODE": "smoke"}
ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

import numpy as np
import systems

from gan_helpers.core import checkpoints
from gan_helpers.core.watchers import Stopped

END = 8  # steps: of these a ProGAN of tests/systems.py fades from the third to the sixth, and pools fill in the second
DIED = "killed"


def digest(system) -> str:
    """A digest of all numbers that training has made."""
    arrays = [variable.numpy() for variable in checkpoints.training_state(system).values()]
    arrays += [np.asarray(system.curves[report]) for report in system.reports]
    return hashlib.sha256(b"".join(np.ascontiguousarray(array).tobytes() for array in arrays)).hexdigest()


def trained(name: str, file: Path | None, seed: int, began) -> str:
    """Train to the end, again and again if it is stopped; the digest.

    Args:
        name: of the system.
        file: its checkpoint, or none.
        seed: of the first weights: those of a resumed run must not matter.
        began: called when training is about to begin.
    """
    system, sources = systems.build(name, seed)
    system.seed.change(0)
    done = False
    while not done:
        try:
            began()
            systems.train(system, sources, END, every=1, checkpoint=file)
            signal.signal(signal.SIGINT, signal.SIG_IGN)  # a stop that comes too late
            done = True
        except (Stopped, KeyboardInterrupt):  # the latter between two calls, or before the first step of one
            counts = {int(system.optimizer_of(player).iterations) for player in system.players()}
            turns = getattr(system, "d_steps", 1)
            assert counts <= {system.steps_done, turns * system.steps_done}, (system.steps_done, counts)
    return digest(system)


def attempt(name: str, file: Path | None, seed: int, signals: list[tuple[float, int]]) -> str:
    """Train in a process of its own that gets signals, each so many seconds after training began; the digest.

    Returns:
        :data:`DIED` if a signal killed it.

    Raises:
        RuntimeError: it failed in another way.
    """
    tells, says = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(tells)
        code = 1
        try:
            checkpoints.CHECKPOINT_SECONDS = 0.0  # save after every interval
            systems.tf.config.run_functions_eagerly(True)
            signal.signal(signal.SIGINT, signal.default_int_handler)
            os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
            says = os.fdopen(says, "w", buffering=1)
            says.write(trained(name, file, seed, lambda: says.write("began\n")) + "\n")
            code = 0
        except Exception:
            traceback.print_exc()
        finally:
            os._exit(code)
    os.close(says)
    with os.fdopen(tells) as told:
        if told.readline() == "began\n":
            began = time.monotonic()
            for moment, number in signals:
                time.sleep(max(0, began + moment - time.monotonic()))
                os.kill(child, number)  # a child that has ended waits to be asked, and hears nothing
        found = told.read().split("\n")[-2:]
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if code == -signal.SIGKILL:
        return DIED
    if code:
        raise RuntimeError(f"{name} ended with the exit code {code}")
    return found[0]


def main(arguments: list[str]) -> None:
    """Disturb every system; say what came of it."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("names", nargs="*", default=list(systems.SYSTEMS), help="of systems (default: all)")
    parser.add_argument("--kills", type=int, default=4, help="of each")
    parser.add_argument("--stops", type=int, default=2, help="of each")
    parser.add_argument("--seed", type=int, default=0, help="of the moments")
    parser.add_argument(
        "--first", type=int, default=0, help="how many of the systems to leave out: they were tried before"
    )
    parser.add_argument("--minutes", type=float, default=60, help="begin with no other system after so long")
    options = parser.parse_args(arguments)
    killed, stopped, lost, tried, late = 0, 0, [], 0, time.monotonic() + 60 * options.minutes
    for name in options.names[options.first :]:
        if time.monotonic() > late:
            break
        tried, chance = tried + 1, random.Random(f"{options.seed} {name}")
        with tempfile.TemporaryDirectory() as folder:
            start = time.monotonic()
            wanted = attempt(name, None, 0, [])
            file = systems.file_of(folder, name.replace("/", " "))
            whole = attempt(name, file, 0, [])
            length = (time.monotonic() - start) / 2
            ends = {"saving": whole}
            for i in range(options.stops):
                ends[f"stop {i}"] = attempt(name, None, 0, [(chance.uniform(0, length), signal.SIGINT)])
                stopped += 1
            file.unlink()
            for i in range(options.kills):
                moment = chance.uniform(0, 0.8 * length)
                end = attempt(name, file, 1 + i if file.exists() else 0, [(moment, signal.SIGKILL)])
                killed += end == DIED
                if end != DIED:
                    ends[f"kill {i}, too late"] = end
                    file.unlink()
            ends["resumed"] = attempt(name, file, 99 if file.exists() else 0, [])
            wrong = [what for what, end in ends.items() if end != wanted]
            lost += [(name, what) for what in wrong]
            print(f"{name}: {', '.join(wrong) + ' DIFFER' if wrong else 'the same bits'}", flush=True)
    print(f"{killed} kills and {stopped} stops of {tried} systems; {len(lost)} ends differ")
    sys.exit(bool(lost))


if __name__ == "__main__":
    main(sys.argv[1:])
