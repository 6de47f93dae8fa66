import { chromium, type BrowserContext } from "@playwright/test";
import { browser } from "../playwright.config";
import { Report, type Category, type Device } from "../support/lighthouse";
import { freePort, Server } from "../support/server";
import { expect, test, Visitor } from "../support/test";

const DEVICES: Device[] = ["phone", "desktop"];
const PAGES = ["/login", "/", "/account/sessions", "/account/password", "/account/activity"];
/** What each score has to be at least. No audit is skipped: all of them hold on loopback, without TLS. */
const BARS: Record<Category, number> = { accessibility: 100, "best-practices": 100, performance: 95 };
const CATEGORIES = Object.keys(BARS) as Category[];

// One after another, in one worker: side by side they would measure each other.
test.describe.configure({ mode: "default", timeout: 120_000 });
// Recording a page takes time, which would be measured with it.
test.use({ trace: "off" });

let server: Server;
let context: BrowserContext;
let port: number;
let session: Awaited<ReturnType<BrowserContext["cookies"]>>;

// Lighthouse opens its pages in the browser's own context, so that is the one in which somebody signs in.
test.beforeAll(async () => {
  server = await Server.start();
  port = await freePort();
  const { args, ...options } = browser.launchOptions;
  context = await chromium.launchPersistentContext("", {
    ...options,
    args: [...args, `--remote-debugging-port=${port}`],
    // Lighthouse sets the size of the screen and the name of the browser, for each device.
    viewport: null,
    deviceScaleFactor: undefined,
    userAgent: undefined,
  });
  const page = await context.newPage();
  const visitor = new Visitor(page, server);
  await visitor.open("/login");
  await visitor.signIn();
  session = await context.cookies();
  await page.close();
});

test.afterAll(async () => {
  await context?.close();
  await server?.stop();
});

for (const device of DEVICES) {
  for (const path of PAGES) {
    test(`Lighthouse finds ${path} good on a ${device}`, async () => {
      await context.clearCookies();
      if (path !== "/login") await context.addCookies(session);
      const url = server.origin + path;
      const report = await Report.of(url, port, device, CATEGORIES);
      expect(report.address, "no other page took its place").toBe(url);
      for (const category of CATEGORIES) {
        // Only what is measured may be measured again: what is found once is there.
        const measured = category === "performance";
        const judged = measured ? await report.best(url, port, device, BARS[category]) : report;
        const failures = judged.failures(category).join("\n");
        expect.soft(judged.score(category), `${category}\n${failures}`).toBeGreaterThanOrEqual(BARS[category]);
      }
    });
  }
}
