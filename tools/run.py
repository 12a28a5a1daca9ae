"""Execute chapters in place, each from a clean kernel.

make run CH=03 MODE=laptop
python tools/run.py 03 --mode laptop     # the same, in an environment of one's own; without a number, all of them
"""

import argparse
import os
import sys

import notebooks


def main(arguments: list[str] | None = None) -> int:
    """Execute them; a chapter that fails is left as it was, and the next one is tried. Return the exit code."""
    parser = argparse.ArgumentParser(description="Execute chapters in place, each from a clean kernel.")
    parser.add_argument("chapters", nargs="*", metavar="CHAPTER", help="such as 03; all of them by default")
    parser.add_argument("--mode", choices=("smoke", "laptop", "full"), default=os.environ.get("GAN_MODE", "laptop"))
    options = parser.parse_args(arguments)
    failed = 0
    try:
        paths = notebooks.find(options.chapters)
    except FileNotFoundError as error:
        print(error, file=sys.stderr)
        return 2
    for path in paths:
        try:
            seconds = notebooks.execute(path, options.mode)
            print(f"{path.parent.name}/{path.name}: {seconds:.0f} s in {options.mode} mode")
        except notebooks.ChapterError as error:
            print(error, file=sys.stderr)
            failed += 1
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
