"""Would the tests notice? Make small wrong changes to the library, one at a time, and see whether a test fails.

python tools/mutate.py --count 100 --seed 1            # a hundred changes, drawn at random; about 10 s each
python tools/mutate.py --seed 1 losses core/system.py  # only in these rooms or modules, all that there is time for
python tools/mutate.py --count 100 --first 30 --minutes 5  # in portions: the first 30 have been tried
python tools/mutate.py --count 60 --seed 2 --cheap     # quick: no expensive tests, so that a few more survive

TensorFlow is imported once, and each change is tried in a forked process; nothing is written into the library. A first
run finds out which tests pass through which line: a change is tried with these, until one fails. (It takes a quarter
of an hour, is kept in build/mutants, and is repeated for test files that have changed.) The cheap tests come first,
and the expensive ones only where these all pass: they can take twenty minutes for one change. What survives is printed,
and is either equivalent, so that no test could tell, or lacks a test, or has one that starts a process of its own
(``test_replicas.py``), where the change is not seen. A change that takes five times as long as the tests took (and half
a minute more) is ended: it is probably one that never comes to an end, and is counted apart.
"""

import argparse
import ast
import bisect
import hashlib
import importlib
import itertools
import json
import linecache
import math
import os
import random
import resource
import signal
import sys
import time
from collections.abc import Callable, Iterator
from importlib.machinery import SourceFileLoader
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
LIBRARY = ROOT / "gan_helpers"
ROOMS = ("core", "models", "losses", "scores", "layers", "attacks", "augmentation")
ELSEWHERE = {  # what these test files test
    "benchmarks", "cells", "doctor", "exercises", "export", "film", "house", "hub", "lab_config", "makefile",
    "notebooks", "restamp", "uploads", "widgets",
}  # fmt: skip
OF_IMPORTS = (
    "tests/test_defaults.py::test_defaults",
    "tests/test_zoo.py::test_every_recipe_ships",
)  # of what is made at an import
CHEAP = 40  # seconds of tests, as they took in the first run, that a change is tried with before the others
OTHER_COMPARISONS = {
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.In: ast.NotIn, ast.NotIn: ast.In,
}  # fmt: skip
OTHER_OPERATIONS = {
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult, ast.FloorDiv: ast.Div,
    ast.Mod: ast.Mult, ast.Pow: ast.Mult, ast.BitAnd: ast.BitOr,
}  # fmt: skip
HARMLESS = {"name", "reduce_retracing", "autograph", "verbose", "strict"}  # keywords that change no number


class Mutant(NamedTuple):
    """One change: in which file and line, what it is; and how to find it again in the file's syntax tree."""

    path: str
    line: int
    change: str
    node: int
    variant: int


# ----------------------------------------------------------------------------------------------------- changes


def variants(node: ast.AST) -> list[tuple[str, int, Callable[[], None]]]:
    """The changes of one node: what each is, in which line, and a function that makes it."""
    here = getattr(node, "lineno", 1)

    def put(field: str, value, what: str, line: int = here):
        return what, line, lambda: setattr(node, field, value)

    def put_at(items: list, i: int, value, what: str, line: int = here):
        return what, line, lambda: items.__setitem__(i, value)

    match node:
        case ast.Compare():
            return [
                put_at(node.ops, i, OTHER_COMPARISONS[type(op)](), f"{type(op).__name__} → its opposite or neighbour")
                for i, op in enumerate(node.ops)
            ]
        case ast.BinOp(op=ast.BitOr()):
            return [put("right", node.left, "right side of | left out")]
        case ast.BinOp(op=op) if type(op) in OTHER_OPERATIONS:
            other = OTHER_OPERATIONS[type(op)]
            return [put("op", other(), f"{type(op).__name__} → {other.__name__}")]
        case ast.AugAssign(op=op) if type(op) in OTHER_OPERATIONS:
            other = OTHER_OPERATIONS[type(op)]
            return [put("op", other(), f"{type(op).__name__}= → {other.__name__}=")]
        case ast.BoolOp():
            other = ast.Or if isinstance(node.op, ast.And) else ast.And
            return [put("op", other(), f"{type(node.op).__name__} → {other.__name__}")]
        case ast.UnaryOp(op=ast.Not()):
            return [put("operand", ast.UnaryOp(ast.Not(), node.operand), "not left out")]
        case ast.UnaryOp(op=ast.USub()):
            return [put("op", ast.UAdd(), "minus left out")]
        case ast.Constant(value=bool()):
            return [put("value", not node.value, f"{node.value} → {not node.value}")]
        case ast.Constant(value=int()):
            return [put("value", node.value + 1, f"{node.value} → {node.value + 1}")]
        case ast.Constant(value=float()):
            other = 2 * node.value or 1.0
            return [put("value", other, f"{node.value} → {other}")]
        case ast.If() | ast.IfExp() | ast.While():
            return [put("test", ast.UnaryOp(ast.Not(), node.test), "condition negated")]
        case ast.comprehension() if node.ifs:
            return [put("ifs", [], "condition left out", node.iter.lineno)]
        case ast.Call():
            changes = []
            if len(node.args) > 1 and are_alike(*node.args[:2]):
                swapped = [node.args[1], node.args[0], *node.args[2:]]
                changes.append(put("args", swapped, "first two arguments swapped"))
            for i, keyword in enumerate(node.keywords):
                if keyword.arg is not None and keyword.arg not in HARMLESS:
                    rest = node.keywords[:i] + node.keywords[i + 1 :]
                    changes.append(put("keywords", rest, f"argument {keyword.arg} left out"))
            return changes
    changes = []
    for field in ("body", "orelse", "finalbody"):
        statements = getattr(node, field, None)
        for i, statement in enumerate(statements if isinstance(statements, list) else ()):
            calls = isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call)
            raises = isinstance(statement, ast.Raise) and isinstance(statement.exc, ast.Call)
            if calls or raises or isinstance(statement, ast.AugAssign):
                nothing = ast.copy_location(ast.Pass(), statement)
                changes.append(put_at(statements, i, nothing, "statement left out", statement.lineno))
    return changes


def are_alike(first: ast.AST, second: ast.AST) -> bool:
    """Whether one expression could be mistaken for the other: they are of one kind, but not the same."""
    return type(first) is type(second) and ast.dump(first) != ast.dump(second)


def changeable(node: ast.AST) -> Iterator[ast.AST]:
    """The nodes of a tree that take part in what is computed, always in one order: no annotations, no messages."""
    yield node
    left_out = {"annotation", "returns"} if not isinstance(node, ast.Raise) else {"exc", "cause"}
    for field, value in ast.iter_fields(node):
        if field not in left_out:
            for child in value if isinstance(value, list) else [value]:
                harmless = isinstance(child, ast.JoinedStr) or getattr(child, "arg", None) in HARMLESS
                if isinstance(child, ast.AST) and not harmless:
                    yield from changeable(child)


def mutants_of(path: Path) -> list[Mutant]:
    """All changes of one module."""
    name, found = path.relative_to(ROOT).as_posix(), []
    for i, node in enumerate(changeable(ast.parse(path.read_text(encoding="utf-8")))):
        for j, (what, line, _) in enumerate(variants(node)):
            found.append(Mutant(name, line, what, i, j))
    return found


def changed(mutant: Mutant, source: str) -> str:
    """The module's source with the change in it."""
    tree = ast.parse(source)
    node = list(changeable(tree))[mutant.node]
    variants(node)[mutant.variant][-1]()
    return ast.unparse(ast.fix_missing_locations(tree))


# ------------------------------------------------------------------------------------------- processes of their own


def apart(work: Callable[[], int], seconds: float, log: Path) -> int | None:
    """The exit code of ``work`` in a forked process; ``None`` if it took longer than that and was ended.

    Seconds of the processor count, however busy the machine is. What takes none, such as waiting for ever, is ended
    after ten times as many seconds of the clock.
    """
    child = os.fork()
    if child == 0:
        os.setpgid(0, 0)
        resource.setrlimit(resource.RLIMIT_CPU, 2 * (math.ceil(seconds),))
        output = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(output, 1)
        os.dup2(output, 2)
        code = 70
        try:
            code = work()
        finally:
            sys.stdout.flush()
            os._exit(code)
    end = time.monotonic() + 10 * seconds
    while time.monotonic() < end:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            code = os.waitstatus_to_exitcode(status)
            return None if code in (-signal.SIGXCPU, -signal.SIGKILL) else code
        time.sleep(0.02)
    os.killpg(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return None


def run_tests(arguments: list[str], plugins=()) -> int:
    """Run pytest in this process."""
    import pytest

    return int(pytest.main(["-q", "-x", "--tb=line", "-m", "not slow", *arguments], plugins=list(plugins)))


class Tracer:
    """A plugin of pytest: which lines of the library each test passes through, and what it takes."""

    def __init__(self, coverage):
        self.coverage, self.seconds = coverage, {}

    def pytest_runtest_logstart(self, nodeid, location):
        """A test begins, with what it needs."""
        self.coverage.switch_context(nodeid)
        self.seconds[nodeid] = time.monotonic()

    def pytest_runtest_logfinish(self, nodeid, location):
        """It has ended."""
        self.seconds[nodeid] = time.monotonic() - self.seconds[nodeid]
        self.coverage.switch_context("")


def trace(file: Path, kept: Path) -> int:
    """Run the fast tests of this file, and add what they pass through to what is kept of the others."""
    from coverage import Coverage

    coverage = Coverage(data_file=None, include=[f"{LIBRARY}/*"], messages=False, config_file=False)
    coverage.start()
    tracer = Tracer(coverage)
    code = run_tests([str(file)], [tracer])
    coverage.stop()
    if code not in (0, 5):  # 5: there are no fast tests
        return code
    known = json.loads(kept.read_text())
    known["files"][file.name] = digest([file])
    old = {test for test in known["seconds"] if test.startswith(f"tests/{file.name}::")}  # some may be gone
    known["seconds"] = {test: took for test, took in known["seconds"].items() if test not in old} | tracer.seconds
    for lines in known["lines"].values():
        lines |= {line: [test for test in tests if test not in old] for line, tests in lines.items()}
    data = coverage.get_data()
    for name in data.measured_files():
        lines = known["lines"].setdefault(Path(name).relative_to(ROOT).as_posix(), {})
        for line, tests in data.contexts_by_lineno(name).items():
            lines[str(line)] = sorted({*lines.get(str(line), []), *tests} - {""})
    kept.write_text(json.dumps(known))
    return 0


def traced_tests(log: Path, end: float) -> dict:
    """Which tests pass through which line, and the seconds of each test; no test file is begun after ``end``."""
    tests = ROOT / "tests"
    shared = [*LIBRARY.rglob("*.py"), tests / "systems.py", tests / "conftest.py"]
    kept = log.with_name(f"{digest(sorted(shared))}.json")
    if not kept.exists():
        kept.write_text(json.dumps({"files": {}, "seconds": {}, "lines": {}}))
    known = json.loads(kept.read_text())
    files = [file for file in sorted(tests.glob("test_*.py")) if known["files"].get(file.name) != digest([file])]
    files = [file for file in files if file.stem.removeprefix("test_") not in ELSEWHERE]
    for i, file in enumerate(files):
        if time.monotonic() > end:
            sys.exit(f"{i} of {len(files)} test files are traced: go on by the same command")
        print(f"finding out which lines the tests pass through: {file.name}", flush=True)
        if apart(lambda file=file: trace(file, kept), 3600, log):
            sys.exit(f"the tests fail as they are: see {log}")
    return json.loads(kept.read_text())


def digest(files: list[Path]) -> str:
    """A short digest of all that is in these files."""
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()[:12]


def tests_of(mutant: Mutant, traced: dict, source: str) -> tuple[list[str], list[str]]:
    """The tests to try a change with: of its line, else of the function around it; cheap ones, and the others.

    Its own file's tests come first.

    What is only run when the module is imported, such as a default or a recipe, may matter to any test.
    """
    lines = {int(line): tests for line, tests in traced["lines"].get(mutant.path, {}).items()}
    around = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.FunctionDef | ast.ClassDef)]
    around = [node for node in around if node.lineno <= mutant.line <= node.end_lineno]
    called = any(isinstance(node, ast.FunctionDef) and node.body[0].lineno <= mutant.line for node in around)
    spans = sorted([(node.lineno, node.end_lineno) for node in around], key=lambda span: span[1] - span[0])
    if called:  # a line that is only run at an import has been run by whichever test came first
        spans = [(mutant.line, mutant.line), *spans]
    found = next(
        (tests for first, last in spans if (tests := {t for n, ts in lines.items() if first <= n <= last for t in ts})),
        set(traced["seconds"]),
    )
    own = tuple(f"tests/test_{name}.py" for name in (Path(mutant.path).stem, Path(mutant.path).parent.name))
    first = own if called else (*own, *OF_IMPORTS)
    found = {*found, *(test for test in traced["seconds"] if test.startswith(first))}  # autograph hides some lines

    tests = sorted(found, key=lambda test: (not test.startswith(first), traced["seconds"][test]))
    seconds = list(itertools.accumulate(traced["seconds"][test] for test in tests))
    cheap = max(1, bisect.bisect(seconds, CHEAP))
    return tests[:cheap], tests[cheap:]


def show(name: str, source: str) -> None:
    """Let TensorFlow's autograph, which reads sources and compiles them once more, read the changed one.

    It asks linecache, and makes it read files anew.
    """
    update = linecache.updatecache

    def updatecache(filename, module_globals=None):
        if filename != name:
            return update(filename, module_globals)
        linecache.cache[name] = len(source), None, source.splitlines(keepends=True), name
        return linecache.cache[name][2]

    linecache.updatecache = updatecache
    updatecache(name)


def survives(mutant: Mutant, tests: list[str]) -> int:
    """Put the change in the place of its module, and run the tests."""
    original = SourceFileLoader.get_code
    path = ROOT / mutant.path

    def get_code(self, fullname):
        if Path(self.path) != path:
            return original(self, fullname)
        source = changed(mutant, path.read_text(encoding="utf-8"))
        show(str(path), source)
        return compile(source, str(path), "exec")

    SourceFileLoader.get_code = get_code
    return run_tests(tests)


def files_of(names: list[str]) -> list[Path]:
    """The modules of these rooms, or with these names."""
    files = []
    for name in names:
        path = LIBRARY / name
        files += sorted(path.rglob("*.py")) if path.is_dir() else [path.with_suffix(".py")]
    return [file for file in files if file.name != "__init__.py"]


def main(arguments: list[str]) -> None:
    """Draw changes, try each, report."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("where", nargs="*", default=list(ROOMS), help="rooms or modules (default: all that compute)")
    parser.add_argument("--count", type=int, help="how many changes (default: all there are)")
    parser.add_argument("--seed", type=int, default=0, help="which")
    parser.add_argument("--first", type=int, default=0, help="how many of these to leave out: they were tried before")
    parser.add_argument("--cheap", action="store_true", help="leave the expensive tests out")
    parser.add_argument("--minutes", type=float, default=60, help="begin nothing more after so long")
    options = parser.parse_args(arguments)

    os.chdir(ROOT)
    sys.path.insert(0, str(ROOT))
    sys.dont_write_bytecode = True
    os.environ |= {"TF_CPP_MIN_LOG_LEVEL": "3", "GAN_MODE": "smoke", "MPLBACKEND": "agg"}
    for name in ("tensorflow", "keras", "scipy.linalg", "matplotlib.pyplot", "IPython", "nbval.plugin", "pytest"):
        importlib.import_module(name)  # what many tests need, but nothing of the library itself

    log = ROOT / "build" / "mutants" / "last.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    end = time.monotonic() + 60 * options.minutes
    traced = traced_tests(log, end)
    mutants = [mutant for file in files_of(options.where) for mutant in mutants_of(file)]
    random.Random(options.seed).shuffle(mutants)
    killed, ended, survived = 0, 0, 0
    for mutant in mutants[options.first : options.count]:
        if time.monotonic() > end:
            break
        source = (ROOT / mutant.path).read_text(encoding="utf-8")
        start, code, count = time.monotonic(), 0, 0
        for tests in tests_of(mutant, traced, source)[: 1 if options.cheap else 2]:
            if tests and code == 0:
                limit = 30 + 5 * sum(traced["seconds"][test] for test in tests)
                code = apart(lambda mutant=mutant, tests=tests: survives(mutant, tests), limit, log)
                count += len(tests)
        verdict = {0: "SURVIVED", None: "too slow"}.get(code, "killed")
        killed, ended, survived = killed + (verdict == "killed"), ended + (code is None), survived + (code == 0)
        line = source.splitlines()[mutant.line - 1].strip()
        print(
            f"{verdict:<8} {mutant.path}:{mutant.line}  {mutant.change}  |  {line}  "
            f"({count} tests, {time.monotonic() - start:.0f} s)",
            flush=True,
        )
    tried = f"{killed + ended + survived} of {len(mutants)} changes (seed {options.seed})"
    print(f"{tried}: {killed} killed, {ended} ended because they took too long, {survived} survived")


if __name__ == "__main__":
    main(sys.argv[1:])
