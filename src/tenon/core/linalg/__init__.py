"""Linear algebra, as ``tf.linalg``: products, diagonals, decompositions, equations, norms, functions of matrices.

>>> matmul([[1.0, 2.0]], [[3.0], [4.0]]).numpy().tolist()
[[11.0]]
"""

from tenon.core.linalg._decompositions import (
    LogMatrixDeterminant,
    Lu,
    Qr,
    cholesky,
    det,
    eig,
    eigh,
    eigvals,
    eigvalsh,
    logdet,
    lu,
    qr,
    slogdet,
    svd,
)
from tenon.core.linalg._diagonals import (
    band_part,
    diag,
    diag_part,
    set_diag,
    tensor_diag,
    tensor_diag_part,
    trace,
)
from tenon.core.linalg._functions import (
    expm,
    logm,
    matrix_rank,
    sqrtm,
)
from tenon.core.linalg._norms import (
    norm,
    normalize,
)
from tenon.core.linalg._products import (
    adjoint,
    cross,
    einsum,
    matmul,
    matrix_transpose,
    matvec,
    tensordot,
)
from tenon.core.linalg._solvers import (
    banded_triangular_solve,
    cholesky_solve,
    inv,
    lstsq,
    lu_matrix_inverse,
    lu_reconstruct,
    lu_solve,
    pinv,
    solve,
    triangular_solve,
)
from tenon.core.linalg._tridiagonal import (
    eigh_tridiagonal,
    tridiagonal_matmul,
    tridiagonal_solve,
)

__all__ = [
    "LogMatrixDeterminant",
    "Lu",
    "Qr",
    "adjoint",
    "band_part",
    "banded_triangular_solve",
    "cholesky",
    "cholesky_solve",
    "cross",
    "det",
    "diag",
    "diag_part",
    "eig",
    "eigh",
    "eigh_tridiagonal",
    "eigvals",
    "eigvalsh",
    "einsum",
    "expm",
    "inv",
    "logdet",
    "logm",
    "lstsq",
    "lu",
    "lu_matrix_inverse",
    "lu_reconstruct",
    "lu_solve",
    "matmul",
    "matrix_rank",
    "matrix_transpose",
    "matvec",
    "norm",
    "normalize",
    "pinv",
    "qr",
    "set_diag",
    "slogdet",
    "solve",
    "sqrtm",
    "svd",
    "tensor_diag",
    "tensor_diag_part",
    "tensordot",
    "trace",
    "triangular_solve",
    "tridiagonal_matmul",
    "tridiagonal_solve",
]
