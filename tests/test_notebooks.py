"""Executing, cleaning and stamping notebooks.

That every cell of the course runs is tested by nbval, which collects the notebooks themselves. What the committed ones
must look like is the author's business: tests/author.
"""

import base64
import io
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import nbformat
import numpy as np
import pytest
import run
from matplotlib.figure import Figure
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from PIL import Image

import notebooks
from gan_helpers.show import film, pictures

ROOT = Path(__file__).resolve().parent.parent


def small_notebook(path, *sources):
    cells = [nbformat.v4.new_code_cell(source) for source in sources]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), path)
    return path


def test_run_stamps_and_cleans(tmp_path):
    path = small_notebook(
        tmp_path / "03_small.ipynb",
        "import os; print(os.environ['GAN_MODE'])",
        "import ipywidgets; ipywidgets.IntSlider()",
    )
    notebooks.execute(path, "laptop")
    notebook = nbformat.read(path, as_version=4)
    assert notebook.cells[0].outputs[0].text == "laptop\n"
    stamp = notebook.metadata[notebooks.STAMP]
    assert stamp["code"] == notebooks.code_hash(notebook)
    assert not Path("/proc/self/status").exists() or 10 < stamp["peak_mb"] < 2_000
    assert notebook.cells[1].outputs[0].data == {"text/plain": notebooks.WIDGET_TEXT}
    assert "widgets" not in notebook.metadata and "execution" not in notebook.cells[0].metadata


SLIDERS = """
import ipywidgets
from IPython.display import HTML
ipywidgets.interact(lambda **values: HTML(str(values)), **{name: ipywidgets.FloatSlider() for name in "abcdef"})
"""


@pytest.mark.slow
def test_cells_with_many_sliders_end(tmp_path):
    """With nbclient's own client about half of them wait for ever."""
    path = small_notebook(tmp_path / "03_small.ipynb", *[SLIDERS] * 4)
    run = subprocess.run(
        [sys.executable, "-c", f"import notebooks, pathlib; notebooks.execute(pathlib.Path({str(path)!r}), 'smoke')"],
        cwd=ROOT / "tools", timeout=300,
    )  # fmt: skip
    assert run.returncode == 0
    assert all(cell.outputs for cell in nbformat.read(path, as_version=4).cells)


def test_pictures_become_lighter_and_look_the_same():
    grey = np.random.default_rng(0).integers(0, 256, (60, 60, 1), np.uint8).repeat(3, axis=2)
    grey[:10] = 255
    buffer = io.BytesIO()
    Image.fromarray(grey).save(buffer, "PNG")
    before = base64.b64encode(buffer.getvalue()).decode()
    after = pictures.lighter_png(before)
    picture = Image.open(io.BytesIO(base64.b64decode(after)))
    assert len(after) < len(before) and picture.mode == "P"
    seen = np.asarray(picture.convert("RGB")).astype(float)
    assert np.sqrt(np.mean((seen - grey) ** 2)) <= pictures.UNSEEN
    assert (seen[:10] == 255).all()  # white stays white: the page's own background
    assert pictures.lighter_png(after) == after  # cleaning twice changes nothing


def test_a_picture_keeps_its_colours_where_its_cell_asks_for_it():
    """Soft shades as a JPEG, few areas as a PNG: whichever is smaller."""
    row, column = np.mgrid[:64, :64]
    grain = np.random.default_rng(0).integers(-2, 3, (64, 64, 3))
    shades = np.stack([20 + row * 3, 20 + column * 3, 220 - row - column], axis=-1) + grain
    shades[-8:] = 255
    areas = np.where((row // 16 + column // 16) % 2, 200, 40)[..., np.newaxis] * np.ones(3)
    outputs = []
    for picture in (shades, areas, shades):
        buffer = io.BytesIO()
        Image.fromarray(picture.astype(np.uint8)).save(buffer, "PNG")
        data = {"image/png": base64.b64encode(buffer.getvalue()).decode()}
        outputs.append(nbformat.v4.new_output("display_data", data, metadata={"image/png": {"width": 7}}))
    cells = [nbformat.v4.new_code_cell(outputs=[output]) for output in outputs]
    for cell in cells[:2]:
        cell.metadata["tags"] = ["all-colours"]
    notebooks.clean(nbformat.v4.new_notebook(cells=cells))
    kinds = [notebooks.picture_type(cell.outputs[0]) for cell in cells]
    assert kinds == ["image/jpeg", "image/png", "image/png"]
    for cell, kind in zip(cells, kinds, strict=True):
        assert list(cell.outputs[0].data) == [kind] and cell.outputs[0].metadata == {kind: {"width": 7}}
    seen = [np.asarray(Image.open(io.BytesIO(base64.b64decode(cell.outputs[0].data[kind]))).convert("RGB"), float)
            for cell, kind in zip(cells, kinds, strict=True)]  # fmt: skip
    assert np.abs(seen[0] - shades).mean() < 2 and (seen[0][-4:] == 255).all()
    assert (seen[1] == areas).all() and len(np.unique(seen[2].reshape(-1, 3), axis=0)) <= pictures.MANY


def test_moving_pictures_go_on_moving():
    moving = base64.b64encode(film.animation([Figure(figsize=(1, 1), facecolor=c) for c in "rgb"]).data).decode()
    assert pictures.lighter_png(moving) == moving


def test_pictures_come_back_from_text():
    row, column = np.mgrid[:16, :16] / 8 - 1  # soft pictures, as WebP likes them
    images = np.stack([np.stack([row * k, column, -row], axis=-1) for k in (0.2, 0.9, -0.5)]).clip(-1, 1)
    again = pictures.from_text(pictures.to_text(images))
    assert again.shape == (3, 16, 16, 3) and again.dtype == np.float32
    assert np.abs(again - images).mean() < 0.06 < 0.1 < np.abs(again - images[::-1]).mean()


def test_a_failed_cell_leaves_the_file_untouched(tmp_path, monkeypatch, capsys):
    (tmp_path / "notebooks").mkdir()
    path = small_notebook(tmp_path / "notebooks" / "03_small.ipynb", "1 + 1", "1 / 0", "2 + 2")
    before = path.read_bytes()
    with pytest.raises(notebooks.ChapterError, match=r"(?s)as it was.*1 / 0.*ZeroDivisionError"):
        notebooks.execute(path, "smoke")
    monkeypatch.chdir(tmp_path)
    assert run.main(["3", "--mode", "smoke"]) == 1
    assert "ZeroDivisionError" in capsys.readouterr().err
    assert run.main(["12"]) == 2
    assert "no notebook for chapter 12; there are: 03" in capsys.readouterr().err
    assert path.read_bytes() == before and [p.name for p in path.parent.iterdir()] == [path.name]


def test_restamp_changes_links_but_not_the_hash(tmp_path):
    notebook = nbformat.v4.new_notebook(
        cells=[
            nbformat.v4.new_markdown_cell("# T\n\n[Open in Colab](https://y) | [old](old.ipynb)\n\ntext"),
            nbformat.v4.new_code_cell("old", metadata={"tags": ["bootstrap"]}),
            nbformat.v4.new_code_cell("1 + 1"),
        ]
    )
    before = notebooks.code_hash(notebook)
    chapters = {"02_two.ipynb": "2 · Two", "03_gan.ipynb": "3 · GAN", "04_four.ipynb": "4 · Four"}
    notebooks.restamp(notebook, "https://github.com/me/course", "2.0", "notebooks/03_gan.ipynb", chapters)
    assert notebook.cells[0].source == (
        "# T\n\n[Open in Colab](https://colab.research.google.com/github/me/course/blob/main/notebooks/03_gan.ipynb) | "
        "[← 2 · Two](02_two.ipynb) | [solutions](solutions/03_gan.ipynb) | [4 · Four →](04_four.ipynb)\n\ntext"
    )
    assert "git+https://github.com/me/course@v2.0" in notebook.cells[1].source
    assert notebooks.code_hash(notebook) == before
    assert "| [the chapter](../03_gan.ipynb)" in notebooks.header("x", "notebooks/solutions/03_gan.ipynb", chapters)


def test_captions_become_alt_texts():
    def picture():
        return nbformat.v4.new_output("display_data", {"image/png": "…"}, metadata={"image/png": {"width": 7}})

    cells = [nbformat.v4.new_code_cell("", outputs=[picture()]), nbformat.v4.new_markdown_cell("Look at it.")]
    cells += [nbformat.v4.new_code_cell("", outputs=[picture()])]
    cells += [nbformat.v4.new_markdown_cell("*Figure 9.1. A *long*\ncaption.*\n\nAnd *text*.")]
    notebooks.describe_pictures(nbformat.v4.new_notebook(cells=cells))
    assert cells[0].outputs[0].metadata == {"image/png": {"width": 7}}  # the caption is the second picture's
    assert cells[2].outputs[0].metadata["image/png"] == {"width": 7, "alt": "Figure 9.1. A long caption."}


# --------------------------------------------------------------------------------- a reader's own notebooks


def run_tests(tmp_path, path, *arguments):
    """Pytest with the course's settings on one notebook, as ``make test`` would."""
    for name in ("conftest.py", "pyproject.toml"):
        shutil.copy(ROOT / name, tmp_path)
    command = [sys.executable, "-m", "pytest", "-q", "-o", f"pythonpath={ROOT / 'tools'}", *arguments, str(path)]
    return subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)


def stamped(path, *sources):
    notebook = nbformat.read(small_notebook(path, *sources), 4)
    notebook.metadata[notebooks.STAMP] = {"code": notebooks.code_hash(notebook)}
    nbformat.write(notebook, path)
    return path


@pytest.mark.slow
def test_a_readers_own_cells_fail_nothing(tmp_path):
    path = stamped(tmp_path / "03_small.ipynb", "1 + 1", "2 + 2")
    notebook = nbformat.read(path, 4)
    notebook.cells[0].source = "my = answer_that_fails"
    nbformat.write(notebook, path)
    run = run_tests(tmp_path, path)
    assert run.returncode == 0 and "edited, and fails (which does not count)" in run.stdout, run.stdout
    assert run_tests(tmp_path, path, "--author").returncode == 1


@pytest.mark.slow
def test_the_courses_own_cells_do_fail(tmp_path):
    run = run_tests(tmp_path, stamped(tmp_path / "03_small.ipynb", "1 / 0", "2 + 2"))
    assert run.returncode == 1 and "1 failed, 1 skipped" in run.stdout


# ------------------------------------------------------------------------------------------ the stop button

TRAINS_FOR_EVER = """
import numpy as np, keras
from gan_helpers import losses
from gan_helpers.models import toy
from gan_helpers.models.gan import GAN
game = GAN(toy.build_point_generator(), toy.build_point_discriminator(), losses.NonSaturatingLoss())
game.compile(keras.optimizers.Adam(1e-3), keras.optimizers.Adam(1e-3))
points = np.zeros((100, 2), np.float32)
game.train(points, steps=10, every=10, batch_size=10)
print("ready")
game.train(points, steps=10**9, every=10, batch_size=10)
"""


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="Windows interrupts a kernel in another way")
def test_the_stop_button_ends_a_cell_in_one_line(tmp_path):
    client = NotebookClient(nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(TRAINS_FOR_EVER)]))

    def press(cell, cell_index):
        def when_ready():
            while not any("ready" in output.get("text", "") for output in cell.outputs):
                time.sleep(0.05)
            os.kill(client.km.provisioner.pid, signal.SIGINT)  # as Jupyter's server does

        threading.Thread(target=when_ready, daemon=True).start()

    client.on_cell_execute = press
    with pytest.raises(CellExecutionError):
        client.execute(env=os.environ | {"GAN_MODE": "laptop"})
    (error,) = [output for output in client.nb.cells[0].outputs if output.output_type == "error"]
    assert error.ename == "Stopped" and len(error.traceback) == 1
    assert re.fullmatch(
        r"stopped at step \d+0 of 1000000000; train\(…, steps=1000000000\) goes on.*", error.traceback[0]
    )
