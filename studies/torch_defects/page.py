"""The page of PyTorch's defects: the findings on this machine, and which of the known defects occur on it."""

from collections import Counter
from collections.abc import Sequence

from cnn_oracle.pages import render
from cnn_oracle.studies.torch_defects import report
from cnn_oracle.studies.torch_defects.campaign import Row
from cnn_oracle.studies.torch_defects.defects import Sighting
from cnn_oracle.studies.torch_defects.findings import Explanation

# PyTorch chooses kernels by instruction set; these variables disable some instruction sets.
AVX2 = {"ATEN_CPU_CAPABILITY": "avx2", "ONEDNN_MAX_CPU_ISA": "AVX2"}


def markdown(
    command: str,
    rows: Sequence[Row],
    found: Sequence[Explanation],
    seen: Sequence[Sighting],
    seen_avx2: Sequence[Sighting],
) -> str:
    """The page."""
    rejected: dict[tuple[str, str], list[Row]] = {}
    # vacuous calls: sums of many numbers in half precision, and empty arrays in any dtype
    vacuous_values = Counter[str]()
    for row in rows:
        vacuous_values[row.dtype] += row.safe.vacuous_values
        if row.safe.rejection:
            rejected.setdefault((row.op, row.safe.rejection), []).append(row)
    return render(
        __file__, command=command, rows=rows, verdicts=sorted(Counter(str(row.verdict) for row in rows).items()),
        vacuous_values=[(dtype, count) for dtype, count in vacuous_values.items() if count], rejected=rejected,
        kinds=report.kinds(found), numbers=report.numbers, places=report.places,
        seen=list(zip(seen, seen_avx2, strict=True)), here=sum(s.there is True for s in seen),
        here_avx2=sum(s.there is True for s in seen_avx2), avx2=AVX2,
    )  # fmt: skip
