"""Executing, cleaning and stamping the course's notebooks: the author's side of a chapter.

A stamp in a notebook's metadata says in which mode its outputs were made, and from which code: tests compare it
with the code cells as they stand, so that committed outputs can never be stale unnoticed.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import time
from pathlib import Path
from queue import Empty

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from tqdm import tqdm

from gan_helpers.data.files import write_atomically
from gan_helpers.show.pictures import lighter_png, with_all_colours

STAMP = "gan_course"
KERNEL = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}  # as JupyterLab writes it
KEPT = ("tags", "jupyter")  # of a cell's metadata: what it is, and whether its code is folded away
CAPTION = re.compile(r"^\*(Figure .+?)\*(?=\n\n|\Z)", re.MULTILINE | re.DOTALL)
WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"
WIDGET_TEXT = "(sliders appear here when you run this cell)"


class ChapterError(RuntimeError):
    """A cell failed; the notebook's file is as it was."""


class Client(NotebookClient):
    """Runs cells that may hold many sliders.

    While it waits for a cell's end, it answers the cell's widgets over the same socket. Such an answer can swallow the
    signal that the end has arrived (jupyter/nbclient, issue 312), and then it would wait for ever. So it looks again
    every second.
    """

    async def async_start_new_kernel_client(self):
        """A client of the kernel that does not sleep for longer than a second."""
        client = await super().async_start_new_kernel_client()
        get_message = client.shell_channel.get_msg

        async def look_every_second(timeout=None):
            while timeout is None:
                with contextlib.suppress(Empty):
                    return await get_message(1)
            return await get_message(timeout)

        client.shell_channel.get_msg = look_every_second
        return client


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
    client = Client(
        notebook,
        timeout=None,
        resources={"metadata": {"path": str(path.parent)}},
        record_timing=False,
        extra_arguments=["--log-level=ERROR"],
    )
    bar = tqdm(total=len(notebook.cells), desc=f"{path.parent.name}/{path.stem}", unit="cell")
    memory = {}

    def look(cell, cell_index, execute_reply):
        bar.update(cell_index + 1 - bar.n)
        memory.update(peak_memory(client.km.provisioner.pid))

    client.on_cell_executed = look  # (on_cell_complete, in spite of its name, is called before a cell has run)
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
    } | memory
    text = nbformat.writes(notebook)
    write_atomically(path, lambda file: file.write((text.rstrip("\n") + "\n").encode()))
    return seconds


def peak_memory(pid: int) -> dict[str, int]:
    """``{"peak_mb": …}``, the most memory that a process has held so far, in MB; empty where there is no ``/proc``."""
    try:
        status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    except OSError:
        return {}
    kilobytes = re.search(r"^VmHWM:\s*(\d+) kB$", status, re.MULTILINE)
    return {"peak_mb": round(int(kilobytes[1]) * 1024 / 1e6)} if kilobytes else {}


def clean(notebook: nbformat.NotebookNode) -> None:
    """Remove, in place, what a saved notebook should not carry, and give each picture its caption as its alt text.

    Widget state is large and dies with its kernel; a widget's output becomes one line of text, so that readers of
    the saved page see no broken widget. Timing and Colab's own metadata go too. Pictures are stored with few colours,
    or with all of them where the cell has the tag ``all-colours``. What is left is what JupyterLab would write itself:
    opening a notebook changes nothing in it.
    """
    notebook.metadata.pop("widgets", None)
    notebook.metadata["kernelspec"] = dict(KERNEL)
    for cell in notebook.cells:
        cell.metadata = {key: value for key, value in cell.metadata.items() if key in KEPT}
        for output in cell.get("outputs", []):
            data = output.get("data", {})
            if data.pop(WIDGET_VIEW, None) is not None:
                data["text/plain"] = WIDGET_TEXT
            if "image/png" in data and "all-colours" in cell.metadata.get("tags", []):
                size = output.metadata.pop("image/png", {})
                kind, data_of_kind = with_all_colours(data.pop("image/png"))
                data[kind], output.metadata[kind] = data_of_kind, size
            elif "image/png" in data:
                data["image/png"] = lighter_png(data["image/png"])
    describe_pictures(notebook)


def picture_type(output: nbformat.NotebookNode) -> str | None:
    """``"image/png"`` or ``"image/jpeg"``; ``None`` if the output is no picture."""
    return next((kind for kind in ("image/png", "image/jpeg") if kind in output.get("data", {})), None)


def describe_pictures(notebook: nbformat.NotebookNode) -> None:
    """Write each picture's caption (``*Figure 3.1. …*``, in the text behind it) into its metadata, as its alt text."""
    waiting: list[nbformat.NotebookNode] = []
    for cell in notebook.cells:
        outputs = [output for output in cell.get("outputs", []) if picture_type(output)]
        if outputs:
            waiting = outputs
        caption = CAPTION.search(cell.source) if cell.cell_type == "markdown" else None
        if caption:
            for output in waiting:
                kind = picture_type(output)
                size = output.metadata.get(kind, {})
                output.metadata[kind] = size | {"alt": " ".join(caption[1].replace("*", "").split())}
            waiting = []


# -------------------------------------------------------------------- links to the repository, for Colab


def titles(folder: Path) -> dict[str, str]:
    """File name → title of every chapter in ``folder``, in order."""
    chapters = sorted(folder.glob("[0-9][0-9]_*.ipynb"))
    return {path.name: nbformat.read(path, 4).cells[0].source.splitlines()[0].lstrip("# ") for path in chapters}


def header(repository: str, path: str, chapters: dict[str, str]) -> str:
    """The line under a notebook's title: links to Colab, to the chapters beside it, and to its solutions.

    Args:
        repository: its address on GitHub.
        path: of the notebook, within the repository.
        chapters: from :func:`titles`.
    """
    slug = repository.removeprefix("https://github.com/")
    links = [f"[Open in Colab](https://colab.research.google.com/github/{slug}/blob/main/{path})"]
    folder, _, name = path.rpartition("/")
    if folder.endswith("solutions"):
        return " | ".join([*links, f"[the chapter](../{name})"])
    names = list(chapters)
    here = names.index(name)
    if here > 0:
        links.append(f"[← {chapters[names[here - 1]]}]({names[here - 1]})")
    links.append(f"[solutions](solutions/{name})")
    if here + 1 < len(names):
        links.append(f"[{chapters[names[here + 1]]} →]({names[here + 1]})")
    return " | ".join(links)


def bootstrap(repository: str, version: str) -> str:
    """The code of the cell that makes the library available wherever the notebook is opened."""
    return (
        "try:\n"
        "    import gan_helpers as gh\n"
        "except ImportError:  # on Colab: fetch the course's library\n"
        f"    %pip install -q git+{repository}@v{version}\n"
        "    import gan_helpers as gh"
    )


def restamp(
    notebook: nbformat.NotebookNode, repository: str, version: str, path: str, chapters: dict[str, str]
) -> None:
    """Write header and bootstrap cell into ``notebook``, in place, replacing those there are; see :func:`header`."""
    line = header(repository, path, chapters)
    for cell in notebook.cells:
        if "bootstrap" in cell.metadata.get("tags", []):
            cell.source = bootstrap(repository, version)
        elif cell.cell_type == "markdown":
            cell.source = re.sub(r"(?m)^(\[!)?\[Open in Colab\].*$", lambda _: line, cell.source)
