"""Newton's method for a handful of parameters with exact derivatives."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from xsight_core.clv.summary import Array

__all__ = ["Optimum", "maximise"]

Objective = Callable[[Array], tuple[float, Array, Array]]

_LONGEST_STEP = 2.0  # in log units: a factor of seven
_PRECISE = 1e-9  # nats
_FLAT = 1e-6  # a ridge that rises for ever, less and less: the data say no more
_ROUNDING = 1e-3
_SUFFICIENT = 1e-4  # Armijo
_SHRINK = 0.35
_HALVINGS = 14


@dataclass(frozen=True, eq=False)
class Optimum:
    """Where the objective is largest; ``hessian`` is its second derivative there."""

    theta: Array
    value: float
    hessian: Array
    converged: bool
    evaluations: int


def maximise(objective: Objective, theta: Array, *, iterations: int = 60) -> Optimum:
    """Climb from ``theta`` until nothing worth a millionth of a nat is left to gain.

    Where the Hessian is not negative definite its eigenvalues are taken by magnitude, so that each
    step climbs (saddle-free Newton); steps are capped and shortened until the gain is a fair share
    of the expected one.

    Parameters
    ----------
    objective : function of theta giving value, gradient and Hessian
    theta : start
    iterations : most steps taken; not converged after them
    """
    value, gradient, hessian = objective(theta)
    evaluations = 1
    for _ in range(iterations):
        curvature, axes = np.linalg.eigh(-hessian)
        floor = 1e-10 * float(np.abs(curvature).max())
        step = axes @ ((axes.T @ gradient) / np.maximum(np.abs(curvature), floor))
        step *= min(1.0, _LONGEST_STEP / max(float(np.abs(step).max()), 1e-300))
        gain = float(gradient @ step)  # first order; half of it is left at the optimum
        enough = _PRECISE if curvature[0] > 0 else _FLAT
        if gain / 2 < enough + 3e-14 * abs(value):
            return Optimum(theta, value, hessian, converged=True, evaluations=evaluations)
        length = 1.0
        for _ in range(_HALVINGS):
            there = objective(theta + length * step)
            evaluations += 1
            if there[0] >= value + _SUFFICIENT * length * gain - 1e-13 * abs(value):
                break
            length *= _SHRINK
        else:
            seen = gain / 2 < _ROUNDING  # what is left to gain drowns in rounding
            return Optimum(theta, value, hessian, converged=seen, evaluations=evaluations)
        theta = theta + length * step
        value, gradient, hessian = there
    return Optimum(theta, value, hessian, converged=False, evaluations=evaluations)
