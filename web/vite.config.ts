import { defineConfig } from "vite";

import { precompress } from "./precompress";

const server = `http://127.0.0.1:${process.env.PORT ?? "5000"}`;

export default defineConfig({
  plugins: [precompress()],
  // No inlined assets and no preload script: the server's Content-Security-Policy allows only files of its own.
  build: { target: "es2022", assetsInlineLimit: 0, modulePreload: { polyfill: false }, chunkSizeWarningLimit: 1000 },
  server: {
    proxy: Object.fromEntries(
      ["/register", "/login", "/logout", "/api", "/socket.io"].map((path) => [path, { target: server, ws: true }]),
    ),
  },
});
