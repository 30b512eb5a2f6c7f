"""docs/generated/mutants.md, its plot and its JSON: the share of killed mutants, the survivors, the baselines."""

from collections import Counter
from collections.abc import Iterable, Sequence
from io import BytesIO
from pathlib import Path
from typing import Any, NamedTuple

from cnn_oracle.environment import write_atomically
from cnn_oracle.ops import OPS
from cnn_oracle.pages import render
from cnn_oracle.studies.mutation.baselines import Baseline
from cnn_oracle.studies.mutation.equivalent import name_of, reason
from cnn_oracle.studies.mutation.mutants import Mutant
from cnn_oracle.studies.mutation.run import Judgement, files

DARK = "#1f3864"


class Row(NamedTuple):
    """A file, or an op with all files that it uses: the number of its mutants, in total and by result."""

    name: str
    mutants: int
    invalid: int  # cannot be imported, so there is no subject
    equivalent: int  # change no result, for a reason that is listed
    killed: int
    at_once: int  # the number of these that the first call killed
    survived: int

    @property
    def share(self) -> float:
        """The share of killed mutants among those that are neither invalid nor equivalent."""
        return self.killed / max(self.killed + self.survived, 1)


def row_of(name: str, judged: Iterable[Judgement]) -> Row:
    found = list(judged)
    valid = [one for one in found if one.theorem != "import"]
    known = [one for one in valid if reason(one.mutant) and not one.op]
    killed = [one for one in valid if one.op]
    return Row(
        name, len(found), len(found) - len(valid), len(known), len(killed), sum(one.calls <= 1 for one in killed),
        len(valid) - len(known) - len(killed),
    )  # fmt: skip


def rows(judged: Sequence[Judgement]) -> list[Row]:
    """A row for each op, with the mutants of the private functions that it runs."""
    named = [name for name in OPS if any(name in one.judges for one in judged)]
    return [row_of(name, (one for one in judged if name in one.judges)) for name in named]


def survivors(judged: Iterable[Judgement]) -> list[Judgement]:
    """The mutants that survived and are not known to be equivalent."""
    return [one for one in judged if not one.op and reason(one.mutant) is None]


def contradicted(judged: Iterable[Judgement]) -> list[Judgement]:
    """The mutants that were killed, although they are listed as equivalent."""
    return [one for one in judged if one.op and reason(one.mutant) is not None]


def figures(judged: Sequence[Judgement], baselines: Sequence[Baseline]) -> dict[str, Any]:
    """The JSON beside the page, which other pages quote: the totals and the baselines."""
    whole = row_of("all", judged)._asdict()
    totals = {name: whole[name] for name in ("mutants", "invalid", "equivalent", "killed", "survived")}
    totals["files"] = len({one.mutant.file for one in judged})
    return {"totals": totals, "baselines": [baseline._asdict() for baseline in baselines]}


def markdown(judged: Sequence[Judgement], baselines: Sequence[Baseline], picture: str) -> str:
    """The page."""
    whole = row_of("all", judged)
    reasons: dict[str, list[Mutant]] = {}
    for one in judged:
        if (why := reason(one.mutant)) and not one.op:
            reasons.setdefault(why, []).append(one.mutant)
    own = {file: [one for one in judged if one.mutant.file == file] for file in files() if file not in OPS}
    return render(
        __file__, whole=whole, files=len({one.mutant.file for one in judged}), baselines=baselines, picture=picture,
        at_once=whole.at_once / max(whole.killed, 1), survivors=[name_of(one.mutant) for one in survivors(judged)],
        theorems=Counter(one.theorem for one in judged if one.op and one.theorem != "import").most_common(),
        ops=rows(judged), shared=[row_of(file, found) for file, found in own.items() if found], reasons=reasons,
    )  # fmt: skip


def plot(baselines: Sequence[Baseline], path: Path) -> None:
    """Plot the baselines as bars. The file is written completely or not at all."""
    from matplotlib.figure import Figure  # without pyplot: no window, no global state

    figure = Figure(figsize=(8, 3.2), dpi=150, layout="constrained")
    axes = figure.subplots()
    shares = [100 * r.share for r in baselines]
    bars = axes.barh([r.name for r in baselines], shares, color=DARK)
    axes.bar_label(bars, [f"{share:.1f} %" for share in shares], padding=3)
    axes.invert_yaxis()
    axes.set_xlim(0, 112)
    axes.set_xticks(range(0, 101, 20))
    axes.set_xlabel(f"share of {baselines[0].of:,} mutants of manual/ that is killed, %")
    axes.spines[["top", "right"]].set_visible(False)
    buffer = BytesIO()
    figure.savefig(buffer, format=path.suffix.lower().lstrip(".") or "png")
    write_atomically(path, buffer.getvalue())
