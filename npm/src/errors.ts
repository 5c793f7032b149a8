// Why something could not be done.

/** `code` is one of protocol §4 where the server refused, else one of these. */
export type ErrorCode =
  /** The server cannot be reached, or what answers is none. */
  | "unreachable"
  /** The browser has cleared what Chinwag kept: log in again, which makes a new device. */
  | "store_evicted"
  /** The store cannot be opened, takes no more, or was taken away. */
  | "store_failed"
  /** Somebody else has the store open. */
  | "store_in_use"
  /** There is no log-in to go on with. */
  | "no_session"
  /** The record was not taken: too much waits, the id is in use, or the content is not allowed. */
  | "refused_full"
  | "refused_used"
  | "refused_content"
  /** The user took it back. */
  | "discarded"
  | "closed"
  /** This place lacks something, which the message names. */
  | "unsupported"
  | (string & {});

export class ChinwagError extends Error {
  override readonly name = "ChinwagError";

  constructor(
    readonly code: ErrorCode,
    message: string,
    /** With `rate_limited`: when to come back. */
    readonly retryAfterMs?: number,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}
