"""``make restamp`` in a fork: which address is stamped, and what is said where none is known."""

import shutil
import subprocess
import tomllib
from pathlib import Path

import nbformat
import pytest

ROOT = Path(__file__).resolve().parent.parent
PLACEHOLDER = "https://github.com/OWNER/gan-course"
MINE = "https://github.com/me/my.course"

pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="no git here")


@pytest.fixture
def restamp(monkeypatch):
    monkeypatch.syspath_prepend(ROOT / "tools")
    import restamp

    return restamp


@pytest.fixture
def course(tmp_path):
    """A git repository with one tiny notebook, not stamped yet."""
    (tmp_path / "notebooks").mkdir()
    cells = [
        nbformat.v4.new_markdown_cell("# T\n\n[![Open in Colab](https://x/badge.svg)](https://y)"),
        nbformat.v4.new_code_cell("old", metadata={"tags": ["bootstrap"]}),
    ]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), tmp_path / "notebooks/01_tiny.ipynb")
    project = f'[project]\nversion = "2.0"\n\n[project.urls]\n# The one place.\nRepository = "{PLACEHOLDER}"\n'
    (tmp_path / "pyproject.toml").write_text(project)
    (tmp_path / "README.md").write_text(f"git clone {PLACEHOLDER} gan-course && cd gan-course")
    (tmp_path / "CITATION.cff").write_text(f"cff-version: 1.2.0\nversion: 1.0\nrepository-code: {PLACEHOLDER}\n")
    subprocess.run(["git", "init", "-q", tmp_path], check=True)
    return tmp_path


def add_origin(course, url):
    subprocess.run(["git", "-C", course, "remote", "add", "origin", url], check=True)


def stamped(course):
    """The address that pyproject.toml, notebook, README and citation file agree upon."""
    address = tomllib.loads((course / "pyproject.toml").read_text())["project"]["urls"]["Repository"]
    badge, bootstrap = nbformat.read(course / "notebooks/01_tiny.ipynb", as_version=4).cells
    slug = address.removeprefix("https://github.com/")
    assert f"github/{slug}/blob/main/notebooks/01_tiny.ipynb)" in badge.source
    assert f"git+{address}@v2.0\n" in bootstrap.source
    assert (course / "README.md").read_text() == f"git clone {address} gan-course && cd gan-course"
    assert (course / "CITATION.cff").read_text() == (f"cff-version: 1.2.0\nversion: 2.0\nrepository-code: {address}\n")
    return address


@pytest.mark.parametrize(
    "url",
    [
        MINE,
        f"{MINE}.git",
        f"{MINE}/",
        "https://me:secret@github.com/me/my.course.git",
        "git@github.com:me/my.course.git",
        "git@github.com:me/my.course",
        "ssh://git@github.com/me/my.course.git",
    ],
)
def test_a_fork_is_stamped_with_its_remote(restamp, course, url):
    add_origin(course, url)
    restamp.main([], course)
    assert stamped(course) == MINE
    assert "# The one place.\n" in (course / "pyproject.toml").read_text()


@pytest.mark.parametrize("url", [None, "https://gitlab.com/me/course", "https://github.com.evil.org/me/course"])
def test_without_a_remote_on_github_it_says_what_to_do(restamp, course, url, capsys):
    if url:
        add_origin(course, url)
    before = (course / "pyproject.toml").read_bytes()
    restamp.main([], course)
    assert "edit [project.urls] in pyproject.toml, or add a remote" in capsys.readouterr().out
    assert (course / "pyproject.toml").read_bytes() == before  # stamped with the placeholder, as it was


def test_without_git_the_address_in_pyproject_is_enough(restamp, course, monkeypatch):
    pyproject = course / "pyproject.toml"
    pyproject.write_text(pyproject.read_text().replace(PLACEHOLDER, MINE))
    monkeypatch.setenv("PATH", "")
    restamp.main([], course)
    assert stamped(course) == MINE


def test_a_named_owner_stays_and_a_different_remote_is_reported(restamp, course, capsys):
    add_origin(course, MINE)
    restamp.main([], course)
    assert "REPOSITORY=" not in capsys.readouterr().out
    fork = "https://github.com/you/course"
    subprocess.run(["git", "-C", course, "remote", "set-url", "origin", f"{fork}.git"], check=True)
    restamp.main([], course)
    assert stamped(course) == MINE
    assert f"make restamp REPOSITORY={fork}\n" in capsys.readouterr().out
    restamp.main([f"{fork}.git"], course)
    assert stamped(course) == fork


def test_an_address_elsewhere_is_refused(restamp, course):
    with pytest.raises(SystemExit, match="me/course is no address like https://github.com/me/course"):
        restamp.main(["me/course"], course)
