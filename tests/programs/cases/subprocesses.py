# --- echo
import subprocess
subprocess.run(["echo", "hello"])
# --- captured
import subprocess
print(subprocess.run(["sh", "-c", "echo out; echo err >&2; exit 3"], capture_output=True, text=True))
# --- check
import subprocess
subprocess.run(["false"], check=True)
# --- not found
import subprocess
subprocess.run(["no-such-program"])
# --- shell
import subprocess
print(subprocess.check_output("echo $((6 * 7))", shell=True))
# --- timeout
import subprocess
try: subprocess.run(["sleep", "5"], timeout=0.05)
except subprocess.TimeoutExpired as error: print(error.cmd)
# --- input given
import subprocess
print(subprocess.run(["cat"], input=b"fed", capture_output=True).stdout)
# --- a pipeline
import subprocess
a = subprocess.Popen(["printf", "b\\na\\n"], stdout=subprocess.PIPE)
print(subprocess.run(["sort"], stdin=a.stdout, capture_output=True).stdout); a.wait()
# --- inherits stdin
#: stdin ["for the child\n"]
import subprocess
subprocess.run(["cat"])
# --- shares stdin line by line
#: stdin ["one\n"]
import subprocess, sys
subprocess.run([sys.executable, "-c", "print('child', input())"]); print(sys.stdin.readline() == "")
# --- the environment
import os, subprocess
print(subprocess.check_output(["env"]).decode() == "".join(f"{k}={v}\n" for k, v in os.environ.items()))
for k, v in os.environ.items(): print(k, v.replace(os.environ["HOME"], "~"))
# --- descriptors of a child
import subprocess
print(subprocess.check_output(["ls", "/proc/self/fd"]))
# --- descriptors of a child that inherits all
import subprocess
print(subprocess.check_output(["ls", "/proc/self/fd"], close_fds=False))
# --- os.system
import os
print(os.system("echo from system; exit 4") >> 8)
# --- os.popen
import os
print(os.popen("echo popen").read())
# --- os.fork and wait
import os
pid = os.fork()
if pid == 0:
    print("child"); os._exit(7)
print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
# --- a forked child returns normally
import os
pid = os.fork()
if pid: os.waitpid(pid, 0)
print("parent" if pid else "child")
# --- a forked child raises
import os
pid = os.fork()
if pid == 0: raise ValueError("in the child")
print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
# --- a forked child exits with a message
import os, sys
pid = os.fork()
if pid == 0: sys.exit("bye from the child")
print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
# --- a forked child is interrupted
import os
pid = os.fork()
if pid == 0: raise KeyboardInterrupt
print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
# --- finalizers in parent and child
import os
class Loud:
    def __del__(self): print("gone in", "child" if child else "parent")
loud = Loud()
child = os.fork() == 0
if not child: os.wait()
# --- exec of another program
import os
os.execvp("echo", ["echo", "replaced"])
# --- exec of python
import os, sys
os.execv(sys.executable, [sys.executable, "-c", "import sys; print(sys.argv, 'fresh')"])
# --- spawn
import os
print(os.spawnlp(os.P_WAIT, "sh", "sh", "-c", "exit 9"))
# --- posix_spawn
import os
pid = os.posix_spawn("/bin/echo", ["echo", "spawned"], os.environ); os.waitpid(pid, 0)
# --- a pty
import os, pty
pid, fd = pty.fork()
if pid == 0:
    print("on a terminal", os.isatty(0)); os._exit(0)
text = b""
while True:
    try: data = os.read(fd, 100)
    except OSError: break
    if not data: break
    text += data
os.waitpid(pid, 0); print(text)
# --- a script file
#: file "script.py", "import sys\nprint(sys.argv, __name__, __file__)\n"
import subprocess, sys
subprocess.run([sys.executable, "script.py", "a", "b"])
# --- python -m
#: file "tool/__main__.py", "import sys\nprint('tool', __package__, len(sys.argv))\n"
#: file "tool/__init__.py", ""
import subprocess, sys
subprocess.run([sys.executable, "-m", "tool", "x"])
# --- runpy
#: file "script.py", "import sys\nprint(sys.argv, __name__)\n"
import runpy
runpy.run_path("script.py", run_name="__main__")
# --- the flags passed on
import subprocess
print(subprocess._args_from_interpreter_flags())
# --- a background process is not waited for
import subprocess
p = subprocess.Popen(["true"]); print(p.wait())
# --- unreaped child warns
import subprocess, warnings
warnings.simplefilter("always")
p = subprocess.Popen(["sleep", "0"])
import time; time.sleep(0.05)
p.pid = 1; p.__class__.__repr__ = lambda s: "<Popen>"
del p
# --- a thousand lines from a child
import subprocess
print(len(subprocess.check_output(["seq", "100000"]).splitlines()))
# --- preexec_fn and new session
import os, subprocess
print(subprocess.check_output(["sh", "-c", "umask"], preexec_fn=lambda: os.umask(0o077)))
print(subprocess.run(["sh", "-c", "exit 0"], start_new_session=True).returncode)
# --- a child's limits
import subprocess
print(subprocess.check_output("ulimit -a", shell=True, executable="/bin/bash").decode())
# --- the parent of a child
import os, subprocess
print(int(subprocess.check_output("echo $PPID", shell=True)) == os.getpid())
# --- shutil.which
import shutil
print(shutil.which("sh") is not None, shutil.which("no-such-program"))
# --- memory limit in a child
import resource, subprocess, sys
def limit(): resource.setrlimit(resource.RLIMIT_AS, (200 << 20, 200 << 20))
print(subprocess.run([sys.executable, "-c", "x = bytearray(1 << 30)"], preexec_fn=limit, stderr=subprocess.PIPE).stderr)
