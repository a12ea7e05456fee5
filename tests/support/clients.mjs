// The Socket.IO clients that the contract names, and what a test asks of one.

import { createRequire } from "node:module";
import { after } from "node:test";

const require = createRequire(import.meta.url);
const PATIENCE_MS = Number(process.env.FORGE_TEST_PATIENCE_S ?? 60) * 1000; // for what must happen; a bound, not a measure

export const libraries = {
  "socket.io-client 3": require("socket.io-client-3"),
  "socket.io-client 4.0": require("socket.io-client-4-0"),
  "socket.io-client 4": require("socket.io-client"),
};

export const transports = {
  polling: ["polling"],
  websocket: ["websocket"],
  upgrade: ["polling", "websocket"],
};

// A test that failed leaves its clients open, and they would keep the whole file from ending.
const made = new Set();
after(() => made.forEach((client) => client.close()));

export class Client {
  /** Every event that came, in order: {name, arguments}. */
  events = [];
  #since = 0;
  #counts = new Map(); // of events since then, by name
  #waiting = new Set();

  /** Options: library, transports, cookie, and Socket.IO's own. */
  constructor(url, { library = "socket.io-client 4", transports = ["websocket"], cookie, headers, ...options } = {}) {
    made.add(this);
    const extraHeaders = { ...headers, ...(cookie && { Cookie: cookie }) };
    this.socket = libraries[library].io(url, {
      forceNew: true,
      reconnectionDelay: 50,
      reconnectionDelayMax: 500,
      transports,
      extraHeaders,
      ...options,
    });
    this.socket.onAny((name, ...given) => {
      this.events.push({ name, arguments: given });
      this.#counts.set(name, this.count(name) + 1);
      this.#check();
    });
    for (const name of ["connect", "disconnect", "connect_error"]) {
      this.socket.on(name, (detail) => {
        this[name] = { detail, count: (this[name]?.count ?? 0) + 1 };
        this.#check();
      });
    }
  }

  static async connected(url, options) {
    const client = new Client(url, options);
    await client.until(() => client.socket.connected, "a connection");
    return client;
  }

  /** Resolves when the condition holds; looked at after each event. */
  until(condition, what) {
    if (condition()) return Promise.resolve();
    return new Promise((resolve, reject) => {
      const waiter = { condition, resolve };
      waiter.timer = setTimeout(() => {
        this.#waiting.delete(waiter);
        const last = JSON.stringify(this.events.slice(-8)).slice(0, 2000);
        reject(new Error(`never came: ${what ?? condition}\nlast events: ${last}`));
      }, PATIENCE_MS);
      this.#waiting.add(waiter);
    });
  }

  #check() {
    for (const waiter of this.#waiting) {
      if (!waiter.condition()) continue;
      clearTimeout(waiter.timer);
      this.#waiting.delete(waiter);
      waiter.resolve();
    }
  }

  /** What came since the last forget(). */
  get recent() {
    return this.events.slice(this.#since);
  }
  get output() {
    return this.#outputs().join("");
  }
  #outputs() {
    return this.recent.filter(({ name }) => name === "command_output").map((event) => event.arguments[0].output);
  }
  count(name) {
    return this.#counts.get(name) ?? 0;
  }
  forget() {
    this.#since = this.events.length;
    this.#counts.clear();
  }

  execute(code, id) {
    this.forget();
    this.socket.emit("execute_command", { command: code, container_id: id });
  }
  type(text) {
    this.socket.emit("send_stdin", { input: text });
  }
  started() {
    return this.until(() => this.count("command_started") > 0, "command_started");
  }
  completed() {
    return this.until(() => this.count("command_complete") > 0, "command_complete");
  }
  shows(text) {
    return this.until(() => this.output.includes(text), `output with ${JSON.stringify(text)}`);
  }

  /** Runs the code to its end and gives its output. */
  async run(code, id) {
    this.execute(code, id);
    await this.completed();
    return this.output;
  }

  /** An event of docs/protocol.md and its acknowledgement. */
  ask(event, fields) {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`no acknowledgement of ${event}`)), PATIENCE_MS);
      this.socket.emit(event, fields, (answer) => {
        clearTimeout(timer);
        resolve(answer);
      });
    });
  }

  /** What came is known to be had once the server has answered something that was sent after it. */
  async settled() {
    await this.ask("execution_list", {});
  }

  close() {
    this.socket.disconnect();
  }
}
