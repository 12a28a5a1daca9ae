"""Records of long experiments: when they are made, when they are read, and when one is told that the code changed."""

import pytest

from gan_helpers.core.recorded import code_of, digest, recorded, save
from gan_helpers.data.manifest import DataError


def experiment():
    """Takes long."""
    return {"seeds": [1, 2], "distance": 3.5}


def test_each_mode_does_its_part(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    calls = []

    def compute():
        calls.append(1)
        return {"seeds": [1, 2]}

    monkeypatch.setenv("GAN_MODE", "smoke")
    assert recorded("06_x", compute) == {"seeds": [1, 2]} and not list(tmp_path.iterdir())
    monkeypatch.setenv("GAN_MODE", "full")
    recorded("06_x", compute)
    assert len(calls) == 2 and (tmp_path / "recorded/06_x.json").exists()
    monkeypatch.setenv("GAN_MODE", "laptop")
    assert recorded("06_x", compute, tmp_path / "recorded") == {"seeds": [1, 2]} and len(calls) == 2


def test_other_code_is_noticed(tmp_path, monkeypatch):
    monkeypatch.setenv("GAN_MODE", "laptop")
    save("06_x", experiment, experiment(), tmp_path)
    assert recorded("06_x", experiment, tmp_path)["distance"] == 3.5

    def changed():
        return {"seeds": [1, 2], "distance": 4.5}

    with pytest.warns(UserWarning, match="record 06_x was made by other code"):
        recorded("06_x", changed, tmp_path)


def test_comments_and_docstrings_are_no_code():
    plain = experiment

    def scope():
        def experiment():
            # a comment
            return {
                "seeds": [1, 2],
                "distance": 3.5,
            }

        return experiment

    assert code_of(plain) == code_of(scope())


def test_the_digest_is_the_same_in_all_versions_of_python():
    source = "def f(x: int, *, y=()) -> list:\n    return [i for i in f'{x}' if i is not None]"
    assert digest(source) == "a1c89f171d95e4da"


@pytest.mark.parametrize("content", ["", "[]", '{"result": 1}', "\xff"])
def test_a_damaged_record_is_one_clear_error(tmp_path, monkeypatch, content):
    monkeypatch.setenv("GAN_MODE", "laptop")
    (tmp_path / "06_x.json").write_text(content, encoding="latin-1")
    with pytest.raises(DataError, match="06_x.json is missing or cannot be read"):
        recorded("06_x", experiment, tmp_path)
    with pytest.raises(DataError, match="06_y.json is missing"):
        recorded("06_y", experiment, tmp_path)
