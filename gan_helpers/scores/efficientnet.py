"""EfficientNet-Lite0 (Tan & Le, 2019, arXiv:1905.11946): a small network that has seen ImageNet, the colour judge.

"Lite" is the authors' version for telephones: no squeeze-and-excitation, ReLU6 in place of swish. 4.7 million weights
ship with the course (``assets/judge``), so it needs no network connection. ``tools/build_judge.py`` made them.
"""

from __future__ import annotations

import io

import keras
import numpy as np
from keras import layers

from ..core import checks
from ..data.manifest import ASSETS, check_keys, read_json, read_verified

JUDGE = ASSETS / "judge"
EFFICIENTNET_SIDE = 224  # pixels a side that the network was trained on
COLOUR_SIDE = 64  # as the course uses it, for emoji: it sees all kinds of damage, ten times as fast as with 224

STAGES = (  # kernel size, stride of the first block, how many times wider inside, channels, blocks
    (3, 1, 1, 16, 1),
    (3, 2, 6, 24, 2),
    (5, 2, 6, 40, 2),
    (3, 2, 6, 80, 3),
    (5, 1, 6, 112, 3),
    (5, 2, 6, 192, 4),
    (3, 1, 6, 320, 1),
)


def load_efficientnet(image_shape: tuple[int, int, int] = (64, 64, 3), side: int = EFFICIENTNET_SIDE) -> keras.Model:
    """EfficientNet-Lite0 with the weights that ship with the course.

    Args:
        image_shape: (height, width, 3) of the images.
        side: the images are resized to side × side pixels, bilinearly. The network was trained on 224; fewer are
            faster.

    Returns:
        A model from float32 (n, *image_shape) in [−1, 1] to the logits of ImageNet's 1,000 classes. Its layer
        ``"features"`` holds 1,280 numbers (the average pool).

    Raises:
        ValueError: the images have not 3 channels.
        DataError: a file of the weights is missing or damaged.
    """
    if checks.image_shape("image_shape", image_shape)[-1] != 3:
        raise ValueError(f"image_shape must be (height, width, 3), got {tuple(image_shape)}")
    network = build_efficientnet(image_shape, side)
    set_by_path(network, read_shipped())
    return network


@checks.sizes()
def build_efficientnet(image_shape: tuple[int, int, int] = (64, 64, 3), side: int = EFFICIENTNET_SIDE) -> keras.Model:
    """The same network with random weights."""
    images = layers.Input(image_shape)
    x = layers.Resizing(side, side, name="resize")(images)
    x = layers.Rescaling(127.5 / 128, 0.5 / 128, name="rescale")(x)  # (pixel − 127) / 128, for pixels from 0 to 255
    x = layers.Conv2D(32, 3, strides=2, padding="same", use_bias=False, name="stem_conv")(x)
    x = normalised(x, "stem")
    block = 0
    for kernel_size, first_stride, wider, channels, blocks in STAGES:
        for i in range(blocks):
            stride = first_stride if i == 0 else 1
            x = inverted_bottleneck(x, kernel_size, stride, wider, channels, name=f"block{block}")
            block += 1
    x = layers.Conv2D(1280, 1, use_bias=False, name="head_conv")(x)
    x = normalised(x, "head")
    x = layers.GlobalAveragePooling2D(name="features")(x)
    logits = layers.Dense(1000, name="logits")(x)
    return keras.Model(images, logits, name="efficientnet_lite0")


def inverted_bottleneck(x, kernel_size: int, stride: int, wider: int, channels: int, name: str):
    """A block of MobileNetV2 (Sandler et al., 2018, arXiv:1801.04381): widen, look around within each channel, narrow.

    Where the shape stays the same, the input is added to the output.
    """
    before = x
    if wider > 1:
        x = layers.Conv2D(wider * x.shape[-1], 1, use_bias=False, name=f"{name}_expand_conv")(x)
        x = normalised(x, f"{name}_expand")
    x = layers.DepthwiseConv2D(kernel_size, stride, padding="same", use_bias=False, name=f"{name}_depthwise_conv")(x)
    x = normalised(x, f"{name}_depthwise")
    x = layers.Conv2D(channels, 1, use_bias=False, name=f"{name}_project_conv")(x)
    x = layers.BatchNormalization(epsilon=1e-3, name=f"{name}_project_norm")(x)  # no ReLU6: narrow layers stay linear
    return layers.Add(name=f"{name}_add")([before, x]) if x.shape == before.shape else x


def normalised(x, name: str):
    """Batch normalisation, then ReLU6, which is min(max(x, 0), 6)."""
    x = layers.BatchNormalization(epsilon=1e-3, name=f"{name}_norm")(x)
    return layers.ReLU(6, name=f"{name}_relu")(x)


def set_by_path(network: keras.Model, weights: dict[str, np.ndarray]) -> None:
    """Give every variable of ``network`` the value that ``weights`` has under its path."""
    for variable in network.variables:
        variable.assign(weights[variable.path].astype(np.float32))


def read_shipped() -> dict[str, np.ndarray]:
    """The shipped weights, float16, by the paths of the network's variables, such as ``"stem_conv/kernel"``.

    Raises:
        DataError: a file is missing or damaged.
    """
    weights = {}
    for file in read_card()["files"]:
        content = read_verified(JUDGE / file["file"], file["sha256"])
        with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
            weights |= dict(arrays)
    return weights


def imagenet_classes() -> tuple[str, ...]:
    """What each of the 1,000 logits stands for: ``"tench"``, ``"goldfish"``, ... (*missile* and *sunglasses* twice).

    Raises:
        DataError: the file is missing or damaged.
    """
    file = read_card()["classes"]
    return tuple(read_verified(JUDGE / file["file"], file["sha256"]).decode().splitlines())


def read_card() -> dict:
    """Where the weights come from, their licence, files and digests, and what the network must answer.

    Raises:
        DataError: the card is missing or damaged.
    """
    path = JUDGE / "efficientnet_lite0.json"
    card = read_json(path, files=list, classes=dict, known_answer=list)
    for file in (*card["files"], card["classes"]):
        check_keys(path, "what it says of a file", file, {"file": str, "sha256": str})
    return card


def known_answer(network: keras.Model) -> list[float]:
    """The first ten logits of one wavy picture: the card has them, so that any machine can check its copy."""
    _, height, width, _ = network.input_shape
    rows, columns, channels = np.ogrid[:height, :width, :3]
    waves = np.sin((rows + 2 * columns) * (channels + 1) / 10).astype(np.float32)
    return np.round(network(waves[np.newaxis], training=False)[0, :10].numpy().astype(float), 3).tolist()
