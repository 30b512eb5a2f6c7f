"""The network of the training comparison, with the chain rule written out.

x → conv 8@3×3, padding 1 → relu → max_pool 2 → conv 16@3×3, padding 1 → relu → max_pool 2 → flatten → linear 10
"""

import numpy as np

from . import conv2d, cross_entropy, flatten, linear, max_pool2d, relu
from ._typing import Array

Parameters = dict[str, Array]


def initial(image: tuple[int, int, int], classes: int, rng: np.random.Generator) -> Parameters:
    """Kaiming-uniform weights and zero biases for images (C, H, W), in float64."""
    c, h, w = image
    shapes = {"w1": (8, c, 3, 3), "w2": (16, 8, 3, 3), "w3": (classes, 16 * (h // 4) * (w // 4))}
    parameters = {}
    for name, shape in shapes.items():
        bound = (6 / np.prod(shape[1:])) ** 0.5
        parameters[name] = rng.uniform(-bound, bound, shape)
        parameters["b" + name[1]] = np.zeros(shape[0])
    return parameters


def forward(x: Array, p: Parameters) -> dict[str, Array]:
    """x (N, C, H, W) → every intermediate array by name; the logits are z3 (N, classes)."""
    z1 = conv2d.forward(x, p["w1"], p["b1"], padding=1)
    a1 = relu.forward(z1)
    p1 = max_pool2d.forward(a1, kernel_size=2)
    z2 = conv2d.forward(p1, p["w2"], p["b2"], padding=1)
    a2 = relu.forward(z2)
    p2 = max_pool2d.forward(a2, kernel_size=2)
    f = flatten.forward(p2, start_dim=1)
    z3 = linear.forward(f, p["w3"], p["b3"])
    return {"z1": z1, "a1": a1, "p1": p1, "z2": z2, "a2": a2, "p2": p2, "f": f, "z3": z3}


def backward(x: Array, p: Parameters, v: dict[str, Array], target: Array) -> tuple[float, Parameters]:
    """The loss for forward's arrays v, and its gradient for every parameter, from the last layer to the first."""
    loss = cross_entropy.forward(v["z3"], target=target)
    dl = np.ones((), v["z3"].dtype)

    (dz3,) = cross_entropy.backward(dl, v["z3"], target=target)
    df, dw3, db3 = linear.backward(dz3, v["f"], p["w3"], p["b3"])
    (dp2,) = flatten.backward(df, v["p2"], start_dim=1)
    (da2,) = max_pool2d.backward(dp2, v["a2"], kernel_size=2)
    (dz2,) = relu.backward(da2, v["z2"])
    dp1, dw2, db2 = conv2d.backward(dz2, v["p1"], p["w2"], p["b2"], padding=1)
    (da1,) = max_pool2d.backward(dp1, v["a1"], kernel_size=2)
    (dz1,) = relu.backward(da1, v["z1"])
    dw1 = conv2d.weight_gradient(dz1, x, p["w1"].shape, padding=1)  # the gradient of the image is not needed
    db1 = dz1.sum((0, 2, 3))
    return float(loss), {"w1": dw1, "b1": db1, "w2": dw2, "b2": db2, "w3": dw3, "b3": db3}
