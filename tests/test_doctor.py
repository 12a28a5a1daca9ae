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
