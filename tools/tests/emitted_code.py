"""What the compiler made: functions of a program as objdump prints them, and questions about them."""

import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

FUNCTION = re.compile(r"^[0-9a-f]+ <(.+)>:$")
LINE = re.compile(r"^\s*([0-9a-f]+):\s+(\S+)\s*(.*)$")
TARGET = re.compile(r"\b(?:0x)?([0-9a-f]+) <([^>+]+)(\+0x[0-9a-f]+)?>")
TRAPS = {"ud2", "ud1", "brk", "udf"}
CALLS = {"call", "callq", "bl"}
JUMP = re.compile(r"^(j[a-z]+|b(\.[a-z]+)?|cbn?z|tbn?z)$")
UNCONDITIONAL = {"jmp", "jmpq", "b"}
INDIRECT = {"blr"}
INDIRECT_JUMPS = {"br"}


@dataclass(frozen=True)
class Instruction:
    address: int
    mnemonic: str
    operands: str
    # Address and function that a call or a jump goes to.
    target: int | None
    callee: str | None

    @property
    def is_jump(self) -> bool:
        return bool(JUMP.match(self.mnemonic))

    @property
    def is_call(self) -> bool:
        return self.mnemonic in CALLS

    @property
    def is_indirect_call(self) -> bool:
        return self.mnemonic in INDIRECT or (self.is_call and self.callee is None)

    @property
    def is_indirect_jump(self) -> bool:
        return self.mnemonic in INDIRECT_JUMPS or (self.mnemonic in UNCONDITIONAL and self.operands.startswith("*"))


def functions(binary: Path) -> dict[str, list[Instruction]]:
    """Every function of the binary by its symbol. Several may share one, such as static functions in C."""
    found: dict[str, list[list[Instruction]]] = {}
    body: list[Instruction] = []
    objdump = subprocess.Popen(
        ["objdump", "-d", "--no-show-raw-insn", str(binary)], stdout=subprocess.PIPE, text=True, errors="replace"
    )
    for line in objdump.stdout:
        if name := FUNCTION.match(line):
            body = []
            found.setdefault(name[1], []).append(body)
        elif instruction := LINE.match(line):
            address, mnemonic, operands = instruction.groups()
            target = TARGET.search(operands)
            body.append(
                Instruction(
                    int(address, 16),
                    mnemonic,
                    operands,
                    int(target[1], 16) if target else None,
                    target[2] if target else None,
                )
            )
    assert objdump.wait() == 0, f"objdump cannot read {binary}"
    return {name: [i for body in bodies for i in _own(body)] for name, bodies in found.items()}


def _own(body: list[Instruction]) -> list[Instruction]:
    """Without what stands behind a function and has lost its symbol (Swift makes such for every type): all that no way
    from the first instruction leads to. Where a jump goes by a table, all is kept."""
    if any(instruction.is_indirect_jump for instruction in body):
        return body
    places = {instruction.address: index for index, instruction in enumerate(body)}
    kept, pending = set(), [0]
    while pending:
        index = pending.pop()
        while index < len(body) and index not in kept:
            kept.add(index)
            instruction = body[index]
            if instruction.is_jump and instruction.target in places:
                pending.append(places[instruction.target])
            if instruction.mnemonic.startswith("ret") or instruction.mnemonic in UNCONDITIONAL | TRAPS:
                break
            if instruction.is_call and (instruction.callee or "").startswith("__stack_chk_fail"):
                break  # which does not return
            index += 1
    return [instruction for index, instruction in enumerate(body) if index in kept]


def reached(code: dict[str, list[Instruction]], root: str) -> set[str]:
    """The function and all that it calls or jumps to, directly or not, in this binary or outside of it."""
    seen = {root}
    pending = [root]
    while pending:
        for instruction in code.get(pending.pop(), []):
            name = instruction.callee
            if name and (instruction.is_call or instruction.is_jump) and name not in seen:
                seen.add(name)
                # What lies behind the linkage table is another library's.
                if not name.endswith("@plt"):
                    pending.append(name)
    return seen


def inner_loops(body: list[Instruction]) -> list[tuple[int, int]]:
    """First and last address of every loop that holds no other: a jump backwards in the function, not to its end."""
    start, end = body[0].address, body[-1].address
    ends = [instruction.address for instruction in body if instruction.mnemonic.startswith("ret")]
    loops = {
        (jump.target, jump.address)
        for jump in body
        if jump.is_jump
        and jump.target is not None
        and start <= jump.target <= jump.address <= end
        and not any(jump.target <= address <= jump.address for address in ends)
    }
    return [
        loop
        for loop in loops
        if not any(other != loop and loop[0] <= other[0] and other[1] <= loop[1] for other in loops)
    ]


def trap_branches(body: list[Instruction]) -> list[int]:
    """Addresses of jumps out of inner loops to an instruction that traps, and of traps within them."""
    traps = {instruction.address for instruction in body if instruction.mnemonic in TRAPS}
    found = []
    for first, last in inner_loops(body):
        for instruction in body:
            if first <= instruction.address <= last and (
                instruction.address in traps or (instruction.is_jump and instruction.target in traps)
            ):
                found.append(instruction.address)
    return found


def registers(body: list[Instruction], pattern: str) -> int:
    """How many instructions name a register that fits the pattern."""
    expression = re.compile(pattern)
    return sum(bool(expression.search(instruction.operands)) for instruction in body)
