import { defineConfig } from "vite";

// Built files are served under /explorer/assets/ of the server's own origin; web/explorer.py is the door.
export default defineConfig({
  base: "/explorer/",
  build: {
    target: "es2022",
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    // Monaco is one large file on purpose: it is loaded once and cached for good.
    chunkSizeWarningLimit: 5000,
    rolldownOptions: {
      // "use client" matters to servers that render React; there is none here.
      checks: { moduleLevelDirective: false },
    },
  },
  worker: { format: "es" },
});
