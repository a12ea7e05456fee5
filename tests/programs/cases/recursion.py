# --- the limit
import sys
print(sys.getrecursionlimit())
# --- the depth at which it strikes
depth = 0
def f():
    global depth
    depth += 1; f()
try: f()
except RecursionError as error: print(depth, error)
# --- uncaught
def f(): f()
f()
# --- uncaught with arguments
def fact(n): return n * fact(n - 1)
fact(5)
# --- uncaught between two functions
def even(n): return odd(n - 1)
def odd(n): return even(n - 1)
even(3)
# --- just fits
def f(n): return 0 if n == 0 else 1 + f(n - 1)
print(f(980))
# --- the exact edge
def f(n): return 0 if n == 0 else 1 + f(n - 1)
for n in range(990, 1005):
    try: print(n, f(n))
    except RecursionError: print(n, "too deep")
# --- the edge with a higher limit
import sys
sys.setrecursionlimit(5000)
def f(n): return 0 if n == 0 else 1 + f(n - 1)
for n in range(4990, 5003):
    try: f(n); print(n)
    except RecursionError: print(n, "too deep")
# --- the edge with a lower limit
import sys
sys.setrecursionlimit(60)
def f(n): return 0 if n == 0 else 1 + f(n - 1)
for n in range(45, 65):
    try: f(n)
    except RecursionError: print(n, "too deep")
# --- a limit that is too low now
import sys
def f(n):
    if n: return f(n - 1)
    sys.setrecursionlimit(10)
try: f(20)
except RecursionError as error: print(error)
# --- the lowest limit that can be set at the bottom
import sys
before = sys.getrecursionlimit()
for n in range(1, 12):
    try: sys.setrecursionlimit(n)
    except RecursionError as error: print(n, error)
    else: sys.setrecursionlimit(before); print(n); break
# --- a zero limit
import sys
sys.setrecursionlimit(0)
# --- through C code
class A:
    def __repr__(self): return repr([self])
try: repr(A())
except RecursionError as error: print(error)
# --- through sorted's key
depth = 0
def key(x):
    global depth
    depth += 1; return sorted([x], key=key)
try: key(1)
except RecursionError as error: print(depth, error)
# --- through map and lambda
depth = 0
def f(x):
    global depth
    depth += 1; return list(map(f, [x]))
try: f(1)
except RecursionError as error: print(depth, error)
# --- through getattr
class A:
    def __getattr__(self, name): return getattr(self, name + "x")
try: A().a
except RecursionError as error: print(error)
# --- through operators
class A:
    def __add__(self, other): return self + other
try: A() + 1
except RecursionError as error: print(error)
# --- through equality
class A:
    def __eq__(self, other): return self == other
try: A() == A()
except RecursionError as error: print(error)
# --- through str
class A:
    def __str__(self): return str(self)
str(A())
# --- through a property
class A:
    @property
    def p(self): return self.p
A().p
# --- through a generator
def g(n): yield from g(n + 1)
try: next(g(0))
except RecursionError as error: print(error)
# --- through exec
depth = 0
code = "depth += 1\nexec(code)"
try: exec(code)
except RecursionError as error: print(depth, error)
# --- through import
#: file "a.py", "import b\n"
#: file "b.py", "import a\nprint('b done')\n"
import a
# --- a deeply nested list
x = []
for _ in range(10000): x = [x]
try: repr(x)
except RecursionError as error: print(error)
del x
# --- a deep comparison
a = b = None
for _ in range(5000): a, b = [a], [b]
try: a == b
except RecursionError as error: print(error)
# --- a deep pickle
import pickle
x = []
for _ in range(5000): x = [x]
try: pickle.dumps(x)
except RecursionError as error: print(error)
# --- a deep json
import json
x = []
for _ in range(5000): x = [x]
try: json.dumps(x)
except RecursionError as error: print(error)
# --- json that nests too deep
import json
try: json.loads("[" * 100000)
except RecursionError as error: print(error)
# --- parentheses that nest too deep
#: code "(" * 300 + ")" * 300
# --- indentation that nests too deep
#: code "".join(" " * n + "if 1:\n" for n in range(101)) + " " * 101 + "pass\n"
# --- an expression that is too long
#: code "x = " + "+".join(["1"] * 20000) + "\nprint(x)"
# --- many nested function calls in one expression
#: code "def f(x): return x\nprint(" + "f(" * 80 + "1" + ")" * 80 + ")"
# --- a deep copy
import copy
x = []
for _ in range(2000): x = [x]
try: copy.deepcopy(x)
except RecursionError as error: print(error)
# --- recovery
def f(): f()
for _ in range(3):
    try: f()
    except RecursionError: print("caught")
# --- a handler at the edge
depth = 0
def f():
    global depth
    depth += 1
    try: f()
    finally: depth -= 1
try: f()
except RecursionError: print("unwound", depth)
# --- in a finalizer
class A:
    def __del__(self):
        def f(): f()
        f()
A()
# --- a long chain freed
class Node: pass
head = None
for _ in range(100000):
    n = Node(); n.next = head; head = n
del head, n; print("freed")
# --- hanoi
def hanoi(n, a, b, c): return 0 if n == 0 else hanoi(n - 1, a, c, b) + 1 + hanoi(n - 1, c, b, a)
print(hanoi(14, "a", "b", "c"))
# --- memoized fibonacci
import functools
@functools.lru_cache(None)
def fib(n): return n if n < 2 else fib(n - 1) + fib(n - 2)
print(fib(300))
try: fib(5000)
except RecursionError: print("too deep")
