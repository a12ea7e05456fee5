// A real server for a test file: `forge serve` with a data folder and a port of its own.

import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { chmodSync, mkdtempSync, readFileSync } from "node:fs";
import http from "node:http";
import net from "node:net";
import path from "node:path";
import { fileURLToPath } from "node:url";

const START_PATIENCE_MS = 60_000;
const root = fileURLToPath(new URL("../..", import.meta.url));

function given(name) {
  const value = process.env[name];
  if (!value) throw new Error(`${name} must be set; CONTRIBUTING.md says to what`);
  return value;
}

async function freePort() {
  const server = net.createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address();
  server.close();
  await once(server, "close");
  return port;
}

function newDataDir() {
  const folder = mkdtempSync(path.join(given("FORGE_TEST_DIR"), "data-"));
  chmodSync(folder, 0o755); // sandboxes have other users
  return folder;
}

/** The text of a file of examples/. */
export function example(name) {
  return readFileSync(path.join(root, "examples", name), "utf8");
}

export class Forge {
  #process = null;
  #log = "";

  /** Starts a server; `settings` are further environment variables. */
  static async start(settings = {}) {
    const forge = new Forge();
    forge.port = await freePort();
    forge.url = `http://127.0.0.1:${forge.port}`;
    forge.environment = {
      PATH: process.env.PATH,
      HOME: process.env.HOME ?? "/",
      FORGE_WEB: path.join(root, "web/dist"),
      ...settings,
      FORGE_IMAGE: given("FORGE_ROOTFS"),
      FORGE_DATA_DIR: newDataDir(),
      PORT: String(forge.port),
    };
    await forge.serve();
    return forge;
  }

  /** Starts the server, again after kill(). */
  async serve() {
    const { environment, port } = this;
    const server = spawn(path.join(given("FORGE_BIN"), "forge"), ["serve"], {
      cwd: environment.FORGE_DATA_DIR, // away from a person's .env
      env: environment,
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.#process = server;
    for (const stream of [server.stdout, server.stderr]) stream.on("data", (data) => (this.#log += data));
    const deadline = Date.now() + START_PATIENCE_MS;
    while (!(await answers(port))) {
      if (server.exitCode !== null || Date.now() > deadline) throw new Error(`the server did not start:\n${this.#log}`);
      await pause(20);
    }
  }

  get log() {
    return this.#log;
  }

  isAlive() {
    return this.#process !== null && this.#process.exitCode === null && this.#process.signalCode === null;
  }

  /** Kills the server as a crash would; sandboxes and runs go on. */
  async kill(signal = "SIGKILL") {
    const server = this.#process;
    this.#process = null;
    if (!server || server.exitCode !== null || server.signalCode !== null) return;
    server.kill(signal);
    await once(server, "exit");
  }

  /** Ends everything that the test started. */
  async stop() {
    await this.kill("SIGTERM");
    const down = spawnSync(path.join(given("FORGE_BIN"), "forge"), ["down"], {
      cwd: this.environment.FORGE_DATA_DIR,
      env: this.environment,
      encoding: "utf8",
    });
    if (down.status !== 0) throw new Error(`forge down failed:\n${down.stdout}${down.stderr}`);
  }

  /** Sends a request as it is; gives status, headers, text, and json where the text is that. */
  request(method, target, { body, headers = {} } = {}) {
    return new Promise((resolve, reject) => {
      const request = http.request({ host: "127.0.0.1", port: this.port, method, path: target, headers }, (response) => {
        let text = "";
        response.setEncoding("utf8");
        response.on("data", (data) => (text += data));
        response.on("end", () =>
          resolve({ status: response.statusCode, headers: response.headers, text, json: parsed(text) }),
        );
      });
      request.on("error", reject);
      request.end(body);
    });
  }

  post(target, fields, headers = {}) {
    return this.request("POST", target, {
      body: JSON.stringify(fields),
      headers: { "Content-Type": "application/json", ...headers },
    });
  }

  /** Makes an account and logs it in: {id, email, cookie}. */
  async account(username, password) {
    const email = `${username}@example.org`;
    const secret = password === undefined ? {} : { password };
    const registered = await this.post("/register", { username, email, ...secret });
    if (registered.status !== 200) throw new Error(`/register: ${registered.status} ${registered.text}`);
    return this.login(email, password);
  }

  async login(email, password) {
    const answer = await this.post("/login", { email, ...(password === undefined ? {} : { password }) });
    if (answer.status !== 200) throw new Error(`/login: ${answer.status} ${answer.text}`);
    const cookie = (answer.headers["set-cookie"] ?? []).map((header) => header.split(";")[0]).join("; ");
    return { id: answer.json.container_id, email, cookie };
  }
}

export function pause(ms) {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

async function answers(port) {
  return new Promise((resolve) => {
    const request = http.get({ host: "127.0.0.1", port, path: "/healthz" }, (response) => {
      response.resume();
      resolve(response.statusCode === 200);
    });
    request.on("error", () => resolve(false));
  });
}
