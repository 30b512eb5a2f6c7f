"""A map as text: the pattern of the wrong elements is seen at once, and no wrong element is hidden."""

import numpy as np
import pytest

from cnn_oracle.call import Call
from cnn_oracle.diagnosis import Diagnosis, ErrorMap
from cnn_oracle.maps.blocks import binned, blocks, folded
from cnn_oracle.maps.text import HEIGHT, WIDTH, drawn, lines
from cnn_oracle.result import Failure

rng = np.random.default_rng(0)


def map_of(wrong, quantity="dx"):
    wrong = np.asarray(wrong, dtype=bool)
    return ErrorMap(Call("relu", {"x": wrong.shape}, 0), quantity, 3.0 * wrong, np.ones(wrong.shape))


def zeros(*shape):
    return np.zeros(shape, dtype=bool)


def is_drawn(wrong, text):
    """Compare a map, without its caption, with a text that is indented as in this file."""
    expected = [line[4:] for line in text.strip("\n").split("\n")]
    assert drawn(map_of(wrong)).picture == expected[: len(expected) - (not expected[-1].strip())]


def test_a_lost_tail():
    wrong = zeros(2, 3, 5, 5)
    wrong[..., 4, :] = wrong[..., 4] = True
    assert lines(map_of(wrong))[0] == "  map of dx on relu(x=(2, 3, 5, 5)): 54 of 150 elements are wrong (#)"
    is_drawn(wrong, """
      dx[0,0]     dx[0,1]     dx[0,2]     dx[1,0]     dx[1,1]     dx[1,2]
      . . . . #   . . . . #   . . . . #   . . . . #   . . . . #   . . . . #
      . . . . #   . . . . #   . . . . #   . . . . #   . . . . #   . . . . #
      . . . . #   . . . . #   . . . . #   . . . . #   . . . . #   . . . . #
      . . . . #   . . . . #   . . . . #   . . . . #   . . . . #   . . . . #
      # # # # #   # # # # #   # # # # #   # # # # #   # # # # #   # # # # #
    """)  # fmt: skip


def test_every_second_row_of_one_channel():
    wrong = zeros(1, 2, 4, 3)
    wrong[:, 1, ::2] = True
    is_drawn(wrong, """
      dx[0,0]   dx[0,1]
      . . .     # # #
      . . .     . . .
      . . .     # # #
      . . .     . . .
    """)  # fmt: skip


def test_a_border():
    wrong = np.ones((5, 6), dtype=bool)
    wrong[1:-1, 1:-1] = False
    is_drawn(wrong, """
      # # # # # #
      # . . . . #
      # . . . . #
      # . . . . #
      # # # # # #
    """)  # fmt: skip


def test_exchanged_axes_leave_the_diagonal():
    a = rng.permutation(16).reshape(4, 4)
    is_drawn(a != a.T, """
      . # # #
      # . # #
      # # . #
      # # # .
    """)  # fmt: skip


def test_a_vector_is_one_line():
    wrong = zeros(6)
    wrong[4] = True
    assert lines(map_of(wrong)) == ["  map of dx on relu(x=(6,)): 1 of 6 elements is wrong (#)", "  . . . . # ."]


@pytest.mark.parametrize("wrong", [zeros(2, 3), zeros(0, 3), zeros(), np.ones(()), np.ones((1, 1))])
def test_nothing_is_drawn_if_nothing_is_wrong_or_there_is_one_element(wrong):
    assert lines(map_of(wrong)) == []


def test_the_caption_says_that_every_element_is_wrong():
    assert lines(map_of(np.ones((2, 3)))) == ["  map of dx on relu(x=(2, 3)): all 6 elements are wrong"]


def test_axes_of_size_1_leave_their_place_to_others():
    wrong = zeros(3, 4, 1, 1)
    wrong[1] = True
    is_drawn(wrong, """
      dx[:,:,0,0]
      . . . .
      # # # #
      . . . .
    """)  # fmt: skip
    wrong = zeros(2, 2, 1, 3)
    wrong[1, 0, 0, 2] = True
    is_drawn(wrong, """
      dx[0,:,0]   dx[1,:,0]
      . . .       . . #
      . . .       . . .
    """)  # fmt: skip


def test_rows_of_blocks_hold_whole_axes():
    """Blocks of the same channel stand below each other."""
    wrong = zeros(3, 4, 2, 9)
    wrong[:, 2] = True
    is_drawn(wrong, """
      dx[0,0]             dx[0,1]             dx[0,2]             dx[0,3]
      . . . . . . . . .   . . . . . . . . .   # # # # # # # # #   . . . . . . . . .
      . . . . . . . . .   . . . . . . . . .   # # # # # # # # #   . . . . . . . . .

      dx[1,0]             dx[1,1]             dx[1,2]             dx[1,3]
      . . . . . . . . .   . . . . . . . . .   # # # # # # # # #   . . . . . . . . .
      . . . . . . . . .   . . . . . . . . .   # # # # # # # # #   . . . . . . . . .

      dx[2,0]             dx[2,1]             dx[2,2]             dx[2,3]
      . . . . . . . . .   . . . . . . . . .   # # # # # # # # #   . . . . . . . . .
      . . . . . . . . .   . . . . . . . . .   # # # # # # # # #   . . . . . . . . .
    """)  # fmt: skip


def test_a_long_repetition_is_shortened():
    wrong = zeros(300)
    wrong[-7:] = True
    assert lines(map_of(wrong))[1:] == ["  ~ continues the pattern", "  . . . ~ . . # # # # # # #"]
    wrong = zeros(300)
    wrong[::2] = True
    assert lines(map_of(wrong))[2:] == ["  # . # . ~ # ."]
    wrong = zeros(40, 6)
    wrong[10:, 1] = True
    is_drawn(wrong, """
      . . . . . .
      . . . . . .
      . . . . . .
      ~ ~ ~ ~ ~ ~
      . . . . . .
      . . . . . .
      . # . . . .
      . # . . . .
      . # . . . .
      ~ ~ ~ ~ ~ ~
      . # . . . .
      . # . . . .
    """)  # fmt: skip


def test_without_a_repetition_a_character_stands_for_several_elements():
    wrong = rng.random(1000) < 0.3
    wrong[:22] = [True] * 11 + [False] * 11
    _, note, line = lines(map_of(wrong))
    assert note == "  a character is 11 elements: # all are wrong, + some are wrong"
    assert line.startswith("  #.")
    assert len(line) <= WIDTH
    whole = {(True, True): "#", (True, False): "+", (False, False): "."}
    assert line.strip() == "".join(
        whole[part.any(), part.all()] for part in (wrong[i : i + 11] for i in range(0, 1000, 11))
    )


def test_blocks_without_wrong_elements_are_left_out_first():
    wrong = zeros(8, 16, 3, 3)
    wrong[3, 7, 1, 1] = True
    assert lines(map_of(wrong))[1] == "  127 blocks not shown: all of their elements are right"
    is_drawn(wrong, """
      dx[3,7]
      . . .
      . # .
      . . .
    """)  # fmt: skip


def test_blocks_that_look_the_same_are_drawn_once():
    wrong = zeros(16, 32, 3, 3)
    wrong[2:6, ::2, 1, 1] = True
    wrong[7, 0, 0, 0] = True
    assert lines(map_of(wrong))[1] == (
        "  ×n: n blocks look the same; 447 blocks not shown: all of their elements are right"
    )
    is_drawn(wrong, """
      dx[2,0] ×64   dx[7,0]
      . . .         # . .
      . # .         . . .
      . . .         . . .
    """)  # fmt: skip


def test_blocks_that_do_not_fit_are_counted():
    wrong = rng.random((10, 20, 5, 5)) < 0.3
    caption, picture = drawn(map_of(wrong))
    shown = sum(line.count("dx[") for line in picture)
    hidden = 200 - shown
    assert caption[1] == f"  {hidden} blocks not shown: {hidden} of them have wrong elements"
    assert shown >= 20


SHAPES = [(7,), (1000,), (3, 4), (40, 300), (300, 2), (1, 1, 28, 28), (64, 3, 3, 3), (2, 3, 4, 5, 6), (200, 1, 1)]


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("width", [40, WIDTH])
@pytest.mark.parametrize("share", [0.01, 0.5])
def test_a_map_of_any_shape_has_a_limited_size(shape, width, share):
    wrong = rng.random(shape) < share
    wrong.flat[0] = True
    picture = drawn(map_of(wrong), width).picture
    assert any("#" in line or "+" in line for line in picture)
    assert max(map(len, picture)) <= width
    assert len(picture) <= HEIGHT


@pytest.mark.parametrize("length", [1, 5, 100, 300])
def test_binned_lines_show_every_element_once(length):
    assert [i for line in binned(length, 7) for i in line] == [*range(length)]


@pytest.mark.parametrize("length", [1, 5, 100, 300])
def test_a_fold_leaves_out_no_kind_of_line_and_keeps_the_order(length):
    kinds = rng.integers(0, 3, (length, 1)) * (rng.random((length, 1)) < 0.05)
    shown = [line[0] for line in folded(kinds) if line]
    assert shown == sorted({*shown})
    assert {kinds[i, 0] for i in shown} == {*kinds[:, 0].tolist()}
    assert not length > 100 or len(shown) < length


def test_the_index_of_an_element_is_that_of_the_array():
    error = np.arange(24.0).reshape(2, 3, 1, 4)
    found = blocks(ErrorMap(Call("relu", {"x": error.shape}, 0), "y", error, np.zeros(error.shape)))
    for block, row, column in np.ndindex(found.error.shape):
        index = found.index(block, row, column)
        assert found.error[block, row, column] == error[tuple(map(int, index.strip("[]").split(",")))]


def test_a_nan_is_wrong():
    error = np.array([0.0, np.inf, np.nan])
    assert drawn(ErrorMap(Call("relu", {"x": (3,)}, 0), "y", error, np.ones(3))).picture == ["  . # #"]


def test_a_message_ends_with_the_map_of_the_first_output():
    wrong, right = zeros(3), zeros(3)
    wrong[2] = True
    call = Call("relu", {"x": (1,)}, 0)
    failure = Failure("dx[0] is wrong", call, diagnosis=Diagnosis(maps=(map_of(wrong), map_of(right, "y"))))
    head, drawn_map = str(failure).split("  map of ")
    assert head.endswith("--seed 0\n")
    assert head == f"{failure.message}\n"
    assert drawn_map == "dx on relu(x=(3,)): 1 of 3 elements is wrong (#)\n  . . #"
    assert str(failure.replace(diagnosis=Diagnosis())) == failure.message
