"""Lock this process in before it reads anything: limits, death with the parent, no network, no other processes' memory.

Landlock (Linux, landlock(7)) leaves the work folder as the only place to write, and programs and libraries as the only places to
read, so that neither database nor keys can be opened. The seccomp filter (seccomp(2) SECCOMP_MODE_FILTER) answers the listed
system calls with EPERM; a foreign instruction set kills. Execution stays allowed because 12-bit JPEG needs DCMTK's dcmdjpeg
and video ffmpeg; both inherit filter, folder and limits.
"""

from __future__ import annotations

import ctypes
import errno
import os
import platform
import resource
import signal
import stat
import struct
import sys

_X86 = {
    "socket": 41, "connect": 42, "accept": 43, "sendto": 44, "recvfrom": 45, "sendmsg": 46, "recvmsg": 47, "shutdown": 48,
    "bind": 49, "listen": 50, "socketpair": 53, "ptrace": 101, "mount": 165, "init_module": 175, "delete_module": 176,
    "kexec_load": 246, "add_key": 248, "request_key": 249, "keyctl": 250, "unshare": 272, "accept4": 288,
    "perf_event_open": 298, "recvmmsg": 299, "open_by_handle_at": 304, "sendmmsg": 307, "setns": 308,
    "process_vm_readv": 310, "process_vm_writev": 311, "finit_module": 313, "bpf": 321, "userfaultfd": 323,
    "truncate": 76, "chmod": 90, "chown": 92, "lchown": 94, "fchmodat": 268, "fchownat": 260, "setxattr": 188,
    "lsetxattr": 189, "utime": 132, "utimes": 235, "futimesat": 261, "utimensat": 280,
}  # fmt: skip
_ARM = {
    "socket": 198, "socketpair": 199, "bind": 200, "listen": 201, "accept": 202, "connect": 203, "sendto": 206,
    "recvfrom": 207, "shutdown": 210, "sendmsg": 211, "recvmsg": 212, "accept4": 242, "recvmmsg": 243, "sendmmsg": 269,
    "ptrace": 117, "mount": 40, "init_module": 105, "delete_module": 106, "kexec_load": 104, "add_key": 217,
    "request_key": 218, "keyctl": 219, "unshare": 97, "perf_event_open": 241, "open_by_handle_at": 265, "setns": 268,
    "process_vm_readv": 270, "process_vm_writev": 271, "finit_module": 273, "bpf": 280, "userfaultfd": 282,
    "truncate": 45, "fchmodat": 53, "fchownat": 54, "setxattr": 5, "lsetxattr": 6, "utimensat": 88,
}  # fmt: skip
_BOTH = {"io_uring_setup": 425, "io_uring_enter": 426, "io_uring_register": 427, "pidfd_getfd": 438,
         "fchmodat2": 452}  # fmt: skip
_ARCHITECTURES = {"x86_64": (0xC000003E, _X86), "aarch64": (0xC00000B7, _ARM)}

_PR_SET_PDEATHSIG, _PR_SET_NO_NEW_PRIVS, _PR_SET_SECCOMP, _PR_SET_DUMPABLE = 1, 38, 22, 4
_ALLOW, _KILL, _ERRNO = 0x7FFF0000, 0x80000000, 0x00050000


class CannotConfine(Exception):
    """The kernel refused the filter, or nobody wrote one for this machine."""


_WORK_FOLDER, _READ = (
    0xFFFF,
    0b1101,
)  # every right of the first version with REFER and TRUNCATE; EXECUTE, READ_FILE, READ_DIR
_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_READABLE = ("/usr", "/lib", "/lib64", "/bin", "/etc/ld.so.cache", "/etc/fonts", "/etc/localtime", "/etc/dcmtk",
             "/etc/alternatives", "/dev/urandom", "/dev/null", "/proc/self", "/var/cache/fontconfig", "/nix/store")  # fmt: skip


def _rights(version: int) -> int:
    """Rights that a Landlock of this version knows: 13 at first, then REFER and TRUNCATE."""
    return (1 << min(13 + max(0, version - 1), 15)) - 1


def keep_inside(work: str, *, also: tuple[str, ...] = ()) -> None:
    """Nothing is written outside `work` from now on, and nothing read but programs, libraries, `also` and what is open.

    Raises CannotConfine.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    version = libc.syscall(_CREATE_RULESET, None, 0, 1) if sys.platform == "linux" else -1
    if version < 1:
        raise CannotConfine("no Landlock")
    handled = _rights(version)
    attributes = (
        struct.pack("=QQQ", handled, 0, 3) if version >= 6 else struct.pack("=Q", handled)
    )  # 3: signals, abstract sockets
    ruleset = libc.syscall(_CREATE_RULESET, attributes, len(attributes), 0)
    if ruleset < 0:
        raise CannotConfine(os.strerror(ctypes.get_errno()))
    own = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    try:
        for path in {*_READABLE, *also, sys.prefix, sys.base_prefix, sys.exec_prefix, own}:
            _allow(libc, ruleset, path, handled & _READ)
        _allow(libc, ruleset, "/dev/null", handled & 0b110)
        _allow(libc, ruleset, work, handled & _WORK_FOLDER)
        _prctl(_PR_SET_NO_NEW_PRIVS, 1)
        if libc.syscall(_RESTRICT_SELF, ruleset, 0) != 0:
            raise CannotConfine(os.strerror(ctypes.get_errno()))
    finally:
        os.close(ruleset)


def _allow(libc: ctypes.CDLL, ruleset: int, path: str, rights: int) -> None:
    try:
        place = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return
    try:
        if not stat.S_ISDIR(os.fstat(place).st_mode):
            rights &= 0b100000000000111  # of a file only EXECUTE, WRITE_FILE, READ_FILE and TRUNCATE make sense
        if libc.syscall(_ADD_RULE, ruleset, 1, struct.pack("=Qi", rights, place), 0) != 0:
            raise CannotConfine(os.strerror(ctypes.get_errno()))
    finally:
        os.close(place)


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
