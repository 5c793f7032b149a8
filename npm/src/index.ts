// Chinwag for programs and screens. See README.md.

export { Client, type LogIn, type Options, type Register, randomId } from "./client.js";
export { ChinwagError, type ErrorCode } from "./errors.js";
export type { Home } from "./homes/home.js";
export { MemoryHome } from "./homes/memory.js";
export type { Sending } from "./outgoing.js";
export type * from "./rest/bodies.js";
export { Rest } from "./rest/rest.js";
export type * from "./types.js";
