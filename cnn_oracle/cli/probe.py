"""``probe``: find the precision of a subject's multipliers."""

from cnn_oracle.cli.terminal import (
    STDOUT,
    Json,
    Ops,
    Seed,
    Subjects,
    check_folder,
    only_result,
    progress,
    seed_of,
    table,
    write,
)
from cnn_oracle.cli.verify import of_warnings, subject_of


def probe(subject: Subjects = None, op: Ops = None, seed: Seed = "0", json: Json = None) -> None:
    """Find how many bits of each factor a kernel keeps when it multiplies.

    If integers are exact up to 256 but not up to 512, it multiplies in bfloat16.
    """
    from cnn_oracle.diagnose import precision
    from cnn_oracle.verification import covered, single_threaded

    check_folder(json)
    number = seed_of(seed)
    with only_result(json), single_threaded() as warned:
        code, _, _ = subject_of(subject)
        sums = [one for one in covered(code, op or ()) if precision.probeable(one)]
        if not sums:
            raise ValueError(f"subject {code.name!r}: none of these ops is a sum of products")
        widths = []
        with progress("probe", len(sums)) as advance:
            for one in sums:
                advance(one.name)
                widths += [w for dtype in code.dtypes(one.name) for w in precision.widths(code, one, dtype, number)]
    if json != STDOUT:
        table(("op", "dtype", "output", "integers"), [(w.op, w.dtype, w.quantity, str(w)) for w in widths])
        print(of_warnings(warned), end="\n" * bool(warned))
    write(json, [width._asdict() | {"says": str(width)} for width in widths])
