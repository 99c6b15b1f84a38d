"""Compiled kernels of the crossbar solver: Newton on the cells, Schur conjugate gradients on the wires.

Unknowns: word-line nodes `w` (N, M; transposed, so that sweeps along a word line run across all lines at once),
bit-line nodes `b` (M, N), and K outside nodes `x`. The linearised network is symmetric positive definite. Word
lines are chains of N nodes; they are eliminated exactly. What is left on (b, x) is solved by conjugate gradients,
preconditioned by the bit-line chains and the dense block of the outside nodes. Chains are factored in
"excess" form (a pivot is a sum of conductances, never a difference), so 1 nS beside 1 MS loses no digit.
"""

# mypy: disallow-untyped-defs=false
# (numba compiles these functions for the types that they meet; callers are typed)

import numpy as np
from numba import njit

_OVERFLOW = 40.0  # beyond 40 V0 a cell continues along its tangent: monotone, finite

_NOTHING = 1e-19  # A; a smaller Kirchhoff residual is as good as none


@njit(cache=True, error_model="numpy", nogil=True, fastmath={"arcp", "contract"})
def cell_law(v, g, inverse_v0):
    """Current (A) and slope (S) of a cell at `v` volts: I = G V0 sinh(V / V0); inverse_v0 = 0 is a resistor."""
    z = v * inverse_v0
    a = abs(z)
    if a <= 1.0:
        y = z * z
        sinhc = 1 + y / 110 * (1 + y / 156 * (1 + y / 210))
        sinhc = 1 + y / 6 * (1 + y / 20 * (1 + y / 42 * (1 + y / 72 * sinhc)))
        cosh = 1 + y / 90 * (1 + y / 132 * (1 + y / 182))
        cosh = 1 + y / 2 * (1 + y / 12 * (1 + y / 30 * (1 + y / 56 * cosh)))
        return g * v * sinhc, g * cosh
    top = min(a, _OVERFLOW)
    e = np.exp(top)
    cosh = 0.5 * (e + 1.0 / e)
    sinh = 0.5 * (e - 1.0 / e) + cosh * (a - top)
    if z < 0:
        sinh = -sinh
    return g * sinh / inverse_v0, g * cosh


@njit(cache=True, error_model="numpy", nogil=True)
def _factor_words(leak, coupling, slope, seg, low, ipiv):
    """Eliminate each word line from its far end towards its contact (node 0)."""
    n, m = leak.shape
    for i in range(m):
        excess = leak[n - 1, i] + slope[i, n - 1]
        for k in range(n - 1, 0, -1):
            s = seg[k - 1, i]
            pivot = excess + s
            low[k, i] = s / pivot
            ipiv[k, i] = 1.0 / pivot
            excess = excess * s / pivot + leak[k - 1, i] + slope[i, k - 1]
        ipiv[0, i] = 1.0 / (excess + coupling[i])


@njit(cache=True, error_model="numpy", nogil=True)
def _factor_bits(leak, coupling, slope, seg, low, ipiv):
    """Eliminate each bit line from the top towards its contact (node M - 1)."""
    m, n = leak.shape
    excess = np.empty(n)
    for j in range(n):
        excess[j] = leak[0, j] + slope[0, j]
    for k in range(m - 1):
        for j in range(n):
            s = seg[k, j]
            pivot = excess[j] + s
            low[k, j] = s / pivot
            ipiv[k, j] = 1.0 / pivot
            excess[j] = excess[j] * s / pivot + leak[k + 1, j] + slope[k + 1, j]
    for j in range(n):
        ipiv[m - 1, j] = 1.0 / (excess[j] + coupling[j])


@njit(cache=True, error_model="numpy", nogil=True)
def _solve_words(low, ipiv, r):
    """Overwrite `r` (N, M) by the word chains' answer to it."""
    n, m = r.shape
    for k in range(n - 1, 0, -1):
        for i in range(m):
            r[k - 1, i] += low[k, i] * r[k, i]
    for i in range(m):
        r[0, i] *= ipiv[0, i]
    for k in range(1, n):
        for i in range(m):
            r[k, i] = r[k, i] * ipiv[k, i] + low[k, i] * r[k - 1, i]


@njit(cache=True, error_model="numpy", nogil=True)
def _cholesky(a):
    """Overwrite the lower triangle of `a` by its Cholesky factor; a vanishing pivot is kept positive."""
    k = a.shape[0]
    for j in range(k):
        floor = 1e-14 * a[j, j] + 1e-30
        for p in range(j):
            a[j, j] -= a[j, p] * a[j, p]
        a[j, j] = np.sqrt(max(a[j, j], floor))
        for i in range(j + 1, k):
            for p in range(j):
                a[i, j] -= a[i, p] * a[j, p]
            a[i, j] /= a[j, j]


@njit(cache=True, error_model="numpy", nogil=True)
def _precondition(low, ipiv, ub, chol, rb, rx, zb, zx):
    """(zb, zx) = answer of bit chains plus outside nodes, word lines held, to (rb, rx)."""
    m, n = rb.shape
    k = rx.shape[0]
    for j in range(n):
        zb[0, j] = rb[0, j]
    for i in range(1, m):
        for j in range(n):
            zb[i, j] = rb[i, j] + low[i - 1, j] * zb[i - 1, j]
    for p in range(k):
        zx[p] = rx[p]
        for j in range(n):
            zx[p] += ub[j, p] * ipiv[m - 1, j] * zb[m - 1, j]
    for p in range(k):
        for q in range(p):
            zx[p] -= chol[p, q] * zx[q]
        zx[p] /= chol[p, p]
    for p in range(k - 1, -1, -1):
        for q in range(p + 1, k):
            zx[p] -= chol[q, p] * zx[q]
        zx[p] /= chol[p, p]
    for j in range(n):
        t = zb[m - 1, j]
        for p in range(k):
            t += ub[j, p] * zx[p]
        zb[m - 1, j] = t * ipiv[m - 1, j]
    for i in range(m - 2, -1, -1):
        for j in range(n):
            zb[i, j] = zb[i, j] * ipiv[i, j] + low[i, j] * zb[i + 1, j]


@njit(cache=True, error_model="numpy", nogil=True)
def _to_words(slope, uw, b, x, t):
    """Fill `t` (N, M): the currents that potentials b, x push into word lines held at 0 V."""
    m, n = b.shape
    for i in range(m):
        for j in range(n):
            t[j, i] = slope[i, j] * b[i, j]
    for i in range(m):
        for p in range(x.shape[0]):
            t[0, i] += uw[i, p] * x[p]


@njit(cache=True, error_model="numpy", nogil=True)
def linear_solve(slope, sw, sb, lw, lb, uw, ub, xx, rw, rb, rx, tolerance):
    """Potentials (dw, db, dx) that currents (rw, rb, rx) A into the nodes raise in the linear network.

    slope (M, N) cell S; sw (N-1, M), sb (M-1, N) segment S; lw, lb leaks to fixed potentials; uw (M, K), ub (N, K)
    from line ends to outside nodes; xx (K, K) nodal matrix of the outside nodes. Stops at `tolerance` A.
    """
    m, n = slope.shape
    k = xx.shape[0]
    cw = np.zeros(m)
    cb = np.zeros(n)
    for p in range(k):
        for i in range(m):
            cw[i] += uw[i, p]
        for j in range(n):
            cb[j] += ub[j, p]
    low_w = np.empty((n, m))
    ipiv_w = np.empty((n, m))
    low_b = np.empty((m, n))
    ipiv_b = np.empty((m, n))
    _factor_words(lw, cw, slope, sw, low_w, ipiv_w)
    _factor_bits(lb, cb, slope, sb, low_b, ipiv_b)
    chol = xx.copy()
    for p in range(k):
        for q in range(p + 1):
            t = 0.0
            for i in range(m):
                t += uw[i, p] * uw[i, q] * ipiv_w[0, i]
            for j in range(n):
                t += ub[j, p] * ub[j, q] * ipiv_b[m - 1, j]
            chol[p, q] -= t
    _cholesky(chol)

    words = rw.copy()
    _solve_words(low_w, ipiv_w, words)
    res_b = np.empty((m, n))
    res_x = np.empty(k)
    for i in range(m):
        for j in range(n):
            res_b[i, j] = rb[i, j] + slope[i, j] * words[j, i]
    for p in range(k):
        t = rx[p]
        for i in range(m):
            t += uw[i, p] * words[0, i]
        res_x[p] = t

    diag = np.empty((m, n))
    for i in range(m):
        for j in range(n):
            d = lb[i, j] + slope[i, j]
            if i > 0:
                d += sb[i - 1, j]
            if i < m - 1:
                d += sb[i, j]
            else:
                d += cb[j]
            diag[i, j] = d

    db = np.zeros((m, n))
    dx = np.zeros(k)
    zb = np.empty((m, n))
    zx = np.empty(k)
    pb = np.zeros((m, n))
    px = np.zeros(k)
    qb = np.empty((m, n))
    qx = np.empty(k)
    rz_old = 1.0
    iterations = 0
    limit = 40 + 2 * (m + n + k)
    while iterations < limit:
        worst = 0.0
        for i in range(m):
            for j in range(n):
                worst = max(worst, abs(res_b[i, j]))
        for p in range(k):
            worst = max(worst, abs(res_x[p]))
        if worst <= tolerance:
            break
        _precondition(low_b, ipiv_b, ub, chol, res_b, res_x, zb, zx)
        rz = 0.0
        for i in range(m):
            for j in range(n):
                rz += res_b[i, j] * zb[i, j]
        for p in range(k):
            rz += res_x[p] * zx[p]
        if not rz > 0.0:
            break
        beta = 0.0 if iterations == 0 else rz / rz_old
        for i in range(m):
            for j in range(n):
                pb[i, j] = zb[i, j] + beta * pb[i, j]
        for p in range(k):
            px[p] = zx[p] + beta * px[p]
        _to_words(slope, uw, pb, px, words)
        _solve_words(low_w, ipiv_w, words)
        for i in range(m):
            for j in range(n):
                qb[i, j] = diag[i, j] * pb[i, j] - slope[i, j] * words[j, i]
        for i in range(m - 1):
            for j in range(n):
                qb[i, j] -= sb[i, j] * pb[i + 1, j]
                qb[i + 1, j] -= sb[i, j] * pb[i, j]
        for p in range(k):
            t = 0.0
            for q in range(k):
                t += xx[p, q] * px[q]
            for i in range(m):
                t -= uw[i, p] * words[0, i]
            for j in range(n):
                t -= ub[j, p] * pb[m - 1, j]
                qb[m - 1, j] -= ub[j, p] * px[p]
            qx[p] = t
        pq = 0.0
        for i in range(m):
            for j in range(n):
                pq += pb[i, j] * qb[i, j]
        for p in range(k):
            pq += px[p] * qx[p]
        if not pq > 0.0:
            break
        alpha = rz / pq
        for i in range(m):
            for j in range(n):
                db[i, j] += alpha * pb[i, j]
                res_b[i, j] -= alpha * qb[i, j]
        for p in range(k):
            dx[p] += alpha * px[p]
            res_x[p] -= alpha * qx[p]
        rz_old = rz
        iterations += 1
    _to_words(slope, uw, db, dx, words)
    for kk in range(n):
        for i in range(m):
            words[kk, i] += rw[kk, i]
    _solve_words(low_w, ipiv_w, words)
    return words, db, dx, iterations


@njit(cache=True, error_model="numpy", nogil=True)
def residual(g, inverse_v0, sw, sb, lw, jw, lb, jb, uw, ub, xx, jx, w, b, x, current, slope, rw, rb, rx):
    """Fill cell currents, slopes and Kirchhoff residuals; return (worst residual, current scale) in A."""
    m, n = g.shape
    k = x.shape[0]
    for kk in range(n):
        for i in range(m):
            rw[kk, i] = jw[kk, i] - lw[kk, i] * w[kk, i]
    for i in range(m):
        for j in range(n):
            c, s = cell_law(w[j, i] - b[i, j], g[i, j], inverse_v0[i, j])
            current[i, j] = c
            slope[i, j] = s
            rb[i, j] = jb[i, j] - lb[i, j] * b[i, j] + c
            rw[j, i] -= c
    for kk in range(n - 1):
        for i in range(m):
            c = sw[kk, i] * (w[kk, i] - w[kk + 1, i])
            rw[kk, i] -= c
            rw[kk + 1, i] += c
    for i in range(m - 1):
        for j in range(n):
            c = sb[i, j] * (b[i, j] - b[i + 1, j])
            rb[i, j] -= c
            rb[i + 1, j] += c
    for p in range(k):
        t = jx[p]
        for q in range(k):
            t -= xx[p, q] * x[q]
        for i in range(m):
            t += uw[i, p] * w[0, i]
            rw[0, i] += uw[i, p] * (x[p] - w[0, i])
        for j in range(n):
            t += ub[j, p] * b[m - 1, j]
            rb[m - 1, j] += ub[j, p] * (x[p] - b[m - 1, j])
        rx[p] = t
    worst = 0.0
    scale = 0.0
    for i in range(m):
        total = 0.0
        for j in range(n):
            total += current[i, j]
            worst = max(worst, abs(rw[j, i]), abs(rb[i, j]))
        scale = max(scale, abs(total))
    for j in range(n):
        total = 0.0
        for i in range(m):
            total += current[i, j]
        scale = max(scale, abs(total))
    for p in range(k):
        worst = max(worst, abs(rx[p]))
    return worst, scale


@njit(cache=True, error_model="numpy", nogil=True)
def newton(g, inverse_v0, sw, sb, lw, jw, lb, jb, uw, ub, xx, jx, w, b, x, accuracy):
    """Solve the network in place from the given start (w, b, x); return (cell current, slope, steps, converged).

    `accuracy`: Kirchhoff residual relative to the largest line current. A step moves no cell by more than 2.5 V0.
    """
    m, n = g.shape
    current = np.empty((m, n))
    slope = np.empty((m, n))
    rw = np.empty((n, m))
    rb = np.empty((m, n))
    rx = np.empty(x.shape[0])
    stiffest = 0.0
    for kk in range(n):
        for i in range(m):
            stiffest = max(stiffest, lw[kk, i])
    for i in range(m):
        for j in range(n):
            stiffest = max(stiffest, lb[i, j])
    for kk in range(n - 1):
        for i in range(m):
            stiffest = max(stiffest, sw[kk, i])
    for i in range(m - 1):
        for j in range(n):
            stiffest = max(stiffest, sb[i, j])
    for p in range(x.shape[0]):
        stiffest = max(stiffest, xx[p, p])
    before = np.inf
    for step in range(200):
        worst, scale = residual(
            g, inverse_v0, sw, sb, lw, jw, lb, jb, uw, ub, xx, jx, w, b, x, current, slope, rw, rb, rx
        )
        highest = 0.0
        for kk in range(n):
            for i in range(m):
                highest = max(highest, abs(w[kk, i]), abs(b[i, kk]))
        for p in range(x.shape[0]):
            highest = max(highest, abs(x[p]))
        rounding = 4e-16 * stiffest * highest
        target = max(accuracy * scale, rounding, _NOTHING)
        if worst <= target or (worst <= 32 * target and worst > 0.3 * before) or worst == 0.0:
            return current, slope, step, True
        eta = max(0.1 * target, 1e-8 * worst)
        dw, db, dx, _ = linear_solve(slope, sw, sb, lw, lb, uw, ub, xx, rw, rb, rx, eta)
        largest = 0.0
        for i in range(m):
            for j in range(n):
                largest = max(largest, abs(dw[j, i] - db[i, j]) * inverse_v0[i, j])
        scale_step = min(1.0, 2.5 / largest) if largest > 0 else 1.0
        for kk in range(n):
            for i in range(m):
                w[kk, i] += scale_step * dw[kk, i]
        for i in range(m):
            for j in range(n):
                b[i, j] += scale_step * db[i, j]
        for p in range(x.shape[0]):
            x[p] += scale_step * dx[p]
        before = worst if scale_step == 1.0 else np.inf
    return current, slope, 200, False
