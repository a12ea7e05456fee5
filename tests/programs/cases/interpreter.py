# --- the names of main
for k, v in list(vars().items()): print(k, type(v).__name__, v if k not in ("__builtins__",) else "")
# --- main is itself
import sys, __main__
print(__main__ is sys.modules["__main__"], vars(__main__) is globals(), repr(__main__), hasattr(__main__, "__file__"))
# --- argv
import sys
print(sys.argv, sys.path[0] == "", len(sys.path), sys.path[1:])
# --- orig_argv
import sys
print(sys.orig_argv[1:])
# --- flags
import sys
print(sys.flags, sys.warnoptions, sys._xoptions, sys.dont_write_bytecode)
# --- executable and prefixes
import sys
print(sys.executable, sys.prefix, sys.base_prefix, sys.exec_prefix, sys.platlibdir, sys.version)
# --- names of sys
import sys
print(sorted(vars(sys)))
# --- names of builtins
import builtins
print(sorted(vars(builtins)), __builtins__ is builtins)
# --- descriptors
import os
print(os.listdir("/proc/self/fd"))
# --- the next descriptor
import os
print(os.open("/dev/null", os.O_RDONLY), os.pipe())
# --- flags of descriptors
import fcntl
for fd in (0, 1, 2): print(fcntl.fcntl(fd, fcntl.F_GETFD), fcntl.fcntl(fd, fcntl.F_GETFL) & 3)
# --- inheritable
import os
print([os.get_inheritable(fd) for fd in (0, 1, 2)])
# --- the working directory
import os
print(os.getcwd() == os.environ["HOME"], os.listdir("."), os.path.expanduser("~") == os.getcwd())
# --- umask, nice, user, groups
import os
print(oct(os.umask(0)), os.nice(0), os.getuid(), os.getgid(), os.geteuid(), os.getgroups())
# --- limits
import resource
for name in sorted(dir(resource)):
    if name.startswith("RLIMIT_"): print(name, resource.getrlimit(getattr(resource, name)))
# --- capabilities and privileges
print([line for line in open("/proc/self/status") if line.startswith(("Cap", "NoNewPrivs", "Seccomp:"))])
# --- dumpable
import ctypes
print(ctypes.CDLL(None).prctl(3, 0, 0, 0, 0))
# --- not a subreaper
import ctypes
n = ctypes.c_int(); ctypes.CDLL(None).prctl(37, ctypes.byref(n), 0, 0, 0); print(n.value)
# --- own memory can be read
import ctypes
x = ctypes.c_int(1234567)
with open("/proc/self/mem", "rb", 0) as f: f.seek(ctypes.addressof(x)); print(f.read(4) == bytes(x))
# --- processor time starts at nothing
import time, resource
print(time.process_time() < 0.5, resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime == 0.0)
# --- garbage collection
import gc
print(gc.isenabled(), gc.get_threshold(), gc.get_debug(), gc.garbage, gc.callbacks)
# --- collection works
import gc
class A:
    def __del__(self): print("collected")
a = A(); a.self = a; del a; print(gc.collect() > 0)
# --- the import system
import sys
print([getattr(f, "__name__", type(f).__name__) for f in sys.meta_path], [getattr(h, "__name__", h) for h in sys.path_hooks][:1])
# --- tracing and profiling are off
import sys
print(sys.gettrace(), sys.getprofile(), sys.get_asyncgen_hooks(), sys.get_coroutine_origin_tracking_depth())
# --- hooks are the originals
import sys
print(sys.displayhook is sys.__displayhook__, sys.breakpointhook is sys.__breakpointhook__, sys.unraisablehook is sys.__unraisablehook__, sys.excepthook is sys.__excepthook__)
# --- int and float info
import sys
print(sys.float_info, sys.int_info, sys.hash_info, sys.maxsize, sys.maxunicode, sys.byteorder)
# --- the documentation of main
"""A docstring."""
print(__doc__)
# --- annotations of main
x: int = 5
y: "str"
print(__annotations__)
# --- annotations under the future
from __future__ import annotations
x: Undefined = 5
print(__annotations__)
# --- no future leaks in
x: int = 1
print(type(__annotations__["x"]).__name__)
# --- no file
print(__file__)
# --- a class knows its module
class A: pass
print(A, A.__module__, A.__qualname__)
# --- pickling a class of main
import pickle
class A:
    def __eq__(self, other): return True
print(pickle.loads(pickle.dumps(A())) == A(), b"__main__" in pickle.dumps(A()))
# --- inspect.getsource has none
import inspect
def f(): pass
inspect.getsource(f)
# --- linecache has nothing
import linecache
print(repr(linecache.getline("<string>", 1)))
# --- locals is globals
print(locals() is globals())
# --- dir
print(dir())
# --- del main
import sys
del sys.modules["__main__"]; print("still runs")
# --- main replaced
import sys, types
sys.modules["__main__"] = types.ModuleType("other"); print("still runs")
# --- __import__
print(__import__("math").pi)
# --- importing main from a module
#: file "helper.py", "import __main__\nprint(__main__.value)\n"
value = 17
import helper
# --- a module of the home
#: file "helper.py", "def f(): return __name__, __file__.rsplit('/', 1)[-1]\n"
import helper
print(helper.f(), helper.__spec__.name, helper.__cached__ is not None)
# --- a package of the home
#: file "pack/__init__.py", "from . import inner\n"
#: file "pack/inner.py", "x = 1\n"
import pack
print(pack.inner.x, pack.__path__ is not None)
# --- a namespace package of the home
#: file "space/inner.py", "x = 2\n"
import space.inner
print(space.inner.x, space.__file__ if hasattr(space, "__file__") else None)
# --- a module of the home shadows the library
#: file "random.py", "def random(): return 'mine'\n"
import random
print(random.random())
# --- a package of the home shadows the library
#: file "json/__init__.py", "def dumps(x): return 'mine'\n"
import json
print(json.dumps(1))
# --- a shadow is seen by the library
#: file "struct.py", "x = 1\n"
try:
    import zipfile
    print("imported")
except Exception as error: print(type(error).__name__)
# --- a folder of that name shadows nothing
#: file "statistics/data.txt", "x"
import statistics
print(statistics.mean([1, 2, 3]))
# --- the library again
import random, json, struct, statistics
print(random.Random(1).random(), json.dumps([1]), struct.calcsize("i"))
# --- a module written and imported in one run
open("fresh.py", "w").write("x = 5\n")
import importlib; importlib.invalidate_caches()
import fresh
print(fresh.x)
# --- importlib.reload
#: file "again.py", "print('executed')\n"
import again, importlib
importlib.reload(again)
# --- site
import site, sys
print(site.ENABLE_USER_SITE, site.PREFIXES, sys.flags.no_site)
# --- gettext and locale
import locale
print(locale.setlocale(locale.LC_ALL), locale.localeconv()["decimal_point"])
# --- random numbers of two processes differ
import random, subprocess, sys
other = float(subprocess.check_output([sys.executable, "-c", "import random; print(random.random())"]))
print(random.random() != other)
# --- seeded random
import random
random.seed(42); print([random.randint(0, 100) for _ in range(5)])
# --- warnings of the program's own filter
import warnings
warnings.filterwarnings("ignore"); warnings.warn("unseen"); print("quiet")
# --- a warning is shown once
import warnings
for _ in range(3): warnings.warn("once")
# --- a resource warning is silent
open("/dev/null"); print("quiet")
# --- logging's last resort
import logging
logging.warning("watch out"); logging.info("unseen")
# --- logging to stdout
import logging, sys
logging.basicConfig(stream=sys.stdout, level=logging.DEBUG, format="%(name)s %(module)s %(funcName)s %(lineno)d %(processName)s %(threadName)s %(pathname)s %(message)s")
def f(): logging.getLogger("me").debug("text")
f()
# --- logging's clock starts with the run
import logging, sys
r = logging.makeLogRecord({}); print(0 <= logging.LogRecord("n", 1, "p", 1, "m", (), None).relativeCreated < 5000)
# --- logging an exception
import logging
try: 1 / 0
except ZeroDivisionError: logging.exception("failed")
# --- time zones
import time, datetime
print(time.tzname, time.timezone, datetime.datetime(2024, 7, 1).astimezone().tzinfo)
# --- dataclass and enum
import dataclasses, enum
@dataclasses.dataclass(order=True)
class P: x: int; y: int = 2
class C(enum.Enum): A = 1; B = 2
print(P(1), sorted([P(2), P(1)]), list(C), C("A") if False else C.A)
# --- typing hints of a function of main
import typing
def f(x: "P") -> "list[P]": ...
class P: pass
print(typing.get_type_hints(f))
# --- walrus, match and f-strings
match {"a": [1, 2]}:
    case {"a": [x, *rest]} if (y := x + 1): print(f"{x=} {rest=} {y!r:>5}")
# --- unittest
import unittest
class T(unittest.TestCase):
    def test_one(self): self.assertEqual(1, 2)
result = unittest.TextTestRunner(stream=open("/dev/null", "w")).run(unittest.defaultTestLoader.loadTestsFromTestCase(T))
print(result, result.failures[0][1])
# --- sqlite
import sqlite3
c = sqlite3.connect("d.db"); c.execute("create table t(x)"); c.execute("insert into t values(1)"); c.commit()
print(c.execute("select * from t").fetchall())
# --- a shelve
import shelve
with shelve.open("s") as s: s["a"] = [1]
with shelve.open("s") as s: print(dict(s))
# --- hash and uuid and secrets
import hashlib, uuid, secrets, hmac
print(hashlib.sha256(b"x").hexdigest(), uuid.uuid5(uuid.NAMESPACE_DNS, "x"), len(secrets.token_hex()), uuid.uuid4().version, uuid.uuid1() != uuid.uuid1())
# --- tempfile
import tempfile, os
with tempfile.NamedTemporaryFile() as f: print(os.path.dirname(f.name) == tempfile.gettempdir())
# --- ctypes
import ctypes
print(ctypes.CDLL(None).abs(-5), ctypes.pythonapi.Py_IsInitialized(), ctypes.sizeof(ctypes.c_long))
class P(ctypes.Structure): _fields_ = [("x", ctypes.c_int), ("y", ctypes.c_double)]
print(P(1, 2.0).y, ctypes.pythonapi.PyRun_SimpleStringFlags.argtypes, ctypes.pythonapi.PyRun_SimpleStringFlags.restype.__name__)
# --- ctypes callbacks
import ctypes
C = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_int), ctypes.POINTER(ctypes.c_int))
a = (ctypes.c_int * 4)(3, 1, 2, 0)
ctypes.CDLL(None).qsort(a, 4, 4, C(lambda x, y: x[0] - y[0])); print(list(a))
# --- mmap
import mmap
m = mmap.mmap(-1, 10); m.write(b"hi"); m.seek(0); print(m.read(2), len(m))
# --- sockets
import socket
a, b = socket.socketpair(); a.send(b"hi"); print(b.recv(2), socket.getdefaulttimeout())
# --- a tcp connection to oneself
import socket
s = socket.create_server(("127.0.0.1", 0)); c = socket.create_connection(s.getsockname()); d, _ = s.accept()
d.sendall(b"x"); print(c.recv(1))
# --- an http server in a thread
import http.server, threading, urllib.request
class H(http.server.BaseHTTPRequestHandler):
    def do_GET(self): self.send_response(200); self.end_headers(); self.wfile.write(b"served")
    def log_message(self, *a): pass
s = http.server.HTTPServer(("127.0.0.1", 0), H); threading.Thread(target=s.serve_forever, daemon=True).start()
print(urllib.request.urlopen(f"http://127.0.0.1:{s.server_port}/").read()); s.shutdown()
# --- tkinter or curses are not needed
import importlib.util
print(importlib.util.find_spec("no_such_thing"))
# --- tracemalloc
import tracemalloc
print(tracemalloc.is_tracing()); tracemalloc.start(); x = [0] * 1000; print(tracemalloc.get_traced_memory()[0] > 0)
# --- audit hooks work
import sys
seen = []
sys.addaudithook(lambda name, args: seen.append(name) if name == "open" else None)
open("/dev/null").close(); print(seen[:1])
# --- sys.settrace sees main's functions
import sys
def trace(frame, event, arg):
    print(event, frame.f_code.co_name, frame.f_lineno); return None
def f(): return 1
sys.settrace(trace); f(); sys.settrace(None)
# --- cProfile
import cProfile, pstats, io
p = cProfile.Profile(); p.enable(); sum(range(10)); p.disable()
s = io.StringIO(); pstats.Stats(p, stream=s).print_stats(); print("sum" in s.getvalue())
# --- timeit
import timeit
print(timeit.timeit("1 + 1", number=10) < 1)
# --- zip imports
import sys, zipfile
with zipfile.ZipFile("lib.zip", "w") as z: z.writestr("zipped.py", "x = 'from a zip'\n")
sys.path.insert(0, "lib.zip")
import zipped
print(zipped.x)
# --- star imports
from math import *
print(pi, floor(2.5))
# --- global and nonlocal
x = 1
def f():
    global x; x = 2
    y = 1
    def g():
        nonlocal y; y += 1
    g(); return y
print(f(), x)
# --- files last through a run
open("a.txt", "w").write("kept")
import os
print(os.stat("a.txt").st_size, oct(os.stat("a.txt").st_mode), open("a.txt").read())
# --- antigravity free zen
import this
# --- symtable and ast
import ast
print(ast.dump(ast.parse("x = 1")))
# --- copy and weak dictionaries
import copy, weakref
class A: pass
a = A(); d = weakref.WeakValueDictionary(x=a); print(len(d)); del a; print(len(d))
# --- decimal context
import decimal
print(decimal.getcontext(), decimal.Decimal(1) / 3)
# --- csv, statistics, fractions
import csv, fractions, io, statistics
w = io.StringIO(); csv.writer(w).writerow([1, "a,b"]); print(repr(w.getvalue()), statistics.stdev([1, 2, 4]), fractions.Fraction(3, 6))
