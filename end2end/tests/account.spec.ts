import type { Browser, Page } from "@playwright/test";
import { expect, test, Visitor, watch } from "../support/test";
import type { Server } from "../support/server";

test.use({ expectedErrors: /status of (401|403|404|422|503)/ });

const NEW_PASSWORD = "four words nobody expects";

/** Somebody at another browser. */
async function another(browser: Browser, server: Server): Promise<Visitor> {
  const context = await browser.newContext();
  watch(context, /status of 401/);
  const visitor = new Visitor(await context.newPage(), server);
  await visitor.open("/login");
  await visitor.signIn();
  return visitor;
}

async function openFromMenu(page: Page, name: string): Promise<void> {
  await page.locator(".menu__name").click();
  await page.getByRole("navigation", { name: "Account" }).getByRole("link", { name }).click();
}

const rows = (page: Page) => page.getByRole("table").locator("tbody tr");

test("people see their devices, and end another one", async ({ visitor, page, browser, server }) => {
  await visitor.open("/login");
  await visitor.signIn();
  const other = await another(browser, server);
  await openFromMenu(page, "Devices");
  await expect(page).toHaveURL(`${server.origin}/account/sessions`);
  await expect(page.getByRole("heading", { name: "Your devices" })).toBeFocused();
  await expect(rows(page)).toHaveCount(2);
  const mine = rows(page).filter({ hasText: "This device" });
  await expect(mine).toHaveCount(1);
  await expect(mine).toContainText(/Chrome on (Linux|Windows)/);
  await expect(mine).toContainText("127.0.0.1");
  await expect(mine).toContainText("just now");

  await rows(page).filter({ hasNotText: "This device" }).getByRole("button", { name: "End" }).click();
  await expect(visitor.toast("1 session ended.")).toBeVisible();
  await expect(rows(page)).toHaveCount(1);
  await expect(page.getByRole("button", { name: "End all others" })).toBeHidden();
  await other.seesForm();
  await expect(other.toast("You ended this session from another device.")).toBeVisible();
  await other.page.context().close();
});

test("people end all others, and then all", async ({ visitor, page, browser, server }) => {
  await visitor.open("/login");
  await visitor.signIn();
  const others = [await another(browser, server), await another(browser, server)];
  await visitor.open("/account/sessions");
  await page.getByRole("button", { name: "End all others" }).click();
  await expect(visitor.toast("2 sessions ended.")).toBeVisible();
  for (const other of others) {
    await other.seesForm();
    await other.page.context().close();
  }
  const last = await another(browser, server);
  await visitor.open("/account/sessions");
  await page.getByRole("button", { name: "End all, this one too" }).click();
  await visitor.seesForm();
  await expect(visitor.toast("You are signed out.")).toBeVisible();
  await last.seesForm();
  await last.page.context().close();
});

test.describe("a while after signing in", () => {
  test.use({ ownTime: true, settings: { DAYPASS_IDLE_TIMEOUT: "1h", DAYPASS_ABSOLUTE_TIMEOUT: "12h" } });

  test("ending a session asks for the password first", async ({ visitor, page, browser, server }) => {
    await visitor.open("/login");
    await visitor.signIn();
    const other = await another(browser, server);
    await visitor.open("/account/sessions");
    await visitor.sleep(11 * 60_000);
    const end = rows(page).filter({ hasNotText: "This device" }).getByRole("button", { name: "End" });
    await end.click();
    const dialog = page.getByRole("dialog", { name: "Confirm that it is you" });
    await expect(dialog.getByLabel("Password")).toBeFocused();
    await page.keyboard.press("Escape");
    await expect(dialog).toBeHidden();
    await expect(rows(page)).toHaveCount(2);

    await end.click();
    await dialog.getByLabel("Password").fill("a wrong password");
    await page.keyboard.press("Enter");
    await expect(dialog.getByLabel("Password")).toHaveAccessibleDescription("That is not your password. Try again.");
    await expect(rows(page)).toHaveCount(2);
    await dialog.getByLabel("Password").fill("password123");
    await page.keyboard.press("Enter");
    await expect(dialog).toBeHidden();
    await expect(visitor.toast("1 session ended.")).toBeVisible();
    await expect(rows(page)).toHaveCount(1);
    await other.seesForm();
    await other.page.context().close();
    // For a while from now on nothing is asked. This session has another id by now, and ends all the same.
    await page.getByRole("button", { name: /^End Chrome/ }).click();
    await visitor.seesForm();
    await expect(visitor.toast("You are signed out.")).toBeVisible();
  });

  test("this session ends too, once the password was given", async ({ visitor, page }) => {
    await visitor.open("/login");
    await visitor.signIn();
    await visitor.open("/account/sessions");
    await visitor.sleep(11 * 60_000);
    await page.getByRole("button", { name: /^End Chrome/ }).click();
    await page.getByRole("dialog").getByLabel("Password").fill("password123");
    await page.keyboard.press("Enter");
    await visitor.seesForm();
    await expect(visitor.toast("You are signed out.")).toBeVisible();
  });

  test("a wish is given up with its page and with its session", async ({ visitor, page, server }) => {
    await visitor.open("/login");
    await visitor.signIn();
    await openFromMenu(page, "Devices");
    await expect(rows(page)).toHaveCount(1);
    await visitor.sleep(11 * 60_000);
    const dialog = page.getByRole("dialog", { name: "Confirm that it is you" });
    await page.getByRole("button", { name: /^End Chrome/ }).click();
    await expect(dialog).toBeVisible();
    await page.goBack();
    await expect(dialog).toBeHidden();
    await visitor.seesHome();

    await openFromMenu(page, "Devices");
    await page.getByRole("button", { name: /^End Chrome/ }).click();
    await expect(dialog).toBeVisible();
    server.command("sessions", "revoke", "--all");
    await visitor.seesForm();
    await expect(dialog).toBeHidden();
    await page.getByLabel("Username").fill("user1");
    await page.getByLabel("Password").fill("mypassword");
    await page.getByRole("button", { name: "Sign in" }).click();
    await expect(rows(page)).toHaveCount(1);
    await expect(dialog).toBeHidden();
  });

  test("a server that is away is said in the dialog", async ({ visitor, page, server }) => {
    await visitor.open("/login");
    await visitor.signIn();
    await visitor.open("/account/sessions");
    await visitor.sleep(11 * 60_000);
    await page.getByRole("button", { name: /^End Chrome/ }).click();
    const dialog = page.getByRole("dialog", { name: "Confirm that it is you" });
    server.database("away");
    await dialog.getByLabel("Password").fill("password123");
    await page.keyboard.press("Enter");
    await expect(dialog.getByText("The service is busy or away for the moment.")).toBeVisible();
    server.database("back");
    await page.keyboard.press("Enter");
    await visitor.seesForm();
  });
});

test("a new password is checked, and ends the other sessions", async ({ visitor, page, browser, server }) => {
  await visitor.open("/login");
  await visitor.signIn();
  const other = await another(browser, server);
  await openFromMenu(page, "Password");
  const [current, fresh] = [page.getByLabel("Present password"), page.getByLabel("New password")];
  const change = page.getByRole("button", { name: "Change password" });
  for (const [typed, said] of [
    ["", "Enter a new password."],
    ["fourteen chars", "Use 15 characters or more."],
    ["password1234567", "Many people use this password"],
    ["admin-admin-admin", "made of your name or the name of this site"],
    ["passwordpassword", "repeats itself"],
    ["qwertyuiopasdfgh", "follows the keyboard"],
  ]) {
    await current.fill("password123");
    await fresh.fill(typed);
    await change.click();
    await expect(fresh).toHaveAccessibleDescription(new RegExp(said));
    await expect(fresh).toBeFocused();
  }
  await current.fill("a wrong password");
  await fresh.fill(NEW_PASSWORD);
  await change.click();
  await expect(current).toHaveAccessibleDescription("That is not your password. Try again.");

  await page.locator(".field", { has: fresh }).getByRole("button", { name: "Show" }).click();
  await expect(fresh).toHaveAttribute("type", "text");
  await current.fill("password123");
  await change.click();
  await expect(visitor.toast("Your password is changed.")).toBeVisible();
  await expect(fresh).toHaveValue("");
  await other.seesForm();
  await expect(other.toast("Your password was changed, so this session ended.")).toBeVisible();
  await page.reload();
  await expect(page.getByRole("heading", { name: "Your password" })).toBeVisible();
  await other.fillIn("admin", "password123");
  await expect(other.toast("do not match")).toBeVisible();
  await other.signIn("admin", NEW_PASSWORD);
  await other.page.context().close();
});

test("people see what happened, and how many tries failed", async ({ visitor, page }) => {
  await visitor.open("/login");
  for (let tries = 0; tries < 3; tries++) {
    await visitor.fillIn("admin", "a wrong password");
    await expect(visitor.toast("do not match")).toBeVisible();
    await page.getByRole("button", { name: "Dismiss" }).click();
  }
  await visitor.signIn();
  await expect(visitor.toast("3 failed attempts to sign in since your last visit.")).toBeVisible();
  await openFromMenu(page, "Activity");
  await expect(page.getByRole("heading", { name: "Recent activity" })).toBeFocused();
  await expect(rows(page).nth(0)).toContainText("Signed in");
  await expect(rows(page).nth(0)).toContainText("This session");
  await expect(rows(page).nth(1)).toContainText("3 failed attempts to sign in");
  await page.reload();
  await expect(rows(page)).toHaveCount(2);
  await expect(visitor.toast("failed attempts")).toHaveCount(0);
});

test.describe("as many sessions as there may be", () => {
  test.use({ settings: { DAYPASS_MOST_SESSIONS: "1" } });

  test("the one longest unused makes room, and says so", async ({ visitor, browser, server }) => {
    await visitor.open("/login");
    await visitor.signIn();
    const other = await another(browser, server);
    await visitor.seesForm();
    await expect(visitor.toast("You signed in on another device, and this session was the one longest unused.")).toBeVisible();
    await other.page.context().close();
  });
});

test("the account's menu works by keyboard, and closes", async ({ visitor, page, server }) => {
  await visitor.open("/login");
  await visitor.signIn();
  const link = page.getByRole("link", { name: "Devices" });
  await page.locator(".menu__name").focus();
  await page.keyboard.press("Enter");
  await expect(link).toBeVisible();
  await page.keyboard.press("Escape");
  await expect(link).toBeHidden();
  await page.keyboard.press("Enter");
  await page.keyboard.press("Tab");
  await expect(link).toBeFocused();
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(`${server.origin}/account/sessions`);
  await expect(link).toBeHidden();
});
