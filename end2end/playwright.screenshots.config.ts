import { defineConfig } from "@playwright/test";
import base from "./playwright.config";

/** Makes the pictures in docs/screenshots. Not a test: nothing is compared. */
export default defineConfig(base, { testDir: "./screenshots", reporter: "list" });
