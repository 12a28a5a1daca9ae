"""The house: imports go down only, and every room and module can be found by its short name."""

import ast
from pathlib import Path

import pytest

import gan_helpers as gh

ROOT = Path(gh.__file__).parent
FLOORS = [  # from the ground up; a module imports from its own floor and from those below
    {"data"}, {"core"}, {"attacks", "augmentation", "layers", "losses"}, {"scores"}, {"models"}, {"show"},
    {"zoo", "hub", "doctor", "exercises"}, {"__main__"},
]  # fmt: skip
FLOOR = {room: floor for floor, rooms in enumerate(FLOORS) for room in rooms}
MODULES = [path.relative_to(ROOT) for path in sorted(ROOT.rglob("*.py")) if path.name != "__init__.py"]


def rooms_imported(path):
    """The rooms from which a module imports, wherever in it that stands."""
    for node in ast.walk(ast.parse((ROOT / path).read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.level:
            place = [*path.parts[: len(path.parts) - node.level], *(node.module or "").split(".")]
            names = [name for name in place if name] or [alias.name for alias in node.names]
            yield from names[:1] if node.module or len(path.parts) > node.level else names
        elif isinstance(node, ast.ImportFrom | ast.Import):
            modules = [node.module] if isinstance(node, ast.ImportFrom) else [alias.name for alias in node.names]
            assert not any(module.split(".")[0] == "gan_helpers" for module in modules), "imports are relative"


@pytest.mark.parametrize("path", MODULES, ids=str)
def test_imports_go_down(path):
    here = Path(path.parts[0]).stem
    for room in rooms_imported(path):
        assert FLOOR[room] <= FLOOR[here], f"{path} imports from {room}, which is above it"


def test_the_walk_sees_imports():
    assert {"core", "data"} <= set(rooms_imported(Path("models/vae.py"))) and "zoo" in rooms_imported(
        Path("__main__.py")
    )


def test_every_short_name_leads_somewhere():
    for name in dir(gh):
        assert getattr(gh, name) is not None
