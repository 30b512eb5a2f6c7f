"""docs/generated/mutants.md and its picture: the share of edits that is rejected, the others and why, the ladder."""

from collections.abc import Iterable, Sequence
from io import BytesIO
from pathlib import Path
from typing import NamedTuple

from cnn_oracle.environment import hardware, versions, write_atomically
from cnn_oracle.ops import OPS
from cnn_oracle.studies.mutation.baselines import Rung
from cnn_oracle.studies.mutation.equivalent import name_of, reason
from cnn_oracle.studies.mutation.run import Judged, files

DARK = "#1f3864"


class Row(NamedTuple):
    """A file, or an op with all that it is made of: its edits, and what became of them."""

    name: str
    edits: int
    unborn: int  # cannot be imported: no subject at all
    equivalent: int  # change no answer, for a reason that is told
    rejected: int
    at_once: int  # of these by the first call
    survived: int

    @property
    def share(self) -> float:
        """Of the edits that change an answer, for all that is known, those rejected."""
        return self.rejected / max(self.rejected + self.survived, 1)


def row_of(name: str, judged: Iterable[Judged]) -> Row:
    found = list(judged)
    born = [one for one in found if one.theorem != "import"]
    known = [one for one in born if reason(one.mutant) and not one.op]
    rejected = [one for one in born if one.op]
    return Row(
        name, len(found), len(found) - len(born), len(known), len(rejected), sum(one.calls <= 1 for one in rejected),
        len(born) - len(known) - len(rejected),
    )  # fmt: skip


def rows(judged: Sequence[Judged]) -> list[Row]:
    """Per op, with the edits of the private functions that it runs."""
    named = [name for name in OPS if any(name in one.judges for one in judged)]
    return [row_of(name, (one for one in judged if name in one.judges)) for name in named]


def survivors(judged: Iterable[Judged]) -> list[Judged]:
    """Not rejected, and no reason is known why they could not be."""
    return [one for one in judged if not one.op and reason(one.mutant) is None]


def contradicted(judged: Iterable[Judged]) -> list[Judged]:
    """Rejected, though they are said to change no answer."""
    return [one for one in judged if one.op and reason(one.mutant) is not None]


def markdown(judged: Sequence[Judged], rungs: Sequence[Rung], picture: str) -> str:
    """The page."""
    whole = row_of("all", judged)
    by_theorem: dict[str, int] = {}
    for one in judged:
        if one.op and one.theorem != "import":
            by_theorem[one.theorem] = by_theorem.get(one.theorem, 0) + 1
    grouped: dict[str, list[Judged]] = {}
    for one in judged:
        if (why := reason(one.mutant)) and not one.op:
            grouped.setdefault(why, []).append(one)
    return PAGE.format(
        machine=f"{hardware()['cpu']}, torch {versions()['torch']}, NumPy {versions()['numpy']}",
        edits=f"{whole.edits:,}", files=len({one.mutant.file for one in judged}), unborn=f"{whole.unborn:,}",
        equivalent=f"{whole.equivalent:,}", rejected=f"{whole.rejected:,}", share=f"{whole.share:.2%}",
        at_once=f"{whole.at_once / max(whole.rejected, 1):.0%}", survived=_survived(judged),
        ladder="\n".join(f"| {r.name} | {r.rejected / max(r.of, 1):.1%} |" for r in rungs),
        sample=f"{rungs[0].of:,}" if rungs else "no", picture=picture,
        theorems="\n".join(f"| {n} | {k:,} |" for n, k in sorted(by_theorem.items(), key=lambda item: -item[1])),
        ops="\n".join(map(_line, rows(judged))),
        shared="\n".join(_line(row_of(f, own)) for f in files() if f not in OPS and (own := _of(judged, f))),
        reasons="\n\n".join(_reason(why, found) for why, found in grouped.items()),
    )  # fmt: skip


def _of(judged: Iterable[Judged], file: str) -> list[Judged]:
    return [one for one in judged if one.mutant.file == file]


def _survived(judged: Sequence[Judged]) -> str:
    left = survivors(judged)
    if not left:
        return "None is left: every edit that is not rejected has its reason, below."
    return "Not rejected, and without a reason:\n\n" + "\n".join(f"- `{name_of(one.mutant)}`" for one in left)


def _line(row: Row) -> str:
    figures = f"{row.edits} | {row.rejected} | {row.at_once} | {row.equivalent} | {row.survived}"
    return f"| {row.name} | {figures} | {row.share:.1%} |"


def _reason(why: str, found: Sequence[Judged]) -> str:
    ordered = sorted(found, key=lambda one: (one.mutant.file, one.mutant.number))
    lines = "\n".join(f"- `{one.mutant.file}:{one.mutant.line}` `{one.mutant}`" for one in ordered)
    return f"**{why[0].upper()}{why[1:]}** ({len(found)})\n\n{lines}"


def plot(rungs: Sequence[Rung], path: Path) -> None:
    """The ladder as bars, written whole or not at all."""
    from matplotlib.figure import Figure  # without pyplot there is no window and no global state

    figure = Figure(figsize=(8, 3.2), dpi=150, layout="constrained")
    axes = figure.subplots()
    shares = [100 * r.rejected / max(r.of, 1) for r in rungs]
    bars = axes.barh([r.name for r in rungs], shares, color=DARK)
    axes.bar_label(bars, [f"{share:.1f} %" for share in shares], padding=3)
    axes.invert_yaxis()
    axes.set_xlim(0, 112)
    axes.set_xticks(range(0, 101, 20))
    axes.set_xlabel(f"share of {rungs[0].of:,} edits of manual/ that is rejected, %")
    axes.spines[["top", "right"]].set_visible(False)
    buffer = BytesIO()
    figure.savefig(buffer, format=path.suffix.lower().lstrip(".") or "png")
    write_atomically(path, buffer.getvalue())


PAGE = """# How sensitive the oracle is

Generated by `cnn-oracle mutants --ladder --markdown docs/generated/mutants.md` on {machine}.

Every small edit of the code that the ops of `manual/` are made of — an operator, a comparison, a condition, a constant,
an axis, a slice, `+=` to `=`, names and arguments exchanged, a function for its sibling, a statement left out — is put
on trial in place of the right code, by calls and theorems as `cnn-oracle verify` has them, up to 300 of an op:
{edits} edits of {files} files.

- {unborn} cannot even be imported, and are not counted.
- {equivalent} are not rejected, each for a reason told below: no answer changes, or only where PyTorch itself fails
  and no call asks.
- Of all others {rejected} are rejected: **{share}**, {at_once} of them by the first drawn call.

{survived}

## The ladder

What weaker ways to check reject of {sample} of the rejected edits, chosen at random. An edit of a shared file is judged
by up to three ops.

| way to check | rejected |
|---|--:|
{ladder}

![The ladder]({picture})

## Which theorem rejects

The first that does not hold, in the order in which they are asked.

| theorem | edits |
|---|--:|
{theorems}

## Per op

With the edits of the private functions that it runs, which several ops share; such an edit counts as rejected if any
of them rejects it.

| op | edits | rejected | by the first call | no answer changes | survived | share |
|---|--:|--:|--:|--:|--:|--:|
{ops}

## Per private file

| file | edits | rejected | by the first call | no answer changes | survived | share |
|---|--:|--:|--:|--:|--:|--:|
{shared}

## Why the rest is not rejected

{reasons}
"""
