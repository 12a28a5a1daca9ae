"""Write the repository's address and the version into every notebook, the README and the citation file.

make restamp          # after changing [project] version or [project.urls] Repository in pyproject.toml
"""

import re
import tomllib
from pathlib import Path

import nbformat

from gan_helpers import notebooks

ROOT = Path(__file__).resolve().parent.parent


def main() -> None:
    """Restamp everything; outputs and the order of keys stay as they are."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    repository, version = project["urls"]["Repository"], project["version"]
    for path in notebooks.find([], ROOT / "notebooks"):
        notebook = nbformat.read(path, as_version=4)
        notebooks.restamp(notebook, repository, version, path.relative_to(ROOT).as_posix())
        path.write_text(nbformat.writes(notebook).rstrip("\n") + "\n", encoding="utf-8")
    for name in ("README.md", "CITATION.cff"):
        path = ROOT / name
        text = path.read_text(encoding="utf-8")
        text = re.sub(r"https://github\.com/[^/\s]+/[^/\s)\"'#@]+", repository.removesuffix(".git"), text)
        text = re.sub(r"(?m)^version: .*$", f"version: {version}", text) if name.endswith(".cff") else text
        path.write_text(text, encoding="utf-8")
    print(f"stamped {repository}, v{version}")


if __name__ == "__main__":
    main()
