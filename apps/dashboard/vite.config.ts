import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

/** `npx vite` serves the pages with reload on change, and passes API calls on to a local API. */
export default defineConfig({
  plugins: [react()],
  build: { target: "es2023", chunkSizeWarningLimit: 900 },
  server: { proxy: { "/api": "http://127.0.0.1:7700" } },
});
