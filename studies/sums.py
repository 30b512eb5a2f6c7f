"""The study of sums: in which order NumPy, its BLAS, PyTorch, JAX and ONNX Runtime add, and in which format.

Each order is read off roundings, and must predict the results for random pairs of addends. It holds for the shape that
the page names, for one thread, and for the machine and the versions there.
"""

from collections.abc import Callable, Iterator
from importlib.metadata import version
from importlib.util import find_spec
from types import SimpleNamespace
from typing import Any, NamedTuple

import numpy as np
import torch
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from cnn_oracle import adapt
from cnn_oracle.checks import single_threaded
from cnn_oracle.diagnose import addends, summation
from cnn_oracle.diagnose.sum_orders import Order, order
from cnn_oracle.manual._typing import Array
from cnn_oracle.ops import look_up
from cnn_oracle.pages import render
from cnn_oracle.subject import Subject

LENGTHS = (171, 1000)  # of the sums of functions; those of ops have about the first
SIDE = 8  # rows and columns of the other matrix of a product
LIBRARIES = {"NumPy": "numpy", "PyTorch": "torch", "JAX": "jax", "ONNX Runtime": "onnxruntime"}


class Entry(NamedTuple):
    """How something is added.

    Attributes:
        library: the library that adds.
        what: the function, or the op and its output.
        shape: n for a function, else the call.
        dtype: the dtype of the addends.
        addends: how many there are.
        accumulator: the format of the accumulator.
        order: the order in words; "not a fixed binary tree" if there is none.
        same_bits: whether sums of random numbers have the bits of this order. None if that was not tried.
        calls: how often the function was called.
    """

    library: str
    what: str
    shape: str
    dtype: str
    addends: int
    accumulator: str
    order: str
    same_bits: bool | None
    calls: int


class Function(NamedTuple):
    """A function of addends in some dtypes."""

    library: str
    what: str
    function: Callable[[Array], Any]
    dtypes: tuple[str, ...] = ("float64", "float32")


class Layer(NamedTuple):
    """An op of a library."""

    library: str
    op: str
    implementation: Any
    dtypes: tuple[str, ...] = ("float64", "float32")
    name: str = ""


def entries(progress: Callable[[str, int], None] = lambda *_: None) -> Iterator[Entry]:
    """How each function and each op adds. ``progress`` gets what comes next, and how many there are."""
    jobs: list[Function | Layer] = [*functions(), *layers()]
    for job in jobs:
        progress(f"{job.library} {job.what if isinstance(job, Function) else job.op}", len(jobs))
        yield from entries_of(job)


def entries_of(job: Function | Layer) -> Iterator[Entry]:
    """How one function, or each output of one op, adds in each dtype."""
    with single_threaded(), threadpool_limits(1):
        yield from _of_function(job) if isinstance(job, Function) else _of_layer(job)


def _of_function(job: Function) -> Iterator[Entry]:
    for dtype in job.dtypes:
        for n in LENGTHS:
            read = summation.read(lambda a: float(job.function(a)), n, dtype=dtype)
            said = order(read.tree) if read.tree else Order(addends.NO_TREE)
            yield Entry(
                job.library, job.what, f"n = {n:,}", dtype, n, read.accumulator, said.text, read.same_bits, read.calls
            )


def _of_layer(job: Layer) -> Iterator[Entry]:
    subject = Subject(job.library, SimpleNamespace(**{job.op: job.implementation}))
    for dtype in job.dtypes:
        for one in addends.sums(subject, look_up(job.op), dtype):
            read, what = one.reading, f"{job.name or job.op}, {one.quantity}"
            yield Entry(
                job.library, what, one.call, dtype, read.addends, read.accumulator, one.order.text, read.same_bits,
                read.calls,
            )  # fmt: skip


def functions() -> Iterator[Function]:
    """Functions that add the elements of one array, or of its products with ones."""
    yield Function("NumPy", "sum(a)", np.sum)
    yield Function("NumPy", "sum of columns", lambda a: np.repeat(a[:, None], SIDE, 1).sum(0)[0])
    yield Function("NumPy", "cumsum(a)", lambda a: np.cumsum(a)[-1])
    yield Function("NumPy", 'einsum("i,i")', lambda a: np.einsum("i,i", a, np.ones_like(a)))
    yield Function("NumPy", "a @ b, vectors (BLAS dot)", lambda a: a @ np.ones_like(a))
    yield Function("NumPy", "a @ b, matrix by vector (BLAS gemv)", lambda a: (_rows(a) @ np.ones_like(a))[0])
    yield Function(
        "NumPy", "a @ b, matrices (BLAS gemm)", lambda a: (_rows(a) @ np.ones((len(a), SIDE), a.dtype))[0, 0]
    )
    yield Function("NumPy", "a loop", _loop)
    yield Function("PyTorch", "sum(a)", lambda a: torch.from_numpy(a).sum())
    yield Function("PyTorch", "sum of columns", lambda a: torch.from_numpy(np.repeat(a[:, None], SIDE, 1)).sum(0)[0])
    yield Function("PyTorch", "dot(a, b)", lambda a: torch.from_numpy(a).dot(torch.from_numpy(np.ones_like(a))))
    yield Function("PyTorch", "sum(a) in bfloat16", lambda a: _bfloat16(a).sum(), ("float32",))
    yield Function(
        "PyTorch", "dot(a, b) in bfloat16", lambda a: _bfloat16(a).dot(_bfloat16(np.ones_like(a))), ("float32",)
    )
    if find_spec("jax"):
        import jax

        yield Function("JAX", "sum(a)", jax.jit(jax.numpy.sum), ("float32",))
        yield Function("JAX", "dot(a, b)", jax.jit(lambda a: a @ jax.numpy.ones_like(a)), ("float32",))
    if find_spec("onnx") and find_spec("onnxruntime"):
        yield Function("ONNX Runtime", "ReduceSum", _onnx("ReduceSum"), ("float32",))


def _rows(a: Array) -> Array:
    return np.repeat(a[None], SIDE, 0)


def _loop(a: Array) -> Any:
    total = a.dtype.type(0)
    for element in a:
        total += element
    return total


def _bfloat16(a: Array) -> torch.Tensor:
    return torch.from_numpy(a).bfloat16()


def _onnx(name: str) -> Callable[[Array], Any]:
    from onnx import helper

    return adapt.onnx(lambda x: helper.make_node(name, ["x"], ["y"], keepdims=0)).forward  # type: ignore[return-value]


def layers() -> Iterator[Layer]:
    """linear and conv2d of each library; their gradients are those of its own backward."""
    from torch.nn import functional as F

    for op in ("linear", "conv2d"):
        yield Layer("NumPy", op, look_up(op).manual, name=f"manual.{op}")
        torchs = getattr(F, op)
        yield Layer("PyTorch", op, adapt.torch_function(torchs))
        yield Layer("PyTorch", op, adapt.torch_function(_in_bfloat16(torchs)), ("float32",), f"{op} in bfloat16")
    if find_spec("jax"):
        yield Layer("JAX", "linear", adapt.jax_function(_jax_linear), ("float32",))
        yield Layer("JAX", "conv2d", adapt.jax_function(_jax_conv2d), ("float32",))
    if find_spec("onnx") and find_spec("onnxruntime"):
        yield Layer("ONNX Runtime", "linear", adapt.onnx(_gemm), ("float32",), "Gemm")
        yield Layer("ONNX Runtime", "conv2d", adapt.onnx(_conv), ("float32",), "Conv")


def _in_bfloat16(function: Callable[..., torch.Tensor]) -> Callable[..., torch.Tensor]:
    def rounded(x: torch.Tensor, w: torch.Tensor, b: torch.Tensor | None = None) -> torch.Tensor:
        return function(*(None if a is None else a.bfloat16() for a in (x, w, b))).to(x.dtype)

    return rounded


def _jax_linear(x: Any, w: Any, b: Any = None) -> Any:
    return x @ w.T if b is None else x @ w.T + b


def _jax_conv2d(x: Any, w: Any, b: Any = None) -> Any:
    from jax import lax

    y = lax.conv_general_dilated(x, w, (1, 1), "VALID")
    return y if b is None else y + b[:, None, None]


def _gemm(x: Array, w: Array, b: Array | None = None) -> Any:
    from onnx import helper

    return helper.make_node("Gemm", ["x", "w"] + ["b"] * (b is not None), ["y"], transB=1)


def _conv(x: Array, w: Array, b: Array | None = None) -> Any:
    from onnx import helper

    return helper.make_node("Conv", ["x", "w"] + ["b"] * (b is not None), ["y"])


def markdown(found: list[Entry]) -> str:
    """The page."""
    libraries = {name: version(of) for name, of in LIBRARIES.items() if any(one.library == name for one in found)}
    per_length = [one.calls / one.addends for one in found]
    return render(
        __file__, found=found, libraries=libraries, trees=sum(one.order != addends.NO_TREE for one in found),
        confirmed=sum(one.same_bits is True for one in found), tried=sum(one.same_bits is not None for one in found),
        pairs=summation.PAIRS, draws=summation.DRAWS, most=max(per_length), least=min(per_length),
    )  # fmt: skip
