import { existsSync } from "node:fs";
import { defineConfig, devices } from "@playwright/test";

// Debian's Chromium where there is one; else the browser that Playwright brought.
const systemBrowser = [process.env.DAYPASS_BROWSER, "/usr/bin/chromium"].find((path) => path && existsSync(path));

export const browser = {
  ...devices["Desktop Chrome"],
  launchOptions: {
    executablePath: systemBrowser,
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
      "--no-first-run",
    ],
  },
};

export default defineConfig({
  testDir: "./tests",
  outputDir: "./test-results",
  // Each test has a server and a database of its own, so they may run side by side.
  fullyParallel: true,
  workers: 2,
  retries: 0,
  forbidOnly: true,
  timeout: 45_000,
  expect: { timeout: 10_000 },
  reporter: [["list"], ["./summary.ts"]],
  use: { ...browser, trace: "retain-on-failure" },
  projects: [{ name: "chromium" }],
});
