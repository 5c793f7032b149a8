// One connection at a time: made, authenticated, and every frame of it handed on in order. Whether and when it is
// made again is the engine's to say.

import { ChinwagError } from "../errors.js";

export type WebSocketClass = new (url: string, protocols?: string[]) => WebSocket;

/** The platform's own, where there is one. */
export function webSocketClass(given?: WebSocketClass): WebSocketClass {
  const found = given ?? (globalThis as { WebSocket?: WebSocketClass }).WebSocket;
  if (found) return found;
  throw new ChinwagError(
    "unsupported",
    "there is no WebSocket here: use Node 22 or later, `node --experimental-websocket`, or the option `webSocket`",
  );
}

export interface SocketEvents {
  frame(text: string): void;
  /** It broke or could not be made. Not called after `drop`. */
  closed(code: number | null): void;
}

export class Socket {
  readonly #class: WebSocketClass;
  readonly #token: string;
  readonly #events: SocketEvents;
  #current: WebSocket | undefined;

  constructor(webSocket: WebSocketClass, token: string, events: SocketEvents) {
    this.#class = webSocket;
    this.#token = token;
    this.#events = events;
  }

  connect(url: string): void {
    this.drop();
    let socket: WebSocket;
    try {
      socket = new this.#class(url, ["chinwag.v1"]);
    } catch {
      // An address that is none; told later, as a failure to connect would be.
      return void setTimeout(() => this.#events.closed(null));
    }
    this.#current = socket;
    const current = () => this.#current === socket;
    socket.onopen = () => {
      if (current()) socket.send(JSON.stringify({ type: "auth", token: this.#token }));
    };
    socket.onmessage = ({ data }: MessageEvent) => {
      if (current() && typeof data === "string") this.#events.frame(data);
    };
    const closed = (code: number | null) => {
      if (!current()) return;
      this.#current = undefined;
      this.#events.closed(code);
    };
    // Below 4000 stand failures that browsers tell nothing of.
    socket.onclose = ({ code }: CloseEvent) => closed(code >= 4000 ? code : null);
    // Some tell of a connection that could not be made by this alone.
    socket.onerror = () => closed(null);
  }

  send(text: string): void {
    if (this.#current?.readyState === 1) this.#current.send(text);
  }

  /** Nothing of the connection comes any more. */
  drop(): void {
    const socket = this.#current;
    this.#current = undefined;
    if (!socket) return;
    // A socket that is not open yet must not be closed before, or Node's says so on the console.
    if (socket.readyState === 0) socket.onopen = () => socket.close();
    else socket.close();
  }
}
