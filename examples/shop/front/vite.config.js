import { defineConfig } from "vite";

// `vx up` sets API to the address of the back end, wherever its port is.
export default defineConfig({
  server: { proxy: { "/api": process.env.API ?? "http://127.0.0.1:8080" } },
});
