// How the app is built: one page, styles and scripts as files of their own, so that the strict policy in
// `policy.ts` holds; and how it is served while one works on it, with a Chinwag server behind it.

import { fileURLToPath } from "node:url";
import solid from "vite-plugin-solid";
import { defineConfig, type Plugin } from "vite";
import { policy } from "./policy.ts";

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
const server = process.env["CHINWAG_SERVER"] ?? "http://127.0.0.1:8080";
const proxy = Object.fromEntries(
  ["/users", "/messages", "/chats", "/presence", "/attachments", "/devices", "/healthz", "/ws"].map((path) => [
    `^${path}($|[/?])`,
    { target: server, ws: path === "/ws" },
  ]),
);

/** Solid clones its templates from constant texts of the build. Only these may become markup: they go through the
 * one Trusted Types policy of the page, which nothing else can reach. */
function trustedTemplates(): Plugin {
  return {
    name: "trusted-templates",
    enforce: "pre",
    transform(code, id) {
      if (!/solid-js[\\/]web[\\/]dist[\\/]/.test(id) || !code.includes("t.innerHTML = html")) return null;
      const made = `const templates = globalThis.trustedTypes?.createPolicy("chinwag-templates", { createHTML: (html) => html });\n`;
      return { code: made + code.replace("t.innerHTML = html", "t.innerHTML = templates ? templates.createHTML(html) : html"), map: null };
    },
  };
}

export default defineConfig({
  plugins: [trustedTemplates(), solid()],
  resolve: { alias: { chinwag: here("../npm/src/index.ts") } },
  optimizeDeps: { exclude: ["chinwag", "solid-js", "solid-js/web"] },
  build: {
    target: "es2024",
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
  },
  worker: { format: "es" },
  server: { host: "127.0.0.1", proxy, fs: { allow: [here("..")] } },
  preview: { host: "127.0.0.1", proxy, headers: { "content-security-policy": policy } },
  test: { environment: "node", include: ["src/**/*.test.ts"] },
} as Parameters<typeof defineConfig>[0]);
