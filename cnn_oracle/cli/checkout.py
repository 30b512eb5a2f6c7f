"""The checkout of cnn-oracle that a command reads or changes. Its folders are at the top, beside the tests."""

from pathlib import Path

PARTS = ("cnn_oracle/ops.py", "manual/__init__.py", "reference/__init__.py", "tests/ops", "tests/test_layout.py")


def own() -> Path | None:
    """The checkout that contains this package; None if a wheel is installed."""
    top = Path(__file__).parents[2]
    return None if _missing(top) else top


def find(given: Path | None) -> Path:
    """The ``given`` checkout, or the one that contains this package.

    Raises:
        ValueError: it is not a checkout.
    """
    if given is None:
        if found := own():
            return found
        raise ValueError("cnn-oracle is installed here without its checkout: clone it, and pass its folder as --root")
    if missing := _missing(given):
        raise ValueError(f"--root {str(given)!r} is not a checkout of cnn-oracle: it has no {missing[0]}")
    return given


def path_of(module: str) -> str:
    """The file of a module, relative to the checkout: manual/relu.py for cnn_oracle.manual.relu."""
    parts = module.split(".")
    if parts[:2] in (["cnn_oracle", "manual"], ["cnn_oracle", "reference"]):
        del parts[0]
    return "/".join(parts) + ".py"


def _missing(top: Path) -> list[str]:
    return [part for part in PARTS if not (top / part).exists()]
