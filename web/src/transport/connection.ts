import { io, type Socket } from "socket.io-client";

import type { Link, LinkHandlers } from "../state/session";
import type { Answer, Requests, ServerEvents } from "./protocol";

const START_PATIENCE_MS = 10 * 60_000; // a sandbox may have to be made first
const PATIENCE_MS = 30_000;

const LOST = { ok: false as const, error: { code: "connection_lost", message: "The connection was lost." } };

interface TimedEmitter<Answered> {
  emit(event: string, fields: object, answered: (error: Error | null, answer: Answered) => void): void;
}

/** The one Socket.IO connection of the page. Connects by itself again and again until it is closed. */
export class Connection implements Link {
  private readonly socket: Socket<ServerEvents>;

  constructor(handlers: LinkHandlers) {
    this.socket = io({
      transports: ["websocket", "polling"],
      tryAllTransports: true,
      reconnectionDelay: 250,
      reconnectionDelayMax: 3000,
    });
    this.socket.on("connect", () => handlers.connected());
    this.socket.on("disconnect", (reason) => {
      handlers.disconnected();
      // A server that ends the connection on purpose is not come back to by itself.
      if (reason === "io server disconnect") this.socket.connect();
    });
    this.socket.on("connect_error", () => handlers.disconnected());
    this.socket.on("sandbox_starting", (event) => handlers.starting(event.text));
    this.socket.on("execution_output", (event) => handlers.output(event));
    this.socket.on("execution_gap", (event) => handlers.gap(event));
    this.socket.on("execution_ended", (event) => handlers.ended(event));
  }

  /** Never rejects. Nothing is kept for later: a request without a connection fails at once. */
  request<E extends keyof Requests>(event: E, fields: Requests[E]["takes"]): Promise<Answer<Requests[E]["gives"]>> {
    if (!this.socket.connected) return Promise.resolve(LOST);
    const patience = event === "execution_start" ? START_PATIENCE_MS : PATIENCE_MS;
    return new Promise((resolve) => {
      const timed = this.socket.timeout(patience) as unknown as TimedEmitter<Answer<Requests[E]["gives"]>>;
      timed.emit(event, fields, (error, answer) => {
        if (!error) return resolve(answer);
        resolve(this.socket.connected ? timedOut(event) : LOST);
      });
    });
  }

  close(): void {
    this.socket.removeAllListeners();
    this.socket.disconnect();
  }
}

function timedOut(event: string): typeof LOST {
  return { ok: false, error: { code: "timed_out", message: `The server did not answer (${event}).` } };
}
