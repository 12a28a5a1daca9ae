"""What every committed notebook must be: executed as it stands, clean, in step with the library, with links that lead
somewhere. These are the author's checks (``make check``): a reader's own edits are nobody's mistake."""

import ast
import importlib
import inspect
import json
import re
import textwrap
import tomllib
from pathlib import Path

import nbformat
import pytest

import notebooks
from gan_helpers.core.recorded import RECORDS, digest

ROOT = Path(__file__).resolve().parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
CHAPTERS = notebooks.find([], ROOT / "notebooks")
MAX_LINES = 30  # of a code cell
MAX_COLUMNS = 100  # of a line of code, and of a printed line: more would wrap


@pytest.fixture(params=CHAPTERS, ids=lambda path: f"{path.parent.name}/{path.name}")
def chapter(request):
    return request.param, nbformat.read(request.param, as_version=4)


def code(notebook):
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def prose(notebook):
    return "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")


def test_there_are_chapters_and_each_has_solutions():
    names = {path.name for path in CHAPTERS if path.parent.name == "notebooks"}
    written = "01_introduction 02_autoencoders 03_gan 04_dcgan 05_evaluation 05_training_tips 06_progan 07_sgan "
    written += "08_cgan 09_cyclegan 10_adversarial_examples"
    assert {f"{name}.ipynb" for name in written.split()} <= names
    assert names == {path.name for path in CHAPTERS if path.parent.name == "solutions"}


def test_outputs_come_from_the_code_as_it_stands(chapter):
    path, notebook = chapter
    stamp = notebook.metadata.get(notebooks.STAMP, {})
    again = f"make run CH={path.name[:2]}"
    assert stamp.get("mode") in ("laptop", "full"), f"not executed in laptop or full mode: {again}"
    assert stamp["code"] == notebooks.code_hash(notebook), f"the code has changed since it was run: {again}"
    counts = [cell.execution_count for cell in code(notebook)]
    assert counts == list(range(1, len(counts) + 1)), f"not run in order from a clean kernel: {again}"


def test_the_readme_tells_how_much_memory_each_chapter_takes():
    stamps = {path.stem: nbformat.read(path, as_version=4).metadata[notebooks.STAMP] for path in CHAPTERS
              if path.parent.name == "notebooks"}  # fmt: skip
    measured = [f"{stamp['peak_mb'] / 1000:.1f}" for _, stamp in sorted(stamps.items()) if stamp["mode"] == "laptop"]
    row = re.search(r"^\| GB \|(.*)\|$", (ROOT / "README.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert [cell.strip() for cell in row[1].split("|")] == measured
    assert max(map(float, measured)) <= 3.0, "laptops have 8 GB, and other programs"


def test_every_figure_is_saved_as_a_picture(chapter):
    _, notebook = chapter
    for output in (output for cell in code(notebook) for output in cell.outputs):
        data = output.get("data", {})
        assert not data.get("text/plain", "").startswith("<Figure") or notebooks.picture_type(output)


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
    assert notebook.metadata["kernelspec"] == notebooks.KERNEL  # else opening and closing it would change it
    long = [cell.source.splitlines()[0] for cell in code(notebook) if len(cell.source.splitlines()) > MAX_LINES]
    assert not long, f"cells of more than {MAX_LINES} lines: {long}"


def test_nothing_is_too_wide_to_read(chapter):
    _, notebook = chapter
    cells = [cell for cell in code(notebook) if "bootstrap" not in cell.metadata.get("tags", [])]
    lines = [line for cell in cells for line in cell.source.splitlines()]
    lines += [line for cell in cells for output in cell.outputs for line in output.get("text", "").splitlines()]
    assert not [line for line in lines if len(line) > MAX_COLUMNS]


def test_every_picture_has_a_caption_as_its_alt_text(chapter):
    _, notebook = chapter
    for output in (output for cell in code(notebook) for output in cell.outputs):
        if kind := notebooks.picture_type(output):
            assert output.metadata.get(kind, {}).get("alt", "").startswith("Figure")
    assert "![](" not in prose(notebook)


def test_header_and_bootstrap_name_this_repository_and_this_file(chapter):
    path, notebook = chapter
    repository = PROJECT["urls"]["Repository"]
    header = notebooks.header(repository, path.relative_to(ROOT).as_posix(), notebooks.titles(ROOT / "notebooks"))
    assert header in notebook.cells[0].source.splitlines(), "make restamp"
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
    """The syntax tree of ``name`` in ``source``, as text; docstrings, and checks that are called first, aside."""
    (node,) = [n for n in ast.parse(source).body if getattr(n, "name", None) == name]
    for part in ast.walk(node):
        if isinstance(part, (ast.FunctionDef, ast.ClassDef)):
            part.body = part.body[ast.get_docstring(part) is not None :]
            part.decorator_list = [one for one in part.decorator_list if "checks." not in ast.unparse(one)]
    return ast.dump(node)


def test_what_a_chapter_defines_is_what_the_library_holds(chapter):
    _, notebook = chapter
    for full_name, source in tagged(notebook):
        module, name = full_name.rsplit(".", 1)
        library = textwrap.dedent(inspect.getsource(getattr(importlib.import_module(module), name)))
        assert tree(source, name) == tree(library, name), f"{full_name}: the notebook and the library differ"


def test_what_was_recorded_was_made_by_the_code_as_it_stands(chapter):
    _, notebook = chapter
    sources = [cell.source for cell in code(notebook) if "bootstrap" not in cell.metadata.get("tags", [])]
    functions = {}
    for source in sources:
        plain = "\n".join(line for line in source.splitlines() if not line.startswith("%"))
        functions |= {n.name: ast.get_source_segment(plain, n) for n in ast.parse(plain).body if hasattr(n, "name")}
    for name, function in re.findall(r'gh\.recorded\("(\w+)", (\w+)\)', "\n".join(sources)):
        record = json.loads((RECORDS / f"{name}.json").read_text(encoding="utf-8"))
        assert record["code"] == digest(functions[function]), f"{name} was made by other code: run it in full mode"


def test_the_comparison_sees_a_difference_and_ignores_docstrings():
    assert tree("def f(x):\n    'Doc.'\n    return x", "f") == tree("def f(x):\n    return x", "f")
    assert tree("def f(x):\n    return x", "f") != tree("def f(x):\n    return -x", "f")
    assert tree("@checks.first(g)\n@checks.sizes()\ndef f(x):\n    return x", "f") == tree(
        "def f(x):\n    return x", "f"
    )
    assert tree("@tf.function\ndef f(x):\n    return x", "f") != tree("def f(x):\n    return x", "f")


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
