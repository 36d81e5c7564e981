"""Claims about the code of the release build, checked on that code (docs/PERFORMANCE.md, "What the code holds to")."""

import platform
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from built_commands import built_commands
from emitted_code import functions, inner_loops, reached, registers, trap_branches

SOURCES = Path(__file__).resolve().parents[2] / "Sources" / "CKernels"
X86 = platform.machine() == "x86_64"
# From samples to the detector's verdict: all that runs between two frames.
ROOT = re.compile(r"^\$s14KeywordSpotterAAV6accept")
OURS = re.compile(r"^\$s(5SiLIF|6LogMel|14KeywordSpotter)|^silif_")
FORBIDDEN = re.compile(
    r"malloc|calloc|realloc|\bfree\b|swift_(allocObject|slowAlloc|retain|release|dealloc|once|beginAccess|bridgeObject)"
    r"|pthread|futex|operator new"
)
# Of the C library: these allocate nothing, and nothing else is called. (The last ends the program on a broken stack.)
ALLOWED = re.compile(r"^(memset|memcpy|memmove|__stack_chk_fail)(@plt)?$")
KERNELS = ["silif_sum_rows4", "silif_sum_rows8", "silif_sum_rows16", "silif_sum_dense4", "silif_sum_dense8"]
KERNELS += ["silif_sum_dense16", "silif_step_silif", "silif_step_csilif", "silif_step_rf", "silif_step_readout"]
KERNELS += ["silif_step_lif", "silif_step_cuba", "silif_step_spaces"]
KERNELS += ["silif_mix_glu", "silif_mix_gelu", "silif_sample"]
KERNELS += ["silif_sum_ternary"]
FRONT_END = ["silif_emphasise", "silif_window", "silif_transform256", "silif_power"]


def of_a_set(kernel):
    """The names of a kernel's functions in the sets, whatever the compiler hung on them."""
    return re.compile(rf"^{kernel}_(plain|avx2|avx512|neon)(\.|$)")


@pytest.fixture(scope="module")
def code():
    return functions(built_commands().folder / "kws-listen")


@pytest.fixture(scope="module")
def step(code):
    """All functions that the path from samples to verdict reaches, through the tables of kernels too."""
    roots = [name for name in code if ROOT.match(name)]
    assert roots, "KeywordSpotter.accept is not in the program"
    found = set().union(*(reached(code, root) for root in roots))
    behind = [
        name for kernel in KERNELS + FRONT_END if kernel in found for name in code if of_a_set(kernel).match(name)
    ]
    assert len(behind) >= len(KERNELS + FRONT_END)
    return found.union(*(reached(code, name) for name in behind))


def test_the_path_is_the_whole_path(step):
    names = " ".join(step)
    for part in [
        "5SiLIF7NetworkV",
        "5SiLIF5LayerV4step",
        "5SiLIF10ConnectionV",
        "LIFNeuronsV4step",
        "6LogMel",
        "silif_step_silif_",
        "silif_power_",
    ]:
        assert part in names


def test_nothing_allocates_locks_or_counts_references(step):
    assert [name for name in step if FORBIDDEN.search(name)] == []
    assert [name for name in step if not OURS.match(name) and not ALLOWED.match(name)] == []


def test_nothing_is_called_through_a_pointer_but_kernels_through_their_table(code, step):
    for name in step & set(code):
        indirect = [i for i in code[name] if i.is_indirect_call]
        if name in KERNELS + FRONT_END:
            # Takes the function out of the table and goes there, and does nothing else.
            indirect += [i for i in code[name] if i.is_indirect_jump]
            assert len(indirect) == 1 and not any(i.callee for i in code[name]), name
        else:
            assert indirect == [], name


def test_the_tables_name_kernels_and_nothing_else(tmp_path):
    compiler = shutil.which("clang") or shutil.which("cc")
    tables = tmp_path / "kernel_sets.o"
    source = str(SOURCES / "kernel_sets.c")
    subprocess.run([compiler, "-O2", "-c", f"-I{SOURCES / 'include'}", source, "-o", str(tables)], check=True)
    symbols = subprocess.run(["nm", "-u", str(tables)], check=True, capture_output=True, text=True).stdout
    named = {line.split()[-1] for line in symbols.splitlines()}
    kernels = {name for name in named if any(of_a_set(kernel).match(name) for kernel in KERNELS + FRONT_END)}
    assert named - kernels <= {"__cpu_model", "__cpu_indicator_init", "_GLOBAL_OFFSET_TABLE_"}
    assert {f"{kernel}_plain" for kernel in KERNELS + FRONT_END} <= kernels


def test_no_inner_loop_can_trap(code, step):
    loops = 0
    for name in step & set(code):
        assert trap_branches(code[name]) == [], name
        loops += len(inner_loops(code[name]))
    assert loops > 50


def variant(code, kernel, name):
    """A kernel's code for an instruction set, whatever the compiler hung on its name, with its loops' own functions."""
    bodies = [code[symbol] for symbol in code if re.match(rf"^{kernel}_{name}(\.|$)", symbol)]
    return [instruction for body in bodies for instruction in body]


@pytest.mark.skipif(not X86, reason="x86-64 only")
@pytest.mark.parametrize("kernel", KERNELS + FRONT_END)
def test_avx2_kernels_use_wide_registers(code, kernel):
    assert registers(variant(code, kernel, "avx2"), "%ymm") > 5


@pytest.mark.skipif(not X86, reason="x86-64 only")
@pytest.mark.parametrize("kernel", ["silif_step_silif", "silif_step_csilif", "silif_step_rf", *FRONT_END])
def test_avx512_kernels_use_the_widest(code, kernel):
    assert registers(variant(code, kernel, "avx512"), "%zmm") > 20


@pytest.mark.skipif(not X86, reason="x86-64 only")
def test_the_baseline_adds_in_vectors_and_needs_no_avx(code, step):
    baseline = [name for name in step & set(code) if not re.search(r"_avx(2|512)", name)]
    for name in baseline:
        assert registers(code[name], "%[yz]mm") == 0, name
        assert [i for i in code[name] if i.mnemonic.startswith("vp")] == [], name
    spikes = next(name for name in step if name.startswith("$s5SiLIF10SpikeInputO10accumulate"))
    assert len([i for i in code[spikes] if i.mnemonic == "paddw"]) > 4


@pytest.fixture(scope="module")
def arm_code(tmp_path_factory):
    compiler = shutil.which("clang")
    if compiler is None:
        pytest.skip("no clang, which compiles for other machines")
    program = tmp_path_factory.mktemp("arm")
    found = {}
    for source in SOURCES.glob("*.c"):
        target = program / f"{source.stem}.s"
        subprocess.run(
            [
                *(compiler, "--target=aarch64-linux-gnu", "-ffreestanding", "-O2", "-S"),
                *(f"-I{SOURCES / 'include'}", str(source), "-o", str(target)),
            ],
            check=True,
        )
        for name, body in re.findall(r"^(\w+):[^\n]*\n(.*?)\.Lfunc_end", target.read_text(), re.DOTALL | re.MULTILINE):
            found[name] = body
    return found


@pytest.mark.parametrize("kernel", KERNELS + FRONT_END)
def test_neon_on_arm(arm_code, kernel):
    body = "".join(arm_code[name] for name in arm_code if name.startswith(kernel))
    assert len(re.findall(r"\bv\d+\.(16b|8h|4s|2d)\b", body)) > 5
    calls = set(re.findall(r"^\s+bl\s+(\S+)", body, re.MULTILINE))
    assert {name for name in calls if not name.startswith("silif_") and name not in arm_code} <= {"memset"}


# A product of two 32-bit values is one multiply-long where the compiler sees that both are sign-extended, and five
# instructions or more, an unsigned one among them, where it does not (Sources/FixedPoint/Products.swift).
PRODUCTS = re.compile(r"NeuronsV4step|firstStage|middleStage|writePower|powerSpectrum")
WORD_TARGETS = {
    "armv7em-none-none-eabi": (r"smull|smlal", r"umull|umlal|umaal"),
    "riscv32-none-none-eabi": (r"mulh", r"mulhu|mulhsu"),
}


@pytest.fixture(scope="module", params=WORD_TARGETS)
def word_code(request, tmp_path_factory):
    """The functions with products, as the 32-bit target gets them, in assembly."""
    compiler = shutil.which("swiftc")
    version = subprocess.run([compiler or "false", "--version"], capture_output=True, text=True).stdout
    found = re.search(r"Swift version (\d+)\.(\d+)", version)
    if not found or (int(found[1]), int(found[2])) < (6, 3):
        pytest.skip("Embedded Swift needs the toolchain 6.3")
    folder = tmp_path_factory.mktemp(request.param)
    bodies = {}
    for module in ["FixedPoint", "Kernels", "SiLIF", "LogMel"]:
        sources = sorted(str(path) for path in (SOURCES.parent / module).rglob("*.swift"))
        assembly = folder / f"{module}.s"
        subprocess.run(
            [
                *(compiler, "-enable-experimental-feature", "Embedded", "-wmo", "-parse-as-library", "-swift-version"),
                *("6", "-O", "-target", request.param, "-I", str(folder), "-module-name", module, "-emit-module"),
                *("-emit-module-path", str(folder / f"{module}.swiftmodule"), "-S", "-o", str(assembly), *sources),
            ],
            check=True,
        )
        function = re.compile(r'^"?([^\s":]+)"?:[^\n]*\n(.*?)\.Lfunc_end', re.DOTALL | re.MULTILINE)
        bodies |= {name: body for name, body in function.findall(assembly.read_text()) if PRODUCTS.search(name)}
    return request.param, bodies


def test_each_product_is_one_multiply_long_on_32_bit_targets(word_code):
    target, bodies = word_code
    signed, unsigned = WORD_TARGETS[target]
    counts = {name: len(re.findall(rf"^\s+({signed})\s", body, re.MULTILINE)) for name, body in bodies.items()}
    wrong = {name: re.findall(rf"^\s+(?:{unsigned})\s", body, re.MULTILINE) for name, body in bodies.items()}
    assert [name for name, found in wrong.items() if found] == []
    for part, products in [("LIFNeuronsV4step", 5), ("firstStage", 12), ("middleStage", 12), ("powerSpectrum", 11)]:
        assert max(count for name, count in counts.items() if part in name) >= products, part


@pytest.fixture(scope="module")
def dsp_code(tmp_path_factory):
    """The kernels' functions for Cortex-M4, in assembly, as tools/scripts/build_library.sh compiles them."""
    compiler = shutil.which("clang")
    if compiler is None:
        pytest.skip("no clang, which compiles for other machines")
    assembly = tmp_path_factory.mktemp("dsp") / "dsp.s"
    target = ["--target=armv7em-none-none-eabi", "-mcpu=cortex-m4", "-mfpu=none"]
    options = ["-std=gnu11", "-O2", "-ffreestanding", "-fomit-frame-pointer", f"-I{SOURCES / 'include'}", "-S"]
    source = str(SOURCES / "dsp.c")
    subprocess.run([compiler, *target, *options, source, "-o", str(assembly)], check=True)
    found = re.findall(r"^(\w+):[^\n]*\n(.*?)\.Lfunc_end", assembly.read_text(), re.DOTALL | re.MULTILINE)
    return {name: [line.split() for line in body.splitlines() if line[:1] == "\t"] for name, body in found}


def mnemonics(body):
    return [words[0].removesuffix(".w") for words in body]


# What each kernel on Cortex-M lives by.
DSP_INSTRUCTIONS = {
    "silif_sum_rows8_dsp": "sxtab16",
    "silif_sum_dense8_dsp": "smlatt",
    "silif_sum_dense4_dsp": "smlatt",
    "silif_sum_dense16_dsp": "smlatb",
    "silif_emphasise_dsp": "smlabb",
    "adapt": "smlal",
    "add_currents": "smlal",
    "fire": "smlal",
    "first_stage": "smlal",
    "silif_power_dsp": "smlal",
}


@pytest.mark.parametrize("kernel", DSP_INSTRUCTIONS)
def test_kernels_on_cortex_m_use_its_instructions(dsp_code, kernel):
    assert DSP_INSTRUCTIONS[kernel] in mnemonics(dsp_code[kernel])


def test_each_product_on_cortex_m_is_one_multiply_long(dsp_code):
    wrong = {"umull", "umlal", "umaal"}
    # Where the number of rows is divided by 17 it is meant.
    assert [name for name, body in dsp_code.items() if wrong & set(mnemonics(body))] == ["silif_sum_rows4_dsp"]
    # Of a neuron and step: leak and two couplings; scale and gain; decay.
    products = {name: sum(m in ("smull", "smlal") for m in mnemonics(body)) for name, body in dsp_code.items()}
    assert (products["adapt"], products["add_currents"], products["fire"]) == (3, 2, 1)
    assert (products["first_stage"], products["second_stage"], products["third_stage"]) == (12, 12, 12)


def test_kernels_on_cortex_m_call_nothing_from_outside(dsp_code):
    called = {words[1] for body in dsp_code.values() for words in body if words[0] == "bl"}
    assert "adapt" in called and called <= set(dsp_code)


# The checks themselves, on code that breaks each promise.
BROKEN = """
#include <stdlib.h>
void (*hook)(void);
static __attribute__((noinline)) int *deeper(int n) { return malloc(n); }
int *allocates(int n) { int *p = deeper(n); if (p) p[0] = 1; return p; }
void calls_out(void) { hook(); __asm__ volatile(""); }
int traps(const int *p, int n) {
  int sum = 0;
  for (int i = 0; i < n; i++) {
    if (p[i] < 0) __builtin_trap();
    sum ^= p[p[i]];
  }
  return sum;
}
int traps_behind_a_table(const int *p, int n) {
  int sum = 0;
  for (int i = 0; i < n; i++) {
    switch (p[i]) {
      case 0: sum ^= p[7]; break;
      case 1: sum -= p[8] * n; break;
      case 2: sum |= p[9] - i; break;
      case 3: hook(); break;
      case 4: sum <<= p[5]; break;
      case 5: sum /= 3; break;
      default: __builtin_trap();
    }
  }
  return sum;
}
static __attribute__((noinline)) int twice_named(const int *p, int n) { return p[n]; }
int calls_one(const int *p, int n) { return twice_named(p, n); }
int plain(const int *p, int n) { int sum = 0; for (int i = 0; i < n; i++) sum ^= p[p[i]]; return sum; }
"""


# A second function of the same name, in another file; and code without a symbol of its own behind a function.
MORE = r"""
#include <stdlib.h>
static __attribute__((noinline)) void *twice_named(int n) { return malloc(n); }
void *calls_other(int n) { return twice_named(n); }
__asm__(".text\n.type ends_before,%function\n.globl ends_before\nends_before: ret\n nop\n nop\n");
"""


def test_the_checks_can_fail(tmp_path):
    compiler = shutil.which("clang") or shutil.which("cc")
    library = tmp_path / "broken.so"
    (tmp_path / "broken.c").write_text(BROKEN)
    (tmp_path / "more.c").write_text(MORE)
    options = ["-O2", "-fno-inline", "-shared", "-fPIC"]
    subprocess.run(
        [compiler, *options, str(tmp_path / "broken.c"), str(tmp_path / "more.c"), "-o", str(library)], check=True
    )
    code = functions(library)
    assert any(FORBIDDEN.search(name) for name in reached(code, "calls_other"))
    assert trap_branches(code["traps_behind_a_table"]) != []
    assert len(code["ends_before"]) == 1
    assert any(FORBIDDEN.search(name) for name in reached(code, "allocates"))
    assert not any(FORBIDDEN.search(name) for name in reached(code, "plain"))
    assert trap_branches(code["traps"]) != []
    assert trap_branches(code["plain"]) == [] and inner_loops(code["plain"]) != []
    assert any(i.is_indirect_call or "*" in i.operands for i in code["calls_out"])
    assert registers(code["plain"], "%[yz]mm|v[0-9]+[.]") == 0
