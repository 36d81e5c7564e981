"""The C kernels of training (scan.c, fixed.c, delay.c, blocks.c): compiled at first use, called with tensors."""

import ctypes
import functools
import hashlib
import os
import subprocess
from pathlib import Path

import torch

from silif_tools.atomic import replacing
from silif_tools.train.clips import cache_folder

FLAGS = ["-O3", "-march=native", "-fno-math-errno", "-fno-trapping-math", "-fopenmp", "-shared", "-fPIC"]
SOURCES = [Path(__file__).with_name(name) for name in ("scan.c", "fixed.c", "delay.c", "blocks.c")]
HEADER = Path(__file__).with_name("kernels.h")


@functools.cache
def library() -> ctypes.CDLL:
    """The compiled kernels; the cache key holds sources, header, flags and processor (-march=native)."""
    cpu = Path("/proc/cpuinfo")
    lines = cpu.read_text().splitlines() if cpu.exists() else []
    able = next((line for line in lines if line.startswith(("flags", "Features"))), "")
    parts = [*(file.read_bytes() for file in (*SOURCES, HEADER)), " ".join(FLAGS).encode(), able.encode()]
    key = hashlib.sha256(b"".join(parts)).hexdigest()[:24]
    path = cache_folder() / f"kernels-{key}.so"
    if not path.exists():
        with replacing(path) as temporary:
            command = [os.environ.get("CC", "cc"), *FLAGS, *map(str, SOURCES), "-o", str(temporary)]
            subprocess.run(command, check=True)
    return ctypes.CDLL(str(path))


def call(name: str, *arguments) -> None:
    """Call a kernel: tensors by address, sizes and threads as size_t/int, seeds as uint32."""
    converted = []
    for x in arguments:
        if isinstance(x, torch.Tensor):
            assert x.is_contiguous()
            converted.append(ctypes.c_void_p(x.data_ptr()))
        else:
            converted.append(x)
    getattr(library(), name)(*converted)


def sizes(z: torch.Tensor) -> tuple[ctypes.c_size_t, ...]:
    """The shape as a kernel takes it."""
    return tuple(ctypes.c_size_t(n) for n in z.shape)
