"""The README is correct: its code, output and numbers are those of the project."""

import json
import re
import sys
from collections import Counter
from pathlib import Path

from cnn_oracle import data
from cnn_oracle.mistakes import load
from cnn_oracle.ops import OPS
from cnn_oracle.training import train
from cnn_oracle.verification import EXAMPLES, search

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()
BLOCKS = re.findall(r"```(\w*)\n(.*?)```", README, re.DOTALL)


def test_the_wrong_softmax_fails_with_the_message_shown(tmp_path, monkeypatch):
    kernel = next(block for _, block in BLOCKS if block.startswith("# mykernels/softmax.py"))
    (tmp_path / "mykernels").mkdir()
    (tmp_path / "mykernels/softmax.py").write_text(kernel)
    monkeypatch.syspath_prepend(tmp_path)
    before = {*sys.modules}
    failure = search(load("mykernels"), OPS["softmax"], EXAMPLES, 0).failure
    for name in ("mykernels", "mykernels.softmax"):  # another page has a module of this name
        assert name not in before
        sys.modules.pop(name, None)
    assert f"\n{failure}\n" in README


def test_the_op_in_full_is_the_one_in_the_project():
    code = [block for language, block in BLOCKS if language == "python"][-4:]
    assert code[0] == (ROOT / "manual/softmax.py").read_text()
    assert code[1] == (ROOT / "reference/softmax.py").read_text()
    assert code[2] in (ROOT / "cnn_oracle/ops.py").read_text()
    assert code[3].splitlines()[1].removesuffix(" ...") in (ROOT / "tests/ops/test_softmax.py").read_text()


def test_the_table_shows_some_ops_with_their_verdicts_and_counts_them_all():
    rows = re.findall(r"^ (\w+) +(EXACT|BOUNDED) +(\d+) +≤ [\d,]+ +([\d.]+)  .* [\d.]+$", README, re.MULTILINE)
    assert len(rows) >= 10
    assert [row[:3] for row in rows] == [(name, OPS[name].verdict, str(EXAMPLES)) for name, *_ in rows]
    assert all(float(error_over_bound) < 1 for *_, error_over_bound in rows)
    assert f"manual: {len(OPS)} ops agree with PyTorch on {len(OPS) * EXAMPLES:,} drawn calls" in README


def test_the_training_row_is_that_of_a_run():
    (row,) = re.findall(r"^ +20 +([\d.]+) +([\d.]+) +([\d.]+)% +([\d.]+)% +(\S+) +([\d.]+)%$", README, re.MULTILINE)
    (*_, last) = train.compare(data.load("digits")).epochs
    shown = (last.loss.manual, last.loss.reference, 100 * last.accuracy.manual, 100 * last.accuracy.reference)
    assert [f"{v:.5f}" for v in shown[:2]] + [f"{v:.2f}" for v in shown[2:]] == [*row[:4]]
    assert last.max_weight_difference < 10 * float(row[4])  # it counts roundings, which differ between processors
    assert f"{100 * last.agreement:.2f}" == row[5]


def test_both_commands_are_those_of_ci():
    (commands,) = [block for language, block in BLOCKS if "the main job" in block]
    script = (ROOT / ".ci/run").read_text()
    for line in commands.splitlines():
        for step in line.partition("#")[0].strip().split(" && "):
            assert step in script, step


def test_the_failure_shown_is_the_message_printed():
    """tests/oracle/cli/test_commands.py fixes the message. The README shows it in full."""
    subject = load("cnn_oracle.mistakes.conv2d.scatter_overwrites")
    failure = search(subject, OPS["conv2d"], EXAMPLES, 0).failure
    assert f"\n{failure}\n".replace("manual --call", f"{subject.name} --call") in README


def test_the_measures_of_trust_are_those_of_the_generated_pages():
    totals = json.loads((ROOT / "docs/generated/mutants.json").read_text())["totals"]
    pages = {
        name: (ROOT / f"docs/generated/{name}.md").read_text() for name in ("mistakes", "causes", "false-positives")
    }
    mutants, share = found(r"makes ([\d,]+) mutants of `manual`.*?oracle rejects ([\d.]+) %")
    assert mutants == f"{totals['mutants']:,}"
    assert share == f"{100 * totals['killed'] / (totals['killed'] + totals['survived']):.2f}"
    known, ops, named = found(r"has (\d+) wrong derivations of all (\d+) ops.*?uniquely on ([\d.]+) %")
    assert f"{known} wrong derivations of {ops} ops" in pages["mistakes"]
    assert f"uniquely identified on {named}% of" in pages["mistakes"]
    true, false = found(r"Of these, ([\d.]+) % get a true cause, and ([\d.]+) % a false one")
    assert f"| {false}% | {true}% |" in pages["causes"]
    (calls,) = found(r"On ([\d,]+) drawn calls it calls none of\s+them wrong")
    assert f"on {calls} drawn calls" in pages["false-positives"]
    assert "False positives: **none**" in pages["false-positives"]


def test_the_survey_is_counted_as_its_page_counts():
    page = (ROOT / "docs/generated/packages.md").read_text()
    numbers = re.findall(
        r"^\| (\w+) \| [\d.]+ \| \d+ \| ([\d,]+) \|.*?\| (\d+) \| (\d+) \| (\d+) \| \d+ \|$", page, re.MULTILINE
    )
    calls = sum(int(row[1].replace(",", "")) for row in numbers)
    assert found(r"On ([\d,]+) calls it found (\d+) kinds") == (
        f"{calls:,}",
        str(sum(int(n) for row in numbers for n in row[2:])),
    )
    assert len(numbers) == 9  # "nine released packages"


def test_ops_are_counted_by_what_they_allow():
    verdicts = Counter(op.verdict for op in OPS.values())
    counts = found(r"Of the (\d+) ops, (\d+) have an exact grid, so they can be EXACT. The other (\d+)\s")
    assert [int(n) for n in counts] == [len(OPS), verdicts["EXACT"], verdicts["BOUNDED"]]


def found(pattern):
    return re.search(pattern, README, re.DOTALL).groups()
