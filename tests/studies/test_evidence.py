"""The page of evidence reports what ran, and what did not."""

from cnn_oracle.mistakes import load
from cnn_oracle.ops import OPS
from cnn_oracle.studies import evidence
from cnn_oracle.subject import OURS


def test_the_page_has_a_row_for_each_op_and_for_each_class(monkeypatch):
    few = {name: OPS[name] for name in ("relu", "conv1d", "conv3d")}
    monkeypatch.setattr(evidence, "OPS", few)
    monkeypatch.setattr(evidence.coverage, "CLASSES", {"N > 1": evidence.coverage.CLASSES["N > 1"]})
    rows = list(evidence.gather(load(OURS), 5, lambda *_: None))
    page = evidence.markdown(rows, 5)
    assert "| conv1d | EXACT | 474 |" in page
    assert "| relu | EXACT | 781 |" in page
    assert "| conv3d | EXACT, by drawn calls | about 26,000,000 | | | " in page
    assert "| N > 1 | 2 | " in page
