"""docs/generated/mutants.md, its picture and its JSON: the share of edits that is rejected, the others, the ladder."""

from collections import Counter
from collections.abc import Iterable, Sequence
from io import BytesIO
from pathlib import Path
from typing import Any, NamedTuple

from cnn_oracle.environment import write_atomically
from cnn_oracle.ops import OPS
from cnn_oracle.pages import render
from cnn_oracle.studies.mutation.baselines import Rung
from cnn_oracle.studies.mutation.edits import Mutant
from cnn_oracle.studies.mutation.equivalent import name_of, reason
from cnn_oracle.studies.mutation.run import Judgement, files

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


def row_of(name: str, judged: Iterable[Judgement]) -> Row:
    found = list(judged)
    born = [one for one in found if one.theorem != "import"]
    known = [one for one in born if reason(one.mutant) and not one.op]
    rejected = [one for one in born if one.op]
    return Row(
        name, len(found), len(found) - len(born), len(known), len(rejected), sum(one.calls <= 1 for one in rejected),
        len(born) - len(known) - len(rejected),
    )  # fmt: skip


def rows(judged: Sequence[Judgement]) -> list[Row]:
    """Per op, with the edits of the private functions that it runs."""
    named = [name for name in OPS if any(name in one.judges for one in judged)]
    return [row_of(name, (one for one in judged if name in one.judges)) for name in named]


def survivors(judged: Iterable[Judgement]) -> list[Judgement]:
    """Not rejected, and no reason is known why they could not be."""
    return [one for one in judged if not one.op and reason(one.mutant) is None]


def contradicted(judged: Iterable[Judgement]) -> list[Judgement]:
    """Rejected, though they are said to change no answer."""
    return [one for one in judged if one.op and reason(one.mutant) is not None]


def figures(judged: Sequence[Judgement], rungs: Sequence[Rung]) -> dict[str, Any]:
    """What others quote of the page, as the JSON beside it: the totals and the ladder."""
    whole = row_of("all", judged)._asdict()
    totals = {name: whole[name] for name in ("edits", "unborn", "equivalent", "rejected", "survived")}
    totals["files"] = len({one.mutant.file for one in judged})
    return {"totals": totals, "ladder": [rung._asdict() for rung in rungs]}


def markdown(judged: Sequence[Judgement], rungs: Sequence[Rung], picture: str) -> str:
    """The page."""
    whole = row_of("all", judged)
    reasons: dict[str, list[Mutant]] = {}
    for one in judged:
        if (why := reason(one.mutant)) and not one.op:
            reasons.setdefault(why, []).append(one.mutant)
    own = {file: [one for one in judged if one.mutant.file == file] for file in files() if file not in OPS}
    return render(
        __file__, whole=whole, files=len({one.mutant.file for one in judged}), rungs=rungs, picture=picture,
        at_once=whole.at_once / max(whole.rejected, 1), survivors=[name_of(one.mutant) for one in survivors(judged)],
        theorems=Counter(one.theorem for one in judged if one.op and one.theorem != "import").most_common(),
        ops=rows(judged), shared=[row_of(file, found) for file, found in own.items() if found], reasons=reasons,
    )  # fmt: skip


def plot(rungs: Sequence[Rung], path: Path) -> None:
    """The ladder as bars, written whole or not at all."""
    from matplotlib.figure import Figure  # without pyplot there is no window and no global state

    figure = Figure(figsize=(8, 3.2), dpi=150, layout="constrained")
    axes = figure.subplots()
    shares = [100 * r.share for r in rungs]
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
