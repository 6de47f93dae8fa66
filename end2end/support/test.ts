import { test as base, expect, type BrowserContext, type Page } from "@playwright/test";
import { Server, type Settings } from "./server";

/** What a person does and sees. */
export class Visitor {
  constructor(
    readonly page: Page,
    readonly server: Server,
  ) {}

  /** Opens an address and waits until the page is live. */
  async open(path = "/"): Promise<void> {
    await this.page.goto(this.server.origin + path);
    await this.live();
  }

  async live(): Promise<void> {
    await expect(this.page.locator("html[data-hydrated=true]")).toBeAttached();
  }

  async fillIn(name: string, password: string): Promise<void> {
    await this.page.getByLabel("Username").fill(name);
    await this.page.getByLabel("Password").fill(password);
    await this.page.getByRole("button", { name: "Sign in" }).click();
  }

  async signIn(name = "admin", password = "password123"): Promise<void> {
    await this.fillIn(name, password);
    await this.seesHome(name);
  }

  async seesHome(name = "admin"): Promise<void> {
    await expect(this.page.getByRole("heading", { name: `Welcome, ${name}` })).toBeVisible();
    await expect(this.page.getByRole("timer")).toBeVisible();
  }

  async seesForm(): Promise<void> {
    await expect(this.page.getByRole("heading", { name: "Sign in" })).toBeVisible();
    await expect(this.page.getByText("Welcome, ")).toHaveCount(0);
    await expect(this.page.getByRole("timer")).toHaveCount(0);
  }

  toast(text: string | RegExp) {
    return this.page.getByRole("region", { name: "Notifications" }).getByText(text);
  }

  /** Time passes, for the server first, and all at once: as when a laptop sleeps. */
  async sleep(milliseconds: number): Promise<void> {
    this.server.pass(milliseconds);
    await this.page.clock.fastForward(milliseconds);
  }

  /** Time passes, second by second. */
  async wait(milliseconds: number, step = 1_000): Promise<void> {
    for (let passed = 0; passed < milliseconds; passed += step) {
      this.server.pass(step);
      await this.page.clock.runFor(step);
    }
  }

  /** The session cookie's value. */
  async cookie(): Promise<string | undefined> {
    return (await this.page.context().cookies()).find((cookie) => cookie.name === "daypass")?.value;
  }

  /** What the server says to a cookie. */
  async ask(cookie: string | undefined): Promise<{ status: number; body: unknown }> {
    const answer = await fetch(`${this.server.origin}/api/me`, { headers: { cookie: `daypass=${cookie}` } });
    return { status: answer.status, body: await answer.json() };
  }
}

type Fixtures = {
  /** Settings of the server, beside the defaults. */
  settings: Settings;
  /** Whether the test can make time pass, for the server and the page, beside that which passes by itself. */
  ownTime: boolean;
  server: Server;
  visitor: Visitor;
  /** Errors on the console that the test is about. Any other one fails it. */
  expectedErrors: RegExp | undefined;
};

export const test = base.extend<Fixtures>({
  settings: [{}, { option: true }],
  expectedErrors: [undefined, { option: true }],
  ownTime: [false, { option: true }],
  server: async ({ settings, ownTime }, use) => {
    const server = await Server.start(settings, ownTime);
    await use(server);
    await server.stop();
  },
  // After the server, so that no request is cut before its page is closed.
  context: async ({ context, expectedErrors, ownTime, server: _server }, use) => {
    const errors = watch(context, expectedErrors);
    if (ownTime) await context.clock.install();
    await use(context);
    expect(errors, "errors on the console").toEqual([]);
  },
  visitor: async ({ page, server }, use) => {
    await use(new Visitor(page, server));
  },
});

/** Every error and warning of every page, hydration's among them. */
export function watch(context: BrowserContext, expected: RegExp | undefined): string[] {
  const errors: string[] = [];
  const add = (text: string) => {
    if (!expected?.test(text)) errors.push(text);
  };
  context.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) add(message.text());
  });
  context.on("weberror", (error) => add(String(error.error())));
  return errors;
}

export { expect };
