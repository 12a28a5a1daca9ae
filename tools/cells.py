"""What becomes of chapters whose cells are run twice, or in another order? And which files are left?

python tools/cells.py notebooks/01_introduction.ipynb    # in smoke mode

Each chapter is run twice over. First every code cell runs two times in a row. Then every cell runs alone, behind the
chapter's first cells (up to its imports): what it lacks should be a name, and the hint says what helps. Nothing is
written into the notebooks. Whatever other files the chapter leaves, in its own folder or elsewhere, are listed.
"""

import os
import sys
import tempfile
from pathlib import Path

import nbformat
from nbformat import v4

import notebooks

ROOT = Path(__file__).resolve().parent.parent
KEEP = "import builtins; builtins.names_kept = dict(globals())"
FORGET = """
import builtins
[globals().pop(name) for name in globals().keys() - builtins.names_kept.keys()]
globals().update(builtins.names_kept)
"""
OF_OTHERS = {".cache", ".ipython", ".keras"}  # what Matplotlib, Jupyter and Keras keep in a home that is new


def errors(cells: list, folder: Path) -> list[tuple[str, str, str]]:
    """Run these cells, each after the last whatever became of it: which cells failed, with which error, saying what."""
    notebook = v4.new_notebook(cells=cells, metadata={"kernelspec": notebooks.KERNEL})
    client = notebooks.Client(
        notebook, timeout=None, allow_errors=True, resources={"metadata": {"path": str(folder / "here")}}
    )
    places = {"HOME": folder / "home", "TMPDIR": folder / "temporary"}
    for place in (folder / "here", *places.values()):
        place.mkdir(exist_ok=True)
    paths = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
    client.execute(env=os.environ | places | {"GAN_MODE": "smoke", "PYTHONPATH": paths})
    return [
        (cell.metadata.get("of", "?"), output.ename, output.evalue)
        for cell in notebook.cells
        for output in cell.outputs
        if output.output_type == "error"
    ]


def cell(source: str, name: str = ""):
    """A code cell that remembers which cell of the chapter it is."""
    return v4.new_code_cell(source, metadata={"of": name})


def twice(chapter: list) -> list:
    """Every code cell two times in a row."""
    return [cell(one.source, one.id) for one in chapter for _ in range(2)]


def alone(chapter: list) -> list:
    """The first cells up to the imports; then each cell with no more than their names."""
    first = next(i for i, one in enumerate(chapter) if "\nimport " in f"\n{one.source}") + 1
    beginning = [cell(one.source, one.id) for one in chapter[:first]]
    return [
        *beginning,
        cell(KEEP),
        *(new for one in chapter[first:] for new in (cell(one.source, one.id), cell(FORGET))),
    ]


def main(paths: list[str]) -> None:
    """Run the chapters in both ways; print what fails and what is left."""
    for path in map(Path, paths):
        chapter = [one for one in nbformat.read(path, as_version=4).cells if one.cell_type == "code"]
        for how in (twice, alone):
            with tempfile.TemporaryDirectory() as folder:
                found = errors(how(chapter), Path(folder))
                files = [file.relative_to(folder) for file in sorted(Path(folder).rglob("*")) if file.is_file()]
                left = [file for file in files if not OF_OTHERS & set(file.parts)]
            names = [error for error in found if error[1] == "NameError"]
            print(f"{path.name}, {how.__name__}: {len(found)} of {len(chapter)} cells fail, {len(names)} for a name")
            for name, kind, said in found:
                if how is twice or kind != "NameError":
                    print(f"  {name}: {kind}: {said.splitlines()[0] if said else ''}")
            print(f"  files: {', '.join(map(str, left)) or 'none'}", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
