import { expect, test } from "../support/test";

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
