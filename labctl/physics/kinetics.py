"""Compiled rates of one CBRAM cell: nucleation, growth and dissolution of its filament."""

# mypy: disallow-untyped-defs=false
# (numba compiles these functions for the types that they meet; callers are typed)

import numpy as np
from numba import njit

PARAMETERS = (
    "forming_voltage", "forming_time", "forming_slope", "forming_factor",
    "set_crossing", "set_rate", "set_steep", "set_shallow", "set_shift", "set_factor",
    "reset_crossing", "reset_rate", "reset_steep", "reset_shallow", "reset_shift", "reset_factor",
    "log_reference", "fastest_time", "lowest_conductance", "highest_conductance", "log_contact",
)  # fmt: skip
"""Order of the constants of a cell in the last axis of its parameter array."""

_FORM_V, _FORM_T, _FORM_S, _FORM_F = 0, 1, 2, 3
_SET_V, _SET_R, _SET_A, _SET_B, _SET_K, _SET_F = 4, 5, 6, 7, 8, 9
_RES_V, _RES_R, _RES_A, _RES_B, _RES_K, _RES_F = 10, 11, 12, 13, 14, 15
_REF, _FAST, _LOW, _HIGH = 16, 17, 18, 19
CONTACT = 20
NEARLY_FORMED = 0.9
"""Nucleation beyond which a cell may form at any moment."""
_LARGEST = 300.0


@njit(cache=True, error_model="numpy", nogil=True)
def nucleation_rate(p, v):
    """1/s at which an unformed cell with constants `p` nucleates at `v` volts; 0 for negative voltage."""
    if v <= 0.0:
        return 0.0
    effective = v / p[_FORM_F]
    rise = np.exp(min((effective - p[_FORM_V]) / p[_FORM_S], _LARGEST))
    rate = rise * (1.0 - np.exp(-effective / p[_FORM_S])) / p[_FORM_T]
    return rate / (1.0 + rate * p[_FAST])


@njit(cache=True, error_model="numpy", nogil=True)
def growth_rate(p, log_g, v):
    """d(ln G)/dt in 1/s of a formed cell with constants `p`: positive voltage grows, negative dissolves.

    Two processes in series: a steep one that rules at low voltage and a shallow one whose needed voltage shifts with
    conductance; both vanish at 0 V as a sinh does; never faster than one e-fold in `fastest_time`.
    """
    if v == 0.0:
        return 0.0
    conductance = np.exp(log_g)
    if v > 0.0:
        u = v / p[_SET_F] - p[_SET_V]
        slow = np.exp(-min(u / p[_SET_A], _LARGEST))
        late = np.exp(-min((u - p[_SET_K] * (log_g - p[_REF])) / p[_SET_B], _LARGEST))
        rate = p[_SET_R] * (1.0 - np.exp(-v / p[_SET_A])) / (slow + late)
        room = 1.0 - conductance / p[_HIGH]
        sign = 1.0
    else:
        u = -v / p[_RES_F] - p[_RES_V]
        slow = np.exp(-min(u / p[_RES_A], _LARGEST))
        late = np.exp(-min((u + p[_RES_K] * (log_g - p[_REF])) / p[_RES_B], _LARGEST))
        rate = p[_RES_R] * (1.0 - np.exp(v / p[_RES_A])) / (slow + late)
        room = 1.0 - p[_LOW] / conductance
        sign = -1.0
    return sign * max(room, 0.0) * rate / (1.0 + rate * p[_FAST])


@njit(cache=True, error_model="numpy", nogil=True)
def all_rates(parameters, formed, log_g, v, out):
    """Fill `out` (M, N): growth rate of formed cells, nucleation rate of the others, 1/s; return the largest |rate|."""
    m, n = v.shape
    largest = 0.0
    for i in range(m):
        for j in range(n):
            if formed[i, j]:
                out[i, j] = growth_rate(parameters[i, j], log_g[i, j], v[i, j])
            else:
                out[i, j] = nucleation_rate(parameters[i, j], v[i, j])
            largest = max(largest, abs(out[i, j]))
    return largest


@njit(cache=True, error_model="numpy", nogil=True)
def creep(parameters, formed, nucleation, log_g, v, seconds, bound, change):
    """Move all cells by `seconds` (at reference temperature) of their rates at `v` (M, N) volts, if none moves far.

    Returns the largest change, or -1 with nothing written when one would exceed `bound` or come close to forming.
    `change` (M, N) is room to work in.
    """
    largest = 0.0
    for i in range(v.shape[0]):
        for j in range(v.shape[1]):
            p = parameters[i, j]
            if formed[i, j]:
                step = growth_rate(p, log_g[i, j], v[i, j]) * seconds
            else:
                step = nucleation_rate(p, v[i, j]) * seconds
                if step > 0.0 and nucleation[i, j] + step > NEARLY_FORMED:
                    return -1.0
            if abs(step) > bound:
                return -1.0
            change[i, j] = step
            largest = max(largest, abs(step))
    for i in range(v.shape[0]):
        for j in range(v.shape[1]):
            if formed[i, j]:
                log_g[i, j] += change[i, j]
            else:
                nucleation[i, j] += change[i, j]
    return largest


@njit(cache=True, error_model="numpy", nogil=True)
def fastest_rate(parameters, span):
    """Largest |rate| in 1/s of any cell in any state while no potential difference exceeds `span` volts.

    A filament grows fastest at the lowest conductance and dissolves fastest at the highest.
    """
    largest = 0.0
    for i in range(parameters.shape[0]):
        for j in range(parameters.shape[1]):
            p = parameters[i, j]
            grown = growth_rate(p, np.log(p[_LOW]), span)
            dissolved = -growth_rate(p, np.log(p[_HIGH]), -span)
            room = 1.0 - p[_LOW] / p[_HIGH]  # which these two have, while at the very ends it would be 1
            largest = max(largest, grown / room, dissolved / room, nucleation_rate(p, span))
    return largest
