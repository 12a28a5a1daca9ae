"""The shipped weights score what their cards say, on as many samples as the cards count; half a minute together."""

import pytest

from gan_helpers import zoo
from gan_helpers.data import sets


@pytest.mark.parametrize("name", zoo.RECIPES)
def test_a_card_says_what_its_weights_score(name):
    (model, card), recipe = zoo.load(name), zoo.recipe(name)
    found = recipe.score(model, sets.load(recipe.dataset), zoo.evaluator)
    assert found == pytest.approx(card["scores"], rel=0.02)
