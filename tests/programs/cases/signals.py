# --- handlers at the start
import signal
for s in sorted(signal.valid_signals()):
    h = signal.getsignal(s)
    print(int(s), getattr(h, "name", None) or getattr(h, "__name__", h))
# --- the mask is empty
import signal
print(signal.pthread_sigmask(signal.SIG_BLOCK, []), signal.sigpending())
# --- ignored and blocked in the kernel's view
for line in open("/proc/self/status"):
    if line.startswith(("SigBlk", "SigIgn", "SigCgt", "SigPnd", "ShdPnd")): print(line[:7], hex(int(line[7:], 16) & 0x7FFFFFFF))
# --- SIGINT is a keyboard interrupt
import os, signal
os.kill(os.getpid(), signal.SIGINT)
import time
time.sleep(1)
# --- SIGINT caught
import os, signal, time
try:
    os.kill(os.getpid(), signal.SIGINT); time.sleep(1)
except KeyboardInterrupt as error: print("caught", error.args)
# --- raise_signal
import signal
signal.raise_signal(signal.SIGINT)
# --- SIGINT in a function, with finally
import signal
def f():
    try: signal.raise_signal(signal.SIGINT)
    finally: print("cleaned up")
f()
# --- SIGTERM kills
import os, signal
print("before"); os.kill(os.getpid(), signal.SIGTERM)
import time; time.sleep(5)
# --- SIGKILL kills
import os, signal
print("before"); os.kill(os.getpid(), signal.SIGKILL)
# --- SIGSEGV kills
import os, signal
os.kill(os.getpid(), signal.SIGSEGV)
# --- SIGABRT by os.abort
import os
os.abort()
# --- SIGHUP kills
import os, signal
os.kill(os.getpid(), signal.SIGHUP)
# --- SIGQUIT kills
import os, signal
os.kill(os.getpid(), signal.SIGQUIT)
# --- SIGUSR1 kills
import os, signal
os.kill(os.getpid(), signal.SIGUSR1)
# --- SIGALRM kills
import signal, time
signal.alarm(1); time.sleep(5)
# --- SIGALRM handled
import signal
def handler(number, frame): print("alarm", number, frame.f_lineno, frame.f_back)
signal.signal(signal.SIGALRM, handler); signal.setitimer(signal.ITIMER_REAL, 0.05)
signal.pause(); print("after")
# --- a handler that raises
import signal, time
def handler(*_): raise TimeoutError("too slow")
signal.signal(signal.SIGALRM, handler); signal.setitimer(signal.ITIMER_REAL, 0.05)
time.sleep(5)
# --- no timer is left
import signal
print(signal.getitimer(signal.ITIMER_REAL), signal.alarm(0))
# --- SIGPIPE is ignored
import os
r, w = os.pipe(); os.close(r)
os.write(w, b"x")
# --- SIGPIPE at its default
import os, signal
signal.signal(signal.SIGPIPE, signal.SIG_DFL)
r, w = os.pipe(); os.close(r)
os.write(w, b"x")
# --- SIGCHLD at its default
import os, signal
print(signal.getsignal(signal.SIGCHLD))
pid = os.fork()
if pid == 0: os._exit(3)
print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
# --- no child is inherited
import os
try: os.waitpid(-1, os.WNOHANG)
except ChildProcessError as error: print(error)
# --- SIGINT ignored
import os, signal, time
signal.signal(signal.SIGINT, signal.SIG_IGN); os.kill(os.getpid(), signal.SIGINT); print("alive")
# --- SIGINT at the default
import signal
signal.signal(signal.SIGINT, signal.SIG_DFL); signal.raise_signal(signal.SIGINT)
# --- SIGTERM handled with exit
import os, signal, sys, time
signal.signal(signal.SIGTERM, lambda *_: sys.exit(99)); os.kill(os.getpid(), signal.SIGTERM); time.sleep(1)
# --- a signal to the own process group
import os, signal, time
signal.signal(signal.SIGUSR1, lambda *_: print("got it")); os.killpg(0, signal.SIGUSR1); time.sleep(0.01)
# --- killing the own process group
import os, signal
os.killpg(os.getpgrp(), signal.SIGTERM)
import time; time.sleep(5)
# --- leader of its group and session
import os
print(os.getpgrp() == os.getpid() == os.getsid(0))
# --- sigwait
import os, signal
signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR2]); os.kill(os.getpid(), signal.SIGUSR2)
print(signal.sigwait([signal.SIGUSR2]))
# --- set_wakeup_fd is unset
import signal
print(signal.set_wakeup_fd(-1))
# --- real time signal
import os, signal
os.kill(os.getpid(), signal.SIGRTMIN + 3)
# --- faulthandler is off
import faulthandler, sys
print(faulthandler.is_enabled(), "faulthandler" in sys.flags.__doc__)
# --- faulthandler on a segfault
import faulthandler, os, tempfile
def f(): faulthandler._sigsegv()
log = open("log", "w+")
pid = os.fork()
if pid == 0:
    faulthandler.enable(file=log, all_threads=False); f()
print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])); log.seek(0); print(log.read().split("\n\nExtension")[0].rstrip())
# --- a null pointer
import ctypes
print("before"); ctypes.string_at(0)
# --- the traceback of an interrupt in a loop
import signal
signal.setitimer(signal.ITIMER_REAL, 0.05)
signal.signal(signal.SIGALRM, signal.default_int_handler)
while True: pass
# --- interrupt during input
#: keep_open
import signal
signal.signal(signal.SIGALRM, signal.default_int_handler); signal.setitimer(signal.ITIMER_REAL, 0.05)
input("waiting> ")
# --- a child's signal death
import subprocess, sys
print(subprocess.run([sys.executable, "-c", "import os; os.kill(os.getpid(), 9)"]).returncode)
# --- two interrupts
import signal
try: signal.raise_signal(signal.SIGINT)
except KeyboardInterrupt: print("first")
signal.raise_signal(signal.SIGINT)
# --- cpu limit
import resource
print(resource.getrlimit(resource.RLIMIT_CPU), resource.getrlimit(resource.RLIMIT_CORE) is not None)
