"""The data sets. Digits match their README. MNIST is complete and verified, or rejected; no fallback is silent."""

import errno
import gzip
import hashlib
import os
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pytest

from cnn_oracle import data
from cnn_oracle.data import _download, digits, mnist
from cnn_oracle.data._torchvision import MNIST

CODE = Path(data.__file__).parent
README = (CODE / "README.md").read_text(encoding="utf-8")
NAMES = list(mnist.FILES)

PUBLISHED = data.find_mnist()
needs_mnist = pytest.mark.skipif(PUBLISHED is None, reason="MNIST is not here; MNIST_ROOT names its root")


def idx(array: np.ndarray) -> bytes:
    """A uint8 array in the format of MNIST's files: two zeros, type 8, rank, sizes in big-endian 32 bits, elements."""
    return bytes([0, 0, 8, array.ndim]) + np.array(array.shape, ">i4").tobytes() + array.tobytes()


@pytest.fixture
def contents(monkeypatch) -> dict[str, bytes]:
    """The four files of an MNIST of 5 + 3 random images, whose checksums replace the real ones during the test."""
    rng = np.random.default_rng(0)
    arrays = [rng.integers(0, 256, (n, 28, 28), np.uint8) for n in (5, 3)]
    labels = [rng.integers(0, 10, n, np.uint8) for n in (5, 3)]
    parts = zip(NAMES, (arrays[0], labels[0], arrays[1], labels[1]), strict=True)
    small = {name: idx(array) for name, array in parts}
    files = {name: (len(content), hashlib.sha256(content).hexdigest()) for name, content in small.items()}
    monkeypatch.setattr(mnist, "FILES", files)
    return small


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch) -> Path:
    """The user's cache folder for cnn-oracle: one per test, not yet created. MNIST_ROOT is not set."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.delenv("MNIST_ROOT", raising=False)
    return tmp_path / "cache" / "cnn-oracle"


@pytest.fixture
def root(contents, tmp_path) -> Path:
    """A torchvision root with that MNIST."""
    folder = tmp_path / "root"
    mnist.raw(folder).mkdir(parents=True)
    for name, content in contents.items():
        (mnist.raw(folder) / name).write_bytes(content)
    return folder


@pytest.fixture
def empty(contents, tmp_path) -> Path:
    """A folder that has no MNIST yet."""
    folder = tmp_path / "empty"
    folder.mkdir()
    return folder


@pytest.fixture
def serve(monkeypatch) -> Iterator[Callable[..., str]]:
    """Starts a local mirror from a function path -> bytes, or None for 404, and returns its address."""
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    servers = []

    def start(output: Callable[[str], bytes | None]) -> str:
        class Handler(BaseHTTPRequestHandler):
            def do_HEAD(self):
                self.send_response(200 if output(self.path) else 404)
                self.end_headers()

            def do_GET(self):
                self.do_HEAD()
                self.wfile.write(output(self.path) or b"")

            def log_message(self, *_):
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        servers.append(server)
        return f"http://127.0.0.1:{server.server_port}/"

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.fixture
def silent() -> Iterator[str]:
    """The address of a mirror that accepts connections and never responds."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/"


def packed(contents: dict[str, bytes]) -> Callable[[str], bytes | None]:
    """The responses of a correct mirror of `contents`, by path."""
    return {f"/{name}.gz": gzip.compress(content) for name, content in contents.items()}.get


# Digits


def test_digits_are_the_ones_the_readme_describes():
    with np.load(digits.FILE) as file:
        made = [digits.FILE.read_bytes(), file["images"].tobytes(), file["labels"].tobytes()]
    for row, content in zip(("digits.npz", "images", "labels"), made, strict=True):
        assert f"| {row} | `{hashlib.sha256(content).hexdigest()}` |" in README


def test_digits_have_the_classes_that_uci_counts_in_its_test_part():
    labels = np.concatenate([data.load("digits").train_labels, data.load("digits").test_labels])
    np.testing.assert_array_equal(np.bincount(labels), [178, 182, 177, 183, 181, 182, 181, 179, 174, 180])


def test_digits_are_1438_to_train_on_and_359_to_test_with():
    name, split, *arrays = data.load("digits")
    assert (name, split) == ("digits", "every fifth image tests (359), the others train (1,438)")
    assert [a.shape for a in arrays] == [(1438, 1, 8, 8), (1438,), (359, 1, 8, 8), (359,)]
    assert [a.dtype for a in arrays] == [np.float64, np.int64] * 2
    for images, labels in (arrays[:2], arrays[2:]):
        assert (images.min(), images.max()) == (0, 1)
        assert set(labels) == set(range(10))


def test_digits_are_reproduced_from_scikit_learn(tmp_path):
    pytest.importorskip("sklearn", reason="only making digits.npz needs scikit-learn")
    from cnn_oracle.data.make_digits import make

    make(tmp_path / "again.npz")
    assert [path.name for path in tmp_path.iterdir()] == ["again.npz"]
    with np.load(digits.FILE) as shipped, np.load(tmp_path / "again.npz") as again:
        assert shipped.files == again.files
        for name in shipped.files:
            np.testing.assert_array_equal(shipped[name], again[name], strict=True)


@pytest.mark.parametrize("absent", ["torch", "torchvision", "platformdirs", "rich"])
def test_digits_need_neither_torch_nor_what_mnist_needs(absent):
    code = f"import sys; sys.modules[{absent!r}] = None; from cnn_oracle import data; data.load('digits')"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_another_name_is_rejected():
    with pytest.raises(data.DataError, match=r"""^load\('cifar'\): the data sets are "digits" and "mnist"$"""):
        data.load("cifar")


# MNIST: search path and reading


@needs_mnist
def test_mnist_is_the_published_one():
    name, split, *arrays = data.load(root=PUBLISHED)
    assert (name, split) == ("mnist", "MNIST's own, 60,000 train, 10,000 test")
    assert [a.shape for a in arrays] == [(60_000, 1, 28, 28), (60_000,), (10_000, 1, 28, 28), (10_000,)]
    assert [a.dtype for a in arrays] == [np.float64, np.int64] * 2
    for images, labels in (arrays[:2], arrays[2:]):
        assert (images.min(), images.max()) == (0, 1)
        assert set(labels) == set(range(10))
    assert arrays[1][:10].tolist() == [5, 0, 4, 1, 9, 2, 1, 3, 1, 4]


def test_mnist_matches_its_files(root, contents):
    found = data.load(root=root)
    assert found.split == "MNIST's own, 5 train, 3 test"
    for name, images in zip(NAMES[::2], (found.train_images, found.test_images), strict=True):
        assert (images * 255).round().astype(np.uint8).tobytes() == contents[name][16:]
    for name, labels in zip(NAMES[1::2], (found.train_labels, found.test_labels), strict=True):
        assert labels.astype(np.uint8).tobytes() == contents[name][8:]


def test_mnist_is_looked_for_in_root_else_in_mnist_root_else_in_the_users_cache(root, empty, cache, monkeypatch):
    assert data.find_mnist() is None
    shutil.copytree(root, cache)
    assert data.find_mnist() == cache
    monkeypatch.setenv("MNIST_ROOT", str(empty))
    assert data.find_mnist() is None
    assert data.find_mnist(root) == root
    monkeypatch.setenv("MNIST_ROOT", str(root))
    assert data.find_mnist() == root
    assert data.find_mnist(empty) is None


@pytest.mark.parametrize("name", NAMES)
def test_mnist_without_one_file_is_absent_to_torchvision_too(root, name):
    MNIST(root)
    (mnist.raw(root) / name).unlink()
    assert data.find_mnist(root) is None
    with pytest.raises(RuntimeError, match="Dataset not found"):
        MNIST(root)


@pytest.mark.parametrize("requested", [None, "mnist"])
@pytest.mark.parametrize("name", NAMES)
def test_a_truncated_mnist_file_is_named_and_rejected(root, contents, name, requested):
    path = mnist.raw(root) / name
    path.write_bytes(contents[name][:-1])
    size = len(contents[name])
    with pytest.raises(data.DataError) as caught:
        data.load(requested, root)
    problem = f"has {size - 1:,} bytes, should have {size:,}: truncated"
    assert str(caught.value) == f"{path} {problem}; delete it and run again"


def test_a_mnist_file_with_one_bit_changed_is_named_and_rejected(root, contents):
    path = mnist.raw(root) / NAMES[0]
    content = bytearray(contents[NAMES[0]])
    content[-1] ^= 1
    path.write_bytes(content)
    with pytest.raises(data.DataError) as caught:
        data.load(root=root)
    found, expected = (hashlib.sha256(c).hexdigest()[:12] for c in (content, contents[NAMES[0]]))
    problem = f"is corrupt: its SHA-256 is {found}…, should be {expected}…"
    assert str(caught.value) == f"{path} {problem}; delete it and run again"


def test_files_that_an_early_torchvision_left_behind_are_not_read(root):
    (root / "MNIST" / "processed").mkdir()
    for name in ("training.pt", "test.pt"):
        (root / "MNIST" / "processed" / name).write_bytes(b"unverified")
    assert data.load("mnist", root).name == "mnist"


@pytest.mark.parametrize("declared", [True, False])
def test_torchvision_is_importable_whether_or_not_its_operators_are(declared):
    declare = """
import torch
lib = torch.library.Library("torchvision", "DEF")
for name in ("nms", "qnms"):
    lib.define(f"{name}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
"""
    if declared and not subprocess.run([sys.executable, "-c", "import torchvision"], capture_output=True).returncode:
        pytest.skip("this torchvision is built for this torch: its operators are there, and cannot be declared again")
    code = f"{declare if declared else ''}\nimport cnn_oracle.data._torchvision"
    subprocess.run([sys.executable, "-W", "error", "-c", code], check=True)


# MNIST: torchvision

NOT_INSTALLED = (
    'MNIST needs torchvision, which is not installed: pip install "cnn-oracle[train]" torch=='
    + version("torch").partition("+")[0]
)


@pytest.fixture
def no_torchvision(monkeypatch):
    """As if torchvision were not installed."""
    monkeypatch.setitem(sys.modules, "torchvision", None)


@pytest.mark.usefixtures("no_torchvision")
def test_without_torchvision_mnist_by_name_says_what_to_install(root):
    assert data.find_mnist(root) == root
    with pytest.raises(data.DataError) as caught:
        data.load("mnist", root)
    assert str(caught.value) == NOT_INSTALLED


@pytest.mark.usefixtures("no_torchvision")
def test_without_torchvision_the_shipped_digits_are_used_and_nothing_is_downloaded(root, cache, capsys):
    for folder in (root, None):
        assert data.load(root=folder).name == "digits"
        assert capsys.readouterr() == ("", f"{NOT_INSTALLED}. Going on with the shipped digits.\n")
    assert not cache.exists()


def test_without_torchvision_no_torch_is_imported():
    code = (
        "import sys; sys.modules['torchvision'] = None\n"
        "from cnn_oracle import data\n"
        "assert data.load().name == 'digits' and 'torch' not in sys.modules"
    )
    output = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stderr
    assert output == f"{NOT_INSTALLED}. Going on with the shipped digits.\n"


def test_a_torchvision_that_does_not_import_is_a_one_line_message(root, tmp_path, monkeypatch, capsys):
    (tmp_path / "torchvision.py").write_text("raise OSError('libcudart.so: cannot open\\nshared object file')\n")
    monkeypatch.syspath_prepend(tmp_path)
    for name in ("torchvision", MNIST.__module__):
        monkeypatch.delitem(sys.modules, name)
    line = "MNIST needs torchvision, which cannot be imported (OSError: libcudart.so: cannot open shared object file)"
    with pytest.raises(data.DataError) as caught:
        data.load("mnist", root)
    assert str(caught.value) == line
    assert data.load(root=root).name == "digits"
    assert capsys.readouterr().err == f"{line}. Going on with the shipped digits.\n"


# MNIST: the download


@pytest.mark.parametrize("requested", [None, "mnist"])
def test_missing_mnist_is_downloaded_into_root(contents, empty, serve, monkeypatch, capsys, requested):
    monkeypatch.setattr(MNIST, "mirrors", [serve(packed(contents))])
    assert data.load(requested, empty).name == "mnist"
    assert {path.name: path.read_bytes() for path in mnist.raw(empty).iterdir()} == contents
    assert [path.name for path in empty.iterdir()] == ["MNIST"]
    assert capsys.readouterr() == ("", f"downloading MNIST (11 MB) into {empty}\n")


@pytest.mark.parametrize("requested", [None, "mnist"])
def test_missing_mnist_is_downloaded_into_the_users_cache_and_never_beside_the_code(
    contents, cache, serve, monkeypatch, tmp_path, requested
):
    def beside_the_code() -> set[Path]:
        return {path for path in CODE.rglob("*") if "__pycache__" not in path.parts}

    before = beside_the_code()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(MNIST, "mirrors", [serve(packed(contents))])
    assert data.load(requested).name == "mnist"
    assert data.find_mnist() == cache
    assert {path.name: path.read_bytes() for path in mnist.raw(cache).iterdir()} == contents
    assert [path.name for path in tmp_path.iterdir()] == ["cache"]
    assert beside_the_code() == before


def test_a_file_missing_from_mnist_is_downloaded(contents, root, serve, monkeypatch):
    (mnist.raw(root) / NAMES[1]).unlink()
    monkeypatch.setattr(MNIST, "mirrors", [serve(packed(contents))])
    assert data.load("mnist", root).name == "mnist"


def test_a_mirror_that_lacks_the_files_is_skipped(contents, empty, serve, monkeypatch):
    monkeypatch.setattr(MNIST, "mirrors", [serve(lambda path: None), serve(packed(contents))])
    assert data.load("mnist", empty).name == "mnist"


def test_a_mirror_that_never_responds_is_skipped(contents, empty, serve, silent, monkeypatch):
    monkeypatch.setattr(_download, "PATIENCE", 0.5)
    monkeypatch.setattr(MNIST, "mirrors", [silent, serve(packed(contents))])
    assert data.load("mnist", empty).name == "mnist"


@pytest.mark.parametrize(
    ("spoil", "problem"),
    [
        (lambda gz: gz[:-9], r"does not arrive \(.+\)"),
        (lambda gz: b"<html>", r"does not arrive \(Not a gzipped file .+\)"),
        (lambda gz: gzip.compress(gzip.decompress(gz)[:-1]), r"has 10 bytes, should have 11: truncated"),
        (lambda gz: gzip.compress(gzip.decompress(gz)[:-1] + b"\xff"), r"is corrupt: its SHA-256 is .+"),
    ],
    ids=["cut off", "not gzip", "truncated", "corrupt"],
)
def test_a_wrong_download_leaves_nothing_behind(contents, empty, serve, monkeypatch, spoil, problem):
    """Only the last of the four files is wrong; the three correct ones must not be kept either."""
    good = packed(contents)
    mirror = serve(lambda path: spoil(good(path)) if NAMES[3] in path else good(path))
    monkeypatch.setattr(MNIST, "mirrors", [mirror])
    with pytest.raises(data.DataError, match=rf"{NAMES[3]} from 127\.0\.0\.1:\d+ {problem}; name a folder"):
        data.load("mnist", empty)
    assert list(empty.iterdir()) == []


def test_a_wrong_download_is_replaced_from_the_next_mirror(contents, empty, serve, monkeypatch):
    monkeypatch.setattr(MNIST, "mirrors", [serve(lambda path: b"<html>"), serve(packed(contents))])
    assert data.load("mnist", empty).name == "mnist"


def test_an_interrupted_download_leaves_nothing_behind(contents, empty, serve, monkeypatch):
    def interrupt(name: str, content: bytes) -> None:
        if name == NAMES[3]:
            raise KeyboardInterrupt

    monkeypatch.setattr(MNIST, "mirrors", [serve(packed(contents))])
    monkeypatch.setattr(mnist, "fault", interrupt)
    with pytest.raises(KeyboardInterrupt):
        data.load("mnist", empty)
    assert list(empty.iterdir()) == []


@pytest.mark.usefixtures("no_torchvision")
@pytest.mark.parametrize("requested", [None, "mnist"])
def test_a_root_that_is_a_file_is_rejected_before_anything_else(empty, requested):
    (empty / "file").touch()
    with pytest.raises(data.DataError, match=f"^{empty / 'file'} is a file, not a folder that has MNIST or takes it$"):
        data.load(requested, empty / "file")


@pytest.mark.parametrize("requested", [None, "mnist"])
def test_a_root_in_the_home_of_an_unknown_user_is_rejected(requested):
    with pytest.raises(data.DataError, match=r"^~no such user/mnist is in a home folder that is unknown$"):
        data.load(requested, Path("~no such user/mnist"))


def test_a_root_that_cannot_be_written_is_named(contents, empty, serve, monkeypatch):
    (empty / "MNIST").touch()
    monkeypatch.setattr(MNIST, "mirrors", [serve(packed(contents))])
    with pytest.raises(data.DataError, match=rf"cannot be downloaded: {empty / 'MNIST'}.*: .+; name a folder"):
        data.load("mnist", empty)


@pytest.fixture
def unwritable(contents, cache, serve, monkeypatch) -> str:
    """A file blocks the path of the cache folder. Returns the expected message."""
    cache.parent.touch()
    monkeypatch.setattr(MNIST, "mirrors", [serve(packed(contents))])
    why = f"{cache}: {os.strerror(errno.ENOTDIR)}"
    return f"MNIST is not in {cache} and cannot be downloaded: {why}; {mnist.ADVICE}"


@pytest.fixture
def homeless(monkeypatch) -> str:
    """No home folder, neither in the environment nor in the list of users. Returns the expected message."""

    def unknown(uid: int) -> None:
        raise KeyError(uid)

    for name in ("HOME", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("pwd.getpwuid", unknown)
    return f"MNIST has no cache folder, because the home folder is unknown; {mnist.ADVICE}"


@pytest.mark.parametrize("case", ["unwritable", "homeless"])
def test_without_a_cache_folder_the_shipped_digits_are_used(request, case, capsys):
    line = request.getfixturevalue(case)
    assert data.find_mnist() is None
    assert data.load().name == "digits"
    assert capsys.readouterr().err.splitlines()[-1] == f"{line}. Going on with the shipped digits."


@pytest.mark.parametrize("case", ["unwritable", "homeless"])
def test_without_a_cache_folder_mnist_by_name_is_a_one_line_error(request, case):
    line = request.getfixturevalue(case)
    with pytest.raises(data.DataError) as caught:
        data.load("mnist")
    assert str(caught.value) == line


def test_a_named_folder_is_used_where_there_is_no_cache_folder(root, homeless):
    assert data.load("mnist", root).name == "mnist"


@pytest.fixture
def offline(silent, empty, monkeypatch) -> str:
    """No mirror responds: one refuses connections, one is silent. Returns the expected message."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        closed = f"http://127.0.0.1:{listener.getsockname()[1]}/"
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    monkeypatch.setattr(MNIST, "mirrors", [closed, silent])
    monkeypatch.setattr(_download, "PATIENCE", 0.3)
    hosts = ", ".join(mirror[len("http://") : -1] for mirror in MNIST.mirrors)
    return (
        f"MNIST is not in {empty} and cannot be downloaded: no mirror answers ({hosts}); "
        "name a folder that has it, or can take it, with --root or MNIST_ROOT"
    )


def test_offline_falls_back_to_digits_soon_with_a_one_line_message(offline, empty, capsys):
    start = time.monotonic()
    assert data.load(root=empty).name == "digits"
    assert time.monotonic() - start < 2
    lines = capsys.readouterr().err.splitlines()
    assert lines == [f"downloading MNIST (11 MB) into {empty}", f"{offline}. Going on with the shipped digits."]


def test_offline_mnist_by_name_is_rejected_not_replaced(offline, empty):
    with pytest.raises(data.DataError) as caught:
        data.load("mnist", empty)
    assert str(caught.value) == offline


@pytest.mark.usefixtures("offline")
def test_mnist_root_is_where_missing_mnist_is_downloaded(empty, monkeypatch, capsys):
    monkeypatch.setenv("MNIST_ROOT", str(empty))
    assert data.load().name == "digits"
    assert capsys.readouterr().err.startswith(f"downloading MNIST (11 MB) into {empty}\n")
