import { defineConfig } from "@playwright/test";
import base from "./playwright.config";

/** Measures pages in a browser (script/bench --browser). Not a test. */
export default defineConfig(base, { testDir: "./bench", reporter: "list", workers: 1, timeout: 600_000 });
