"""Known-good implementations: subjects that compute correct results in other ways. None may be called wrong.

``cnn-oracle study false-positives`` runs them.

taps        convolution by a loop over the taps of its kernel
im2col      convolution as one matrix product; its gradient is scattered element by element
tensordot   convolution contracted in another order, channels last
fft         convolution by Fourier transforms: NORMWISE
orders      linear, softmax, layer_norm and mse_loss, with sums from the last term to the first, one by one
tiles       products, sums, means and attention in tiles of 32, as kernels have
pytorch     PyTorch itself, in float64
by_jax      JAX

They reject the same calls as ``manual``, with its code for geometry, because this study is not about rejection.
"""
