"""The peers' own Python: a virtual environment apart from the project's, so that neither disturbs the other."""

import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

# package on PyPI -> module that must import
PACKAGES = {
    "numpy": "numpy",
    "pymicro-features": "pymicro_features",
    "pymicro-wakeword": "pymicro_wakeword",
    "kaldi-native-fbank": "kaldi_native_fbank",
    "onnxruntime": "onnxruntime",
    "onnx": "onnx",
}


def python_of(folder: Path) -> Path:
    return folder / "bin" / "python"


def _imports(python: Path, module: str) -> bool:
    return subprocess.run([python, "-c", f"import {module}"], capture_output=True).returncode == 0


def _environment(folder: Path, progress) -> str:
    """Makes it, if it is not there. Returns why that failed, or nothing."""
    if python_of(folder).exists():
        return ""
    progress(f"making {folder}")
    done = subprocess.run([sys.executable, "-m", "venv", folder], capture_output=True, text=True)
    return f"no virtual environment could be made: {(done.stderr or done.stdout).strip()}" if done.returncode else ""


def install_peers(folder: Path, progress, packages: Iterable[str] = tuple(PACKAGES)) -> dict[str, str]:
    """Makes or completes the environment. Returns why a package is missing, for each that is."""
    reason = _environment(folder, progress)
    if reason:
        return dict.fromkeys(packages, reason)
    python, missing = python_of(folder), {}
    for package in packages:
        module = PACKAGES[package]
        if _imports(python, module):
            continue
        progress(f"installing {package}")
        pip = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", package]
        done = subprocess.run(pip, capture_output=True, text=True)
        lines = done.stderr.strip().splitlines()
        if done.returncode:
            missing[package] = f"pip install {package} failed: {lines[-1] if lines else done.returncode}"
        elif not _imports(python, module):
            missing[package] = f"{package} is installed, but `import {module}` fails"
    return missing
