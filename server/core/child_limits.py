"""What a child process of `child_process` allows itself; imports nothing, for a child starts once per file."""

import resource


def limit_this_process(*, max_memory_bytes: int, max_cpu_s: int) -> None:
    """In the child: bounded memory and processor time, no file written, no core left."""
    resource.setrlimit(resource.RLIMIT_AS, (max_memory_bytes, max_memory_bytes))
    resource.setrlimit(resource.RLIMIT_CPU, (max_cpu_s, max_cpu_s + 1))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
