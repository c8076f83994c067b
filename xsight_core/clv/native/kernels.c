/* The sums over customers that fitting and scoring spend their time in. See docs/models.md.
 *
 * Plain C without a library: no libm, no allocation, no state. Callers hand in arrays and get sums back, so a range of
 * rows can be given to each thread. Eight rows are worked on at once; the compiler lowers that to what the processor has.
 */
#include <stdint.h>

#define LANES 8
#define BLOCK 512
#define API __attribute__((visibility("default")))
#define INLINE static inline __attribute__((always_inline))

typedef double V __attribute__((vector_size(64)));
typedef int64_t I __attribute__((vector_size(64)));

INLINE V both(double value) { return (V){} + value; }
INLINE V choose(I mask, V yes, V no) { return (V)((mask & (I)yes) | (~mask & (I)no)); }
INLINE V load(const double *at) { V v; __builtin_memcpy(&v, at, sizeof v); return v; }
INLINE double sum(V v) { double s = 0; for (int k = 0; k < LANES; k++) s += v[k]; return s; }

static const double LN2_HI = 6.93147180369123816490e-01, LN2_LO = 1.90821492927058770002e-10;
static const double WHOLE = 6755399441055744.0; /* 1.5 * 2^52: adding it rounds to a whole number */

/* e^y for y <= 0; below -700 it is e^-700, which nobody can tell from 0 here */
INLINE V exp_down(V y) {
    y = choose(y < both(-700.0), both(-700.0), y);
    V shifted = y * 1.4426950408889634 + WHOLE;
    V k = shifted - WHOLE;
    V f = (y - k * LN2_HI) - k * LN2_LO;
    V p = both(1.0 / 6227020800.0);
    p = p * f + 1.0 / 479001600.0;
    p = p * f + 1.0 / 39916800.0;
    p = p * f + 1.0 / 3628800.0;
    p = p * f + 1.0 / 362880.0;
    p = p * f + 1.0 / 40320.0;
    p = p * f + 1.0 / 5040.0;
    p = p * f + 1.0 / 720.0;
    p = p * f + 1.0 / 120.0;
    p = p * f + 1.0 / 24.0;
    p = p * f + 1.0 / 6.0;
    p = p * f + 0.5;
    p = p * f + 1.0;
    p = p * f + 1.0;
    return (V)((I)p + ((I)shifted << 52));
}

/* ln(1 + f) for f in [sqrt(1/2) - 1, sqrt(2) - 1], plus k ln 2: the polynomial of FreeBSD's msun (Sun Microsystems) */
INLINE V log_near_one(V f, V k) {
    V s = f / (2.0 + f), z = s * s, half = 0.5 * f * f;
    V p = both(1.479819860511658591e-01);
    p = p * z + 1.531383769920937332e-01;
    p = p * z + 1.818357216161805012e-01;
    p = p * z + 2.222219843214978396e-01;
    p = p * z + 2.857142874366239149e-01;
    p = p * z + 3.999999999940941908e-01;
    p = p * z + 6.666666666666735130e-01;
    return k * LN2_HI - ((half - (s * (half + p * z) + k * LN2_LO)) - f);
}

/* ln(1 + e) for e in [0, 1] */
INLINE V log1p_unit(V e) {
    I far = e > both(0.41421356237309503);
    return log_near_one(choose(far, (e - 1.0) * 0.5, e), choose(far, both(1.0), both(0.0)));
}

/* ln u for normal u > 0 */
INLINE V log_of(V u) {
    I bits = (I)u + (((int64_t)0x3ff00000 - 0x3fe6a09e) << 32);
    I k = (bits >> 52) - 1023;
    I mantissa = (bits & 0x000fffffffffffffLL) + ((int64_t)0x3fe6a09e << 32);
    V whole = (V)(k + (int64_t)0x4338000000000000LL) - WHOLE;
    return log_near_one((V)mantissa - 1.0, whole);
}

API int64_t xs_version(void) { return 5; }

/* Purchase histories out of orders by (customer, day): of each customer with an order up to as_of the position of the first
 * one, x, t_x, T, and the spend of the repeat days. Returns the number of customers, -1 where orders are not sorted. */
API int64_t xs_summary(const int64_t *customer, const int64_t *day, const double *spend, int64_t n, int64_t as_of,
                       int64_t *first, int64_t *x, int64_t *tx, int64_t *T, double *total) {
    int64_t found = 0, at = -1, last = 0; /* at: the customer's first order, -1 while there is none */
    for (int64_t i = 0; i < n; i++) {
        int same = i && customer[i] == customer[i - 1];
        if (i && !same) { if (customer[i] < customer[i - 1]) return -1; at = -1; }
        if (same && day[i] < day[i - 1]) return -1;
        if (day[i] > as_of) continue;
        if (at < 0) {
            at = i; last = day[i];
            first[found] = i; x[found] = 0; tx[found] = 0; T[found] = as_of - day[i]; total[found] = 0;
            found++;
            continue;
        }
        if (day[i] > last) { x[found - 1]++; last = day[i]; tx[found - 1] = last - day[at]; }
        if (last > day[at]) total[found - 1] += spend[i];
    }
    return found;
}

/* Check integer histories and lay them out for fitting.
 * Rows with x > 0 go to xs, txs, Ts (and ws); the others, of which only T is left, to zero[T].
 * count[x] is their weight by x. Returns the number of rows, or -1 - i for a row i that no history can give. */
API int64_t xs_pack(const int64_t *x, const int64_t *tx, const int64_t *T, const double *w, int64_t n,
                    int32_t *xs, int32_t *txs, int32_t *Ts, double *ws, double *zero, double *count) {
    int64_t rows = 0;
    for (int64_t i = 0; i < n; i++) {
        double weight = w ? w[i] : 1.0;
        if (x[i] < 0 || tx[i] < 0 || tx[i] > T[i] || (x[i] == 0 && tx[i] != 0)) return -1 - i;
        count[x[i]] += weight;
        if (x[i] == 0) { zero[T[i]] += weight; continue; }
        xs[rows] = (int32_t)x[i]; txs[rows] = (int32_t)tx[i]; Ts[rows] = (int32_t)T[i];
        if (w) ws[rows] = weight;
        rows++;
    }
    return rows;
}

/* ln and reciprocal of shift + values[i], side by side */
static void table(double shift, const double *values, int64_t n, double *out) {
    for (int64_t i = 0; i < n; i += LANES) {
        V u;
        for (int k = 0; k < LANES; k++) u[k] = shift + values[i + k < n ? i + k : n - 1];
        V ln = log_of(u), inverse = 1.0 / u;
        for (int k = 0; k < LANES && i + k < n; k++) { out[2 * (i + k)] = ln[k]; out[2 * (i + k) + 1] = inverse[k]; }
    }
}

/* What the rows look up: ln and reciprocal of alpha + times[i], and of coins[x] = b + coins tossed - 1 */
API void xs_tables(double alpha, const double *times, int64_t n_times, double *by_time, double b, const double *coins,
                   int64_t n_coins, double *by_coin) {
    table(alpha, times, n_times, by_time);
    table(b, coins, n_coins, by_coin);
}

/* The customers with repeats: sums of ln(1 + e^d) - (r+x) ln(alpha+T) and of its derivatives in (r, alpha, a, b);
 * d = ln a - ln(b+n-1) - (r+x) ln((alpha+tx)/(alpha+T)), n coins tossed. `by_time`, `by_coin`: tables as above.
 * out[15]: value, 4 of the gradient, 10 of the Hessian's lower triangle by rows. */
API void xs_rows(const int32_t *x, const int32_t *tx, const int32_t *T, const double *w, int64_t n, double r, double a,
                 const double *by_time, const double *by_coin, double *out) {
    V value = {}, gr = {}, gal = {}, gb = {}, dead = {}, rr = {}, ra = {}, aa = {}, dr = {}, rb = {}, da = {}, ab = {},
      vv = {}, vb = {}, bb = {};
    V log_a = log_of(both(a));
    double S[BLOCK], END[BLOCK], IEND[BLOCK], LAST[BLOCK], ILAST[BLOCK], COIN[BLOCK], ICOIN[BLOCK], W[BLOCK];
    for (int64_t from = 0; from < n; from += BLOCK) {
        int64_t here = n - from < BLOCK ? n - from : BLOCK;
        for (int64_t k = 0; k < here; k++) {
            const double *e = by_time + 2 * T[from + k], *l = by_time + 2 * tx[from + k], *c = by_coin + 2 * x[from + k];
            S[k] = x[from + k];
            END[k] = e[0]; IEND[k] = e[1]; LAST[k] = l[0]; ILAST[k] = l[1]; COIN[k] = c[0]; ICOIN[k] = c[1];
        }
        for (int64_t k = 0; k < here; k++) W[k] = w ? w[from + k] : 1.0;
        for (int64_t k = here; k % LANES; k++, here++) { /* fill up with rows of no weight */
            S[k] = END[k] = LAST[k] = COIN[k] = W[k] = 0.0;
            IEND[k] = ILAST[k] = ICOIN[k] = 1.0;
        }
        for (int64_t i = 0; i < here; i += LANES) {
            V s = load(S + i), end = load(END + i), iend = load(IEND + i), last = load(LAST + i), ilast = load(ILAST + i),
              coin = load(COIN + i), icoin = load(ICOIN + i), wi = load(W + i);
            s += r;
            V q = last - end;
            V d = log_a - coin - s * q;
            I up = d > both(0.0);
            V e = exp_down(choose(up, -d, d)), share = 1.0 / (1.0 + e);
            V p = choose(up, share, e * share), soft = log1p_unit(e) + choose(up, d, both(0.0));
            V gap = iend - ilast, slope = s * gap, wp = wi * p, wv = wp * (1.0 - p);
            value += wi * (soft - s * end);
            gr -= wi * end + wp * q;
            gal += wp * slope - wi * s * iend;
            gb -= wp * icoin;
            dead += wp;
            rr += wv * q * q;
            ra += wp * gap - wi * iend - wv * q * slope;
            aa += wi * s * iend * iend - wp * slope * (iend + ilast) + wv * slope * slope;
            dr -= wv * q;
            rb += wv * q * icoin;
            da += wv * slope;
            ab -= wv * slope * icoin;
            vv += wv;
            vb -= wv * icoin;
            bb += (wv + wp) * icoin * icoin;
        }
    }
    double ia = 1.0 / a;
    out[0] = sum(value);
    out[1] = sum(gr); out[2] = sum(gal); out[3] = sum(dead) * ia; out[4] = sum(gb);
    out[5] = sum(rr);
    out[6] = sum(ra); out[7] = sum(aa);
    out[8] = sum(dr) * ia; out[9] = sum(da) * ia; out[10] = (sum(vv) - sum(dead)) * ia * ia;
    out[11] = sum(rb); out[12] = sum(ab); out[13] = sum(vb) * ia; out[14] = sum(bb);
}

/* The rest: customers without a repeat (their only distinct value is T), alpha^r and the rising factorials.
 * tosses[j]: weight of those who tossed more than j coins; buys[j]: who bought more than j times again. Adds to out. */
API void xs_rest(double r, double alpha, double a, double b, int64_t modified, int64_t n_times, const double *zero,
                 const double *buys, int64_t n_buys, double total, const double *by_time, double *out) {
    double g[4] = {}, h[10] = {}, value = 0;
    V ends = log_of((V){alpha, a, b, 1, 1, 1, 1, 1});
    double log_alpha = ends[0], odds = ends[1] - ends[2], i_alpha = 1.0 / alpha, ia = 1.0 / a, ib = 1.0 / b;
    for (int64_t i = 0; i < n_times; i += LANES) {
        V c, end, iend;
        for (int k = 0; k < LANES; k++) {
            int64_t j = i + k < n_times ? i + k : n_times - 1;
            c[k] = i + k < n_times ? zero[j] : 0.0;
            end[k] = by_time[2 * j]; iend[k] = by_time[2 * j + 1];
        }
        value -= r * sum(c * end);
        g[0] -= sum(c * end);
        g[1] -= r * sum(c * iend);
        h[1] -= sum(c * iend);
        h[2] += r * sum(c * iend * iend);
        if (!modified) continue;
        V q = log_alpha - end, d = odds - r * q;
        I up = d > both(0.0);
        V e = exp_down(choose(up, -d, d)), share = 1.0 / (1.0 + e);
        V p = choose(up, share, e * share), soft = log1p_unit(e) + choose(up, d, both(0.0));
        V gap = iend - i_alpha, slope = r * gap, wp = c * p, wv = wp * (1.0 - p);
        value += sum(c * soft);
        g[0] -= sum(wp * q);
        g[1] += sum(wp * slope);
        g[2] += sum(wp) * ia;
        g[3] -= sum(wp) * ib;
        h[0] += sum(wv * q * q);
        h[1] += sum(wp * gap - wv * q * slope);
        h[2] += sum(wv * slope * slope - wp * slope * (iend + i_alpha));
        h[3] -= sum(wv * q) * ia;
        h[4] += sum(wv * slope) * ia;
        h[5] += sum(wv - wp) * ia * ia;
        h[6] += sum(wv * q) * ib;
        h[7] -= sum(wv * slope) * ib;
        h[8] -= sum(wv) * ia * ib;
        h[9] += sum(wv + wp) * ib * ib;
    }
    value += total * r * log_alpha;
    g[0] += total * log_alpha;
    g[1] += total * r * i_alpha;
    h[1] += total * i_alpha;
    h[2] -= total * r * i_alpha * i_alpha;
    int64_t n_tosses = n_buys + (modified ? 1 : 0);
    for (int64_t i = 0; i < n_tosses; i += LANES) {
        V buy, toss, j, rj, bj, cj;
        for (int k = 0; k < LANES; k++) {
            int64_t at = i + k;
            buy[k] = at < n_buys ? buys[at] : 0.0;
            toss[k] = at >= n_tosses ? 0.0 : !modified ? buys[at] : at ? buys[at - 1] : total;
            j[k] = at;
        }
        rj = r + j; bj = b + j; cj = a + b + j;
        V ir = 1.0 / rj, is = 1.0 / bj, ic = 1.0 / cj;
        value += sum(buy * log_of(rj)) + sum(toss * log_of(bj * ic));
        g[0] += sum(buy * ir);
        h[0] -= sum(buy * ir * ir);
        g[2] -= sum(toss * ic);
        g[3] += sum(toss * (is - ic));
        double cc = sum(toss * ic * ic);
        h[5] += cc;
        h[8] += cc;
        h[9] += cc - sum(toss * is * is);
    }
    out[0] += value;
    for (int k = 0; k < 4; k++) out[1 + k] += g[k];
    for (int k = 0; k < 10; k++) out[5 + k] += h[k];
}

/* Gamma-Gamma: sums over u = total + v of ln u, x ln u, 1/u, x/u, 1/u^2, x/u^2 */
API void xs_spend(const double *x, const double *total, int64_t n, double v, double *out) {
    V l = {}, xl = {}, i1 = {}, xi1 = {}, i2 = {}, xi2 = {};
    for (int64_t i = 0; i < n; i += LANES) {
        V xi, u, wi;
        if (i + LANES <= n) {
            xi = load(x + i); u = load(total + i) + v; wi = both(1.0);
        } else {
            for (int k = 0; k < LANES; k++) {
                int64_t j = i + k < n ? i + k : n - 1;
                xi[k] = x[j]; u[k] = total[j] + v; wi[k] = i + k < n ? 1.0 : 0.0;
            }
        }
        V ln = wi * log_of(u), inverse = wi / u, square = inverse / u;
        l += ln; xl += xi * ln; i1 += inverse; xi1 += xi * inverse; i2 += square; xi2 += xi * square;
    }
    out[0] = sum(l); out[1] = sum(xl); out[2] = sum(i1); out[3] = sum(xi1); out[4] = sum(i2); out[5] = sum(xi2);
}

/* ln Gamma, its first and its second derivative at z > 0: Stirling's series at z + 10 and the recurrence back */
INLINE void gammas(V z, V *log_gamma, V *psi, V *curve) {
    V product = both(1.0), first = {}, second = {}, far = z + 10.0;
    V logs = {};
    for (int j = 0; j < 10; j++) {
        V at = 1.0 / (z + (double)j);
        product *= z + (double)j;
        if (j % 5 == 4) { logs += log_of(product); product = both(1.0); } /* five factors cannot overflow here */
        first += at;
        second += at * at;
    }
    V ln = log_of(far), i = 1.0 / far, ii = i * i;
    V a = both(1.0 / 156), b = both(-1.0 / 12), c = both(7.0 / 6);
    a = a * ii - 691.0 / 360360; b = b * ii + 691.0 / 32760; c = c * ii - 691.0 / 2730;
    a = a * ii + 1.0 / 1188;     b = b * ii - 1.0 / 132;     c = c * ii + 5.0 / 66;
    a = a * ii - 1.0 / 1680;     b = b * ii + 1.0 / 240;     c = c * ii - 1.0 / 30;
    a = a * ii + 1.0 / 1260;     b = b * ii - 1.0 / 252;     c = c * ii + 1.0 / 42;
    a = a * ii - 1.0 / 360;      b = b * ii + 1.0 / 120;     c = c * ii - 1.0 / 30;
    a = a * ii + 1.0 / 12;       b = b * ii - 1.0 / 12;      c = c * ii + 1.0 / 6;
    *log_gamma = (far - 0.5) * ln - far + 0.9189385332046727 + a * i - logs;
    *psi = ln - 0.5 * i + b * ii - first;
    *curve = (1.0 + 0.5 * i + c * ii) * i + second;
}

/* Gamma-Gamma, what depends on x alone: with k = px + q and o = px sums over distinct x, count of each, of
 * ln G(k) - ln G(o), x (psi(k) - psi(o)), psi(k), x^2 (psi'(k) - psi'(o)), x psi'(k), psi'(k); then ln G, psi, psi' of q */
API void xs_gammas(const double *x, const double *count, int64_t n, double p, double q, double *out) {
    V value = {}, gp = {}, gq = {}, pp = {}, pq = {}, qq = {}, l, f, s;
    for (int64_t i = 0; i < n; i += LANES) {
        V xi, c, lo, fo, so;
        for (int k = 0; k < LANES; k++) {
            xi[k] = x[i + k < n ? i + k : n - 1];
            c[k] = i + k < n ? count[i + k] : 0.0;
        }
        gammas(p * xi + q, &l, &f, &s);
        gammas(p * xi, &lo, &fo, &so);
        value += c * (l - lo); gp += c * xi * (f - fo); gq += c * f;
        pp += c * xi * xi * (s - so); pq += c * xi * s; qq += c * s;
    }
    gammas(both(q), &l, &f, &s);
    out[0] = sum(value); out[1] = sum(gp); out[2] = sum(gq); out[3] = sum(pp); out[4] = sum(pq); out[5] = sum(qq);
    out[6] = l[0]; out[7] = f[0]; out[8] = s[0];
}

/* Newton's method for up to four parameters, step by step that of newton.py: `climb` is for shops so small that calling
 * back and forth for each step would take longer than the sums. */
#define SIZE 4
typedef double (*objective)(void *of, const double *theta, double g[SIZE], double h[SIZE][SIZE]);

INLINE double exp_of(double y) {
    double e = exp_down(both(y < 0 ? y : -y))[0];
    return y < 0 ? e : 1.0 / e;
}
INLINE double size_of(double value) { return value < 0 ? -value : value; }

/* Eigenvalues (on the diagonal of m) and eigenvectors (columns of v) of a symmetric matrix, by Jacobi's rotations */
static void eigen(int n, double m[SIZE][SIZE], double v[SIZE][SIZE]) {
    for (int i = 0; i < n; i++)
        for (int j = 0; j < n; j++) v[i][j] = i == j;
    for (int sweep = 0; sweep < 10; sweep++)
        for (int p = 0; p < n; p++)
            for (int q = p + 1; q < n; q++) {
                if (m[p][q] == 0) continue;
                double tau = (m[q][q] - m[p][p]) / (2 * m[p][q]);
                double t = (tau < 0 ? -1 : 1) / (size_of(tau) + __builtin_sqrt(1 + tau * tau));
                double c = 1 / __builtin_sqrt(1 + t * t), s = t * c;
                for (int k = 0; k < n; k++) {
                    double kp = m[k][p], kq = m[k][q];
                    m[k][p] = c * kp - s * kq; m[k][q] = s * kp + c * kq;
                }
                for (int k = 0; k < n; k++) {
                    double pk = m[p][k], qk = m[q][k], kp = v[k][p], kq = v[k][q];
                    m[p][k] = c * pk - s * qk; m[q][k] = s * pk + c * qk;
                    v[k][p] = c * kp - s * kq; v[k][q] = s * kp + c * kq;
                }
                m[p][q] = m[q][p] = 0;
            }
}

/* From theta to the optimum; out: value and n * n of the Hessian there. Evaluations, negative where it did not converge. */
static int64_t climb(int n, objective f, void *of, double *theta, double *out) {
    double g[SIZE], h[SIZE][SIZE], value = f(of, theta, g, h), there[SIZE], new_g[SIZE], new_h[SIZE][SIZE];
    int64_t evaluations = 1, converged = 0;
    for (int iteration = 0; iteration < 60 && !converged; iteration++) {
        double m[SIZE][SIZE], axes[SIZE][SIZE], step[SIZE] = {}, most = 0, least = 0, longest = 1e-300, gain = 0;
        for (int i = 0; i < n; i++)
            for (int j = 0; j < n; j++) m[i][j] = -h[i][j];
        eigen(n, m, axes);
        for (int k = 0; k < n; k++) {
            if (size_of(m[k][k]) > most) most = size_of(m[k][k]);
            if (k == 0 || m[k][k] < least) least = m[k][k];
        }
        for (int k = 0; k < n; k++) {
            double along = 0, curvature = size_of(m[k][k]) > 1e-10 * most ? size_of(m[k][k]) : 1e-10 * most;
            for (int i = 0; i < n; i++) along += axes[i][k] * g[i];
            for (int i = 0; i < n; i++) step[i] += axes[i][k] * along / curvature;
        }
        for (int i = 0; i < n; i++) if (size_of(step[i]) > longest) longest = size_of(step[i]);
        if (longest > 2.0) for (int i = 0; i < n; i++) step[i] *= 2.0 / longest;
        for (int i = 0; i < n; i++) gain += g[i] * step[i];
        if (gain / 2 < (least > 0 ? 1e-9 : 1e-6) + 3e-14 * size_of(value)) { converged = 1; break; }
        double length = 1.0, reached = 0;
        int halvings = 0;
        for (; halvings < 14; halvings++, length *= 0.35) {
            for (int i = 0; i < n; i++) there[i] = theta[i] + length * step[i];
            reached = f(of, there, new_g, new_h);
            evaluations++;
            if (reached >= value + 1e-4 * length * gain - 1e-13 * size_of(value)) break;
        }
        if (halvings == 14) { converged = gain / 2 < 1e-3; break; } /* what is left to gain drowns in rounding */
        value = reached;
        for (int i = 0; i < n; i++) {
            theta[i] = there[i]; g[i] = new_g[i];
            for (int j = 0; j < n; j++) h[i][j] = new_h[i][j];
        }
    }
    out[0] = value;
    for (int i = 0; i < n; i++)
        for (int j = 0; j < n; j++) out[1 + i * n + j] = h[i][j];
    return converged ? evaluations : -evaluations;
}

/* A normal prior: what it takes off the value, the gradient and the Hessian */
static double pull(int n, const double *theta, const double *mean, const double *precision, double g[SIZE],
                   double h[SIZE][SIZE]) {
    double lost = 0;
    for (int i = 0; mean && i < n; i++) {
        double along = 0;
        for (int j = 0; j < n; j++) {
            along += precision[i * n + j] * (theta[j] - mean[j]);
            h[i][j] -= precision[i * n + j];
        }
        g[i] -= along;
        lost += 0.5 * along * (theta[i] - mean[i]);
    }
    return lost;
}

typedef struct {
    const int32_t *x, *tx, *T;
    const double *w, *times, *zero, *tail, *coins, *mean, *precision;
    int64_t n, n_times, n_tail, modified;
    double total, *by_time, *by_coin;
} Purchases;

/* log_likelihood of likelihood.py: sums in (r, alpha, a, b), brought to theta */
static double purchases(void *of, const double *theta, double g[SIZE], double h[SIZE][SIZE]) {
    Purchases *p = of;
    double whole = exp_of(theta[3]), r = exp_of(theta[1]), alpha = exp_of(theta[1] - theta[0]);
    double a = whole / (1 + exp_of(-theta[2])), b = whole / (1 + exp_of(theta[2])), o[15];
    table(alpha, p->times, p->n_times, p->by_time);
    table(b, p->coins, p->n_tail + 1, p->by_coin);
    xs_rows(p->x, p->tx, p->T, p->w, p->n, r, a, p->by_time, p->by_coin, o);
    xs_rest(r, alpha, a, b, p->modified, p->n_times, p->zero, p->tail, p->n_tail, p->total, p->by_time, o);
    double gr = o[1], gal = o[2], ga = o[3], gb = o[4], rr = o[5], ral = o[6], alal = o[7], ra = o[8], ala = o[9],
           aa = o[10], rb = o[11], alb = o[12], ab = o[13], bb = o[14];
    double share = a / (a + b), k = share * b, along = gal * alpha, across = (ga - gb) * k;
    double ra_k = k * (ra - rb), ra_s = a * ra + b * rb, al_k = k * (ala - alb), al_s = a * ala + b * alb;
    g[0] = -along; g[1] = r * gr + along; g[2] = across; g[3] = a * ga + b * gb;
    h[0][0] = alpha * alpha * alal + along;
    h[1][0] = -alpha * (r * ral + alpha * alal) - along;
    h[1][1] = r * (r * rr + 2 * alpha * ral) + alpha * alpha * alal + gr * r + along;
    h[2][0] = -alpha * al_k;
    h[2][1] = r * ra_k + alpha * al_k;
    h[2][2] = k * k * (aa - 2 * ab + bb) + across * (1 - 2 * share);
    h[3][0] = -alpha * al_s;
    h[3][1] = r * ra_s + alpha * al_s;
    h[3][2] = k * (a * (aa - ab) + b * (ab - bb)) + across;
    h[3][3] = a * a * aa + 2 * a * b * ab + b * b * bb + ga * a + gb * b;
    for (int i = 0; i < 4; i++)
        for (int j = 0; j < i; j++) h[j][i] = h[i][j];
    return o[0] - pull(4, theta, p->mean, p->precision, g, h);
}

/* The optimum of BG/NBD or MBG/NBD from theta on. coins: as for xs_tables, one more than buys. scratch: 2 doubles for each
 * of times and coins. mean, precision: of a prior, or none. */
API int64_t xs_climb_purchases(const int32_t *x, const int32_t *tx, const int32_t *T, const double *w, int64_t n,
                               const double *times, int64_t n_times, const double *zero, const double *buys,
                               int64_t n_buys, const double *coins, double total, int64_t modified, const double *mean,
                               const double *precision, double *scratch, double *theta, double *out) {
    Purchases of = {x, tx, T, w, times, zero, buys, coins, mean, precision, n, n_times, n_buys, modified, total, scratch,
                    scratch + 2 * n_times};
    return climb(4, purchases, &of, theta, out);
}

typedef struct {
    const double *x, *total, *values, *count, *mean, *precision;
    int64_t n, n_values;
    double log_m, x_log;
} Spend;

/* The likelihood of spend.py in (ln p, ln q, ln v) */
static double spend(void *of, const double *theta, double g[SIZE], double h[SIZE][SIZE]) {
    Spend *s = of;
    double p = exp_of(theta[0]), q = exp_of(theta[1]), v = exp_of(theta[2]), u[6], k[9], n = s->n, log_v = theta[2];
    xs_spend(s->x, s->total, s->n, v, u);
    xs_gammas(s->values, s->count, s->n_values, p, q, k);
    double value = k[0] - n * k[6] + n * q * log_v + p * s->x_log - s->log_m - p * u[1] - q * u[0];
    double first[3] = {k[1] + s->x_log - u[1], k[2] - n * k[7] + n * log_v - u[0], n * q / v - p * u[3] - q * u[2]};
    double second[3][3] = {{k[3], k[4], -u[3]},
                           {k[4], k[5] - n * k[8], n / v - u[2]},
                           {-u[3], n / v - u[2], -n * q / (v * v) + p * u[5] + q * u[4]}}, scale[3] = {p, q, v};
    for (int i = 0; i < 3; i++) {
        g[i] = first[i] * scale[i];
        for (int j = 0; j < 3; j++) h[i][j] = second[i][j] * scale[i] * scale[j] + (i == j ? g[i] : 0);
    }
    return value - pull(3, theta, s->mean, s->precision, g, h);
}

/* The optimum of Gamma-Gamma from theta on: x and total of each customer, count of each of the values of x */
API int64_t xs_climb_spend(const double *x, const double *total, int64_t n, const double *values, const double *count,
                           int64_t n_values, double log_m, double x_log, const double *mean, const double *precision,
                           double *theta, double *out) {
    Spend of = {x, total, values, count, mean, precision, n, n_values, log_m, x_log};
    return climb(3, spend, &of, theta, out);
}

/* P(alive): 1 / (1 + e^d) for rows of whole days; tables of xs_rest. certain: x = 0 means alive (BG/NBD). */
API void xs_alive(const int64_t *x, const int64_t *tx, const int64_t *T, int64_t n, double r, double a, int64_t certain,
                  const double *by_time, const double *by_coin, double *out) {
    V log_a = log_of(both(a));
    double S[BLOCK], Q[BLOCK], COIN[BLOCK], P[BLOCK];
    for (int64_t from = 0; from < n; from += BLOCK) {
        int64_t here = n - from < BLOCK ? n - from : BLOCK;
        for (int64_t k = 0; k < here; k++) {
            int64_t j = from + k;
            S[k] = (double)x[j];
            Q[k] = by_time[2 * tx[j]] - by_time[2 * T[j]];
            COIN[k] = by_coin[2 * x[j]];
        }
        for (int64_t k = here; k % LANES; k++) S[k] = Q[k] = COIN[k] = 0.0;
        for (int64_t i = 0; i < here; i += LANES) {
            V s = load(S + i), d = log_a - load(COIN + i) - (s + r) * load(Q + i);
            I up = d > both(0.0);
            V e = exp_down(choose(up, -d, d)), share = 1.0 / (1.0 + e);
            V p = choose(up, e * share, share);
            if (certain) p = choose(s == both(0.0), both(1.0), p);
            __builtin_memcpy(P + i, &p, sizeof p);
        }
        for (int64_t k = 0; k < here; k++) out[from + k] = P[k];
    }
}

/* Number the distinct pairs (x, T): seen[x * width + T] is 0 on entry, the pair's number + 1 on return. */
API int64_t xs_pairs(const int64_t *x, const int64_t *T, int64_t n, int64_t width, int32_t *seen, int64_t *which,
                     int64_t *first) {
    int64_t pairs = 0;
    for (int64_t i = 0; i < n; i++) {
        int32_t *cell = seen + x[i] * width + T[i];
        if (!*cell) { first[pairs] = i; *cell = (int32_t)++pairs; }
        which[i] = *cell - 1;
    }
    return pairs;
}

/* Expected purchases of an active customer, the series of series.py, for rows order[lo..hi) and h horizons (at most 64).
 * step[i, h] = t / (rate + t). Sums go to out, the number of times each was scaled down to shrunk. Eight rows are summed
 * side by side, TERMS terms at a time, and a horizon until it is done in all eight: rows that take equally long should
 * stand together. */
#define MOST 64
#define TERMS 8
API void xs_series(const int64_t *order, const double *s, const double *b, double a, const double *step, int64_t lo,
                   int64_t hi, int64_t h, double huge, double tolerance, double *out, double *shrunk) {
    V mass[MOST], total[MOST], z[MOST], times[MOST], grow[TERMS], used[TERMS];
    int64_t which[MOST], row[LANES];
    for (int64_t i = lo; i < hi; i += LANES) {
        double S[LANES], B[LANES], Z[MOST][LANES];
        for (int k = 0; k < LANES; k++) {
            row[k] = order[i + k < hi ? i + k : hi - 1];
            S[k] = s[row[k]]; B[k] = b[row[k]];
            for (int64_t c = 0; c < h; c++) Z[c][k] = step[row[k] * h + c];
        }
        V si = load(S), bi = load(B), stays = both(1.0), sum = both(0.0);
        for (int64_t c = 0; c < h; c++) {
            mass[c] = both(1.0); total[c] = times[c] = both(0.0);
            z[c] = load(Z[c]); which[c] = c;
        }
        for (int64_t left = h, n = 0; left;) {
            for (int k = 0; k < TERMS; k++, n++) {
                V tossed = bi + (double)n;
                sum += stays;
                stays *= tossed / (a + tossed);
                used[k] = sum;
                grow[k] = (si + (double)n) * (1.0 / (double)(n + 1));
            }
            V rise = (si + (double)n) / (double)(n + 1) * (sum + stays) / sum;
            for (int64_t c = 0; c < left; c++) {
                V m = mass[c], t = total[c], zc = z[c];
                for (int k = 0; k < TERMS; k++) {
                    m *= zc * grow[k];
                    t += m * used[k];
                }
                V ratio = zc * rise;
                I ok = (ratio < both(1.0)) & (m * sum * ratio <= tolerance * t * (1.0 - ratio)), big = t > both(huge);
                if (__builtin_reduce_or(big)) {
                    V shrink = choose(big, both(1.0 / huge), both(1.0));
                    m *= shrink; t *= shrink;
                    times[c] += choose(big, both(1.0), both(0.0));
                }
                mass[c] = m; total[c] = t;
                if (!__builtin_reduce_and(ok)) { mass[c] = choose(m < both(1e-200), both(0.0), m); continue; }
                for (int k = 0; k < LANES; k++) {
                    out[row[k] * h + which[c]] = t[k];
                    shrunk[row[k] * h + which[c]] = times[c][k];
                }
                left--; /* the last one takes its place */
                mass[c] = mass[left]; total[c] = total[left]; times[c] = times[left]; z[c] = z[left];
                which[c] = which[left];
                c--;
            }
        }
    }
}

/* Scores with the variance of their logarithms, from what they are at 8 parameter points: +- one step along each of 4
 * axes of the covariance (+ first). by_time[T], by_coin[x]: the 8 logarithms; level[pair]: 8 quantities of an active
 * customer; slope[pair]: half the difference of their logarithms along axis 0, then 1, 2, 3; p: P(alive). */
API void xs_spread(const int64_t *x, const int64_t *tx, const int64_t *T, const int64_t *which, const double *p,
                   int64_t n, int64_t certain, const double *r, const double *log_a, const double *by_time,
                   const double *by_coin, const double *level, const double *slope, double *mean, double *variance,
                   double *odds_variance) {
    V rs = load(r), log_as = load(log_a);
    for (int64_t i = 0; i < n; i++) {
        V d = log_as - load(by_coin + LANES * x[i])
            - (rs + (double)x[i]) * (load(by_time + LANES * tx[i]) - load(by_time + LANES * T[i]));
        I up = d > both(0.0);
        V log_p = -(log1p_unit(exp_down(choose(up, -d, d))) + choose(up, d, both(0.0)));
        int sure = certain && x[i] == 0;
        V spread = {};
        double odds = 0;
        const double *at = slope + 4 * LANES * which[i];
        for (int k = 0; k < 4; k++) {
            double alive = sure ? 0.0 : 0.5 * (log_p[k] - log_p[k + 4]), both_ways = 0.5 * (d[k] - d[k + 4]);
            V along = load(at + LANES * k) + alive;
            spread += along * along;
            odds += sure ? 0.0 : both_ways * both_ways;
        }
        V mid = load(level + LANES * which[i]) * p[i];
        __builtin_memcpy(mean + LANES * i, &mid, sizeof mid);
        __builtin_memcpy(variance + LANES * i, &spread, sizeof spread);
        odds_variance[i] = odds;
    }
}
