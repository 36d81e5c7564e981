"""Version and platform of the wheel. tools/scripts/build_wheel.sh copies library and models into the package first."""

import os
import pathlib
import tomllib

from setuptools import Distribution, setup
from wheel.bdist_wheel import bdist_wheel

_HERE = pathlib.Path(__file__).resolve().parent
if not (_HERE / "silif" / "libsilif.so").exists():
    raise SystemExit("this is not built by itself: `make wheel` compiles the engine and puts it in")


class Wheel(bdist_wheel):
    """One wheel for every Python: the library is called by ctypes and knows nothing of Python."""

    def get_tag(self) -> tuple[str, str, str]:
        return "py3", "none", os.environ["SILIF_WHEEL_PLATFORM"]


class WithLibrary(Distribution):
    def has_ext_modules(self) -> bool:
        return True


# One version for this package and for silif-tools.
with (_HERE / "silif-tools.toml").open("rb") as file:
    version = tomllib.load(file)["project"]["version"]

setup(version=version, cmdclass={"bdist_wheel": Wheel}, distclass=WithLibrary)
