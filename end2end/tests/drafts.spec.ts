import { expect, test } from "../support/test";

test.use({ expectedErrors: /status of 401/ });

test("what was typed is back when the same person signs in again", async ({ visitor, page, server }) => {
  await visitor.open("/login");
  await visitor.signIn();
  await page.getByLabel("A note").fill("Half a thought");
  server.command("sessions", "revoke", "--all");
  await visitor.seesForm();
  await expect(page).toHaveURL(`${server.origin}/`);
  await expect(page.getByText("Half a thought")).toHaveCount(0);
  await visitor.signIn();
  await expect(page.getByLabel("A note")).toHaveValue("Half a thought");
  expect(await page.evaluate(() => localStorage.length + sessionStorage.length)).toBe(0);
});

test("another person gets nothing, and nobody afterwards", async ({ visitor, page, server }) => {
  await visitor.open("/login");
  await visitor.signIn();
  await page.getByLabel("A note").fill("Half a thought");
  server.command("sessions", "revoke", "--all");
  await visitor.seesForm();
  await visitor.signIn("user1", "mypassword");
  await expect(page.getByLabel("A note")).toHaveValue("");
  server.command("sessions", "revoke", "--all");
  await visitor.seesForm();
  await visitor.signIn();
  await expect(page.getByLabel("A note")).toHaveValue("");
});

test("a chosen sign-out keeps nothing", async ({ visitor, page }) => {
  await visitor.open("/login");
  await visitor.signIn();
  await page.getByLabel("A note").fill("Half a thought");
  await page.getByRole("button", { name: "Sign out" }).click();
  await visitor.seesForm();
  await visitor.signIn();
  await expect(page.getByLabel("A note")).toHaveValue("");
});

test("a sign-out in another tab keeps nothing here either, whenever it is heard of", async ({ visitor, page, context }) => {
  await visitor.open("/login");
  await visitor.signIn();
  await page.getByLabel("A note").fill("Half a thought");
  const other = await context.newPage();
  await other.goto(visitor.server.origin);
  await other.getByRole("button", { name: "Sign out" }).click();
  await visitor.seesForm();
  await expect(visitor.toast("You are signed out.")).toBeVisible();
  await visitor.signIn();
  await expect(page.getByLabel("A note")).toHaveValue("");
});

test.describe("left alone", () => {
  test.use({ ownTime: true });

  test("what was typed survives the timeout, and a sign-in in another tab", async ({ visitor, page, context }) => {
    await visitor.open("/login");
    await visitor.signIn();
    await page.getByLabel("A note").fill("Half a thought");
    await visitor.sleep(11 * 60_000);
    await visitor.seesForm();
    await expect(visitor.toast("You were signed out after 10 minutes without activity.")).toBeVisible();
    const other = await context.newPage();
    await other.goto(visitor.server.origin);
    await other.getByLabel("Username").fill("admin");
    await other.getByLabel("Password").fill("password123");
    await other.getByRole("button", { name: "Sign in" }).click();
    await expect(other.getByRole("heading", { name: "Welcome, admin" })).toBeVisible();
    await visitor.seesHome();
    await expect(page.getByLabel("A note")).toHaveValue("Half a thought");
  });
});
