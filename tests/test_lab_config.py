"""How JupyterLab is opened: at a chapter that exists, and without changing a notebook by opening it."""

import asyncio
import platform
from pathlib import Path

import nbformat
from traitlets.config import PyFileConfigLoader

from gan_helpers.data.uploads import MOST_BYTES

ROOT = Path(__file__).resolve().parents[1]


def config():
    return PyFileConfigLoader("jupyter_lab_config.py", path=str(ROOT / "tools")).load_config()


def test_lab_opens_chapter_1():
    assert config().LabApp.default_url == "/lab/tree/notebooks/01_introduction.ipynb"
    assert (Path(config().ServerApp.root_dir) / "notebooks/01_introduction.ipynb").is_file()
    assert (Path(config().LabApp.app_settings_dir) / "overrides.json").is_file()


def test_a_notebook_is_handed_out_as_if_this_python_had_saved_it(tmp_path):
    notebook = nbformat.v4.new_notebook(metadata={"language_info": {"name": "python", "version": "3.0.0"}})
    nbformat.write(notebook, tmp_path / "chapter.ipynb")
    (tmp_path / "text.txt").write_text("text")
    before = (tmp_path / "chapter.ipynb").read_bytes()
    manager = config().ServerApp.contents_manager_class(root_dir=str(tmp_path))
    model = asyncio.run(manager.get("chapter.ipynb"))
    assert model["content"]["metadata"]["language_info"]["version"] == platform.python_version()
    assert (tmp_path / "chapter.ipynb").read_bytes() == before
    assert asyncio.run(manager.get("chapter.ipynb", content=False))["content"] is None
    assert asyncio.run(manager.get("text.txt"))["content"] == "text"


def test_an_upload_that_is_too_large_arrives_and_can_be_refused():
    assert config().ServerApp.tornado_settings["websocket_max_message_size"] > 2 * MOST_BYTES
