"""The contract, driven by python-socketio's two clients over each transport."""

import asyncio
import threading
import time

import engineio
import pytest
import socketio

from server import Forge, example

PATIENCE_S = 60  # a bound on a hanging test, not a measure
TRANSPORTS = [["polling"], ["websocket"], ["polling", "websocket"]]
CONTRACT = ["command_started", "command_output", "command_complete"]


@pytest.fixture(scope="module")
def forge():
    server = Forge()
    yield server
    server.stop()


@pytest.fixture(scope="module")
def container(forge):
    return forge.account("alice")[0]


class InOrder(socketio.Client):
    """python-engineio gives each message to a thread of its own, in whatever order; these tests look at the order."""

    def _engineio_client_class(self):
        class Engine(engineio.Client):
            def _trigger_event(self, event, *args, **options):
                return super()._trigger_event(event, *args, **{**options, "run_async": False})

        return Engine


class Client:
    """python-socketio's blocking client, with what came."""

    def __init__(self, forge, transports, cookie=None, **options):
        self.events = []
        self.changed = threading.Condition()
        self.socket = InOrder(reconnection_delay=0.05, reconnection_delay_max=0.5, **options)
        self.socket.on("*", lambda name, *given: self._came(name, given))
        self.socket.on("connect", lambda: self._came("connect", ()))
        headers = {"Cookie": cookie} if cookie else {}
        self.socket.connect(forge.url, transports=transports, headers=headers, wait=True)

    def _came(self, name, given):
        with self.changed:
            self.events.append((name, *given))
            self.changed.notify_all()

    @property
    def output(self):
        return "".join(event[1]["output"] for event in self.events if event[0] == "command_output")

    def until(self, condition, what):
        with self.changed:
            assert self.changed.wait_for(condition, PATIENCE_S), f"never came: {what}; {self.events[-5:]}"

    def completed(self):
        self.until(lambda: any(event[0] == "command_complete" for event in self.events), "command_complete")

    def execute(self, code, container):
        self.events.clear()
        self.socket.emit("execute_command", {"command": code, "container_id": container})

    def type(self, text):
        self.socket.emit("send_stdin", {"input": text})

    def close(self):
        self.socket.disconnect()


@pytest.fixture(params=TRANSPORTS, ids="+".join)
def client(request, forge):
    made = Client(forge, request.param)
    yield made
    made.close()


def test_a_run_starts_prints_and_completes(client, container):
    client.execute("import sys; print('out'); print('err €😀', file=sys.stderr)", container)
    client.completed()
    assert client.output == "out\nerr €😀\n"
    names = [event[0] for event in client.events]
    assert names[0] == "command_started" and names[-1] == "command_complete"
    for name, *given in client.events:
        assert name in CONTRACT
        assert [list(one) for one in given] == ([["output"]] if name == "command_output" else [])


def test_a_prompt_shows_before_its_answer_is_typed(client, container):
    client.execute("print('Hello, ' + input('Name: '))", container)
    client.until(lambda: client.output == "Name: ", "the prompt")
    client.type("Zoë")
    client.completed()
    assert client.output == "Name: Hello, Zoë\n"


def test_input_without_a_run_is_answered_in_words(client):
    client.events.clear()
    client.type("x")
    client.completed()
    assert client.events == [
        ("command_output", {"output": "No running command is available for input.\n"}),
        ("command_complete",),
    ]


def test_a_run_that_cannot_start_says_why(client):
    client.execute("print(1)", "nobody-of-this-name")
    client.completed()
    assert client.output.strip() and "command_started" not in [event[0] for event in client.events]


def test_a_run_that_is_replaced_says_nothing_more(client, container):
    client.execute("import time\nwhile True:\n    print('old')\n    time.sleep(0.001)", container)
    client.until(lambda: "old" in client.output, "output")
    client.socket.emit("execute_command", {"command": "print('new')", "container_id": container})
    client.until(lambda: client.output.endswith("new\n"), "the new run's output")
    client.completed()
    started = len(client.events) - 1 - client.events[::-1].index(("command_started",))
    *outputs, end = client.events[started + 1 :]
    assert end == ("command_complete",)
    assert {event[0] for event in outputs} == {"command_output"}
    assert "".join(event[1]["output"] for event in outputs) == "new\n"


def test_large_output_comes_whole(client, container):
    client.execute("for n in range(500_000): print('%07d' % n)", container)
    client.completed()
    assert client.output == "".join("%07d\n" % n for n in range(500_000))


def test_large_code_runs(client, container):
    client.execute("#" + "x" * (9 << 20) + "\nprint('end')", container)
    client.completed()
    assert client.output == "end\n"


def test_the_examples_print_what_they_promise(client, container):
    for name in ["sales_write", "sales_read", "variable_set", "variable_gone", "global_sales_write", "global_sales_read"]:
        client.execute(example(name + ".py"), container)
        client.completed()
        assert client.output == example(name + ".expected")


def test_the_guessing_game_survives_the_server(forge):
    container, cookie = forge.account("gamer", "correct horse")
    client = Client(forge, ["websocket"], cookie)
    client.execute(example("guessing_game.py"), container)
    for index, answer in enumerate(example("guessing_game.input").splitlines()):
        client.until(lambda wanted=index + 1: client.output.count("Take a guess: ") == wanted, "a prompt")
        if index == 1:
            time.sleep(0.3)  # a person reads the prompt; what was on its way just then would come twice
            connects = [event[0] for event in client.events].count("connect")
            forge.kill()
            forge.serve()
            client.until(
                lambda before=connects: [event[0] for event in client.events].count("connect") > before, "a connection"
            )
        client.type(answer)
    client.completed()
    assert client.output == example("guessing_game.expected")
    client.close()


def test_a_login_s_next_socket_gets_the_rest(forge):
    container, cookie = forge.account("bob", "correct horse")
    first = Client(forge, ["polling", "websocket"], cookie)
    first.execute("print('one')\nprint(input())", container)
    first.until(lambda: first.output == "one\n", "output")
    first.close()
    following = Client(forge, ["polling", "websocket"], cookie)
    following.type("two")
    following.completed()
    assert following.output == "two\n"
    following.close()


@pytest.mark.parametrize("transports", TRANSPORTS, ids="+".join)
def test_the_asyncio_client_plays_the_guessing_game(forge, container, transports):
    output = asyncio.run(asyncio.wait_for(play(forge, container, transports), PATIENCE_S))
    assert output == example("guessing_game.expected")


async def play(forge, container, transports):
    client = socketio.AsyncClient()
    answers = example("guessing_game.input").splitlines()
    output = []
    prompts = 0
    ended = asyncio.Event()

    @client.on("command_output")
    async def on_output(payload):
        nonlocal prompts
        output.append(payload["output"])
        while prompts < "".join(output).count("Take a guess: "):
            await client.emit("send_stdin", {"input": answers[prompts]})
            prompts += 1

    client.on("command_complete", lambda: ended.set())
    await client.connect(forge.url, transports=transports)
    await client.emit("execute_command", {"command": example("guessing_game.py"), "container_id": container})
    await ended.wait()
    await client.disconnect()
    return "".join(output)
