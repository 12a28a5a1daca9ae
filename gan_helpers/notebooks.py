"""Executing, cleaning and stamping the course's notebooks: the author's side of a chapter.

A stamp in a notebook's metadata says in which mode its outputs were made, and from which code: tests compare it
with the code cells as they stand, so that committed outputs can never be stale unnoticed.
"""

from __future__ import annotations

import base64
import hashlib
import io
import os
import re
import time
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from PIL import Image
from tqdm import tqdm

from .files import write_atomically

STAMP = "gan_course"
WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"
WIDGET_TEXT = "(sliders appear here when you run this cell)"


class ChapterError(RuntimeError):
    """A cell failed; the notebook's file is as it was."""


def find_folder() -> Path:
    """The folder ``notebooks/``, below or above the working directory.

    Raises:
        FileNotFoundError: there is none.
    """
    for folder in (Path.cwd(), *Path.cwd().parents, Path(__file__).resolve().parent.parent):
        if (folder / "notebooks").is_dir():
            return folder / "notebooks"
    raise FileNotFoundError("no folder 'notebooks' here; run this in a clone of the course's repository")


def find(chapters: list[str], folder: Path | None = None) -> list[Path]:
    """The notebooks (and their solutions) of chapters such as ``"03"``; all of them for an empty list.

    Raises:
        FileNotFoundError: a chapter has no notebook.
    """
    folder = folder or find_folder()
    every = sorted(folder.glob("[0-9][0-9]_*.ipynb")) + sorted(folder.glob("solutions/[0-9][0-9]_*.ipynb"))
    if not chapters:
        return every
    numbers = [chapter.zfill(2)[:2] for chapter in chapters]
    missing = [n for n in numbers if not any(path.name.startswith(n) for path in every)]
    if missing:
        there_are = ", ".join(sorted({path.name[:2] for path in every}))
        raise FileNotFoundError(f"no notebook for chapter {', '.join(missing)}; there are: {there_are}")
    return [path for path in every if path.name[:2] in numbers]


def code_cells(notebook: nbformat.NotebookNode) -> list[nbformat.NotebookNode]:
    """The code cells, without the bootstrap cell, which :func:`restamp` may change at any time."""
    return [c for c in notebook.cells if c.cell_type == "code" and "bootstrap" not in c.metadata.get("tags", [])]


def code_hash(notebook: nbformat.NotebookNode) -> str:
    """A digest of the code cells' text, in order; prose may change without it changing."""
    code = "\0".join(cell.source for cell in code_cells(notebook))
    return hashlib.sha256(code.encode()).hexdigest()[:16]


def execute(path: Path, mode: str) -> float:
    """Run the notebook from a clean kernel; only if every cell ran, replace the file by the result.

    Args:
        path: the notebook.
        mode: ``smoke``, ``laptop`` or ``full``.

    Returns:
        How many seconds it took.

    Raises:
        ChapterError: a cell failed; the message holds its code and its error.
    """
    notebook = nbformat.read(path, as_version=4)
    client = NotebookClient(
        notebook,
        timeout=None,
        resources={"metadata": {"path": str(path.parent)}},
        record_timing=False,
        extra_arguments=["--log-level=ERROR"],
    )
    bar = tqdm(total=len(notebook.cells), desc=f"{path.parent.name}/{path.stem}", unit="cell")
    client.on_cell_complete = lambda cell, cell_index: bar.update(cell_index + 1 - bar.n)
    started = time.monotonic()
    try:
        client.execute(env=os.environ | {"GAN_MODE": mode})
    except CellExecutionError as error:
        raise ChapterError(f"{path.name} stopped; its file is as it was.\n{error}") from None
    finally:
        bar.close()
    seconds = time.monotonic() - started
    clean(notebook)
    versions = notebook.metadata.get("language_info", {}).get("version", "")
    notebook.metadata[STAMP] = {
        "mode": mode,
        "code": code_hash(notebook),
        "seconds": round(seconds),
        "python": versions,
    }
    text = nbformat.writes(notebook)
    write_atomically(path, lambda file: file.write((text.rstrip("\n") + "\n").encode()))
    return seconds


def clean(notebook: nbformat.NotebookNode) -> None:
    """Remove, in place, what a saved notebook should not carry.

    Widget state is large and dies with its kernel; a widget's output becomes one line of text, so that readers of
    the saved page see no broken widget. Timing and Colab's own metadata go too, and pictures are stored with 256
    colours.
    """
    notebook.metadata.pop("widgets", None)
    for cell in notebook.cells:
        cell.metadata = {key: value for key, value in cell.metadata.items() if key == "tags"}
        for output in cell.get("outputs", []):
            data = output.get("data", {})
            if data.pop(WIDGET_VIEW, None) is not None:
                data["text/plain"] = WIDGET_TEXT
            if "image/png" in data:
                data["image/png"] = lighter_png(data["image/png"])


def lighter_png(encoded: str) -> str:
    """A base64-encoded PNG with at most 256 colours, if that makes it smaller; animated ones stay as they are."""
    content = base64.b64decode(encoded)
    picture = Image.open(io.BytesIO(content))
    if getattr(picture, "is_animated", False):
        return encoded
    on_white = Image.alpha_composite(Image.new("RGBA", picture.size, "white"), picture.convert("RGBA")).convert("RGB")
    few = on_white.getcolors(256) is not None  # then the first method loses nothing; else the second keeps hues apart
    method = Image.Quantize.MEDIANCUT if few else Image.Quantize.FASTOCTREE
    buffer = io.BytesIO()
    on_white.quantize(256, method, dither=Image.Dither.NONE).save(buffer, "PNG", optimize=True)
    smaller = buffer.getvalue() if buffer.tell() < len(content) else content
    return base64.b64encode(smaller).decode()


# -------------------------------------------------------------------- links to the repository, for Colab


def badge(repository: str, path: str) -> str:
    """The markdown of the badge that opens ``path`` (within ``repository``) on Colab."""
    slug = repository.removeprefix("https://github.com/")
    url = f"https://colab.research.google.com/github/{slug}/blob/main/{path}"
    return f"[![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)]({url})"


def bootstrap(repository: str, version: str) -> str:
    """The code of the cell that makes the library available wherever the notebook is opened."""
    return (
        "try:\n"
        "    import gan_helpers as gh\n"
        "except ImportError:  # on Colab: fetch the course's library\n"
        f"    %pip install -q git+{repository}@v{version}\n"
        "    import gan_helpers as gh"
    )


def restamp(notebook: nbformat.NotebookNode, repository: str, version: str, path: str) -> None:
    """Write badge and bootstrap cell into ``notebook``, in place, replacing those there are."""
    for cell in notebook.cells:
        if "bootstrap" in cell.metadata.get("tags", []):
            cell.source = bootstrap(repository, version)
        elif cell.cell_type == "markdown":
            cell.source = re.sub(r"\[!\[Open in Colab\].*\)", lambda _: badge(repository, path), cell.source)
