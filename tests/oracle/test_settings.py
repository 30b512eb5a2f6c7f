"""``[tool.cnn-oracle]``: every key is read, and a meaningless one is an error of one line."""

import subprocess
import sys
from random import Random

import pytest

from cnn_oracle.call import Call, parse
from cnn_oracle.calls.sampling import random_call
from cnn_oracle.op import ARRAY_KEYWORDS
from cnn_oracle.ops import OPS
from cnn_oracle.settings import Accepted, Settings, load

WHOLE = """
[tool.cnn-oracle]
subject = "mykernels"
dtypes = ["float32"]
convention = "any"
sizes = [48, 1000]

[tool.cnn-oracle.options]
conv2d = { groups = [1], stride = [1, [2, 2]], padding = ["same", 0], b = true }
max_pool2d = { ceil_mode = false, stride = ["None", 2] }

[[tool.cnn-oracle.accepted]]
op = "relu"
theorem = "special_values_are_pytorchs"
reason = "relu(NaN) is 0 here"
"""


@pytest.fixture
def project(tmp_path):
    """Writes a pyproject.toml and returns its folder."""

    def write(text):
        (tmp_path / "pyproject.toml").write_text(text, encoding="utf-8")
        return tmp_path

    return write


def declared(text, **options):
    """Whether a call has only options that are declared for its op."""
    call = parse(text, 0)
    return Settings(None, options={call.op: options}).limits.admit(OPS[call.op], call)


def test_every_key_is_read(project):
    folder = project(WHOLE)
    assert load(folder) == Settings(
        folder / "pyproject.toml",
        "mykernels",
        ("float32",),
        {
            "conv2d": {"groups": (1,), "stride": (1, (2, 2)), "padding": ("same", 0), "b": (True,)},
            "max_pool2d": {"ceil_mode": (False,), "stride": (None, 2)},
        },
        "any",
        (48, 1000),
        (Accepted("relu", "special_values_are_pytorchs", "relu(NaN) is 0 here"),),
    )


def test_a_table_without_keys_sets_nothing(project):
    folder = project("[tool.cnn-oracle]\n")
    assert load(folder) == Settings(folder / "pyproject.toml")


@pytest.mark.parametrize("text", ["", "tool = 3", "[tool.ruff]\nline-length = 3", '[project]\nname = "mykernels"'])
def test_a_project_without_the_table_has_no_settings(text, project):
    assert load(project(text)) == Settings(None)


def test_a_folder_without_a_project_has_no_settings(tmp_path):
    assert load(tmp_path) == Settings(None)


def test_the_nearest_project_above_the_folder_is_read(project):
    folder = project(WHOLE)
    (below := folder / "src/mykernels").mkdir(parents=True)
    assert load(below) == load(folder)
    (folder / "src/pyproject.toml").write_text("[project]\n")
    assert load(below) == Settings(None)


def test_dtypes_are_read_widest_first(project):
    assert load(project('[tool.cnn-oracle]\ndtypes = ["float32", "float64"]')).dtypes == ("float64", "float32")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('dtype = ["float32"]', 'dtype = ["float32"]: no such key; did you mean dtypes?'),
        (
            "zzz = 1",
            "zzz = 1: no such key; the keys are subject, dtypes, options, convention, sizes, max_elements, accepted",
        ),
        ('"a\\nb" = "c\\nd"', '"a\\nb" = "c\\nd": no such key; the keys are'),
        ('conventions = "any"', 'conventions = "any": no such key; did you mean convention?'),
        ("subject = 3", "subject = 3: must be a text, and not empty"),
        ('subject = ""', 'subject = "": must be a text, and not empty'),
        ('subject = "src/kernels.py"', 'subject = "src/kernels.py": give the name that it is imported by, like'),
        ('dtypes = "float32"', 'dtypes = "float32": must be an array of dtypes'),
        ("dtypes = []", "dtypes = []: must be some of float64, float32"),
        ('dtypes = ["float16"]', 'dtypes = ["float16"]: must be some of float64, float32'),
        ("dtypes = [[1]]", "dtypes = [[1]]: must be some of float64, float32"),
        ('convention = "jax"', 'convention = "jax": must be "pytorch" or "any"'),
        ("convention = [1]", 'convention = [1]: must be "pytorch" or "any"'),
        ("sizes = 48", "sizes = 48: must be an array of sizes"),
        ("sizes = [0]", "sizes = [0]: block sizes must be whole numbers from 1 to 100,000"),
        ("sizes = [true]", "sizes = [true]: block sizes must be"),
        ("sizes = [48.0]", "sizes = [48.0]: block sizes must be"),
        ("options = [1]", "options = [1]: must be a table"),
        ("options.conv2d = 1", "options.conv2d = 1: must be a table"),
        ("options.conv9 = {}", "options.conv9 = {}: no op 'conv9'; did you mean 'conv"),
        (
            "options.conv2d = { group = [1] }",
            "options.conv2d.group = [1]: no such option; did you mean groups?",
        ),
        (
            "options.conv2d = { x = true }",
            "options.conv2d.x = true: no such option; the options are b, stride, padding, dilation, groups",
        ),
        ("options.relu = { inplace = false }", "options.relu.inplace = false: no such option; there are no options"),
        ("options.sgd = { state = true }", "options.sgd.state = true: no such option; "),
        ("options.nll_loss = { target = true }", "options.nll_loss.target = true: no such option; "),
        (
            "options.conv2d = { b = 1 }",
            "options.conv2d.b = 1: values of b must be true (it is given) or false (it is not), at least one",
        ),
        ("options.conv2d = { groups = [] }", "options.conv2d.groups = []: values of groups must be whole numbers"),
        ("options.conv2d = { groups = [true] }", "options.conv2d.groups = [true]: values of groups must be whole"),
        ('options.conv2d = { stride = ["2"] }', 'options.conv2d.stride = ["2"]: values of stride must be whole'),
        ("options.conv2d = { padding = [0.5] }", "options.conv2d.padding = [0.5]: values of padding must be whole"),
        ("options.max_pool2d = { ceil_mode = [0] }", "values of ceil_mode must be true or false"),
        ("options.pad = { mode = [0] }", "values of mode must be texts"),
        ('options.elu = { alpha = "1" }', "values of alpha must be numbers"),
        (
            "options.adam = { betas = [0.9, 0.999] }",
            "options.adam.betas = [0.9, 0.999]: values of betas must be arrays of 2 numbers, like [[0.9, 0.999]]",
        ),
        ("options.softmax = { dim = [1979-05-27] }", 'options.softmax.dim = ["1979-05-27"]: values of dim must be'),
        ("options.softmax = { dim = { a = 1 } }", 'options.softmax.dim = {"a": 1}: values of dim must be'),
        ("accepted = 1", "accepted = 1: must be an array of tables"),
        ("accepted = [1]", "accepted #1 = 1: must be a table"),
        (
            'accepted = [{ op = "relu", theorem = "forward_is_pytorchs" }]',
            'accepted #1 = {"op": "relu", "theorem": "forward_is_pytorchs"}: has no reason; an accepted finding',
        ),
        (
            'accepted = [{ op = "relu", theorem = "forward_is_pytorchs", reason = " " }]',
            'accepted #1.reason = " ": must be a text, and not empty',
        ),
        (
            'accepted = [{ op = "relu", theorem = "forward_is_pytorchs", why = "so" }]',
            'accepted #1.why = "so": no such key; the keys are op, theorem, reason',
        ),
        (
            'accepted = [{ op = "rellu", theorem = "forward_is_pytorchs", reason = "so" }]',
            "accepted #1.op = \"rellu\": no op 'rellu'; did you mean",
        ),
        (
            'accepted = [{ op = "relu", theorem = "special_values", reason = "so" }]',
            'accepted #1.theorem = "special_values": no theorem of relu; did you mean special_values_are_pytorchs?',
        ),
        (
            'accepted = [{ op = "conv2d", theorem = "steps_are_pytorchs", reason = "so" }]',
            'accepted #1.theorem = "steps_are_pytorchs": no theorem of conv2d; ',
        ),
        (
            "accepted = ["
            '{ op = "relu", theorem = "forward_is_pytorchs", reason = "a" },'
            '{ op = "relu", theorem = "forward_is_pytorchs", reason = "b" }]',
            "forward_is_pytorchs of relu is accepted twice",
        ),
    ],
)
def test_what_means_nothing_is_an_error_of_one_line(text, message, project):
    folder = project(f"[tool.cnn-oracle]\n{text}\n")
    with pytest.raises(ValueError, match="tool") as raised:
        load(folder)
    line = str(raised.value)
    assert line.startswith(f"{folder / 'pyproject.toml'}: tool.cnn-oracle.")
    assert message in line
    assert len(line.splitlines()) == 1


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"[tool.cnn-oracle", "no TOML: "),
        (b"a = 1\na = 2", "no TOML: "),
        (b"a = '\xff'", "TOML must be UTF-8, and this is not"),
        (b"a = " + b"[" * 5000, "no TOML: "),
        (b"[tool]\ncnn-oracle = 3", "tool.cnn-oracle = 3: must be a table"),
        (b"[tool.cnn_oracle]", "tool.cnn_oracle is no table of the oracle; it is called [tool.cnn-oracle]"),
    ],
)
def test_a_file_that_cannot_be_read_is_an_error_of_one_line(content, message, tmp_path):
    (path := tmp_path / "pyproject.toml").write_bytes(content)
    with pytest.raises(ValueError, match=r"TOML|tool") as raised:
        load(tmp_path)
    line = str(raised.value)
    assert line.startswith(f"{path}: {message}")
    assert len(line.splitlines()) == 1


@pytest.mark.parametrize("text", ["[project]\n", '[tool.cnn-oracle]\nsubject = "mykernels"\nsizes = [48]\n'])
def test_torch_and_numpy_are_imported_only_if_the_table_names_ops(text, project):
    script = (
        "import sys; from pathlib import Path; from cnn_oracle.settings import load; load(Path());"
        "print(sorted({'hypothesis', 'numpy', 'torch'} & {*sys.modules}))"
    )
    ended = subprocess.run(
        [sys.executable, "-c", script], cwd=project(text), capture_output=True, text=True, check=False
    )
    assert (ended.stdout, ended.stderr) == ("[]\n", "")


CONV = "conv2d(x=(1, 1, 3, 3), w=(1, 1, 2, 2), {})"


def test_an_omitted_option_has_its_default():
    assert declared(CONV.format("stride=1"), groups=(1,), dilation=(1, 2))
    assert not declared(CONV.format("stride=1"), groups=(2,))
    assert declared("max_pool2d(x=(1, 1, 3, 3), kernel_size=2)", stride=(None, 2))
    assert not declared("max_pool2d(x=(1, 1, 3, 3), kernel_size=2)", stride=(2,))


def test_an_option_that_is_not_declared_may_have_any_value():
    assert declared(CONV.format("groups=3, stride=6"), groups=(3,))
    assert Settings(None).limits.admit(OPS["conv2d"], parse(CONV.format("groups=3"), 0))
    assert Settings(None, options={"conv1d": {"groups": (1,)}}).limits.admit(
        OPS["conv2d"], parse(CONV.format("groups=3"), 0)
    )


@pytest.mark.parametrize(
    ("value", "values", "admitted"),
    [
        ((1, 2), (1, 2), True),
        ((1, 3), (1, 2), False),
        ((1, 2), ((1, 2),), True),
        ((2, 1), ((1, 2),), False),
        (2, ((2, 2),), True),
        (2, ((1, 2),), False),
        ("same", ("same", 0), True),
        ("valid", ("same", 0), False),
        (1, (True,), False),
        (1.0, (1,), True),
    ],
)
def test_an_int_stands_for_one_per_axis_and_a_tuple_for_its_members(value, values, admitted):
    call = Call("conv2d", {"x": (1, 1, 3, 3), "w": (1, 1, 2, 2), "padding": value}, 0)
    assert Settings(None, options={"conv2d": {"padding": values}}).limits.admit(OPS["conv2d"], call) is admitted


def test_an_array_is_declared_as_given_or_not_given():
    assert declared(CONV.format("b=(1,)"), b=(True,))
    assert not declared(CONV.format("b=None"), b=(True,))
    assert not declared(CONV.format("stride=1"), b=(True,))
    assert declared(CONV.format("stride=1"), b=(False,))
    assert declared(CONV.format("stride=1"), b=(True, False))
    assert declared("nll_loss(x=(2, 3), target=(2,), weight=(3,))", weight=(True,))
    assert not declared("nll_loss(x=(2, 3), target=(2,), weight=(3,))", weight=(False,))


@pytest.mark.parametrize("name", OPS)
def test_the_options_of_a_drawn_call_can_be_declared(name, project):
    """Written as TOML and read again, they admit the call."""
    rng, op = Random(0), OPS[name]
    for _ in range(20):
        call = random_call(op, rng)
        options = {n: v for n, v in call.arguments.items() if n in op.options and n not in ARRAY_KEYWORDS}
        folder = project(
            f"[tool.cnn-oracle.options.{name}]\n" + "".join(f"{n} = [{toml(options[n])}]\n" for n in options)
        )
        assert load(folder).limits.admit(op, call), call


def toml(value):
    if isinstance(value, tuple):
        return f"[{', '.join(map(toml, value))}]"
    if isinstance(value, bool):
        return str(value).lower()
    return f'"{value}"' if value is None or isinstance(value, str) else repr(value)
