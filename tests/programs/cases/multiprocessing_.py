# --- fork
import multiprocessing as mp
def f(q): q.put("from the child")
ctx = mp.get_context("fork"); q = ctx.Queue()
p = ctx.Process(target=f, args=(q,)); p.start(); print(q.get()); p.join(); print(p.exitcode)
# --- the default start method
import multiprocessing as mp
print(mp.get_start_method(), mp.get_all_start_methods())
# --- spawn of a builtin
import multiprocessing as mp
ctx = mp.get_context("spawn")
p = ctx.Process(target=print, args=("spawned",)); p.start(); p.join(); print(p.exitcode)
# --- spawn of a function of main fails as it does
import multiprocessing as mp, sys
def f(): print("never")
ctx = mp.get_context("spawn")
p = ctx.Process(target=f); p.start(); p.join(); print(p.exitcode)
# --- spawn of a function of a module
#: file "work.py", "import os\ndef f(q, n): q.put(n * n)\n"
import multiprocessing as mp, work
ctx = mp.get_context("spawn"); q = ctx.SimpleQueue()
p = ctx.Process(target=work.f, args=(q, 7)); p.start(); print(q.get()); p.join()
# --- forkserver
#: file "work.py", "def f(n): return n + 1\n"
import multiprocessing as mp, work
with mp.get_context("forkserver").Pool(2) as pool: print(pool.map(work.f, range(5)))
# --- a pool by fork
import multiprocessing as mp
def f(n): return n * n
with mp.Pool(3) as pool: print(pool.map(f, range(10)))
# --- a pool's error
import multiprocessing as mp
def f(n): return 1 // n
with mp.Pool(1) as pool:
    try: pool.map(f, [1, 0])
    except ZeroDivisionError as error: print(repr(error), type(error.__cause__).__name__)
# --- a process's error
import multiprocessing as mp
def f(): raise ValueError("in the process")
p = mp.Process(target=f, name="P"); p.start(); p.join(); print(p.exitcode)
# --- a process's exit
import multiprocessing as mp, sys
for code in (0, 3, None, "text"):
    p = mp.Process(target=sys.exit, args=(code,)); p.start(); p.join(); print(p.exitcode)
# --- a killed process
import multiprocessing as mp, time
p = mp.Process(target=time.sleep, args=(60,)); p.start(); p.kill(); p.join(); print(p.exitcode)
# --- a terminated process
import multiprocessing as mp, time
p = mp.Process(target=time.sleep, args=(60,)); p.start(); p.terminate(); p.join(); print(p.exitcode)
# --- a daemon process is ended
import multiprocessing as mp, time
p = mp.Process(target=time.sleep, args=(60,), daemon=True); p.start(); print("main ends")
# --- a process that is not joined is waited for
import multiprocessing as mp, time
def f(): time.sleep(0.1); print("late")
mp.Process(target=f).start(); print("main ends")
# --- names and the current process
import multiprocessing as mp
print(mp.current_process().name, mp.parent_process(), mp.Process(target=print).name, mp.active_children())
# --- the authentication key is one's own
import multiprocessing as mp
key = mp.current_process().authkey
print(type(key).__name__, len(key))
# --- shared values
import multiprocessing as mp
def f(v, a):
    v.value += 1; a[0] = 9
v, a = mp.Value("i", 1), mp.Array("i", [1, 2])
p = mp.Process(target=f, args=(v, a)); p.start(); p.join(); print(v.value, a[:])
# --- a manager
import multiprocessing as mp
with mp.Manager() as m:
    d = m.dict(a=1); d["b"] = 2; print(dict(d))
# --- a pipe
import multiprocessing as mp
a, b = mp.Pipe()
p = mp.Process(target=b.send, args=({"x": [1, 2]},)); p.start(); print(a.recv()); p.join()
# --- a lock
import multiprocessing as mp
def f(lock, n):
    with lock: print("holding")
lock = mp.Lock()
ps = [mp.Process(target=f, args=(lock, n)) for n in range(3)]
[p.start() for p in ps]; [p.join() for p in ps]
# --- an event
import multiprocessing as mp
def f(e): e.wait(); print("set")
e = mp.Event(); p = mp.Process(target=f, args=(e,)); p.start(); e.set(); p.join()
# --- shared memory
from multiprocessing import shared_memory
s = shared_memory.SharedMemory(create=True, size=16); s.buf[0] = 5
t = shared_memory.SharedMemory(name=s.name); print(t.buf[0]); t.close(); s.close(); s.unlink()
# --- a process pool executor
from concurrent.futures import ProcessPoolExecutor
def f(n): return n + 1
with ProcessPoolExecutor(2) as pool: print(list(pool.map(f, range(4))))
# --- a process pool executor with a dead worker
from concurrent.futures import ProcessPoolExecutor
import os
with ProcessPoolExecutor(1) as pool:
    try: pool.submit(os._exit, 1).result()
    except Exception as error: print(type(error).__name__)
# --- exit functions of a process
import atexit, multiprocessing as mp
atexit.register(print, "exit function")
p = mp.Process(target=print, args=("child",)); p.start(); p.join()
# --- stdin in a process
#: stdin ["line\n"]
import multiprocessing as mp, sys
def f(): print(repr(sys.stdin.read()))
p = mp.Process(target=f); p.start(); p.join(); print(input())
# --- a pool left open
import multiprocessing as mp
pool = mp.Pool(2); print(pool.map(abs, [-1, -2]))
# --- a barrier
import multiprocessing as mp
b = mp.Barrier(2)
p = mp.Process(target=b.wait); p.start(); b.wait(); p.join(); print(p.exitcode)
# --- imap in order
import multiprocessing as mp
def f(n): return n * 2
with mp.Pool(2) as pool:
    for x in pool.imap(f, range(5)): print(x)
# --- random differs between parent and child
import multiprocessing as mp, random
def f(q): q.put(random.random())
q = mp.SimpleQueue(); p = mp.Process(target=f, args=(q,)); p.start(); print(q.get() != random.random()); p.join()
# --- the cpu count
import multiprocessing as mp, os
print(mp.cpu_count() == os.cpu_count(), len(os.sched_getaffinity(0)) > 0)
# --- ignored children by a double fork
import os
if os.fork() == 0:
    if os.fork() == 0: os._exit(0)
    os._exit(0)
os.wait(); print("done")
