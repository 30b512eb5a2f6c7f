"""Right answers, computed otherwise: subjects that the oracle must not call wrong.

``cnn-oracle study false-positives`` asks it.

taps        convolution by a loop over the taps of its kernel
im2col      convolution as one product of matrices; its gradient put back cell by cell
tensordot   convolution contracted in another order, channels last
fft         convolution by Fourier transforms: NORMWISE
orders      linear, softmax, layer_norm and mse_loss, their sums from the last to the first, one by one
pytorch     PyTorch itself, in float64
by_jax      JAX

They refuse what ``manual`` refuses, by its own geometry, for how to refuse is not what they are there to show.
"""
