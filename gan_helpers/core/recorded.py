"""Results of experiments that take too long for a notebook: computed in ``full`` mode, read from a file otherwise."""

from __future__ import annotations

import ast
import hashlib
import inspect
import json
import textwrap
import warnings
from collections.abc import Callable
from pathlib import Path

from ..data.files import write_atomically
from ..data.manifest import ASSETS, REINSTALL, DataError
from .session import mode

RECORDS = ASSETS / "recorded"


def recorded(name: str, compute: Callable[[], object], folder: str | Path = RECORDS):
    """What ``compute()`` returned when the course's authors ran it; in ``full`` and ``smoke`` mode what it returns now.

    In ``full`` mode the result is also written to ``recorded/NAME.json`` in the working directory; from there the
    authors move it into the package. The record knows by which code it was made, and says so if that has changed.

    Args:
        name: of the record, such as ``"06_growing"``.
        compute: the experiment, a function without arguments. It returns what JSON can hold: numbers, strings, lists
            and dictionaries with strings for keys.
        folder: where records are.

    Raises:
        DataError: the record is missing or cannot be read.
    """
    if mode() != "laptop":
        result = compute()
        if mode() == "full":
            save(name, compute, result, Path("recorded"))
        return result
    path = Path(folder) / f"{name}.json"
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
        result, code = record["result"], record["code"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DataError(f"the record {path} is missing or cannot be read ({error}). {REINSTALL}") from None
    if code != code_of(compute):
        warnings.warn(f"the record {name} was made by other code than the present one", stacklevel=2)
    return result


def save(name: str, compute: Callable[[], object], result: object, folder: Path) -> Path:
    """Write the record of ``result`` into ``folder``; return its path."""
    content = json.dumps({"code": code_of(compute), "result": result}, indent=1) + "\n"
    path = folder / f"{name}.json"
    write_atomically(path, lambda file: file.write(content.encode()))
    return path


def code_of(function: Callable) -> str:
    """A digest of the function's code; comments, line breaks and docstring change nothing."""
    return digest(textwrap.dedent(inspect.getsource(function)))


def digest(source: str) -> str:
    """The same, of the source of one function."""
    tree = ast.parse(source)
    body = tree.body[0].body
    if isinstance(body[0], ast.Expr) and isinstance(body[0].value, ast.Constant):
        del body[0]
    return hashlib.sha256(repr(plain(tree)).encode()).hexdigest()[:16]


def plain(node):
    """A syntax tree as nested tuples, without what is empty: so it is the same in all versions of Python."""
    if isinstance(node, list):
        return [plain(item) for item in node]
    if not isinstance(node, ast.AST):
        return node
    fields = ((name, plain(value)) for name, value in ast.iter_fields(node) if value not in (None, []))
    return type(node).__name__, *fields
