"""The geometry of every op: a function of ``choose`` that returns the arguments of a call, with arrays as shapes.

There is one file for each family of ops. ``choose(name, values, rare)`` picks one of ``values``, the simplest first,
or sometimes one of ``rare``: empty axes and unusual modes, which hide other errors. Later values depend on earlier
choices, so that every call is valid. Random sampling, Hypothesis and the exhaustive enumeration each have their own
``choose``, and share these functions.
"""
