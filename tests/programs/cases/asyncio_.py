# --- run
import asyncio
async def main(): print("hello"); await asyncio.sleep(0.01); print("world")
asyncio.run(main())
# --- a result
import asyncio
async def f(): return 42
print(asyncio.run(f()))
# --- gather
import asyncio
async def f(n): await asyncio.sleep(0.01 * n); print(n); return n
async def main(): print(await asyncio.gather(*map(f, (3, 1, 2))))
asyncio.run(main())
# --- an exception
import asyncio
async def f(): raise ValueError("in a coroutine")
asyncio.run(f())
# --- an exception of a task never retrieved
import asyncio
async def f(): raise ValueError("lost")
async def main():
    asyncio.create_task(f(), name="T").add_done_callback(lambda t: print(repr(t.exception())))
    await asyncio.sleep(0.01)
asyncio.run(main())
# --- never awaited
import asyncio
async def f(): pass
f()
print("end")
# --- a timeout
import asyncio
async def main():
    try: await asyncio.wait_for(asyncio.sleep(5), 0.01)
    except asyncio.TimeoutError: print("timed out")
asyncio.run(main())
# --- cancelled
import asyncio
async def f():
    try: await asyncio.sleep(5)
    except asyncio.CancelledError: print("cancelled"); raise
async def main():
    t = asyncio.create_task(f()); await asyncio.sleep(0); t.cancel()
    try: await t
    except asyncio.CancelledError: print("seen")
asyncio.run(main())
# --- a task group
import asyncio
async def f(n):
    await asyncio.sleep(0)
    if n == 2: raise ValueError(n)
async def main():
    async with asyncio.TaskGroup() as g:
        for n in range(4): g.create_task(f(n))
try: asyncio.run(main())
except* ValueError as group: print(group.exceptions)
# --- an uncaught exception group
import asyncio
async def f(): raise ValueError("x")
async def main():
    async with asyncio.TaskGroup() as g: g.create_task(f())
try: asyncio.run(main())
except BaseExceptionGroup as group: print(repr(group))
# --- a subprocess
import asyncio
async def main():
    p = await asyncio.create_subprocess_exec("echo", "hi", stdout=asyncio.subprocess.PIPE)
    print(await p.communicate(), p.returncode)
asyncio.run(main())
# --- a shell
import asyncio
async def main():
    p = await asyncio.create_subprocess_shell("exit 3"); print(await p.wait())
asyncio.run(main())
# --- a server and a client
import asyncio
async def serve(r, w): w.write((await r.readline()).upper()); await w.drain(); w.close()
async def main():
    s = await asyncio.start_unix_server(serve, "socket")
    r, w = await asyncio.open_unix_connection("socket"); w.write(b"hello\n"); print(await r.read()); w.close(); s.close()
asyncio.run(main())
# --- to_thread
import asyncio
print(asyncio.run(asyncio.to_thread(sum, [1, 2, 3])))
# --- an executor
import asyncio, concurrent.futures
async def main():
    with concurrent.futures.ProcessPoolExecutor(1) as pool:
        print(await asyncio.get_running_loop().run_in_executor(pool, abs, -4))
asyncio.run(main())
# --- a queue
import asyncio
async def main():
    q = asyncio.Queue()
    async def consume():
        while (x := await q.get()) is not None: print(x)
    t = asyncio.create_task(consume())
    for n in (1, 2, None): await q.put(n)
    await t
asyncio.run(main())
# --- the loop
import asyncio
async def main(): print(type(asyncio.get_running_loop()).__name__, asyncio.get_running_loop().get_debug())
asyncio.run(main())
print(type(asyncio.get_event_loop_policy()).__name__)
# --- SIGINT
import asyncio, os, signal
async def main(): os.kill(os.getpid(), signal.SIGINT); await asyncio.sleep(5)
try: asyncio.run(main())
except KeyboardInterrupt: print("interrupted")
# --- SIGINT uncaught
import asyncio, os, signal
async def main():
    try: os.kill(os.getpid(), signal.SIGINT); await asyncio.sleep(5)
    finally: print("cleaned up")
try: asyncio.run(main())
except KeyboardInterrupt: raise SystemExit(130)
# --- a signal handler
import asyncio, os, signal
async def main():
    done = asyncio.Event(); asyncio.get_running_loop().add_signal_handler(signal.SIGUSR1, done.set)
    os.kill(os.getpid(), signal.SIGUSR1); await done.wait(); print("handled")
asyncio.run(main())
# --- exit in a coroutine
import asyncio, sys
async def main(): sys.exit(12)
asyncio.run(main())
# --- an asynchronous generator closed at the end
import asyncio
async def g():
    try: yield 1
    finally: print("closed")
async def main():
    async for x in g(): print(x); break
asyncio.run(main())
# --- context variables
import asyncio, contextvars
v = contextvars.ContextVar("v", default=0)
async def f(n): v.set(n); await asyncio.sleep(0); return v.get()
async def main(): print(await asyncio.gather(f(1), f(2)), v.get())
asyncio.run(main())
# --- a semaphore
import asyncio
async def f(s, n):
    async with s: print("in", n); await asyncio.sleep(0); print("out", n)
async def main():
    s = asyncio.Semaphore(1); await asyncio.gather(f(s, 1), f(s, 2))
asyncio.run(main())
# --- reading stdin
#: stdin ["one\n", "two\n"]
import asyncio, sys
async def main():
    r = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(r), sys.stdin)
    while line := await r.readline(): print(line)
asyncio.run(main())
# --- a task pending at the end
import asyncio
async def f():
    try: await asyncio.sleep(60)
    finally: print("cancelled at the end")
async def main(): asyncio.create_task(f()); await asyncio.sleep(0)
asyncio.run(main())
# --- run inside run
import asyncio
async def main():
    c = asyncio.sleep(0)
    try: asyncio.run(c)
    except RuntimeError as error: print(error); c.close()
asyncio.run(main())
# --- debug mode off, slow callbacks silent
import asyncio, time
async def main(): time.sleep(0.15)
asyncio.run(main()); print("quiet")
# --- the names of tasks
import asyncio
async def main(): print(asyncio.current_task().get_name()); print(asyncio.create_task(asyncio.sleep(0)).get_name())
asyncio.run(main())
# --- two runs
import asyncio
async def main(): return 1
print(asyncio.run(main()) + asyncio.run(main()))
