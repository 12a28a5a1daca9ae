"""Every check is tried on a right answer, on typical wrong ones, on none, and on code that fails."""

import importlib
import pkgutil
import re
from pathlib import Path

import answers
import nbformat
import numpy as np
import pytest

from gan_helpers import exercises
from gan_helpers.exercises import chapter05

ROOT = Path(__file__).resolve().parent.parent
CHAPTERS = [importlib.import_module(f"answers.{module.name}") for module in pkgutil.iter_modules(answers.__path__)]
RIGHT = {number: answer for chapter in CHAPTERS for number, answer in chapter.RIGHT.items()}
WRONG = {number: answers for chapter in CHAPTERS for number, answers in chapter.WRONG.items()}


@pytest.mark.parametrize("number", sorted(exercises.CHECKS))
def test_right_answers_pass(number, capsys):
    exercises.check(number, RIGHT[number], strict=True)
    assert "right" in capsys.readouterr().out


@pytest.mark.parametrize(("number", "answer", "hint"), [(n, a, h) for n in WRONG for a, h in WRONG[n]])
def test_wrong_answers_get_a_hint(number, answer, hint, capsys):
    exercises.check(number, answer)
    said = capsys.readouterr().out
    assert hint in said and "well done" not in said
    with pytest.raises(AssertionError):
        exercises.check(number, answer, strict=True)


@pytest.mark.parametrize("number", sorted(exercises.CHECKS))
def test_every_check_has_wrong_answers_and_lets_readers_skip(number, capsys):
    assert len(WRONG[number]) >= 2
    exercises.check(number)
    assert "not attempted yet" in capsys.readouterr().out


def test_empty_functions_count_as_not_attempted(capsys):
    def empty(a, b): ...

    def empty_with_docstring(a):
        """Return something."""
        ...

    class WithAnEmptyMethod:
        def __init__(self, a):
            self.a = a

        def empty(self): ...

    for answer in (empty, empty_with_docstring, (empty, 1), WithAnEmptyMethod):
        exercises.check("3.3", answer)
        assert "not attempted yet" in capsys.readouterr().out
    assert not exercises.not_attempted(lambda a: a) and not exercises.not_attempted((1, 2))


def test_answers_may_overwrite_what_they_get(capsys):
    def in_place(x, gamma, beta, running_mean, running_variance, training):
        mean, variance = (x.mean((0, 1, 2)), x.var((0, 1, 2))) if training else (running_mean, running_variance)
        x -= mean.copy()
        x *= gamma / np.sqrt(variance + 0.001)
        x += beta
        if training:
            running_mean += 0.01 * (mean - running_mean)
            running_variance += 0.01 * (variance - running_variance)
        return x, running_mean, running_variance

    exercises.check("4.3", in_place, strict=True)


OF_A_WRONG_KIND = (
    None, "x", 3, 2.5, (1, 2), ("a", "b"), (None, None, None), {"a": 1}, float("nan"), np.zeros(3), dict,
    lambda *_, **__: print(end=""), lambda *_, **__: "x", lambda *_, **__: (1, 2, 3), lambda *_, **__: {},
    lambda *_, **__: object(), lambda: 3,
)  # fmt: skip


@pytest.mark.parametrize("number", sorted(exercises.CHECKS))
def test_answers_of_a_wrong_kind_get_a_hint(number, capsys):
    """Such an answer is not code that failed: nothing is said of a TypeError."""
    for answer in OF_A_WRONG_KIND:
        exercises.check(number, answer)
        said = capsys.readouterr().out
        assert said.startswith(f"Exercise {number}: not yet. ") and "Error:" not in said


def test_hints_say_what_came(capsys):
    cases = {
        "1.4": ((0.75, "a"), "Your answer is a tuple (the number 0.75, the text 'a'). What kind of answer is asked"),
        "1.2": (lambda a, b, c: print(end=""), "Your function returns nothing (None). What should it return?"),
        "1.5": (lambda: 1, "Your function must take the arguments that the exercise names. ("),
    }
    for number, (answer, hint) in cases.items():
        exercises.check(number, answer)
        assert hint in capsys.readouterr().out
    exercises.check("1.2", lambda a, b, c: np.linalg.inv(a))  # the reader's own code fails, deep below
    assert "your code raised LinAlgError: " in capsys.readouterr().out


def test_unknown_exercise():
    with pytest.raises(KeyError, match=r"no exercise '9.9'; there are: .*3.1"):
        exercises.check("9.9", 1)


@pytest.mark.parametrize("rotation", range(2))
def test_the_clinics_patients_are_known_by_name_not_by_their_place_in_the_notebook(rotation):
    notebook = nbformat.read(ROOT / "notebooks/05_training_tips.ipynb", as_version=4)
    cells = [cell.source for cell in notebook.cells if cell.cell_type == "code"]
    (clinic,) = [source for source in cells if re.search(r"^patients = ", source, re.MULTILINE)]
    names = [*chapter05.ILLNESSES[rotation:], *chapter05.ILLNESSES[:rotation]]
    has = {  # what the notebook has defined by then
        "np": np,
        "admit": chapter05.admit,
        "clinic": {name: name for name in names},
        "print_symptoms": lambda *_, **__: None,
        "draw_patients": lambda _: None,
    }
    exec(clinic, has)
    assert has["patients"] == RIGHT["5.7"]
