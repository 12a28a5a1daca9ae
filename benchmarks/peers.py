"""One variant in a process of its own; ``speed.py`` starts it.

    python benchmarks/peers.py Fused dense

It builds its networks, warms up, writes one line of JSON to say so, and waits. Each line that comes in asks for one
round; a line of JSON with the seconds goes back. It ends when its standard input does, so it never outlives the driver.
"""

import json
import os
import sys
import time

SECONDS_A_ROUND = 10


def timed(variant, steps: int) -> float:
    """Seconds that ``variant`` takes for ``steps`` steps, after one interval that finds its memory again."""
    variant.run(variant.interval)
    started = time.perf_counter()
    variant.run(steps)
    return time.perf_counter() - started


def warm_up(variant) -> int:
    """Compile, and find out how many steps make a round: whole intervals of steps, some ten seconds in all."""
    steps = variant.interval
    variant.run(steps)  # compiles
    while (seconds := timed(variant, steps)) < SECONDS_A_ROUND / 4:
        steps *= 2  # too short to tell
    return variant.interval * max(1, round(SECONDS_A_ROUND * steps / seconds / variant.interval))


def main(name: str, which: str) -> None:
    """Prepare, then make one round for each line that comes in."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # whatever else is printed here must not get between the answers

    def answer(**what) -> None:
        print(json.dumps(what), file=answers, flush=True)

    from gan_helpers.data import sets

    images = sets.mnist().scaled()
    if name == "Torch":
        import variants_torch as variants
    else:
        import variants_tensorflow as variants
    kind = getattr(variants, name)
    if reason := kind.why_not():
        answer(left_out=reason)
        return
    variant = kind(which, images)
    started = time.perf_counter()
    steps = warm_up(variant)
    answer(about=variants.about(), steps=steps, warm_up=time.perf_counter() - started)
    for _ in sys.stdin:
        answer(steps=steps, seconds=timed(variant, steps))


if __name__ == "__main__":
    main(*sys.argv[1:])
