"""What every committed notebook must be: executed as it stands, clean, in step with the library, with links that lead
somewhere. (That every cell runs is tested by nbval, which collects the notebooks themselves.)"""

import ast
import base64
import importlib
import inspect
import io
import json
import re
import textwrap
import tomllib
from pathlib import Path

import nbformat
import numpy as np
import pytest
from matplotlib.figure import Figure
from PIL import Image

from gan_helpers import film, notebooks

ROOT = Path(__file__).resolve().parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
CHAPTERS = notebooks.find([], ROOT / "notebooks")
MAX_LINES = 30  # of a code cell


@pytest.fixture(params=CHAPTERS, ids=lambda path: f"{path.parent.name}/{path.name}")
def chapter(request):
    return request.param, nbformat.read(request.param, as_version=4)


def code(notebook):
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def prose(notebook):
    return "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")


def test_there_are_chapters_and_each_has_solutions():
    names = {path.name for path in CHAPTERS if path.parent.name == "notebooks"}
    written = "01_introduction 02_autoencoders 03_gan 04_dcgan 05_training_tips"
    assert {f"{name}.ipynb" for name in written.split()} <= names
    assert names == {path.name for path in CHAPTERS if path.parent.name == "solutions"}


def test_outputs_come_from_the_code_as_it_stands(chapter):
    path, notebook = chapter
    stamp = notebook.metadata.get(notebooks.STAMP, {})
    again = f"python -m gan_helpers run {path.name[:2]}"
    assert stamp.get("mode") in ("laptop", "full"), f"not executed in laptop or full mode: {again}"
    assert stamp["code"] == notebooks.code_hash(notebook), f"the code has changed since it was run: {again}"
    counts = [cell.execution_count for cell in code(notebook)]
    assert counts == list(range(1, len(counts) + 1)), f"not run in order from a clean kernel: {again}"


def test_every_figure_is_saved_as_a_picture(chapter):
    _, notebook = chapter
    for output in (output for cell in code(notebook) for output in cell.outputs):
        data = output.get("data", {})
        assert not data.get("text/plain", "").startswith("<Figure") or "image/png" in data


def test_no_errors_and_nothing_of_this_machine_is_saved(chapter):
    _, notebook = chapter
    outputs = [output for cell in code(notebook) for output in cell.outputs]
    assert not [output for output in outputs if output.output_type == "error"]
    text = json.dumps([{k: v for k, v in o.get("data", {}).items() if not k.startswith("image")} for o in outputs])
    text += json.dumps([output.get("text", "") for output in outputs]) + prose(notebook)
    assert not re.search(r"/(work|tmp|root|home|Users)/", text)


def test_is_light_and_carries_no_widget_state(chapter):
    path, notebook = chapter
    assert path.stat().st_size < 1_500_000
    assert "widgets" not in notebook.metadata
    assert notebooks.WIDGET_VIEW not in path.read_text(encoding="utf-8")
    long = [cell.source.splitlines()[0] for cell in code(notebook) if len(cell.source.splitlines()) > MAX_LINES]
    assert not long, f"cells of more than {MAX_LINES} lines: {long}"


def test_badge_and_bootstrap_name_this_repository_and_this_file(chapter):
    path, notebook = chapter
    repository = PROJECT["urls"]["Repository"]
    assert notebooks.badge(repository, path.relative_to(ROOT).as_posix()) in notebook.cells[0].source, "make restamp"
    (cell,) = [cell for cell in code(notebook) if "bootstrap" in cell.metadata.get("tags", [])]
    assert cell is code(notebook)[0]
    assert cell.source == notebooks.bootstrap(repository, PROJECT["version"]), "make restamp"


def test_links_and_pictures_lead_somewhere(chapter):
    path, notebook = chapter
    for target in re.findall(r"\]\(([^)\s]+)\)", prose(notebook)):
        if target.startswith("https://"):
            continue
        assert not target.startswith(("http:", "/", "attachment:")), target
        assert (path.parent / target.split("#")[0]).exists(), f"{target} does not exist"


def tagged(notebook):
    for cell in code(notebook):
        for tag in cell.metadata.get("tags", []):
            if tag.startswith("defines:"):
                yield tag.removeprefix("defines:"), cell.source


def tree(source, name):
    """The syntax tree of ``name`` in ``source``, docstrings aside, as text."""
    (node,) = [n for n in ast.parse(source).body if getattr(n, "name", None) == name]
    for part in ast.walk(node):
        if isinstance(part, (ast.FunctionDef, ast.ClassDef)) and ast.get_docstring(part) is not None:
            part.body = part.body[1:]
    return ast.dump(node)


def test_what_a_chapter_defines_is_what_the_library_holds(chapter):
    _, notebook = chapter
    for full_name, source in tagged(notebook):
        module, name = full_name.rsplit(".", 1)
        library = textwrap.dedent(inspect.getsource(getattr(importlib.import_module(module), name)))
        assert tree(source, name) == tree(library, name), f"{full_name}: the notebook and the library differ"


def test_the_comparison_sees_a_difference_and_ignores_docstrings():
    assert tree("def f(x):\n    'Doc.'\n    return x", "f") == tree("def f(x):\n    return x", "f")
    assert tree("def f(x):\n    return x", "f") != tree("def f(x):\n    return -x", "f")


def test_chapter_3_defines_its_own_game():
    notebook = nbformat.read(ROOT / "notebooks/03_gan.ipynb", as_version=4)
    assert {name.rsplit(".", 1)[1] for name, _ in tagged(notebook)} == {"build_generator", "build_discriminator", "GAN"}


def test_solutions_solve_every_exercise_strictly():
    for path in CHAPTERS:
        if path.parent.name == "solutions":
            continue
        asked = set(re.findall(r'gh\.check\("([\d.]+)"', "\n".join(c.source for c in code(nbformat.read(path, 4)))))
        solution = nbformat.read(path.parent / "solutions" / path.name, as_version=4)
        solved = re.findall(r'gh\.check\("([\d.]+)".*strict=True\)', "\n".join(c.source for c in code(solution)))
        assert len(asked) >= 3 and asked == set(solved)


# ------------------------------------------------------------------------------------- running and stamping


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
    assert notebook.metadata[notebooks.STAMP]["code"] == notebooks.code_hash(notebook)
    assert notebook.cells[1].outputs[0].data == {"text/plain": notebooks.WIDGET_TEXT}
    assert "widgets" not in notebook.metadata and "execution" not in notebook.cells[0].metadata


def test_pictures_become_lighter_and_look_the_same():
    grey = np.random.default_rng(0).integers(0, 256, (60, 60, 1), np.uint8).repeat(3, axis=2)
    buffer = io.BytesIO()
    Image.fromarray(grey).save(buffer, "PNG")
    before = base64.b64encode(buffer.getvalue()).decode()
    after = notebooks.lighter_png(before)
    picture = Image.open(io.BytesIO(base64.b64decode(after)))
    assert len(after) < len(before) and picture.mode == "P"
    assert np.array_equal(np.asarray(picture.convert("RGB")), grey)  # 256 greys need no more than 256 colours
    assert notebooks.lighter_png(after) == after  # cleaning twice changes nothing


def test_moving_pictures_go_on_moving():
    moving = base64.b64encode(film.animation([Figure(figsize=(1, 1), facecolor=c) for c in "rgb"]).data).decode()
    assert notebooks.lighter_png(moving) == moving


def test_a_failed_cell_leaves_the_file_untouched(tmp_path, monkeypatch, capsys):
    (tmp_path / "notebooks").mkdir()
    path = small_notebook(tmp_path / "notebooks" / "03_small.ipynb", "1 + 1", "1 / 0", "2 + 2")
    before = path.read_bytes()
    with pytest.raises(notebooks.ChapterError, match=r"(?s)as it was.*1 / 0.*ZeroDivisionError"):
        notebooks.execute(path, "smoke")
    monkeypatch.chdir(tmp_path)
    from gan_helpers.__main__ import main

    assert main(["run", "3", "--mode", "smoke"]) == 1
    assert "ZeroDivisionError" in capsys.readouterr().err
    assert main(["run", "12"]) == 2
    assert "no notebook for chapter 12; there are: 03" in capsys.readouterr().err
    assert path.read_bytes() == before and [p.name for p in path.parent.iterdir()] == [path.name]


def test_restamp_changes_links_but_not_the_hash(tmp_path):
    notebook = nbformat.v4.new_notebook(
        cells=[
            nbformat.v4.new_markdown_cell("# T\n\n[![Open in Colab](https://x/badge.svg)](https://y)\n\ntext"),
            nbformat.v4.new_code_cell("old", metadata={"tags": ["bootstrap"]}),
            nbformat.v4.new_code_cell("1 + 1"),
        ]
    )
    before = notebooks.code_hash(notebook)
    notebooks.restamp(notebook, "https://github.com/me/course", "2.0", "notebooks/03_gan.ipynb")
    assert "github/me/course/blob/main/notebooks/03_gan.ipynb)" in notebook.cells[0].source
    assert "git+https://github.com/me/course@v2.0" in notebook.cells[1].source
    assert notebooks.code_hash(notebook) == before
