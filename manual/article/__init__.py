"""The article's formulas, as printed and in general: one file per chapter, which begins with its formulas.

Letters as printed: n image size, f filter size, p padding, s stride, n_c channels, n_f filters; d is dilation.
A printed form that is narrower than the truth has a predicate beside it, ``…_holds_when``, of the geometries on which
it is right; the predicate's defaults are what the article shows. Formulas that are ops are in ``manual`` itself.
"""
