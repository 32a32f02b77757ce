import os
import subprocess
import sys


def run(code: str, backend: str | None) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if name != "KERAS_BACKEND"}
    if backend is not None:
        environment["KERAS_BACKEND"] = backend
    return subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False)


def test_keras_runs_on_jax_whatever_the_environment_says_and_child_processes_see_what_the_user_set() -> None:
    code = (
        "import os; before = os.environ.get('KERAS_BACKEND'); import tenon.keras, keras;"
        "assert os.environ.get('KERAS_BACKEND') == before;"
        "print(before, keras.backend.backend(), tenon.keras.backend.backend())"
    )
    assert run(code, "tensorflow").stdout.split() == ["tensorflow", "jax", "jax"]
    assert run(code, None).stdout.split() == ["None", "jax", "jax"]


def test_keras_imported_before_with_jax_is_taken_as_it_is() -> None:
    assert (
        run("import keras, tenon.keras; assert tenon.keras.layers.Dense is keras.layers.Dense", "jax").returncode == 0
    )


def test_keras_imported_before_with_another_backend_is_refused_with_the_way_out() -> None:
    result = run("import keras, tenon.keras", "numpy")
    assert result.returncode == 1
    assert "FailedPreconditionError: Keras was imported before tenon.keras, with the backend 'numpy'" in result.stderr
    assert "Import tenon.keras before keras, or set KERAS_BACKEND=jax" in result.stderr
