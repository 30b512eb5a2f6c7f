"""The report: one page that explains the formulas and shows the evidence.   ``cnn-oracle report``

formulas       the formulas of a docstring of manual, typeset: notation, its signs; grammar, how they are read
figures        what is drawn, each figure from a real run
chapters       the narrative, in the article's order
page           all of it as one file of HTML, with style.css and widget.js in it

A formula stands in a docstring of manual and nowhere else; code is quoted from its file; a number comes from a run.
"""
