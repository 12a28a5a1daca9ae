"""The benchmark's driver, with small peers that train nothing."""

import subprocess
import sys
import time
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"

# Like peers.py, but it only writes down when it works.
FAKE = """
import json, sys, time
name, diary, dies_in = sys.argv[1], sys.argv[2], int(sys.argv[3])
print(json.dumps({"about": "a fake", "steps": 2, "warm_up": 0}), flush=True)
for i, _ in enumerate(sys.stdin):
    if i == dies_in:
        sys.exit(f"{name} has had enough")
    with open(diary, "a") as file:
        print(name, "begins", file=file, flush=True)
        time.sleep(0.02)
        print(name, "ends", file=file, flush=True)
    print(json.dumps({"steps": 2, "seconds": 0.5}), flush=True)
with open(diary, "a") as file:
    print(name, "leaves", file=file)
"""


@pytest.fixture(autouse=True)
def on_path(monkeypatch):
    monkeypatch.syspath_prepend(BENCHMARKS)


@pytest.fixture
def fake(tmp_path):
    script, diary = tmp_path / "fake.py", tmp_path / "diary"
    script.write_text(FAKE)

    def command(name, dies_in=-1):
        return [sys.executable, str(script), name, str(diary), str(dies_in)]

    command.diary = lambda: diary.read_text().splitlines()
    return command


def test_peers_take_turns_and_leave(fake):
    import speed

    times, failures = speed.take_turns({name: fake(name) for name in "abc"}, rounds=2)
    assert times == {name: [250.0, 250.0] for name in "abc"} and not failures
    *turns, c, b, a = fake.diary()
    assert [turn.split()[1] for turn in turns] == ["begins", "ends"] * 6  # never two at once
    for half in (turns[:6], turns[6:]):
        assert sorted(half) == [f"{name} {what}" for name in "abc" for what in ("begins", "ends")]
    assert [c, b, a] == [f"{name} leaves" for name in "cba"]


def test_a_peer_that_dies_is_named_and_the_others_go_on(fake):
    import speed

    never = [sys.executable, "-c", "import sys; sys.exit('cannot start')"]
    commands = {"early": never, "a": fake("a"), "late": fake("late", dies_in=1), "b": fake("b")}
    times, failures = speed.take_turns(commands, rounds=3)
    assert {name: len(own) for name, own in times.items()} == {"early": 0, "a": 3, "late": 1, "b": 3}
    assert failures == {
        "early": "exit code 1\n    cannot start",
        "late": "exit code 1\n    late has had enough",
    }


def test_only_the_end_of_a_long_complaint_is_kept():
    import speed

    command = [sys.executable, "-c", "import sys; sys.exit('\\n'.join(f'line {i}' for i in range(100_000)))"]
    _, failures = speed.take_turns({"a": command}, rounds=1)
    assert failures["a"].splitlines()[0] == "exit code 1"
    assert failures["a"].splitlines()[-1].strip() == "line 99999" and len(failures["a"].splitlines()) < 20


def test_a_peer_that_does_not_answer_is_ended():
    import speed

    with speed.Peer([sys.executable, "-c", "import time; time.sleep(60)"], patience=0.5) as peer:
        started = time.monotonic()
        with pytest.raises(speed.PeerFailed, match="exit code"):
            peer.answer()
        assert time.monotonic() - started < 5


def test_peers_end_when_the_driver_is_killed(fake):
    driver = f"import os, sys; sys.path.insert(0, {str(BENCHMARKS)!r}); import speed; "
    driver += f"peer = speed.Peer({fake('a')!r}); peer.answer(); peer.round(); os._exit(9)"
    assert subprocess.run([sys.executable, "-c", driver]).returncode == 9
    deadline = time.monotonic() + 5
    while fake.diary()[-1] != "a leaves" and time.monotonic() < deadline:
        time.sleep(0.05)
    assert fake.diary() == ["a begins", "a ends", "a leaves"]


@pytest.mark.parametrize("dies_in", [-1, 0])
def test_table_and_exit_code(fake, dies_in, monkeypatch, capsys):
    import speed

    monkeypatch.setattr(speed, "peer_command", lambda name, _: fake(name, dies_in if name == "OursBfloat16" else -1))
    monkeypatch.setattr(sys, "argv", ["speed.py", "--pair", "convolutional", "--rounds", "1"])
    assert speed.main() == (0 if dies_in < 0 else 1)
    shown = capsys.readouterr().out
    row = next(line for line in shown.splitlines() if line.startswith("(a)") and "×" in line)
    if dies_in < 0:
        assert row.endswith("   1.00 ×   1.00 ×   1.00 ×   (goal ≥ 2.3)") and "failed" not in shown
    else:
        assert row.endswith("   1.00 ×   1.00 ×      –     (goal ≥ 2.3)")
        assert "bfloat16, convolutional: exit code 1\n    OursBfloat16 has had enough" in shown


@pytest.mark.parametrize(
    ("per_step", "interval", "steps"), [(0.004, 100, 2500), (0.08, 1, 125), (0.2, 2, 50), (2.5, 2, 4), (20, 2, 2)]
)
def test_a_round_takes_about_ten_seconds_however_slow_the_steps(per_step, interval, steps, monkeypatch):
    import peers

    class Variant:
        def run(self, steps):
            assert steps % interval == 0

    Variant.interval = interval
    monkeypatch.setattr(peers, "timed", lambda variant, steps: steps * per_step)
    assert peers.warm_up(Variant()) == steps


def test_every_variant_exists():
    import pairs
    import variants_tensorflow

    for pair in pairs.PAIRS.values():
        assert set(pair.goals) < set(pair.variants) <= set(pairs.NAMES)
        assert all(hasattr(variants_tensorflow, name) for name in pair.variants if name != "Torch")


def test_the_driver_imports_neither_tensorflow_nor_torch():
    check = f"import sys; sys.path.insert(0, {str(BENCHMARKS)!r}); import speed; "
    check += "assert not {'tensorflow', 'keras', 'torch'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", check], check=True)


def test_a_variant_that_the_machine_is_not_made_for_is_left_out(tmp_path, capsys):
    import speed

    script = tmp_path / "peer.py"
    script.write_text('import json; print(json.dumps({"left_out": "no such instructions"}), flush=True)')
    times, failures = speed.take_turns({"special": [sys.executable, str(script)]}, rounds=2)
    assert times == {} and failures == {} and "left out: no such instructions" in capsys.readouterr().out
