"""Einsum and linear algebra: products of any axes, decompositions, solvers and their gradients."""

import numpy as np

from tests.interop.guides._results import caught, collect


def run(tf):
    return collect(
        tf,
        *(
            einsum,
            tensordot,
            products,
            band_and_diagonal,
            solving,
            decompositions,
            cholesky,
            eigenvalues,
            low_rank,
            norms,
        ),
        *(batches, doubles, matrix_functions, gradients, attention, least_squares, compression),
    )


def matrix(rows=4, columns=4, shift=0.0):
    return np.cos(np.arange(rows * columns) + shift).reshape(rows, columns).astype(np.float32)


def definite(tf, size=4):
    a = tf.constant(matrix(size, size))
    return tf.matmul(a, a, transpose_b=True) + tf.eye(size)


def einsum(tf):
    a, b = tf.constant(matrix(3, 4)), tf.constant(matrix(4, 2, 1.0))
    batch = tf.constant(np.sin(np.arange(24)).reshape(2, 3, 4), tf.float32)
    v = tf.constant([1.0, 2.0, 3.0, 4.0])
    return {
        "matmul": tf.einsum("ij,jk->ik", a, b),
        "implicit": tf.einsum("ij,jk", a, b),
        "batch": tf.einsum("bij,jk->bik", batch, b),
        "ellipsis": tf.einsum("...ij,jk->...ik", batch, b),
        "transpose": tf.einsum("ij->ji", a),
        "trace": tf.einsum("ii", tf.constant(matrix(3, 3))),
        "diagonal": tf.einsum("ii->i", tf.constant(matrix(3, 3))),
        "sum": tf.einsum("ij->", a),
        "row sums": tf.einsum("ij->i", a),
        "dot": tf.einsum("i,i->", v, v),
        "outer": tf.einsum("i,j->ij", v, v),
        "bilinear": tf.einsum("i,ij,j->", v[:3], a, v),
        "of three": tf.einsum("bij,jk,k->bi", batch, b, tf.constant([1.0, -1.0])),
        "integers": tf.einsum("ij,jk->ik", tf.constant([[1, 2]]), tf.constant([[3], [4]])),
        "wrong": caught(lambda: tf.einsum("ij,jk->ik", a, a), ValueError, tf.errors.InvalidArgumentError),
    }


def tensordot(tf):
    a, b = (
        tf.constant(np.arange(24.0).reshape(2, 3, 4), tf.float32),
        tf.constant(np.arange(12.0).reshape(4, 3), tf.float32),
    )
    return {
        "one axis": tf.tensordot(a, b, 1),
        "named axes": tf.tensordot(a, b, axes=[[1, 2], [1, 0]]),
        "outer": tf.tensordot(tf.constant([1.0, 2.0]), tf.constant([3.0, 4.0]), 0),
    }


def products(tf):
    a = tf.constant(matrix(3, 3))
    x, y = tf.constant([1.0, 2.0, 3.0]), tf.constant([0.0, 1.0, -1.0])
    return {
        "matmul": tf.linalg.matmul(a, a, adjoint_a=True),
        "matvec": tf.linalg.matvec(a, x),
        "cross": tf.linalg.cross(x, y),
        "power": a @ a @ a,
        "kronecker by einsum": tf.reshape(tf.einsum("ij,kl->ikjl", a[:2, :2], tf.eye(2)), [4, 4]),
        "complex": tf.matmul([[1 + 1j, 2.0]], [[1.0], [1j]]),
        "adjoint": tf.linalg.adjoint([[1 + 2j, 3.0]]),
        "transposes": tf.matmul(tf.ones([2, 3]), tf.ones([4, 3]), transpose_b=True).shape.as_list(),
    }


def band_and_diagonal(tf):
    a = tf.reshape(tf.range(12.0), [3, 4])
    return {
        "diag": tf.linalg.diag([1.0, 2.0]),
        "diag off": tf.linalg.diag([1.0, 2.0], k=1),
        "diag part": tf.linalg.diag_part(a),
        "diag part off": tf.linalg.diag_part(a, k=1),
        "set diag": tf.linalg.set_diag(a, [-1.0, -2.0, -3.0]),
        "band": tf.linalg.band_part(a, 1, 1),
        "lower": tf.linalg.band_part(a, -1, 0),
        "trace": tf.linalg.trace(a[:, :3]),
        "tensor diag": tf.linalg.tensor_diag([1, 2]),
        "eye": tf.linalg.eye(2, batch_shape=[2]),
    }


def solving(tf):
    a, b = definite(tf), tf.constant(matrix(4, 2, 0.5))
    upper = tf.linalg.band_part(a, 0, -1)
    return {
        "solve": tf.linalg.solve(a, b),
        "adjoint": tf.linalg.solve(upper, b, adjoint=True),
        "inverse": tf.linalg.inv(a),
        "triangular": tf.linalg.triangular_solve(upper, b, lower=False),
        "cholesky": tf.linalg.cholesky_solve(tf.linalg.cholesky(a), b),
        "determinant": tf.linalg.det(a),
        "logarithm": tf.linalg.logdet(a),
        "sign and logarithm": list(tf.linalg.slogdet(-a[:3, :3])),
        "lstsq": tf.linalg.lstsq(tf.constant(matrix(5, 2)), tf.constant(matrix(5, 1, 2.0))),
        "tridiagonal": tf.linalg.tridiagonal_solve(
            tf.constant([[1.0, 1.0, 0.0], [4.0, 4.0, 4.0], [0.0, 1.0, 1.0]]), tf.constant([1.0, 2.0, 3.0])
        ),
        "not square": caught(lambda: tf.linalg.inv(tf.ones([2, 3])), ValueError, tf.errors.InvalidArgumentError),
    }


def decompositions(tf):
    """What is unique is compared; signs and orders are not."""
    a = tf.constant(matrix(4, 3))
    s, u, v = tf.linalg.svd(a)
    q, r = tf.linalg.qr(a)
    lu, permutation = tf.linalg.lu(definite(tf, 3))
    return {
        "singular values": s,
        "values only": tf.linalg.svd(a, compute_uv=False),
        "rebuilt": u @ tf.linalg.diag(s) @ tf.transpose(v),
        "shapes": [u.shape.as_list(), v.shape.as_list()],
        "full": tf.linalg.svd(a, full_matrices=True)[1].shape.as_list(),
        "qr": q @ r,
        "q is orthogonal": tf.transpose(q) @ q,
        "r": tf.abs(r),
        "lu": lu,
        "permutation": permutation,
    }


def cholesky(tf):
    a = definite(tf)
    factor = tf.linalg.cholesky(a)
    return {
        "factor": factor,
        "rebuilt": factor @ tf.transpose(factor),
    }


def eigenvalues(tf):
    a = definite(tf)
    values, vectors = tf.linalg.eigh(a)
    return {
        "values": values,
        "values only": tf.linalg.eigvalsh(a),
        "rebuilt": vectors @ tf.linalg.diag(values) @ tf.transpose(vectors),
        "general": tf.sort(tf.math.real(tf.linalg.eigvals(tf.constant([[2.0, 1.0], [0.0, 3.0]])))),
        "turning": tf.sort(tf.math.imag(tf.linalg.eigvals(tf.constant([[0.0, -1.0], [1.0, 0.0]])))),
    }


def low_rank(tf):
    image = tf.constant(np.outer(np.arange(1, 6), np.arange(1, 5)) + matrix(5, 4) / 10, tf.float32)
    s, u, v = tf.linalg.svd(image)
    approximations = [(u[:, :rank] * s[:rank]) @ tf.transpose(v[:, :rank]) for rank in (1, 2)]
    errors = [tf.norm(image - approximation) for approximation in approximations]
    return {
        "approximations": approximations,
        "errors": errors,
        "energy": tf.cumsum(s**2) / tf.reduce_sum(s**2),
        "rank": tf.linalg.matrix_rank(approximations[0], tol=1e-3),
        "pseudo inverse": tf.linalg.pinv(tf.constant(matrix(4, 2))),
    }


def norms(tf):
    a = tf.constant(matrix(3, 4))
    return {
        "frobenius": tf.norm(a),
        "ord": [tf.norm(a, ord=order, axis=1) for order in (1, 2, np.inf, 3)],
        "of matrices": [tf.norm(a, ord=order, axis=[0, 1]) for order in ("fro", 1, np.inf)],
        "kept": tf.linalg.norm(a, axis=0, keepdims=True),
        "unit": tf.math.l2_normalize(a, axis=1),
        "normalised": list(tf.linalg.normalize(a, axis=1)),
        "global": tf.linalg.global_norm([a, a * 2.0]),
        "zero fraction": tf.math.zero_fraction([0.0, 1.0, 0.0, 2.0]),
    }


def batches(tf):
    base = tf.constant(np.sin(np.arange(18)).reshape(2, 3, 3), tf.float32)
    a = base @ tf.linalg.matrix_transpose(base) + tf.eye(3)
    return {
        "inverse": tf.linalg.inv(a),
        "solve": tf.linalg.solve(a, tf.ones([2, 3, 1])),
        "determinant": tf.linalg.det(a),
        "cholesky": tf.linalg.cholesky(a),
        "values": tf.linalg.eigvalsh(a),
        "singular values": tf.linalg.svd(a, compute_uv=False),
        "trace": tf.linalg.trace(a),
        "diagonal": tf.linalg.diag_part(a),
    }


def doubles(tf):
    a = tf.constant([[2.0, 1.0], [1.0, 3.0]], tf.float64)
    identity = a @ tf.linalg.inv(a)
    return {
        "inverse": tf.linalg.inv(a),
        "to the last digits": float(tf.reduce_max(tf.abs(identity - tf.eye(2, dtype=tf.float64)))) < 1e-14,
        "einsum": tf.einsum("ij,kj->ik", a, a),
        "values": tf.linalg.eigvalsh(a),
    }


def matrix_functions(tf):
    a = tf.constant([[0.0, 0.5], [-0.5, 0.1]])
    return {
        "exponential": tf.linalg.expm(a),
        "polynomial": a @ a * 2.0 + a - tf.eye(2),
    }


def gradients(tf):
    a, b = tf.Variable(definite(tf, 3)), tf.Variable(matrix(3, 2))
    functions = {
        "solve": lambda: tf.reduce_sum(tf.linalg.solve(a, b) ** 2),
        "inverse": lambda: tf.reduce_sum(tf.linalg.inv(a) ** 2),
        "determinant": lambda: tf.linalg.det(a),
        "logdet": lambda: tf.linalg.logdet(a),
        "cholesky": lambda: tf.reduce_sum(tf.linalg.cholesky(a) ** 2),
        "einsum": lambda: tf.einsum("ij,jk,ik->", a, b, b),
        "singular values": lambda: tf.reduce_sum(tf.linalg.svd(b, compute_uv=False) ** 3),
        "eigenvalues": lambda: tf.reduce_sum(tf.linalg.eigvalsh(a) ** 2),
        "trace": lambda: tf.linalg.trace(a @ a),
        "diagonal": lambda: tf.reduce_sum(tf.linalg.diag_part(a) ** 2),
        "triangular": lambda: tf.reduce_sum(tf.linalg.triangular_solve(tf.linalg.band_part(a, -1, 0), b)),
    }
    found = {}
    for name, function in functions.items():
        with tf.GradientTape() as tape:
            value = function()
        by_a, by_b = tape.gradient(value, [a, b])
        # Of a symmetric matrix only the symmetric part of a gradient is meant.
        found[name] = [None if by_a is None else by_a + tf.transpose(by_a), by_b]
    return found


def attention(tf):
    rng = np.random.default_rng(8)
    query, key, value = (tf.constant(rng.normal(size=(2, 5, 4)), tf.float32) for _ in range(3))

    def attend(query, key, value, heads=2):
        split = [tf.reshape(part, [2, 5, heads, 2]) for part in (query, key, value)]
        scores = tf.einsum("bqhd,bkhd->bhqk", split[0], split[1]) / np.sqrt(2.0)
        mask = tf.linalg.band_part(tf.ones([5, 5]), -1, 0)
        scores = tf.where(mask > 0, scores, -1e9)
        return tf.reshape(tf.einsum("bhqk,bkhd->bqhd", tf.nn.softmax(scores), split[2]), [2, 5, 4])

    with tf.GradientTape() as tape:
        tape.watch([query, key, value])
        result = attend(query, key, value)
        loss = tf.reduce_sum(result**2)
    return {
        "result": result,
        "traced": tf.function(attend)(query, key, value),
        "gradients": tape.gradient(loss, [query, key, value]),
    }


def least_squares(tf):
    x = tf.linspace(-1.0, 1.0, 12)
    features = tf.stack([tf.ones_like(x), x, x**2], axis=1)
    y = 1.0 - 2.0 * x + 3.0 * x**2
    normal = tf.linalg.solve(
        tf.transpose(features) @ features, tf.linalg.matvec(features, y, transpose_a=True)[:, tf.newaxis]
    )
    return {
        "normal equations": normal,
        "lstsq": tf.linalg.lstsq(features, y[:, tf.newaxis]),
        "ridge": tf.linalg.lstsq(features, y[:, tf.newaxis], l2_regularizer=0.1),
    }


def compression(tf):
    """Principal components: the directions in which data varies, up to their signs."""
    rng = np.random.default_rng(1)
    data = tf.constant(rng.normal(size=(30, 3)) @ np.diag([3.0, 1.0, 0.2]), tf.float32)
    centred = data - tf.reduce_mean(data, axis=0)
    covariance = tf.matmul(centred, centred, transpose_a=True) / 29.0
    values, vectors = tf.linalg.eigh(covariance)
    return {"covariance": covariance, "values": values, "directions": tf.abs(vectors)}
