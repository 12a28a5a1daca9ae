import json
import shutil

import pytest

from gan_helpers import __main__, doctor
from gan_helpers.core import session
from gan_helpers.data import manifest, sets


def test_this_machine_is_examined(capsys):
    __main__.main(["doctor"])
    said = capsys.readouterr().out
    for part in (
        "Python 3.",
        "tensorflow 2.",
        "TensorFlow starts",
        "memory free",
        "disk free",
        "MNIST handwritten digits",
    ):
        assert part in said
    assert "weights of gan_mnist: intact" in said


def test_a_healthy_machine_is_ready(monkeypatch, capsys):
    monkeypatch.setattr(doctor, "examine", lambda: [(True, "all fine", "")])
    assert __main__.main(["doctor"]) == 0
    assert "ready" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("name", "value", "finding", "remedy"),
    [
        ("MEMORY_GB", 10**6, "memory free", "close programs"),
        ("DISK_GB", 10**9, "disk free", "make room"),
        ("NEEDS", {"tensorflow": "9.0"}, "tensorflow", "--upgrade 'tensorflow>=9.0'"),
        ("NEEDS", {"no-such-package": "1"}, "no-such-package is not installed", "pip install no-such-package"),
    ],
)
def test_what_is_wrong_is_named_with_its_remedy(monkeypatch, capsys, name, value, finding, remedy):
    monkeypatch.setattr(doctor, name, value)
    assert __main__.main(["doctor"]) == 1
    said = capsys.readouterr().out
    bad = said[said.index("NO ") :]
    assert finding in bad and remedy in bad and "Not ready yet" in bad


def test_damaged_data_and_missing_tensorflow_are_findings(monkeypatch, capsys):
    def damaged(name):
        raise manifest.DataError("mnist.npz is damaged. Reinstall the package")

    def absent():
        raise ImportError("Install it with `pip install 'gan-helpers[tf]'`")

    monkeypatch.setattr(sets, "load", damaged)
    monkeypatch.setattr(session, "quiet_tensorflow", absent)
    assert doctor.report() is False
    said = capsys.readouterr().out
    assert "damaged or missing" in said and "TensorFlow does not start" in said and "gan-helpers[tf]" in said


def test_versions_compare_as_numbers(monkeypatch):
    for version, fine in (("2.100.1", True), ("2.9.3", False), ("2.18.0rc1", False)):
        monkeypatch.setattr(doctor, "installed", lambda name, version=version: version)
        monkeypatch.setattr(doctor, "NEEDS", {"tensorflow": "2.18"})
        assert doctor.packages()[0][0] == fine


@pytest.fixture
def assets(tmp_path, monkeypatch):
    """A copy of the manifest, of one data set and of two sets of weights, free to be damaged."""
    for file in ("manifest.json", "data/fashion_mnist.npz", "weights/gan_mnist.json", "weights/gan_mnist.npz",
                 "weights/vae_mnist.json", "weights/vae_mnist.npz"):  # fmt: skip
        (tmp_path / file).parent.mkdir(exist_ok=True)
        shutil.copy(manifest.ASSETS / file, tmp_path / file)
    entries = json.loads((tmp_path / "manifest.json").read_text())
    (tmp_path / "manifest.json").write_text(json.dumps({"fashion_mnist": entries["fashion_mnist"]}))
    monkeypatch.setattr(manifest, "ASSETS", tmp_path)
    monkeypatch.setattr(doctor, "examine", lambda: [*doctor.data(), *doctor.weights()])
    return tmp_path


def findings(capsys):
    """What the doctor says is wrong, one line each."""
    doctor.report()
    return [line.removeprefix("  NO   ") for line in capsys.readouterr().out.splitlines() if line.startswith("  NO ")]


DAMAGES = [b"", b"{", b'{"what": "\xff"}', b"[]", b"null", b"{}", b'{"sha256": null}']


@pytest.mark.parametrize("content", DAMAGES)
def test_a_damaged_card_or_list_is_a_finding_and_the_rest_is_examined(assets, capsys, content):
    assert findings(capsys) == []
    (assets / "weights/gan_mnist.json").write_bytes(content)
    assert findings(capsys) == ["weights of gan_mnist: damaged or missing"]
    (assets / "manifest.json").write_bytes(content)
    assert findings(capsys) == ["list of data sets: damaged or missing", "weights of gan_mnist: damaged or missing"]


def test_what_is_gone_is_a_finding(assets, capsys):
    (assets / "weights/gan_mnist.json").unlink()  # its weights are there
    (assets / "weights/vae_mnist.npz").unlink()  # its card is there
    assert findings(capsys) == [f"weights of {name}: damaged or missing" for name in ("gan_mnist", "vae_mnist")]
    shutil.rmtree(assets / "weights")
    (assets / "manifest.json").unlink()
    lists, weights = findings(capsys)
    assert lists == "list of data sets: damaged or missing" and weights.startswith("there are no weights in ")
