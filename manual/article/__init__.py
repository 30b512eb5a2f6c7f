"""The article's formulas, as printed and in general: one file per chapter, which begins with its formulas.

Letters as printed: n image size, f filter size, p padding, s stride, n_c channels, n_f filters; d is dilation.
A printed form that does not hold in general has a predicate, ``…_holds_when``, for the geometries on which it is right.
The predicate's defaults are the article's example. Formulas that are ops are in ``manual`` itself.
"""
