"""Random Python functions, with their source where ``inspect`` and AutoGraph look for it."""

from __future__ import annotations

import itertools
import linecache
from random import Random
from textwrap import indent

from hypothesis import strategies as st

NAMES = ("a", "b", "c")
_numbers = itertools.count()


def define(source: str, name: str = "f", **variables):
    """Return the function ``name`` that ``source`` defines in a file of its own."""
    filename = f"<program {next(_numbers)}>"
    linecache.cache[filename] = (len(source), None, source.splitlines(keepends=True), filename)
    namespace = {"__name__": "programs_of_users", **variables}
    exec(compile(source, filename, "exec", dont_inherit=True), namespace)
    return namespace[name]


class Writer:
    """Writes a function by chance.

    Args:
        random: decides.
        size: about how many statements to write.
        number: how to write a constant: ``"{}"`` for Python's, ``"({} + zero)"`` for one that is staged.
        host: whether to write what works on Python values only: exceptions, closures, variables without values.
    """

    def __init__(self, random: Random, size: int, number="{}", host=False):
        self.random, self.size, self.number, self.host = random, size, number, host
        self.fresh = itertools.count()

    def function(self) -> str:
        body = "\n".join(self.statement(3, False) for _ in range(max(1, self.size // 3)))
        result = " + ".join(f"{100**place} * {name}" for place, name in enumerate(NAMES))
        return f"def f({', '.join(NAMES)}, zero=0):\n{indent(body, '    ')}\n    return {result}\n"

    def block(self, depth: int, in_loop: bool) -> str:
        return "\n".join(self.statement(depth, in_loop) for _ in range(self.random.choice([1, 1, 2, 3])))

    def statement(self, depth: int, in_loop: bool) -> str:
        kinds = [self.assign, self.update]
        self.size -= 1
        if depth and self.size > 0:
            kinds += [self.choose] * 3 + [self.loop_while, self.loop_for] * 2 + [self.jump]
            kinds += [self.attempt, self.close_over, self.assign_new, self.delete, self.surround] if self.host else []
        return self.random.choice(kinds)(depth, in_loop)

    def assign(self, _depth, _in_loop):
        return f"{self.name()} = {self.expression(2)} % 97"

    def update(self, _depth, _in_loop):
        return f"{self.name()} += {self.expression(1)} % 7"

    def choose(self, depth, in_loop):
        text = f"if {self.condition(2)}:\n" + indent(self.block(depth - 1, in_loop), "    ")
        if self.random.random() < 0.5:
            text += f"\nelif {self.condition(1)}:\n" + indent(self.block(depth - 1, in_loop), "    ")
        if self.random.random() < 0.5:
            text += "\nelse:\n" + indent(self.block(depth - 1, in_loop), "    ")
        return text

    def loop_while(self, depth, in_loop):
        count = f"w{next(self.fresh)}"
        head = f"{count} = {self.number.format(0)}\nwhile {count} < 3 and {self.condition(1)}:\n    {count} += 1\n"
        return head + indent(self.block(depth - 1, True), "    ") + self.otherwise(depth, in_loop)

    def loop_for(self, depth, in_loop):
        item = f"i{next(self.fresh)}"
        head = f"for {item} in range({self.expression(1)} % 4):\n    {self.name()} += {item}\n"
        return head + indent(self.block(depth - 1, True), "    ") + self.otherwise(depth, in_loop)

    def otherwise(self, depth, in_loop):
        return "\nelse:\n" + indent(self.block(depth - 1, in_loop), "    ") if self.random.random() < 0.2 else ""

    def jump(self, _depth, in_loop):
        jumps = [f"return {self.expression(1)}"] + ["break", "continue"] * 2 * in_loop
        return f"if {self.condition(1)}:\n    {self.random.choice(jumps)}"

    def attempt(self, depth, in_loop):
        text = "try:\n" + indent(self.block(depth - 1, in_loop), "    ")
        if self.random.random() < 0.5:
            text += f"\n    if {self.condition(1)}:\n        raise KeyError({self.expression(1)})"
        text += "\nexcept KeyError as error:\n    " + f"{self.name()} = error.args[0] % 97\n"
        text += indent(self.block(depth - 1, in_loop), "    ")
        if self.random.random() < 0.5:
            text += "\nfinally:\n" + indent(self.assign(0, False), "    ")
        return text

    def surround(self, depth, in_loop):
        return "with suppress(KeyError):\n" + indent(self.block(depth - 1, in_loop), "    ")

    def close_over(self, _depth, _in_loop):
        name, changed = f"g{next(self.fresh)}", self.name()
        text = f"def {name}(x):\n    nonlocal {changed}\n    if x > 2:\n        {changed} = x % 97\n"
        text += f"    return x + {self.name()}\n"
        return text + f"{self.name()} = {name}({self.expression(1)}) % 97"

    def assign_new(self, _depth, _in_loop):
        name = self.random.choice(["n", "m"])
        return f"if {self.condition(1)}:\n    {name} = {self.expression(1)}\n{self.name()} += {name} % 5"

    def delete(self, _depth, _in_loop):
        name = self.name()
        return f"if {self.condition(1)}:\n    del {name}\nelse:\n    {self.assign(0, False)}"

    def condition(self, depth: int) -> str:
        left, right = self.expression(1), self.expression(1)
        compare = self.random.choice(["<", ">", "==", "!=", "<="])
        simple = f"{left} {compare} {right}"
        if not depth:
            return simple
        shape = self.random.choice(["{0}", "{0} and {1}", "{0} or {1}", "not ({0})", "not {1} and {0}", "{2} < {0}"])
        return f"({shape.format(simple, self.condition(depth - 1), self.expression(0))})"

    def expression(self, depth: int) -> str:
        if not depth:
            return self.random.choice([*NAMES, self.number.format(self.random.randrange(10))])
        left, right = self.expression(depth - 1), self.expression(depth - 1)
        shape = self.random.choice(["{0}", "({0} + {1})", "({0} - {1})", "({0} if {2} else {1})"])
        return shape.format(left, right, f"{left} > {right}")

    def name(self) -> str:
        return self.random.choice(NAMES)


def programs(**options) -> st.SearchStrategy[str]:
    """Draw the source of a function ``f(a, b, c, zero=0)``; the smallest are the simplest."""

    def write(size, seed):
        return Writer(Random(seed), size, **options).function()

    return st.builds(write, st.integers(1, 15), st.integers(0))
