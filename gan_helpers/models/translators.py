"""Networks that turn images into images, and a discriminator that looks at patches (chapter 9)."""

from __future__ import annotations

import math

import keras
from keras import layers

from ..core import checks
from ..layers import NeighbourDifferences
from .dcgan import small_normal


def convolution(filters: int, kernel_size: int, strides: int = 1, **settings) -> layers.Conv2D:
    """A convolution that keeps the size of the map (or divides it by ``strides``), as all networks here have it."""
    how = {"padding": "same", "kernel_initializer": small_normal()}
    return layers.Conv2D(filters, kernel_size, strides, **how, **settings)


def instance_normalization() -> layers.GroupNormalization:
    """Give every channel of every image the mean 0 and the variance 1 (Ulyanov et al., 2016, arXiv:1607.08022).

    It does to one image what batch normalisation does to a batch, and so it works with batches of one image. As there,
    a factor and a bias for each channel are learned.
    """
    return layers.GroupNormalization(groups=-1, epsilon=1e-5)  # as many groups as there are channels


def block(x, filters: int, kernel_size: int, activation: layers.Layer, strides: int = 1, normalise: bool = True):
    """Convolution, instance normalisation (whose bias makes the convolution's useless) and nonlinearity."""
    x = convolution(filters, kernel_size, strides, use_bias=not normalise)(x)
    if normalise:
        x = instance_normalization()(x)
    return activation(x)


@checks.sizes()
def build_unet_generator(base: int = 32, depth: int = 4, finish: bool = True) -> keras.Model:
    """Images (n, h, w, 3) → images (n, h, w, 3), both float32 in [−1, 1]; h and w are multiples of 2^depth.

    A U-Net (Ronneberger, Fischer & Brox, 2015, arXiv:1505.04597): ``depth`` times down to half the side, as often up
    again, and from each size on the way down, the image's own included, a skip to the same size on the way up. What
    lies where need not pass through the small maps in the middle.

    Args:
        base: channels of the first map; they double with each step down, up to 8 times as many.
        depth: steps down.
        finish: ``False`` leaves out the last block, at full size. Without it every pixel is a weighted sum of image and
            maps, and no map can decide where the image is kept and where it is smoothed.
    """
    image = layers.Input((None, None, 3), name="image")
    x, skips = image, []
    widths = [base * min(2**i, 8) for i in range(depth)]
    for i, width in enumerate(widths):
        # The first map is not normalised, or no skip could tell a dark picture from a light one. Nor is the innermost
        # one: of pictures with 2^depth pixels a side it is 1 × 1, and one number less its mean is 0.
        slope = layers.LeakyReLU(negative_slope=0.2)
        x = block(x, width, 4, slope, strides=2, normalise=0 < i < depth - 1)
        skips.append(x)
    for width, skip in zip(widths[-2::-1], skips[-2::-1], strict=True):
        x = block(layers.UpSampling2D()(x), width, 4, layers.ReLU())
        x = layers.Concatenate()([x, skip])
    x = layers.Concatenate()([layers.UpSampling2D()(x), image])
    if finish:
        x = block(x, base, 3, layers.ReLU(), normalise=False)
    return keras.Model(image, convolution(3, 3, activation="tanh", dtype="float32")(x), name="generator")


@checks.sizes()
def build_resnet_generator(base: int = 32, blocks: int = 4) -> keras.Model:
    """Images (n, h, w, 3) → images (n, h, w, 3), both float32 in [−1, 1]; h and w are multiples of 4.

    The paper's generator, after Johnson, Alahi & Fei-Fei (2016, arXiv:1603.08155): twice down to half the side,
    residual blocks, twice up. The paper pads with the mirror image, so that no edge of zeros shows in photographs; on a
    plain ground that is not needed. To enlarge, a pixel is repeated, which leaves no checkerboard as transposed
    convolutions do.

    Args:
        base: channels at full size; in the middle there are four times as many.
        blocks: residual blocks; the paper has 6 for pictures of 128 × 128 pixels, and 9 for larger ones.
    """
    image = layers.Input((None, None, 3), name="image")
    x = block(image, base, 7, layers.ReLU())
    for width in (2 * base, 4 * base):
        x = block(x, width, 3, layers.ReLU(), strides=2)
    for _ in range(blocks):
        change = block(x, 4 * base, 3, layers.ReLU())
        change = instance_normalization()(convolution(4 * base, 3, use_bias=False)(change))
        x = layers.Add()([x, change])
    for width in (2 * base, base):
        x = block(layers.UpSampling2D()(x), width, 3, layers.ReLU())
    return keras.Model(image, convolution(3, 7, activation="tanh", dtype="float32")(x), name="generator")


@checks.sizes()
def build_patch_discriminator(base: int = 64, depth: int = 3, normalise: bool = True, gain: float = 0.0) -> keras.Model:
    """Images (n, h, w, 3) in [−1, 1] → logits (n, h / 2^depth, w / 2^depth, 1), float32: one for each patch.

    A PatchGAN (Isola et al., 2017, arXiv:1611.07004): it has no last layer that looks at the whole picture. Each logit
    says whether the patch that it sees looks real; :func:`receptive_field` tells how large that is.

    Args:
        base: channels of the first map; they double with each step down, up to 8 times as many.
        depth: steps down to half the side.
        normalise: ``False`` leaves out instance normalisation; the first layer has none in any case.
        gain: if not 0, the first layer also sees :class:`~gan_helpers.layers.NeighbourDifferences` with this gain.
    """
    image = layers.Input((None, None, 3), name="image")
    x = NeighbourDifferences(gain)(image) if gain else image
    for i in range(depth):
        slope = layers.LeakyReLU(negative_slope=0.2)
        x = block(x, base * min(2**i, 8), 4, slope, strides=2, normalise=normalise and i > 0)
    return keras.Model(image, convolution(1, 4, dtype="float32")(x), name="discriminator")


def receptive_field(network: keras.Model) -> int:
    """How many pixels a side one number of the answer of ``network``, a stack of layers, sees through convolutions.

    r = 1 + Σ (k − 1) · s, over the convolutions, where k is the side of the kernel, and s the product of the strides of
    the layers before. (Instance normalisation sees the whole picture, too, but only its mean and its variance.)
    """
    side, stride = 1, 1
    for layer in convolutions_of(network):
        side += (layer.kernel_size[0] - 1) * stride
        stride *= layer.strides[0]
    return side


def convolutions_of(network: keras.Model) -> list[layers.Conv2D]:
    """The convolutions of ``network``, in order; not those of networks within it."""
    return [layer for layer in network.layers if isinstance(layer, layers.Conv2D)]


def side_multiple(generator: keras.Model) -> int:
    """What the sides of an image must be a multiple of, so that halving and doubling give back its size."""
    return math.prod(layer.strides[0] for layer in convolutions_of(generator))
