"""Checks of chapter 5: scores, games, distances, tips and the clinic."""

from __future__ import annotations

import numpy as np

from ..data.mixtures import gaussian_ring
from ..scores.metrics import precision_recall_coverage
from . import Hint, exercise, require


@exercise("5.1")
def _inception_scores(answer):
    try:
        three, torn, uneven = map(float, answer)
    except TypeError:
        raise Hint("Give the three scores as a tuple: (a, b, c).") from None
    logarithms = np.log([3, 5, 6])
    require(
        not np.allclose([three, torn, uneven], logarithms, atol=0.02), "You stopped at I(x; y): the score is its exp."
    )
    require(np.isclose(three, 3), "(a) H(y|x) is 0, since the evaluator is sure; H(y) is that of three equal shares.")
    require(not np.isclose(torn, 10), "(b) H(y) is right, but the evaluator is not sure: what is H(y|x) for (½, ½)?")
    require(np.isclose(torn, 5), "(b) H(y) = log 10, and each picture has H(y|x) = log 2. Subtract, then exp.")
    require(
        np.isclose(uneven, 6),
        "(c) H(y) = −½ log ½ − 9 · (1/18) log (1/18). Gather the logarithms: ½ log 2 + ½ log 18.",
    )


@exercise("5.2")
def _extrapolation(answer):
    sizes = np.array([100, 200, 500, 1000])
    distances = 20 + 3000 / sizes + np.array([0.4, -0.5, 0.2, -0.1])
    slope, limit = np.polyfit(1 / sizes, distances, 1)
    try:
        found, needed = answer(sizes, distances, 0.5)
        exact, exact_needed = answer([100, 400], [32.0, 14.0], 2.0)  # 8 + 2400 / n
    except TypeError as error:
        raise Hint(f"Return two numbers, (limit, samples needed), for (sizes, distances, within): {error}") from None
    require(not np.isclose(found, slope), "You return the slope first. The limit is where the line meets 1/n = 0.")
    require(
        not np.isclose(found, np.polyfit(sizes, distances, 1)[1]),
        "You fitted a line in n. The distance falls as 1/n: fit it in 1/n, so that infinitely many samples are at 0.",
    )
    require(
        not np.isclose(found, distances[-1]),
        "You return the last measurement, which is still too large. Follow the line on to 1/n = 0.",
    )
    require(
        np.isclose(found, limit, atol=1e-6) and np.isclose(exact, 8),
        "For distances 32 from 100 samples and 14 from 400, the line in 1/n is 8 + 2400/n: the limit is 8.",
    )
    require(
        abs(exact_needed - 1200) <= 1,  # rounding of the fit
        f"For 8 + 2400/n to be within 2 of its limit, 2400/n ≤ 2, so n = 1200; yours is {exact_needed}.",
    )
    require(needed == int(np.ceil(slope / 0.5)), "Round the number of samples up: a part of a sample is no sample.")


@exercise("5.3")
def _fool_recall(answer):
    for seed in (0, 1):
        real = gaussian_ring(width=0.2).sample(120, seed=seed)
        fakes = np.asarray(answer(real.copy()), float)
        require(fakes.shape == (200, 2), f"Return 200 points in the plane, shape (200, 2); yours has {fakes.shape}.")
        require(np.isfinite(fakes).all(), "Some of your points are not finite numbers.")
        scores = precision_recall_coverage(real, fakes, k=3)
        require(
            scores["precision"] == 0 and scores["coverage"] == 0,
            f"Some of your fakes lie in a real point's ball (precision {scores['precision']:.2f}, coverage "
            f"{scores['coverage']:.2f}). Move all of them farther away from the data.",
        )
        require(
            scores["recall"] > 0.9,
            f"Precision and coverage are 0, but recall is only {scores['recall']:.2f}. A fake's ball reaches to its "
            "third neighbour among the fakes. How must the fakes lie, so that some of their balls swallow the data?",
        )


@exercise("5.4")
def _earth_movers_distance(answer):
    x, y = np.array([3.0, 0.0, 1.0]), np.array([0.0, 5.0, 2.0])
    shuffled = np.array([5.0, 2.0, 0.0])
    got, again = float(answer(x, y)), float(answer(x, shuffled))
    require(
        np.isclose(got, again),
        f"The order of the samples must not matter, but you give {got:.4g} and, with y shuffled, {again:.4g}. "
        "Which earth goes where? On a line the cheapest plan never lets two loads cross.",
    )
    spread = float(answer(np.array([-1.0, 1.0]), np.array([-3.0, 3.0])))
    require(
        not np.isclose(spread, 0),
        "You compare the means only: {−1, 1} and {−3, 3} have one mean, and still earth has to move.",
    )
    require(
        not np.isclose(spread, 4) or not np.isclose(got, 5 / 3), "That is the mean *squared* distance: cost is |x − y|."
    )
    require(not np.isclose(got, 3), "You add up all the distances; each grain weighs only 1/n, so take their mean.")
    require(
        np.isclose(got, 1) and np.isclose(spread, 2),
        f"For {x.tolist()} and {y.tolist()} the distance is 1; you give {got:.4g}.",
    )
    x, y = np.random.default_rng().normal(size=(2, 6))
    right = np.abs(np.sort(x) - np.sort(y)).mean()
    require(np.isclose(float(answer(x, y)), right), "Right for those samples, and wrong for others.")


@exercise("5.6")
def _best_smoothed_discriminator(answer):
    p, q = np.array([0.3, 0.2, 0.0]), np.array([0.1, 0.2, 0.4])
    plain = np.asarray(answer(p, q, 1.0, 0.0), float)
    require(plain.shape == p.shape, f"Return one answer for each place: shape {p.shape}, yours has {plain.shape}.")
    require(
        np.allclose(plain, p / (p + q)),
        f"Without smoothing (targets 1 and 0) the best answer is p/(p + q) = {np.round(p / (p + q), 3).tolist()}; "
        f"yours is {np.round(plain, 3).tolist()}.",
    )
    one = np.asarray(answer(p, q, 0.9, 0.0), float)
    require(not np.allclose(one, plain), "The targets make no difference in your formula. Where do they enter?")
    require(
        not np.allclose(one, 0.9 * p / (0.9 * p + q)),
        "The denominator comes from both terms, log D and log(1 − D): the share 1 − α of the real examples that says "
        '"fake" is still there. Set the slope of αp log D + ((1 − α)p + q) log(1 − D) to 0 once more.',
    )
    require(
        np.allclose(one, 0.9 * p / (p + q)),
        f"For p = {p.tolist()}, q = {q.tolist()} and targets 0.9 and 0 the best answers are "
        f"{np.round(0.9 * p / (p + q), 3).tolist()}; yours are {np.round(one, 3).tolist()}.",
    )
    two = np.asarray(answer(p, q, 0.9, 0.1), float)
    require(
        np.allclose(two, (0.9 * p + 0.1 * q) / (p + q)),
        "Right as long as the fakes' target is 0. With the target β a fake counts as real with the weight β: what does "
        "that add to the factor of log D?",
    )
    (p, q), (alpha, beta) = np.random.default_rng().uniform(0.1, 1, (2, 4)), (0.8, 0.05)
    three = np.asarray(answer(p, q, alpha, beta), float)
    right = (alpha * p + beta * q) / (p + q)
    require(
        three.shape == right.shape and np.allclose(three, right), "Right for those densities, and wrong for others."
    )


ILLNESSES = (
    "healthy",
    "mode collapse",
    "vanishing gradient",
    "over-generalisation",
    "oscillation",
    "generator too slow",
)
PATIENTS = {
    "A": "vanishing gradient",
    "B": "generator too slow",
    "C": "oscillation",
    "D": "mode collapse",
    "E": "over-generalisation",
    "F": "healthy",
}
LOOK_AT = {
    "healthy": "all eight modes are there and sharp, and its curves lie calmly near the dashed lines",
    "mode collapse": "its samples are good, and stay on a few modes; all others have none",
    "vanishing gradient": "look at the length of G's gradient, and compare its first panel with its last",
    "over-generalisation": "every mode has samples, and so has much of the space between; D cannot tell",
    "oscillation": "the losses swing, and in each panel the samples are somewhere else",
    "generator too slow": "D is nearly always right, G does get a gradient, and its samples creep, few of them good",
}


def admit(runs: dict[str, object]) -> dict[str, object]:
    """The clinic's patients by their letters: each is the run of its illness, whatever the order of ``runs``.

    Args:
        runs: a run of each illness, by the illness's name.
    """
    return {letter: runs[illness] for letter, illness in PATIENTS.items()}


@exercise("5.7")
def _clinic(answer):
    require(isinstance(answer, dict), 'Give a dict such as {"A": "healthy", "B": "oscillation", …}.')
    if any(diagnosis is ... for diagnosis in answer.values()):
        raise Hint(f"Some patients have no diagnosis yet: {', '.join(k for k, v in answer.items() if v is ...)}.")
    require(set(answer) == set(PATIENTS), f"Name an illness for each of the patients {', '.join(PATIENTS)}.")
    unknown = sorted({str(diagnosis) for diagnosis in answer.values()} - set(ILLNESSES))
    require(not unknown, f"No such illness: {', '.join(unknown)}. Choose from: {', '.join(ILLNESSES)}.")
    for patient, illness in PATIENTS.items():
        hint = f"Patient {patient} is not a case of “{answer[patient]}”: {LOOK_AT[illness]}."
        require(answer[patient] == illness, hint)


@exercise("5.8")
def _verdict(answer):
    to_train = np.array([1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0] * 2)
    to_held_out = np.array([2.0, 3.0, 4.0, 5.0, 6.0, 6.0, 6.0, 7.0] * 2)  # 10 nearer to train, 2 ties, 4 farther
    try:
        share, errors = answer(to_train, to_held_out)
    except TypeError as error:
        raise Hint(f"Return two numbers, (share, standard errors from ½): {error}") from None
    require(not np.isclose(share, 10 / 16), "Two of the sixteen are tied. A tie counts half.")
    require(not np.isclose(share, 12 / 16), "You count ties as nearer to the training set. A tie counts half.")
    require(not np.isclose(share, 5 / 16), "That is the share nearer to the held-out digits; asked is the other one.")
    require(np.isclose(share, 11 / 16), "Of sixteen samples 10 are nearer to train and 2 are tied: (10 + 1) / 16.")
    require(
        not np.isclose(errors, (11 / 16 - 0.5) / 0.5),
        "You divided by the deviation of one coin, ½. The mean of n coins deviates by ½ / √n.",
    )
    require(
        np.isclose(errors, 1.5),
        f"The mean of 16 fair coins has a standard error of ½ / √16 = ⅛: 11/16 is 1.5 of them above ½, not {errors}.",
    )
    below = answer(to_held_out, to_train)
    require(below[1] < 0, "A share below ½ is a negative number of standard errors away: keep the sign.")
