"""Processes that this package starts."""

import ctypes
import multiprocessing
import os
import signal

_PR_SET_PDEATHSIG = 1


def end_with_parent() -> None:
    """To be called first in a process of multiprocessing: Linux ends it when the thread that began it is gone, however
    that came about. Of its parent's end it hears nothing otherwise where it waits for work or ignores signals."""
    prctl = getattr(ctypes.CDLL(None), "prctl", None)
    if prctl is None:
        return
    prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != multiprocessing.parent_process().pid:
        os._exit(1)  # it was gone before


def how_it_ended(exit_code: int) -> str:
    """Of a process, by multiprocessing's number."""
    if exit_code >= 0:
        return f"ended with {exit_code}, for the reason above"
    number = -exit_code
    try:
        name = signal.Signals(number).name
    except ValueError:
        name = f"signal {number}"
    often = {signal.SIGKILL: ", which often means that the memory is full", signal.SIGBUS: ": is the disk full?"}
    return f"was ended by {name}{often.get(number, '')}"
