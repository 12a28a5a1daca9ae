"""The command line: ``python -m gan_helpers doctor | train``."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path


def main(arguments: list[str] | None = None) -> int:
    """Run one command; return the exit code."""
    options = parser().parse_args(arguments)
    return options.command(options)


def parser() -> argparse.ArgumentParser:
    """The commands and their options."""
    top = argparse.ArgumentParser(prog="python -m gan_helpers", description="The GAN course's tools.")
    commands = top.add_subparsers(required=True, metavar="COMMAND")

    command = commands.add_parser("doctor", help="is this machine ready for the course?")
    command.set_defaults(command=doctor)

    command = commands.add_parser("train", help="make the weights of a system anew, and its card")
    command.add_argument("name", nargs="?", help="which system; without it, they are listed")
    command.add_argument("--folder", type=Path, help="where to write (default: into the package)")
    command.add_argument(
        "--checkpoint", type=Path, help="saved to while training; the same command goes on from it (default: in runs/)"
    )
    command.add_argument("--seed", type=int, help="of another run by the same recipe")
    command.add_argument("--threads", type=int, help="how many processor threads to use (default: all)")
    command.set_defaults(command=train)
    return top


def doctor(options) -> int:
    """Report on this machine."""
    from . import doctor

    return 0 if doctor.report() else 1


def train(options) -> int:
    """Train by a recipe and save weights and card."""
    from .core.session import quiet_tensorflow, use_threads

    quiet_tensorflow()
    if options.threads is not None:
        use_threads(options.threads)
    from . import zoo
    from .core.checkpoints import CheckpointError
    from .core.watchers import Stopped
    from .show.callbacks import ProgressBar

    if options.name not in zoo.RECIPES:
        if options.name is not None:
            print(f"There is no system named {options.name!r}.", file=sys.stderr)
        print("systems:")
        for recipe in zoo.RECIPES.values():
            print(f"  {recipe.name:<20} {recipe.what}")
        return 0 if options.name is None else 2
    plan = zoo.recipe(options.name, options.seed)
    checkpoint = options.checkpoint or Path("runs") / f"{zoo.file_name(plan)}.checkpoint.npz"
    try:
        trained = zoo.train(plan.name, [ProgressBar()], checkpoint, plan.seed)
    except (Stopped, ValueError, CheckpointError) as message:
        print(message, file=sys.stderr)
        return 1
    path = zoo.save(trained, options.folder or zoo.WEIGHTS)
    checkpoint.unlink()  # the weights are safe
    print(f"{path}: {path.stat().st_size / 1e6:.2f} MB, {trained.card['seconds']} s, {trained.card['scores']}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
