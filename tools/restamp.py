"""Write the repository's address and the version into every notebook, the README and the citation file.

make restamp                                             # once in a fork, and after a change of version
make restamp REPOSITORY=https://github.com/me/course     # another address than pyproject.toml names

Both come from pyproject.toml. As long as its address has OWNER for an owner, git's remote "origin" names the
repository, and pyproject.toml is stamped too.
"""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import nbformat

import notebooks

ROOT = Path(__file__).resolve().parent.parent
GITHUB = re.compile(r"(?:https://(?:[^@/]+@)?|(?:ssh://)?git@)github\.com[:/]([\w.-]+/[\w.-]+?)(?:\.git)?/?", re.I)


def main(arguments: list[str], root: Path = ROOT) -> None:
    """Restamp everything in ``root``; outputs and the order of keys stay as they are."""
    pyproject = root / "pyproject.toml"
    project = tomllib.loads(pyproject.read_text(encoding="utf-8"))["project"]
    repository = choose(arguments, project["urls"]["Repository"], remote(root))
    replace(pyproject, r'(?m)^Repository = ".*"', f'Repository = "{repository}"')
    chapters = notebooks.titles(root / "notebooks")
    for path in notebooks.find([], root / "notebooks"):
        notebook = nbformat.read(path, as_version=4)
        notebooks.restamp(notebook, repository, project["version"], path.relative_to(root).as_posix(), chapters)
        path.write_text(nbformat.writes(notebook).rstrip("\n") + "\n", encoding="utf-8", newline="\n")
    for name in ("README.md", "CITATION.cff"):
        replace(root / name, r"https://github\.com/[^/\s]+/[^/\s)\"'#@]+", repository)
    replace(root / "CITATION.cff", r"(?m)^version: .*$", f"version: {project['version']}")
    print(f"stamped {repository}, v{project['version']}")


def choose(arguments: list[str], named: str, origin: str | None) -> str:
    """The address to stamp: the one asked for, else the one in pyproject.toml, else git's remote, else OWNER's.

    Args:
        arguments: the address asked for, if any.
        named: the address in pyproject.toml.
        origin: the address of git's remote, if it is on GitHub.

    Raises:
        SystemExit: the address asked for is not on GitHub.
    """
    if arguments:
        return address(arguments[0]) or sys.exit(f"{arguments[0]} is no address like https://github.com/me/course")
    if "/OWNER/" in named:
        if origin is None:
            print("Nothing names your repository yet: edit [project.urls] in pyproject.toml, or add a remote")
            print("(git remote add origin https://github.com/me/course), then make restamp again.")
        return origin or named
    named = address(named) or named
    if origin and origin.lower() != named.lower():
        print(f"pyproject.toml names {named}, and that is stamped; git's remote is {origin}.")
        print(f"If this is your own course now: make restamp REPOSITORY={origin}")
    return named


def remote(root: Path) -> str | None:
    """The address of git's remote ``origin``, if there is one and it is on GitHub."""
    try:
        command = ["git", "-C", str(root), "remote", "get-url", "origin"]
        return address(subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip())
    except (OSError, subprocess.CalledProcessError):
        return None


def address(text: str) -> str | None:
    """``git@github.com:me/course.git`` and its like as ``https://github.com/me/course``; None if not on GitHub."""
    match = GITHUB.fullmatch(text)
    return f"https://github.com/{match[1]}" if match else None


def replace(path: Path, pattern: str, text: str) -> None:
    """Replace every match of ``pattern`` in a file by ``text``, as it stands."""
    content = path.read_text(encoding="utf-8")
    path.write_text(re.sub(pattern, lambda _: text, content), encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main(sys.argv[1:])
