"""Adversarial examples: changes of an image, too small to matter to us, after which a classifier names it wrongly.

An attack looks for a perturbation δ with ‖δ‖ ≤ ε for which the classifier's loss at x + δ is large. The norm ‖·‖ says
what small means: ``"linf"``, the largest change of any number of the image, or ``"l2"``, the Euclidean length of all
changes together.

Images lie in [−1, 1], as everywhere in this course, and so ε is measured on that scale. Papers mostly measure it on
pixels from 0 to 1. There the range is half as long: their ε = 0.3 is 0.6 here; see :func:`scaled_epsilon`.

What all attacks have in common:

* ``model`` is a classifier: called on images, with ``training=False``, it answers with logits (n, classes).
* ``labels`` are the right classes, from which the attack leads away; or, for ``targeted`` attacks, wrong ones, to which
  it leads.
* They return float32 images of the same shape, in [−1, 1] and, up to rounding, at most ε away from those given.
* What is random depends on the seed and on the image's number: 0, 1, 2 … unless ``numbers`` tells others. So an image
  that is attacked alone, with ``numbers=[17]``, is changed as it was among others, where it was number 17.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "arguments": ["checked", "checked_images", "checked_numbers", "in_batches"],
        "ball": [
            "NORMS", "checked_norm", "into_ball", "into_range", "lengths", "random_in_ball", "scaled_epsilon",
            "steepest",
        ],
        "gradient": ["climb", "cross_entropies", "fgsm", "gradient_of_loss", "margin", "outcome", "pgd", "pgd_step"],
        "measures": ["accuracy_against", "likeliest", "minimal_epsilon"],
        "no_gradient": ["gaussian_noise", "paint_square", "square_attack", "square_sides"],
    },
)  # fmt: skip
