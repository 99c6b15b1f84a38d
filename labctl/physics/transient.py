"""Compiled integration of switching cells together with the charge on slow lines, behind a linear network.

The rest of the array is seen through its ports, linearised at a base point: `P` switching cells and `Q` slow nodes
(outside nodes whose cable charges through a resistor, or through a source whose limit rules). With e the current
of a cell beyond its linearised value and d the departure of the slow nodes from the base,

    v = v_base - Z e + T d          C dd/dt = -(outflow + Y d + T' e)

Implicit in d (exact for a line that charges through resistors), Newton in v, and steps short enough that no
filament changes by more than a few percent.
"""

# mypy: disallow-untyped-defs=false
# (numba compiles these functions for the types that they meet; callers are typed)

import numpy as np
from numba import njit

from labctl.physics.kinetics import CONTACT, growth_rate, nucleation_rate
from labctl.physics.newton import cell_law

FINISHED, LIMIT_ACTS, LIMIT_RELEASES, MOVED_FAR = 0, 1, 2, 3

_FIRST_STEP = 1e-8
_SHORTEST_STEP = 1e-12
_GROWTH_PER_STEP = 0.05
_VOLTS_PER_STEP = 0.02
_FAR = 0.25


@njit(cache=True, error_model="numpy", nogil=True)
def _solve_dense(a, r):
    """Overwrite `r` by the solution of a y = r; `a` is destroyed. Gauss with partial pivoting, for a few unknowns."""
    n = r.shape[0]
    for c in range(n):
        best = c
        for i in range(c + 1, n):
            if abs(a[i, c]) > abs(a[best, c]):
                best = i
        if best != c:
            for j in range(n):
                a[c, j], a[best, j] = a[best, j], a[c, j]
            r[c], r[best] = r[best], r[c]
        for i in range(c + 1, n):
            f = a[i, c] / a[c, c]
            if f != 0.0:
                for j in range(c, n):
                    a[i, j] -= f * a[c, j]
                r[i] -= f * r[c]
    for c in range(n - 1, -1, -1):
        for j in range(c + 1, n):
            r[c] -= a[c, j] * r[j]
        r[c] /= a[c, c]


@njit(cache=True, error_model="numpy", nogil=True)
def _excess(v, g, inverse_v0, i_base, g_base, v_base, e, de):
    for c in range(v.shape[0]):
        current, slope = cell_law(v[c], g[c], inverse_v0[c])
        e[c] = current - i_base[c] - g_base[c] * (v[c] - v_base[c])
        de[c] = slope - g_base[c]


@njit(cache=True, error_model="numpy", nogil=True)
def _ports(v, g, inverse_v0, v_open, z, i_base, g_base, v_base, e, de):
    """Solve v + Z e(v) = v_open in place (damped Newton); leaves the excess currents in `e`."""
    n = v.shape[0]
    jacobian = np.empty((n, n))
    step = np.empty(n)
    for _ in range(60):
        _excess(v, g, inverse_v0, i_base, g_base, v_base, e, de)
        for c in range(n):
            step[c] = v_open[c] - v[c]
            for q in range(n):
                step[c] -= z[c, q] * e[q]
                jacobian[c, q] = z[c, q] * de[q]
            jacobian[c, c] += 1.0
        _solve_dense(jacobian, step)
        largest = 0.0
        for c in range(n):
            largest = max(largest, abs(step[c]))
        damping = min(1.0, 0.5 / largest) if largest > 0.0 else 1.0
        for c in range(n):
            v[c] += damping * step[c]
        if largest < 1e-9:
            break
    _excess(v, g, inverse_v0, i_base, g_base, v_base, e, de)


@njit(cache=True, error_model="numpy", nogil=True)
def integrate(
    parameters, factor, unformed, inverse_v0_pair, formed, nucleation, log_g, energy,
    v_base, i_base, g_base, z, t, outflow, y, capacitance, d,
    current_base, current_cells, current_nodes, limit, response, deadline,
    release_sign, release_at, duration,
):  # fmt: skip
    """Integrate up to `duration` s or to the next event; return (time passed, event).

    Cells (P): parameters (P, 21), rate factor, unformed conductance S, (1/V0 unformed, 1/V0 formed); in place: formed,
    nucleation, log_g, energy. Ports: v_base, i_base, g_base (P,), z (P, P) ohm, t (P, Q), outflow (Q,) A, y (Q, Q)
    S, capacitance (Q,) F; in place: d (Q,) V. Watched voltage sources (R): current at the base point and its
    sensitivities, limit A, response s; in place: deadline (R,) s, inf while below the limit. release_sign (Q,):
    sign of the limited source on this slow node (0 none), release_at: d at which its level suffices again.
    """
    p, q, r = v_base.shape[0], d.shape[0], limit.shape[0]
    g = np.empty(p)
    inverse_v0 = np.empty(p)
    v = v_base.copy()
    v_before = np.empty(p)
    e = np.zeros(p)
    de = np.zeros(p)
    rate = np.zeros(p)
    d_new = np.empty(q)
    v_open = np.empty(p)
    z_step = np.empty((p, p))
    inverse = np.empty((q, q))
    work = np.empty((q, q))
    column = np.empty(q)
    follow = np.empty(q)
    closest = 0.0
    for k in range(q):
        closest = max(closest, abs(d[k]))
    for c in range(p):
        for k in range(q):
            v[c] += t[c, k] * d[k]
    time = 0.0
    dt = _FIRST_STEP
    first = True
    charged = q > 0
    for k in range(q):
        charged = charged and capacitance[k] > 0.0
    while time < duration:
        dt = min(dt, duration - time)
        for k in range(r):
            if deadline[k] > time:
                dt = min(dt, deadline[k] - time)
        for c in range(p):
            v_before[c] = v[c]
            if formed[c]:
                g[c] = np.exp(log_g[c])
                inverse_v0[c] = inverse_v0_pair[c, 1]
            else:
                g[c] = unformed[c]
                inverse_v0[c] = inverse_v0_pair[c, 0]
        if first or charged:  # cells at their present conductance, lines at their present charge
            for c in range(p):
                v_open[c] = v_base[c]
                for k in range(q):
                    v_open[c] += t[c, k] * d[k]
            _ports(v, g, inverse_v0, v_open, z, i_base, g_base, v_base, e, de)
            for c in range(p):
                v_before[c] = v[c]
            first = False
        while True:
            for k in range(q):
                follow[k] = 0.0
                if capacitance[k] > 0.0:
                    total = y[k, k]
                    for c in range(p):
                        total += t[c, k] ** 2 * de[c]
                    x = total * dt / capacitance[k]
                    follow[k] = total / np.expm1(x) if x > 1e-6 else capacitance[k] / dt
            for k in range(q):
                for a in range(q):
                    for b in range(q):
                        work[a, b] = y[a, b]
                    work[a, a] += follow[a]
                    column[a] = 1.0 if a == k else 0.0
                _solve_dense(work, column)
                for a in range(q):
                    inverse[a, k] = column[a]
            for a in range(p):
                for b in range(p):
                    z_step[a, b] = z[a, b]
                    for k in range(q):
                        for m in range(q):
                            z_step[a, b] += t[a, k] * inverse[k, m] * t[b, m]
            for k in range(q):
                d_new[k] = 0.0
                for m in range(q):
                    d_new[k] += inverse[k, m] * (follow[m] * d[m] - outflow[m])
            for c in range(p):
                v_open[c] = v_base[c]
                for k in range(q):
                    v_open[c] += t[c, k] * d_new[k]
            _ports(v, g, inverse_v0, v_open, z_step, i_base, g_base, v_base, e, de)
            change = 0.0
            growth = 0.0
            for c in range(p):
                change = max(change, abs(v[c] - v_before[c]))
                middle = 0.5 * (v[c] + v_before[c]) if charged else v[c]
                if formed[c]:
                    rate[c] = factor[c] * growth_rate(parameters[c], log_g[c], middle)
                    growth = max(growth, abs(rate[c]) * dt)
                else:
                    rate[c] = factor[c] * nucleation_rate(parameters[c], middle)
                    growth = max(
                        growth, min(rate[c] * dt, max(rate[c] * dt + nucleation[c] - 1.0, 0.0) * 4.0)
                    )
            if dt <= _SHORTEST_STEP or (growth <= 2.0 * _GROWTH_PER_STEP and change <= 2.0 * _VOLTS_PER_STEP):
                break
            shrink = 0.5
            if growth > 2.0 * _GROWTH_PER_STEP:
                shrink = min(shrink, _GROWTH_PER_STEP / growth)
            dt = max(dt * max(shrink, 1e-3), _SHORTEST_STEP)
            for c in range(p):
                v[c] = v_before[c]
        for k in range(q):
            for c in range(p):
                for m in range(q):
                    d_new[k] -= inverse[k, m] * t[c, m] * e[c]
        time += dt
        for k in range(q):
            d[k] = d_new[k]
        for c in range(p):
            current, _ = cell_law(v[c], g[c], inverse_v0[c])
            energy[c] += v[c] * current * dt
            if formed[c]:
                log_g[c] += rate[c] * dt
            else:
                nucleation[c] = min(nucleation[c] + rate[c] * dt, 1.0)
                if nucleation[c] >= 1.0:
                    formed[c] = True
                    log_g[c] = parameters[c, CONTACT]
        if time >= duration * (1.0 - 1e-12):
            return duration, FINISHED
        acts = False
        for k in range(r):
            current = current_base[k]
            for c in range(p):
                current += current_cells[k, c] * e[c]
            for m in range(q):
                current += current_nodes[k, m] * d[m]
            if abs(current) <= limit[k]:
                deadline[k] = np.inf
            elif deadline[k] == np.inf:
                deadline[k] = time + response[k]
            acts = acts or deadline[k] <= time * (1.0 + 1e-12)
        if acts:
            return time, LIMIT_ACTS
        far = 0.0
        for k in range(q):
            if release_sign[k] * (d[k] - release_at[k]) > 1e-12:
                return time, LIMIT_RELEASES
            far = max(far, abs(d[k]))
        closest = min(closest, far)
        if far > closest + _FAR:
            return time, MOVED_FAR
        ease = 2.0
        if growth > 0.0:
            ease = min(ease, _GROWTH_PER_STEP / growth)
        if change > 0.0:
            ease = min(ease, _VOLTS_PER_STEP / change)
        dt = dt * max(ease, 0.1)
    return duration, FINISHED
