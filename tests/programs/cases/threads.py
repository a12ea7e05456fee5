# --- one thread joined
import threading
t = threading.Thread(target=print, args=("in thread",))
t.start(); t.join(); print("joined")
# --- a thread that outlives main is joined
import threading, time
def work():
    time.sleep(0.1); print("late")
threading.Thread(target=work).start()
print("main ends")
# --- a thread started by a thread is joined
import threading, time
def inner(): time.sleep(0.05); print("inner")
def outer(): time.sleep(0.05); threading.Thread(target=inner).start(); print("outer")
threading.Thread(target=outer).start()
# --- a daemon thread does not print after the end
import threading, time
def work():
    while True: time.sleep(0.02)
    print("never")
threading.Thread(target=work, daemon=True).start()
print("main ends")
# --- a daemon thread that computes
import threading
def work():
    n = 0
    while True: n += 1
threading.Thread(target=work, daemon=True).start()
print("main ends")
# --- a daemon thread that wakes during finalisation
import threading, time
woken = threading.Event()
def work():
    woken.wait(); time.sleep(0.001); print("never")
class Late:
    def __del__(self):
        woken.set(); end = time.monotonic() + 0.05
        while time.monotonic() < end: pass
        time.sleep(0.05)
threading.Thread(target=work, daemon=True).start()
late = Late()
# --- an exception in a thread
import threading
def fail(): raise ValueError("in thread")
t = threading.Thread(target=fail, name="worker"); t.start(); t.join(); print("main goes on")
# --- an exception in a thread leaves exit code 0
import threading
threading.Thread(target=lambda: 1 / 0).start()
# --- threading.excepthook
import threading
threading.excepthook = lambda args: print("hook", args.exc_type.__name__, args.thread.name)
threading.Thread(target=lambda: 1 / 0).start()
# --- SystemExit in a thread is silent
import sys, threading
threading.Thread(target=sys.exit, args=(3,)).start()
# --- names are counted from one
import threading
print([threading.Thread(target=print).name for _ in range(3)], threading.current_thread().name)
# --- the main thread
import threading, _thread, os
m = threading.main_thread()
print(m is threading.current_thread(), m.name, m.daemon, m.ident == _thread.get_ident() == threading.get_ident())
print(threading.active_count(), [t.name for t in threading.enumerate()], threading.get_native_id() == os.getpid(), m.native_id == os.getpid())
# --- the number of threads in the process
import os
print(len(os.listdir("/proc/self/task")))
# --- main raises while a thread works
import threading, time
def work(): time.sleep(0.1); print("done")
threading.Thread(target=work).start()
raise RuntimeError("main fails")
# --- main exits while a thread works
import sys, threading, time
def work(): time.sleep(0.1); print("done")
threading.Thread(target=work).start()
sys.exit(6)
# --- os._exit while a thread works
import os, threading, time
threading.Thread(target=time.sleep, args=(5,)).start()
os._exit(2)
# --- a lock and a counter
import threading
lock, total = threading.Lock(), 0
def add():
    global total
    for _ in range(1000):
        with lock: total += 1
ts = [threading.Thread(target=add) for _ in range(8)]
[t.start() for t in ts]; [t.join() for t in ts]; print(total)
# --- a queue
import queue, threading
q = queue.Queue()
def work():
    while (item := q.get()) is not None: print(item * item)
t = threading.Thread(target=work); t.start()
for n in range(5): q.put(n)
q.put(None); t.join()
# --- a timer
import threading
threading.Timer(0.05, print, ("tick",)).start()
# --- a cancelled timer
import threading
t = threading.Timer(30, print, ("never",)); t.start(); t.cancel()
# --- thread locals
import threading
local = threading.local(); local.x = 1
def work(): print(hasattr(local, "x"))
t = threading.Thread(target=work); t.start(); t.join(); print(local.x)
# --- a thread pool
from concurrent.futures import ThreadPoolExecutor
with ThreadPoolExecutor(4) as pool: print(list(pool.map(lambda n: n * n, range(10))))
# --- a thread pool left open is waited for
from concurrent.futures import ThreadPoolExecutor
import time
pool = ThreadPoolExecutor(2)
pool.submit(lambda: (time.sleep(0.1), print("worked")))
print("main ends")
# --- a pool used after the end
import atexit
from concurrent.futures import ThreadPoolExecutor
pool = ThreadPoolExecutor(1)
def late():
    try: pool.submit(print, "x")
    except RuntimeError as error: print(error)
atexit.register(late)
# --- an exception in a future
from concurrent.futures import ThreadPoolExecutor
ThreadPoolExecutor(1).submit(lambda: 1 / 0).result()
# --- the switch interval and stack size
import sys, threading
print(sys.getswitchinterval(), threading.stack_size())
# --- a thread writes while main waits for input
#: stdin ["go\n"]
import threading
t = threading.Thread(target=print, args=("from thread",)); t.start(); t.join()
print(input("prompt> "))
# --- a barrier
import threading
b = threading.Barrier(3)
t = [threading.Thread(target=b.wait) for _ in range(2)]
[x.start() for x in t]; b.wait(); [x.join() for x in t]; print("passed", b.n_waiting)
# --- keyboard interrupt while joining at the end
import _thread, threading, time, signal, os
def work(): time.sleep(0.2); print("done")
def strike(): time.sleep(0.1); os.kill(os.getpid(), signal.SIGINT)
threading.Thread(target=work).start(); threading.Thread(target=strike).start()
# --- interrupt_main
import _thread, time
_thread.interrupt_main()
try: time.sleep(1)
except KeyboardInterrupt: print("interrupted")
# --- bare _thread
import _thread
done = _thread.allocate_lock(); done.acquire()
def work(): print("bare"); done.release()
_thread.start_new_thread(work, ()); done.acquire()
# --- setprofile and settrace are unset
import sys, threading
print(sys.gettrace(), sys.getprofile())
# --- recursion in a thread
import threading
def f(n): return f(n + 1)
threading.Thread(target=f, args=(0,), name="deep").start()
