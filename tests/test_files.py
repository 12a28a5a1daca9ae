"""Files that several write at a time."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from gan_helpers.data.files import write_atomically


def test_two_writers_of_one_file_do_not_disturb_each_other(tmp_path):
    file = tmp_path / "weights.npz"

    def slow(handle):
        handle.write(b"the first half, ")
        write_atomically(file, lambda other: other.write(b"another's"))
        assert file.read_bytes() == b"another's"
        handle.write(b"the second half")

    write_atomically(file, slow)
    assert file.read_bytes() == b"the first half, the second half" and list(tmp_path.iterdir()) == [file]


def test_readers_see_what_one_writer_wrote(tmp_path):
    file, size, seen = tmp_path / "card.json", 100_000, []

    def write_often(letter):
        def in_pieces(handle):
            for _ in range(100):
                handle.write(letter * (size // 100))

        for _ in range(10):
            write_atomically(file, in_pieces)

    write_atomically(file, lambda handle: handle.write(b"0" * size))
    with ThreadPoolExecutor() as pool:
        writers = [pool.submit(write_often, letter) for letter in (b"a", b"b", b"c")]
        while not all(writer.done() for writer in writers):
            seen.append(file.read_bytes())
        for writer in writers:
            writer.result()  # raises what it raised
    assert all(len(content) == size and len(set(content)) == 1 for content in seen)
    assert list(tmp_path.iterdir()) == [file]


def test_whatever_stops_a_writer_leaves_nothing_behind(tmp_path):
    file = tmp_path / "curves.json"
    file.write_bytes(b"old")

    def stopped(handle):
        handle.write(b"half of the new")
        write_atomically(file, lambda other: other.write(b"another's"))
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_atomically(file, stopped)
    assert file.read_bytes() == b"another's" and list(tmp_path.iterdir()) == [file]
