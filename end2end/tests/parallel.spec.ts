import { expect, test } from "../support/test";

test.use({ expectedErrors: /status of (401|429)/ });

test("twenty calls that meet a 401 at once make one toast and one change", async ({ visitor, page, server }) => {
  await visitor.open("/login");
  await visitor.signIn();
  let release = () => {};
  const held = new Promise<void>((done) => (release = done));
  let calls = 0;
  await page.route(/\/api\/(sessions|activity)$/, async (route) => {
    calls += 1;
    await held;
    await route.continue();
  });
  const menu = page.getByRole("navigation", { name: "Account" });
  for (let visit = 0; visit < 10; visit++) {
    for (const name of ["Devices", "Activity"]) {
      await page.locator(".menu__name").click();
      await menu.getByRole("link", { name }).click();
    }
  }
  await expect.poll(() => calls).toBe(20);
  const shown = page.evaluate(() => {
    // Everything that the page ever says while the answers come in.
    const said: string[] = [];
    const region = document.querySelector(".toasts");
    if (!region) return said;
    new MutationObserver((changes) => {
      for (const { addedNodes } of changes) {
        for (const node of addedNodes) if (node.textContent?.includes("ended")) said.push(node.textContent);
      }
    }).observe(region, { childList: true, subtree: true });
    return new Promise<string[]>((done) => setTimeout(() => done(said), 3_000));
  });
  server.command("sessions", "revoke", "--all");
  release();
  await visitor.seesForm();
  await expect(visitor.toast("An administrator ended this session.")).toBeVisible();
  expect(await shown).toHaveLength(1);
  await expect(page.locator(".toast")).toHaveCount(1);
});

test("a password that is confirmed or changed in one tab signs no other tab out", async ({ visitor, page, context, server }) => {
  await visitor.open("/login");
  await visitor.signIn();
  const other = await context.newPage();
  await other.goto(`${server.origin}/account/password`);
  await expect(other.locator("html[data-hydrated=true]")).toBeAttached();
  await other.getByLabel("Present password").fill("password123");
  await other.getByLabel("New password").fill("four words nobody expects");
  await other.getByRole("button", { name: "Change password" }).click();
  await expect(other.getByText("Your password is changed.")).toBeVisible();
  const answered = page.waitForResponse("**/api/session");
  await page.evaluate(() => window.dispatchEvent(new Event("focus")));
  await answered;
  await visitor.seesHome();
  await expect(page.locator(".toast", { hasText: "ended" })).toHaveCount(0);
});

test("every tab says why a session ended, whichever heard it first", async ({ visitor, page, context, server }) => {
  await visitor.open("/login");
  await visitor.signIn();
  const other = await context.newPage();
  await other.goto(server.origin);
  await expect(other.getByRole("heading", { name: "Welcome, admin" })).toBeVisible();
  server.command("sessions", "revoke", "--all");
  // A document that says it takes the cookie away.
  await other.reload();
  for (const tab of [page, other]) {
    await expect(tab.getByRole("heading", { name: "Sign in" })).toBeVisible();
    await expect(tab.getByText("An administrator ended this session.")).toBeVisible();
  }
});

for (const [what, command, sentence] of [
  ["an account that is disabled", ["users", "disable", "admin"], "This account is disabled. Ask an administrator."],
  ["a session that an administrator ends", ["sessions", "revoke", "--all"], "An administrator ended this session."],
] as const) {
  test(`${what} is said in every tab`, async ({ visitor, page, context, server }) => {
    await visitor.open("/login");
    await visitor.signIn();
    const other = await context.newPage();
    await other.goto(`${server.origin}/account/activity`);
    await expect(other.getByRole("heading", { name: "Recent activity" })).toBeVisible();
    server.command(...command);
    for (const tab of [page, other]) {
      await expect(tab.getByRole("heading", { name: "Sign in" })).toBeVisible();
      await expect(tab.getByText(sentence)).toBeVisible();
      await tab.bringToFront();
    }
  });
}

test("too many tries wait, and the page says how long", async ({ visitor, page }) => {
  await visitor.open("/login");
  for (let tries = 0; tries < 5; tries++) {
    await visitor.fillIn("user1", "a wrong password");
    await expect(visitor.toast("do not match")).toBeVisible();
    await page.getByRole("button", { name: "Dismiss" }).click();
  }
  const wait = visitor.toast(/^Too many tries\. Wait (1 second|\d+ seconds), then try again\.$/);
  const wrong = visitor.toast("do not match");
  // On a machine so slow that the wait is over before it can be seen, the next one is twice as long.
  await expect(async () => {
    await visitor.fillIn("user1", "a wrong password");
    await expect(wait.or(wrong)).toBeVisible();
    if (await wrong.isVisible()) await page.getByRole("button", { name: "Dismiss" }).click();
    await expect(wait).toBeVisible({ timeout: 1 });
  }).toPass();
  const seconds = Number(/\d+/.exec(await wait.innerText())?.[0]);
  await page.waitForFunction((over) => Date.now() > over, Date.now() + seconds * 1_000);
  await visitor.fillIn("user1", "mypassword");
  await visitor.seesHome("user1");
});
