import cells
from nbformat import v4

CHAPTER = [
    v4.new_code_cell("import math", id="imports"),
    v4.new_code_cell("x = math.pi", id="made"),
    v4.new_code_cell("print(math.cos(x), file=open('left.txt', 'w'))", id="used"),
    v4.new_code_cell("del x", id="once"),
    v4.new_code_cell("x = 1 / 0", id="wrong"),
]


def test_cells_are_run_twice_and_alone(tmp_path):
    failed = cells.errors(cells.twice(CHAPTER), tmp_path)
    assert [(name, kind) for name, kind, _ in failed] == [
        ("once", "NameError"),
        ("wrong", "ZeroDivisionError"),
        ("wrong", "ZeroDivisionError"),
    ]
    assert (tmp_path / "here" / "left.txt").exists()
    failed = cells.errors(cells.alone(CHAPTER), tmp_path)
    assert failed == [
        ("used", "NameError", "name 'x' is not defined"),
        ("once", "NameError", "name 'x' is not defined"),
        ("wrong", "ZeroDivisionError", "division by zero"),
    ]
