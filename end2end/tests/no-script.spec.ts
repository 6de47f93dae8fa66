import { expect, test, Visitor } from "../support/test";

test.use({ javaScriptEnabled: false });

test("sign in, reload, sign out", async ({ visitor, page, server }) => {
  await page.goto(server.origin);
  await expect(page).toHaveURL(`${server.origin}/login`);
  await visitor.signIn();
  await expect(page).toHaveURL(`${server.origin}/`);
  await expect(visitor.toast("Welcome back, admin.")).toBeVisible();
  await page.reload();
  await visitor.seesHome();
  await expect(visitor.toast("Welcome back")).toHaveCount(0);
  const cookie = await visitor.cookie();
  await page.getByRole("button", { name: "Sign out" }).click();
  await visitor.seesForm();
  await expect(visitor.toast("You are signed out.")).toBeVisible();
  expect((await visitor.ask(cookie)).status).toBe(401);
  await page.goBack();
  await visitor.seesForm();
});

test("what is refused is shown, and the name is still there", async ({ visitor, page, server }) => {
  await page.goto(`${server.origin}/login?next=%2F%3Fa%3Db`);
  for (const name of ["admin", "nobody"]) {
    await visitor.fillIn(name, "wrong password");
    await expect(visitor.toast("That name and password do not match. Try again.")).toBeVisible();
    await expect(page.getByLabel("Username")).toHaveValue(name);
    // Nothing of it stands in the address, and the way on is not lost.
    await expect(page).toHaveURL(`${server.origin}/login?next=/%3Fa%3Db`);
  }
  await visitor.fillIn("", "");
  await expect(page.getByLabel("Username")).toHaveAccessibleDescription("Enter your username.");
  await visitor.fillIn("admin", "x".repeat(2000));
  await expect(page.getByLabel("Password")).toHaveAccessibleDescription("A password has at most 1024 bytes.");
  await visitor.signIn();
  await expect(page).toHaveURL(`${server.origin}/?a=b`);
});

test.describe("left alone", () => {
  test.use({ settings: { DAYPASS_IDLE_TIMEOUT: "1s" } });

  test("the next page says why", async ({ visitor, page, server }) => {
    await page.goto(`${server.origin}/login`);
    await visitor.signIn();
    await expect(async () => {
      await page.goto("about:blank");
      const { status } = await visitor.ask(await visitor.cookie());
      expect(status).toBe(401);
    }).toPass({ intervals: [1200] });
    await page.goto(server.origin);
    await visitor.seesForm();
    await expect(visitor.toast("You were signed out after 1 second without activity.")).toBeVisible();
  });
});

test("devices and password, with the password asked for again", async ({ visitor, page, browser, server }) => {
  await page.goto(`${server.origin}/login`);
  await visitor.signIn();
  const elsewhere = new Visitor(await (await browser.newContext({ javaScriptEnabled: false })).newPage(), server);
  await elsewhere.page.goto(`${server.origin}/login`);
  await elsewhere.signIn();

  await page.locator(".menu__name").click();
  await page.getByRole("link", { name: "Devices" }).click();
  const rows = page.getByRole("table").locator("tbody tr");
  await expect(rows).toHaveCount(2);
  await rows.filter({ hasNotText: "This device" }).getByRole("button", { name: "End" }).click();
  await expect(visitor.toast("1 session ended.")).toBeVisible();
  await expect(rows).toHaveCount(1);
  await elsewhere.page.reload();
  await elsewhere.seesForm();
  await expect(elsewhere.toast("You ended this session from another device.")).toBeVisible();
  await elsewhere.page.context().close();

  await page.goto(`${server.origin}/account/password`);
  await page.getByLabel("Present password").fill("password123");
  await page.getByLabel("New password").fill("short");
  await page.getByRole("button", { name: "Change password" }).click();
  await expect(page.getByLabel("New password")).toHaveAccessibleDescription(/Use 15 characters or more\./);
  await page.getByLabel("Present password").fill("password123");
  await page.getByLabel("New password").fill("four words nobody expects");
  await page.getByRole("button", { name: "Change password" }).click();
  await expect(visitor.toast("Your password is changed.")).toBeVisible();
});

test.describe("a while after signing in", () => {
  test.use({ ownTime: true, settings: { DAYPASS_SUDO: "30s" } });

  test("what is sensitive leads to a page that asks for the password", async ({ visitor, page, server }) => {
    await page.goto(`${server.origin}/login`);
    await visitor.signIn();
    await page.goto(`${server.origin}/account/sessions`);
    server.pass(31_000);
    await page.getByRole("button", { name: "End" }).first().click();
    await expect(page).toHaveURL(`${server.origin}/account/confirm?next=/account/sessions`);
    await page.getByLabel("Password").fill("a wrong password");
    await page.getByRole("button", { name: "Continue" }).click();
    await expect(page.getByLabel("Password")).toHaveAccessibleDescription("That is not your password. Try again.");
    await page.getByLabel("Password").fill("password123");
    await page.getByRole("button", { name: "Continue" }).click();
    await expect(page).toHaveURL(`${server.origin}/account/sessions`);
    await page.getByRole("button", { name: "End" }).first().click();
    await visitor.seesForm();
    await expect(visitor.toast("You are signed out.")).toBeVisible();
  });
});
