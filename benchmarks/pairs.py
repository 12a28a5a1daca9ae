"""What is measured: two pairs of networks, and for each the variants that train it.

The driver and the peers both read this, so it imports neither TensorFlow nor PyTorch.
"""

from dataclasses import dataclass

BATCH, LATENT, RATE = 128, 100, 2e-4

NAMES = {  # of each variant: the class that trains it, and its line in the table
    "Ours": "gan_helpers: GAN.train()",
    "OursShared": "gan_helpers: SharedFakesGAN.train()",
    "OursBfloat16": "gan_helpers: … in bfloat16",
    "Classic": "(a) predict + train_on_batch",
    "FunctionStep": "(b) tf.function step, tf.data",
    "Tutorial": "(b') the same, both updates at once",
    "Fused": "(c) fused by hand",
    "FusedWithoutXLA": "(c') fused by hand, no XLA",
    "Torch": "(d) PyTorch eager",
}


class Variant:
    """One way to train; ``run(steps)`` trains."""

    @staticmethod
    def why_not() -> str | None:
        """Why this machine need not try it; nothing for most variants."""
        return None


@dataclass(frozen=True)
class Pair:
    """Two networks to train, who trains them, and how."""

    title: str
    variants: tuple[str, ...]
    goals: dict[str, float]  # how many times as fast as a variant ours should be
    xla: bool  # compile with XLA? It pays for dense networks only
    interval: int  # steps that one call of a compiled graph makes


PAIRS = {
    "dense": Pair(
        title="chapter 3, two dense networks",
        variants=("Ours", "Classic", "FunctionStep", "Fused", "FusedWithoutXLA", "Torch"),
        goals={"Classic": 20.0, "FunctionStep": 1.3, "Fused": 0.95, "Torch": 1.3},
        xla=True,
        interval=100,
    ),
    "convolutional": Pair(
        title="chapter 4, two convolutional networks",
        variants=("Ours", "OursShared", "OursBfloat16", "Classic", "FunctionStep", "Tutorial", "Fused", "Torch"),
        goals={"Classic": 2.3, "FunctionStep": 1.5, "Fused": 0.95, "Torch": 1.3},
        xla=False,
        interval=2,
    ),
}
