# SPDX-License-Identifier: MIT
"""Maps memory in many kinds of functions. Writes, for each stack that maps memory, what the
interpreter says about it (functions, files and lines, innermost first) and how many maps it made, as
JSON to the file named on the command line. Each map is made on the line that is noted."""
import ctypes
import functools
import json
import mmap
import os
import sys
import threading

SHOWN = 32
kept = []
noted = {}
guard = threading.Lock()
libc = ctypes.CDLL(None, use_errno=True)
libc.mmap.restype = ctypes.c_void_p
libc.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t] + [ctypes.c_int] * 3 + [ctypes.c_long]


def note(frame, maps=1):
    stack = []
    while frame and len(stack) < SHOWN:
        code = frame.f_code
        stack.append((code.co_qualname, code.co_filename, frame.f_lineno))
        frame = frame.f_back
    with guard:
        noted[tuple(stack)] = noted.get(tuple(stack), 0) + maps


def new_map(n=4096):
    note(sys._getframe()); kept.append(mmap.mmap(-1, n))


def new_block(n=300000):
    note(sys._getframe()); kept.append(bytearray(n))


def released(n=8192):
    """ctypes releases the GIL while it calls a function."""
    note(sys._getframe()); libc.mmap(None, n, 0, 0x4022, -1, 0)


def populated(n=8192):
    """Made without the library's lock, since it may take long."""
    note(sys._getframe()); libc.mmap(None, n, 3, 0x8022, -1, 0)


def in_turns():
    for _ in range(40):
        new_map()
        new_map()
        new_map(); new_block()
        new_block()
        released()
        released()


def multi_line():
    for _ in range(5):
        kept.append(
            [
                new_map(),
                new_block(
                    n=400000
                ),
            ]
        )
        (1 +
         (lambda: new_map() or 2)(

         ))


class Pool:
    def __init__(self, n):
        for _ in range(n):
            self.grow()

    def grow(self):
        new_map()

    @property
    def size(self):
        new_block()
        return 1

    @staticmethod
    def make():
        return Pool(2)


def decorated(function):
    @functools.wraps(function)
    def wrapper(*args):
        new_map()
        return function(*args)
    return wrapper


@decorated
@decorated
def busy(n):
    return [new_block() for _ in range(n)]


def generator(n):
    for _ in range(n):
        new_map()
        yield new_block()


def from_generators():
    list(generator(3))
    for _ in generator(2):
        new_map()
    sum(1 for _ in generator(2))
    yield from generator(2)


def recursion(depth):
    if depth:
        return recursion(depth - 1)
    new_map()
    released()


def through_c(depth):
    """sorted and map call back from C functions."""
    list(map(lambda _: new_map(), range(2)))
    sorted([3, 1, 2], key=lambda i: new_block() or i)
    if depth:
        functools.reduce(lambda a, b: through_c(depth - 1), [1, 2])


def from_text():
    """Code that is made again and again, often at the same address, with other lines."""
    for i in range(24):
        exec('\n' * i + 'new_map()\n' + '\n' * (i % 5) + 'new_block()\n', globals())
    for i in range(6):
        eval('(\n' + '\n' * i + ' new_map())', globals())
    for i in range(24):
        lines = {}
        exec(compile('\n' * (i % 3) + 'def made():\n' + '\n' * (i % 7) + ' new_map()\n',
                     '<made>', 'exec'), globals(), lines)
        lines['made']()


def called_back(a, b):
    new_map()
    return a[0] - b[0]


def sorted_by_c():
    """libc's qsort calls a python function."""
    kind = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_int), ctypes.POINTER(ctypes.c_int))
    numbers = (ctypes.c_int * 4)(4, 2, 3, 1)
    libc.qsort(numbers, 4, 4, kind(called_back))


def with_errors():
    for _ in range(3):
        try:
            new_map()
            raise ValueError
        except ValueError:
            new_block()
        finally:
            released()


async def awaits(n):
    if n:
        await awaits(n - 1)
    new_map()


def coroutines():
    for _ in range(2):
        try:
            awaits(2).send(None)
        except StopIteration:
            new_block()


def in_threads():
    def work(n):
        for _ in range(n):
            new_map()
            released()
            populated()
            busy(1)
            recursion(40)
    threads = [threading.Thread(target=work, args=(i + 3,)) for i in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def all_kinds():
    in_turns()
    multi_line()
    Pool(3).size
    Pool.make()
    for _ in range(2):
        busy(2)
    list(from_generators())
    for depth in (0, 1, 20, 200, 900):
        recursion(depth)
    for _ in range(2):
        through_c(2)
    from_text()
    sorted_by_c()
    with_errors()
    coroutines()
    in_threads()
    for _ in range(5):
        populated()


sys.setrecursionlimit(3000)
all_kinds()
if os.fork() == 0:
    noted.clear()
    in_turns()
    all_kinds()
    name = sys.argv[1] + '.child'
else:
    os.wait()
    name = sys.argv[1]
with open(name, 'w') as to:
    json.dump([[stack, maps] for stack, maps in noted.items()], to)
