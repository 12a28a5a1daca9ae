"""``check("3.1", answer)``: is this right, and if not, what is worth another look?

An answer that is still ``...``, or a function whose body is, or a class with such a method, counts as not attempted and
fails nothing. Every check is itself tested against right answers and typical wrong ones. One module a chapter holds the
checks themselves.
"""

from __future__ import annotations

import functools
import importlib
import inspect
import pkgutil
import traceback
from collections.abc import Callable

import numpy as np

CHECKS: dict[str, Callable] = {}


class Hint(Exception):
    """Why an answer is not right yet, said so that the reader can go on."""


def check(exercise: str, answer=..., strict: bool = False) -> None:
    """Say whether ``answer`` solves ``exercise``.

    Args:
        exercise: its number, such as ``"3.1"``.
        answer: the reader's number or function (or a tuple of them).
        strict: raise unless the answer is right (for the solutions notebooks).

    Raises:
        KeyError: there is no such exercise.
        AssertionError: ``strict`` and the answer is not right.
    """
    if exercise not in CHECKS:
        raise KeyError(f"no exercise {exercise!r}; there are: {', '.join(sorted(CHECKS))}")
    gave = []  # by the reader's functions
    try:
        waiting = not_attempted(answer)
        verdict = "not attempted yet: replace the ... above." if waiting else CHECKS[exercise](on_copies(answer, gave))
    except Hint as hint:
        verdict = f"not yet. {hint}"
    except Exception as error:  # say what is wrong instead of ending the notebook
        verdict = explained(error, answer, gave)
    right = verdict is None
    print(f"Exercise {exercise}: " + ("right, well done." if right else verdict))
    if strict and not right:
        raise AssertionError(f"exercise {exercise}: {verdict}")


def on_copies(answer, gave: list):
    """``answer``; a function gets copies of its arrays, so that it may overwrite them, and gains nothing by it.

    Args:
        answer: the reader's.
        gave: here it is written down what the functions return.
    """
    if isinstance(answer, tuple):
        return tuple(on_copies(part, gave) for part in answer)
    if not inspect.isfunction(answer):
        return answer

    @functools.wraps(answer)
    def call(*arguments, **named):
        returned = answer(*map(copied, arguments), **{name: copied(value) for name, value in named.items()})
        gave.append(returned)
        return returned

    return call


def explained(error: Exception, answer, gave: list) -> str:
    """What to say of an error: the reader's own code raised it, or the check could make nothing of the answer.

    Args:
        error: with its traceback.
        answer: the reader's.
        gave: what the reader's functions returned before.
    """
    where = [frame.f_code for frame, _ in traceback.walk_tb(error.__traceback__)]
    call = [i for i, code in enumerate(where) if code.co_name == "call" and code.co_filename == __file__]
    if call and call[-1] + 1 < len(where):
        return f"your code raised {type(error).__name__}: {error}"
    if call:
        return f"not yet. Your function must take the arguments that the exercise names. ({error})"
    if gave:
        return f"not yet. Your function returns {described(gave[-1])}. What should it return?"
    return f"not yet. Your answer is {described(answer)}. What kind of answer is asked for?"


def described(value) -> str:
    """What kind of thing it is, in words."""
    if value is None:
        return "nothing (None)"
    if isinstance(value, (bool, int, float, np.number)):
        return f"the number {value}"
    if isinstance(value, str):
        return f"the text {value!r}"
    if isinstance(value, (tuple, list)):
        return f"a {type(value).__name__} ({', '.join(map(described, value))})"
    if hasattr(value, "shape"):
        return f"an array of shape {tuple(value.shape)}"
    return "a function" if callable(value) else f"a {type(value).__name__}"


def copied(value):
    """A copy of an array; anything else as it is."""
    return value.copy() if isinstance(value, np.ndarray) else value


def not_attempted(answer) -> bool:
    """Whether ``answer`` is ``...``, a function with no other body, or a tuple or a class with such a part."""
    if isinstance(answer, tuple):
        return any(not_attempted(part) for part in answer)
    if inspect.isclass(answer):
        return any(not_attempted(method) for method in vars(answer).values() if inspect.isfunction(method))
    code = getattr(answer, "__code__", None)
    if code is None:
        return answer is ...
    returns_none = all(constant is None or constant == answer.__doc__ for constant in code.co_consts)
    return code.co_code in EMPTY_BODIES and returns_none


def _empty(): ...


def _empty_with_docstring():
    """Compiles a little differently."""


EMPTY_BODIES = {_empty.__code__.co_code, _empty_with_docstring.__code__.co_code}


def exercise(number: str):
    """Register a check: a function of the answer that returns ``None``, or raises :class:`Hint`."""

    def register(function):
        CHECKS[number] = function
        return function

    return register


def require(condition, hint: str) -> None:
    """Raise ``Hint(hint)`` unless ``condition``."""
    if not condition:
        raise Hint(hint)


for _module in pkgutil.iter_modules(__path__):  # each chapter's module registers its own checks
    importlib.import_module(f"{__name__}.{_module.name}")
