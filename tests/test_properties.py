"""The checks of arguments, for whatever comes: each keeps exactly what it should, and refuses the rest by name."""

import itertools
import math
import numbers
from fractions import Fraction
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as of_numpy

from gan_helpers.core import checks

# The same examples in every run, and no time limit for one of them.
always_alike = settings(deadline=None, derandomize=True, database=None, max_examples=200)

WHOLE = st.integers() | of_numpy.from_dtype(np.dtype("int8")) | of_numpy.from_dtype(np.dtype("uint64"))
REAL = st.floats() | st.floats(-1, 2) | st.fractions() | of_numpy.from_dtype(np.dtype("float16"))
OTHER = (
    st.none() | st.booleans() | st.text(max_size=3) | st.binary(max_size=3) | st.complex_numbers() | st.decimals()
    | st.lists(st.integers() | st.lists(st.integers(), max_size=2), max_size=3)
)  # fmt: skip
ANYTHING = WHOLE | REAL | OTHER


def is_number(value, kind):
    return isinstance(value, kind) and not isinstance(value, bool)


def as_float(value):
    """NaN, which fits nowhere, if it is no number."""
    try:
        return float(value) if is_number(value, numbers.Real) else math.nan
    except OverflowError:
        return math.inf


def keeps(check, value, fits):
    """Whether ``value`` is kept as it is, if it fits, and refused by name if not."""
    if fits:
        kept = check("it", value)
        return kept == value and type(kept) in (int, float)
    with pytest.raises(ValueError) as refused:
        check("it", value)
    text = str(refused.value)
    return text.startswith("it must be ") and text.endswith(f", got {value!r}")


@always_alike
@given(ANYTHING, st.integers(-3, 3))
def test_whole_numbers(value, least):
    whole = is_number(value, numbers.Integral)
    assert keeps(checks.integer, value, whole)
    assert keeps(lambda name, value: checks.count(name, value, least), value, whole and value >= least)


@pytest.mark.parametrize(
    ("check", "fits"),
    [
        (checks.positive, lambda x: 0 < x < math.inf),
        (checks.not_negative, lambda x: 0 <= x < math.inf),
        (checks.probability, lambda x: 0 <= x <= 1),
        (checks.memory, lambda x: 0 <= x < 1),
    ],
)
@always_alike
@given(value=ANYTHING)
@example(value=10**400)  # larger than any float
@example(value=1)
@example(value=-0.0)
@example(value=1 - 2**-53)  # the largest float below 1
@example(value=1 - Fraction(1, 10**20))  # becomes the float 1
@example(value=Fraction(1, 10**400))  # becomes the float 0
def test_numbers_within_bounds(check, fits, value):
    number = as_float(value)  # which is what will be kept
    if fits(number):
        assert check("it", value) == number
    else:
        assert keeps(check, value, fits=False)


@always_alike
@given(of_numpy.arrays(st.sampled_from(["float32", "float64", "int16", "bool"]), of_numpy.array_shapes(min_side=0)))
def test_arrays_of_finite_numbers(values):
    wrong = sum(not math.isfinite(value) for value in values.flat)
    if wrong:
        with pytest.raises(ValueError, match=f"^it must be finite numbers, got {wrong} of {values.size} that are NaN"):
            checks.finite("it", values)
    else:
        assert checks.finite("it", values) is values


@always_alike
@given(ANYTHING)
@example([[1], [1, 2]])
def test_whatever_comes_instead_of_an_array(value):
    for check in (checks.finite, lambda _, values: checks.labels(values, 3)):
        try:
            kept = check("labels", value)
        except ValueError as error:
            assert str(error).startswith("labels must be ")
        else:
            assert np.array_equal(kept, value)


LABELS = of_numpy.arrays(
    st.sampled_from(["int64", "uint8", "float64"]), st.integers(0, 4) | st.just((2, 1)), elements=st.integers(0, 9)
)


@always_alike
@given(LABELS | st.lists(st.integers(-2, 9), max_size=4), st.integers(1, 10), st.none() | st.integers(0, 4))
def test_labels(values, classes, n):
    array = np.asarray(values)
    whole = array.dtype.kind in "iu" and array.ndim == 1 and len(array) > 0
    if whole and all(label in range(classes) for label in array) and n in (None, len(array)):
        assert np.array_equal(checks.labels(values, classes, n), values)
    else:
        with pytest.raises(ValueError, match=rf"^labels must be ints from 0 to {classes - 1}, "):
            checks.labels(values, classes, n)


@always_alike
@given(st.lists(st.lists(st.none() | st.integers(1, 2), max_size=3).map(tuple), min_size=1, max_size=3))
@example([(None, 1), (2, 1), (3, 1)])  # the first fits each of the others, and they do not fit one another
def test_one_shape(shapes):
    def fit(one, other):
        return len(one) == len(other) and all(a == b or None in (a, b) for a, b in zip(one, other, strict=True))

    arrays = {f"array_{i}": SimpleNamespace(shape=shape) for i, shape in enumerate(shapes)}
    if all(fit(*two) for two in itertools.combinations(shapes, 2)):
        checks.same_shape(**arrays)
    else:
        with pytest.raises(ValueError, match="must have one shape, got"):
            checks.same_shape(**arrays)
