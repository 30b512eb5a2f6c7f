"""The report: one page that explains the formulas and shows the evidence.   ``cnn-oracle report``

formulas       the formulas of manual's docstrings, typeset; notation: the signs; grammar: the parser
figures        the figures, each from a real run
chapters       the narrative, in the article's order
page           the report as one HTML file, which includes style.css and widget.js

Every formula comes from a docstring of manual, all code from its file, and every number from a run.
"""
