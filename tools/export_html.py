"""Export the notebooks as pages that read without a network.

    python tools/export_html.py         # every chapter and its solutions, to build/html/
    python tools/export_html.py 03 04   # only these chapters

A page needs only itself and the folder ``mathjax/`` beside it, which typesets the formulas.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import sys
import tomllib
from pathlib import Path

import nbformat
from bs4 import BeautifulSoup
from nbconvert import HTMLExporter

import notebooks

ROOT = Path(__file__).resolve().parent.parent
TOOLS = ROOT / "tools"
# Left out of MathJax: its own translations, speech, and a second way of drawing. They are two thirds of it.
NOT_NEEDED = shutil.ignore_patterns("localization", "a11y", "SVG")


def copy_mathjax(target: Path) -> None:
    """Copy what typesets formulas in HTML from the package ``jupyter-server-mathjax``, which carries MathJax 2.7."""
    package = Path(importlib.util.find_spec("jupyter_server_mathjax").origin).parent
    shutil.copytree(package / "static", target, ignore=NOT_NEEDED, dirs_exist_ok=True)


def relative(path: Path, start: Path) -> str:
    """The way from the folder ``start`` to ``path``, as a link writes it."""
    return Path(os.path.relpath(path, start)).as_posix()


def new_address(address: str, folder: Path, root: Path, repository: str) -> str:
    """Where a link in a notebook of ``folder`` leads from the page: to another page, or to a file of the repository."""
    file, hash_sign, anchor = address.partition("#")
    if not file or ":" in file:  # an anchor in the same page, or an address of the web
        return address
    if file.endswith(".ipynb"):
        return file.removesuffix(".ipynb") + ".html" + hash_sign + anchor
    return f"{repository}/blob/main/{relative(folder / file, root)}{hash_sign}{anchor}"


def export(path: Path, page: Path, mathjax: str, root: Path, repository: str) -> None:
    """Write the notebook ``path`` as an HTML ``page`` that finds MathJax at the relative address ``mathjax``."""
    notebook = nbformat.read(path, as_version=4)
    notebook.metadata.title = notebook.cells[0].source.partition("\n")[0].lstrip("# ")
    exporter = HTMLExporter(
        template_name="html_template",
        extra_template_basedirs=[str(TOOLS)],
        mathjax_url=f"{mathjax}/MathJax.js?config=TeX-AMS-MML_HTMLorMML-full,Safe",
    )
    html = BeautifulSoup(exporter.from_notebook_node(notebook)[0], "html.parser")
    for link in html.select("a[href]"):
        link["href"] = new_address(link["href"], path.parent, root, repository)
    for picture in html.select("img[src^='http']"):  # such as the badge of Colab: its words stay, as a link
        picture.replace_with(picture["alt"])
    page.parent.mkdir(parents=True, exist_ok=True)
    page.write_text(str(html), encoding="utf-8")


def main(chapters: list[str], root: Path = ROOT, target: Path = ROOT / "build" / "html") -> None:
    """Export these chapters (all, if none is named) of the repository at ``root``, solutions included."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    repository = project["urls"]["Repository"].removesuffix(".git")
    copy_mathjax(target / "mathjax")
    for path in notebooks.find(chapters, root / "notebooks"):
        page = target / path.relative_to(root / "notebooks").with_suffix(".html")
        export(path, page, relative(target / "mathjax", page.parent), root, repository)
        print(page)


if __name__ == "__main__":
    main(sys.argv[1:])
