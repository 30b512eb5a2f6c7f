"""The geometry of every op, written once, as a function of ``choose``; a file for each family of ops.

``choose(name, values, rare)`` picks one of ``values``, the simplest first, or now and then one of ``rare``: empty axes
and odd modes, in which little else is seen. Hypothesis is one chooser (it searches, and shrinks towards the simplest),
an exhaustive enumerator another (it walks every path), so both read the very same constraints: later values depend on
earlier choices, and nothing invalid is ever built. The result is a call's arguments, arrays by shape.
"""
