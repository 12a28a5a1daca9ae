"""Draw the README's picture from the shipped weights: ``python tools/make_pictures.py``."""

from pathlib import Path

import gan_helpers as gh

ROOT = Path(__file__).resolve().parent.parent


def main() -> None:
    """Real digits above, the course's own below."""
    gh.setup()
    gan, _ = gh.zoo.load("gan_mnist")
    figure = gh.compare_grids(
        {"real digits": gh.mnist().scaled()[:60], "chapter 3: by two dense networks": gan.sample(60, seed=1)},
        columns=12,
    )
    (ROOT / "docs").mkdir(exist_ok=True)
    figure.savefig(ROOT / "docs" / "digits.png", dpi=80)


if __name__ == "__main__":
    main()
