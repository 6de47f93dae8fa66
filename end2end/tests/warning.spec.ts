import AxeBuilder from "@axe-core/playwright";
import { expect, test } from "../support/test";

const dialog = "You will be signed out soon";

test.describe("before the idle timeout", () => {
  // The warning is shown for the last 8 of these 12 seconds.
  test.use({ settings: { DAYPASS_IDLE_TIMEOUT: "12s" } });

  test("a dialog says so, and the person stays", async ({ visitor, page }) => {
    await visitor.open("/login");
    await visitor.signIn();
    const warning = page.getByRole("dialog", { name: dialog });
    await page.getByRole("link", { name: "Daypass" }).focus();
    await expect(warning).toBeVisible();
    await expect(warning).toHaveAccessibleDescription("Nothing has happened here for a while.");
    await expect(warning.getByText(/^0:0[1-8]$/)).toBeVisible();
    const stay = warning.getByRole("button", { name: "Stay signed in" });
    await expect(stay).toBeFocused();
    await stay.press("Enter");
    await expect(warning).toBeHidden();
    await expect(page.getByRole("timer")).toHaveText(/^0:1[0-2]$/);
    await expect(page.getByRole("link", { name: "Daypass" })).toBeFocused();
    // As often as they like; Escape means stay.
    for (let i = 0; i < 2; i += 1) {
      await expect(warning).toBeVisible();
      await page.keyboard.press("Escape");
      await expect(page.getByRole("timer")).toHaveText(/^0:1[0-2]$/);
      await expect(warning).toBeHidden();
    }
  });

  test("whoever does not answer is out on time, and the dialog with them", async ({ visitor, page }) => {
    await visitor.open("/login");
    await visitor.signIn();
    await expect(page.getByRole("dialog")).toBeVisible();
    await expect(visitor.toast("You were signed out after 12 seconds without activity.")).toBeVisible({ timeout: 15_000 });
    await visitor.seesForm();
    await expect(page.getByRole("dialog")).toHaveCount(0);
  });

  test.describe("server gone", () => {
    test.use({ expectedErrors: /ERR_CONNECTION_REFUSED|ERR_CONNECTION_RESET|ERR_EMPTY_RESPONSE|ERR_SOCKET_NOT_CONNECTED/ });

    test("a wish that cannot be granted says so in the dialog, which cannot be lost", async ({ visitor, page, server }) => {
      await visitor.open("/login");
      await visitor.signIn();
      const warning = page.getByRole("dialog", { name: dialog });
      await expect(warning).toBeVisible();
      await server.end("SIGKILL");
      await page.keyboard.press("Escape");
      await expect(warning.getByRole("status")).toHaveText("The server does not answer. Try again in a few seconds.");
      await page.keyboard.press("Escape");
      await page.keyboard.press("Escape");
      await expect(warning).toBeVisible();
      await server.run();
      await warning.getByRole("button", { name: "Stay signed in" }).click();
      await expect(warning).toBeHidden();
      await visitor.seesHome();
    });
  });

  test("signing out there signs out", async ({ visitor, page }) => {
    await visitor.open("/login");
    await visitor.signIn();
    const cookie = await visitor.cookie();
    await page.getByRole("button", { name: "Sign out now" }).click();
    await visitor.seesForm();
    await expect(visitor.toast("You are signed out.")).toBeVisible();
    expect((await visitor.ask(cookie)).body).toEqual({ error: "unauthenticated", reason: "signed_out" });
  });

  test("an answer in one tab closes the dialog in the other", async ({ visitor, page, context, server }) => {
    await visitor.open("/login");
    await visitor.signIn();
    const other = await context.newPage();
    await other.goto(server.origin);
    await expect(page.getByRole("dialog", { name: dialog })).toBeVisible();
    await expect(other.getByRole("dialog", { name: dialog })).toBeVisible();
    await other.getByRole("button", { name: "Stay signed in" }).click();
    await expect(page.getByRole("dialog")).toBeHidden({ timeout: 1_000 });
  });

  for (const colorScheme of ["light", "dark"] as const) {
    test(`axe finds nothing in the dialog, ${colorScheme}`, async ({ visitor, page }) => {
      await page.emulateMedia({ reducedMotion: "reduce", colorScheme });
      await page.setViewportSize({ width: 320, height: 640 });
      await visitor.open("/login");
      await visitor.signIn();
      await expect(page.getByRole("dialog")).toBeVisible();
      const { violations } = await new AxeBuilder({ page }).analyze();
      expect(violations.map(({ id, nodes }) => [id, nodes.map((node) => node.html)])).toEqual([]);
    });
  }
});

test.describe("before the absolute timeout", () => {
  test.use({ settings: { DAYPASS_IDLE_TIMEOUT: "12s", DAYPASS_ABSOLUTE_TIMEOUT: "12s" } });

  test("the text says that nothing extends it, and may be put away", async ({ visitor, page }) => {
    await visitor.open("/login");
    await visitor.signIn();
    const warning = page.getByRole("dialog", { name: dialog });
    await expect(warning).toHaveAccessibleDescription("Sessions last 12 seconds at most; this one cannot be extended.");
    await warning.getByRole("button", { name: "Understood" }).click();
    await expect(warning).toBeHidden();
    await visitor.seesHome();
    await expect(visitor.toast("You were signed out: sessions last 12 seconds at most.")).toBeVisible({ timeout: 15_000 });
    await visitor.seesForm();
  });
});

test.describe("activity", () => {
  test.use({ settings: { DAYPASS_IDLE_TIMEOUT: "12s" } });

  test("whoever types and points stays; whoever left is out on time", async ({ visitor, page }) => {
    await visitor.open("/login");
    await visitor.signIn();
    const calls: string[] = [];
    page.on("request", (request) => calls.push(new URL(request.url()).pathname));
    const end = Date.now() + 14_000;
    for (let i = 0; Date.now() < end; i += 1) {
      if (i % 2) await page.keyboard.press("Shift");
      else await page.mouse.move(10 + (i % 50), 400);
      await page.waitForFunction((start) => Date.now() - start > 150, Date.now());
      await expect(page.getByRole("dialog")).toBeHidden();
    }
    await visitor.seesHome();
    // Far fewer than there were events, and at most one for a twentieth of the timeout.
    const extensions = calls.filter((path) => path === "/api/extend").length;
    expect(extensions).toBeGreaterThan(5);
    expect(extensions).toBeLessThan(48);
    await expect(visitor.toast("You were signed out after 12 seconds without activity.")).toBeVisible({ timeout: 15_000 });
  });

  test("what a script makes up is nobody's doing", async ({ visitor, page }) => {
    await visitor.open("/login");
    await visitor.signIn();
    await page.evaluate(() => setInterval(() => dispatchEvent(new KeyboardEvent("keydown", { key: "a" })), 100));
    await expect(visitor.toast("You were signed out after 12 seconds without activity.")).toBeVisible({ timeout: 15_000 });
  });
});

test.describe("tabs", () => {
  test("agree within a second: signing out, signing in, and as whom", async ({ visitor, page, context, server }) => {
    await visitor.open("/login");
    await visitor.signIn();
    const other = await context.newPage();
    await other.goto(server.origin);
    await expect(other.locator("html[data-hydrated=true]")).toBeAttached();
    const within = { timeout: 1_000 };
    await other.getByRole("button", { name: "Sign out" }).click();
    await expect(page.getByRole("heading", { name: "Sign in" })).toBeVisible(within);
    await expect(visitor.toast("You are signed out.")).toHaveCount(1);
    await other.getByLabel("Username").fill("user1");
    await other.getByLabel("Password").fill("mypassword");
    await other.getByRole("button", { name: "Sign in" }).click();
    await expect(other.getByRole("heading", { name: "Welcome, user1" })).toBeVisible();
    await expect(page.getByRole("heading", { name: "Welcome, user1" })).toBeVisible(within);
    await expect(visitor.toast("You are now signed in as user1, in another tab.")).toBeVisible();

    // Another account, over the one that is there.
    const third = await context.newPage();
    await third.goto(server.origin);
    await third.evaluate(async () => {
      await fetch("/api/sign_in", { method: "POST", body: new URLSearchParams({ username: "admin", password: "password123" }) });
      new BroadcastChannel("daypass").postMessage("changed");
    });
    await expect(page.getByRole("heading", { name: "Welcome, admin" })).toBeVisible(within);
    await expect(visitor.toast("You are now signed in as admin, in another tab.")).toBeVisible();
  });
});
