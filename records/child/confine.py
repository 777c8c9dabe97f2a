"""Lock this process in before it reads anything: limits, death with the parent, no network, no other processes' memory.

The seccomp filter (Linux, seccomp(2) SECCOMP_MODE_FILTER) answers the listed system calls with EPERM; a foreign instruction
set kills. Execution stays allowed because 12-bit JPEG needs DCMTK's dcmdjpeg, which inherits filter and limits.
"""

from __future__ import annotations

import ctypes
import errno
import os
import platform
import resource
import signal
import struct
import sys

_X86 = {
    "socket": 41, "connect": 42, "accept": 43, "sendto": 44, "recvfrom": 45, "sendmsg": 46, "recvmsg": 47, "shutdown": 48,
    "bind": 49, "listen": 50, "socketpair": 53, "ptrace": 101, "mount": 165, "init_module": 175, "delete_module": 176,
    "kexec_load": 246, "add_key": 248, "request_key": 249, "keyctl": 250, "unshare": 272, "accept4": 288,
    "perf_event_open": 298, "recvmmsg": 299, "open_by_handle_at": 304, "sendmmsg": 307, "setns": 308,
    "process_vm_readv": 310, "process_vm_writev": 311, "finit_module": 313, "bpf": 321, "userfaultfd": 323,
}  # fmt: skip
_ARM = {
    "socket": 198, "socketpair": 199, "bind": 200, "listen": 201, "accept": 202, "connect": 203, "sendto": 206,
    "recvfrom": 207, "shutdown": 210, "sendmsg": 211, "recvmsg": 212, "accept4": 242, "recvmmsg": 243, "sendmmsg": 269,
    "ptrace": 117, "mount": 40, "init_module": 105, "delete_module": 106, "kexec_load": 104, "add_key": 217,
    "request_key": 218, "keyctl": 219, "unshare": 97, "perf_event_open": 241, "open_by_handle_at": 265, "setns": 268,
    "process_vm_readv": 270, "process_vm_writev": 271, "finit_module": 273, "bpf": 280, "userfaultfd": 282,
}  # fmt: skip
_BOTH = {"io_uring_setup": 425, "io_uring_enter": 426, "io_uring_register": 427, "pidfd_getfd": 438}
_ARCHITECTURES = {"x86_64": (0xC000003E, _X86), "aarch64": (0xC00000B7, _ARM)}

_PR_SET_PDEATHSIG, _PR_SET_NO_NEW_PRIVS, _PR_SET_SECCOMP, _PR_SET_DUMPABLE = 1, 38, 22, 4
_ALLOW, _KILL, _ERRNO = 0x7FFF0000, 0x80000000, 0x00050000


class CannotConfine(Exception):
    """The kernel refused the filter, or nobody wrote one for this machine."""


def _program(architecture: int, numbers: list[int]) -> bytes:
    """Classic BPF: check architecture, refuse the x32 table, refuse each listed call, allow the rest."""

    def step(code: int, yes: int, no: int, value: int) -> bytes:
        return struct.pack("=HBBI", code, yes, no, value)

    load, equal, at_least, give = 0x20, 0x15, 0x35, 0x06
    out = [
        step(load, 0, 0, 4),
        step(equal, 1, 0, architecture),
        step(give, 0, 0, _KILL),
        step(load, 0, 0, 0),
        step(at_least, len(numbers) + 1, 0, 0x40000000),
    ]
    out += [step(equal, len(numbers) - place, 0, number) for place, number in enumerate(numbers)]
    out += [step(give, 0, 0, _ALLOW), step(give, 0, 0, _ERRNO | errno.EPERM)]
    return b"".join(out)


def _prctl(*arguments: int | ctypes.c_void_p) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(*arguments, *[0] * (5 - len(arguments))) != 0:
        raise CannotConfine(os.strerror(ctypes.get_errno()))


def die_with_parent(parent: int) -> None:
    """SIGKILL when the parent's thread ends; leave at once when it already has."""
    if sys.platform == "linux":
        _prctl(_PR_SET_PDEATHSIG, int(signal.SIGKILL))
        _prctl(_PR_SET_DUMPABLE, 0)
    if os.getppid() != parent:
        os._exit(3)


def limit(*, memory: int, cpu: int, file_size: int, open_files: int) -> None:
    """`cpu`: hard bound in seconds for the whole process; `allow_cpu` moves the soft one from file to file."""
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CPU, (cpu, cpu))
    resource.setrlimit(resource.RLIMIT_FSIZE, (file_size, file_size))
    resource.setrlimit(resource.RLIMIT_NOFILE, (open_files, open_files))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def allow_cpu(seconds: int) -> None:
    """Let the process use `seconds` more of processor time; SIGXCPU ends it after that."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (min(int(usage.ru_utime + usage.ru_stime) + 1 + seconds, hard), hard))


def block_network() -> None:
    """Install the filter. Raises CannotConfine."""
    machine = _ARCHITECTURES.get(platform.machine())
    if sys.platform != "linux" or machine is None:
        raise CannotConfine("no filter for this machine")
    architecture, names = machine
    numbers = sorted([*names.values(), *_BOTH.values()])
    program = ctypes.create_string_buffer(_program(architecture, numbers))

    class Filter(ctypes.Structure):
        _fields_ = [("length", ctypes.c_ushort), ("steps", ctypes.c_void_p)]

    holder = Filter(len(numbers) + 7, ctypes.addressof(program))
    _prctl(_PR_SET_NO_NEW_PRIVS, 1)
    _prctl(_PR_SET_SECCOMP, 2, ctypes.c_void_p(ctypes.addressof(holder)))
