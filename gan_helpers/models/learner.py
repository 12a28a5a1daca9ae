"""What minimises one loss: an autoencoder, a classifier. No opponent, but the same loop as a game's."""

from __future__ import annotations

import keras
import tensorflow as tf

from ..core.system import System


def check_logits(name: str, network: keras.Model, outputs: int | None) -> None:
    """Raise a clear error unless the network called ``name`` answers with so many logits, or any number of them."""
    answer = network.output_shape
    if outputs is not None and tuple(answer[1:]) != (outputs,):
        raise ValueError(f"the {name} must end in {outputs} logit(s) per example, got the shape {answer}")
    activation = getattr(getattr(network.layers[-1], "activation", None), "__name__", None)
    if activation in ("sigmoid", "softmax"):
        raise ValueError(f"the {name} must end in logits: leave out the {activation} of its last layer")


class Learner(System):
    """One player: all its networks are moved together, down the slope of one loss.

    Subclasses implement :meth:`networks` and :meth:`losses_of`.
    """

    def players(self):
        """The one player."""
        return {"learner": list(self.networks().values())}

    def networks(self) -> dict[str, keras.Model]:
        """Its networks, by name."""
        raise NotImplementedError

    def compile(self, optimizer: keras.optimizers.Optimizer, jit_compile: bool = False) -> None:
        """One loss, so one optimizer for the weights of all networks.

        Args:
            optimizer: for the networks.
            jit_compile: use XLA. On a CPU it helps dense networks and hurts convolutional ones badly.
        """
        super().compile({"learner": optimizer}, jit_compile)

    def losses_of(self, step: tf.Tensor, *batch: tf.Tensor) -> dict[str, tf.Tensor]:
        """What to report; ``"loss"`` is what is minimised.

        Args:
            step: for what is random in it.
            batch: the arrays of the source, as they were drawn together; of several sources, one after the other.
        """
        raise NotImplementedError

    def update(self, step, *batches):
        """One gradient step on all networks together."""
        arrays = [array for batch in batches for array in (batch if isinstance(batch, tuple) else (batch,))]
        with tf.GradientTape() as tape:
            report = self.losses_of(step, *arrays)
        weights = self.weights_of("learner")
        self.learner_optimizer.apply(tape.gradient(report["loss"], weights), weights)
        return report
