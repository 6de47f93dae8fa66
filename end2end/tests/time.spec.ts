// An hour passes in seconds: the page's clock and the server's are the test's.
import { expect, test } from "../support/test";

test.use({ ownTime: true, expectedErrors: /status of 401|ERR_INTERNET_DISCONNECTED/ });

test.describe("a timeout of a minute", () => {
  test.use({ settings: { DAYPASS_IDLE_TIMEOUT: "1m" } });

  test("somebody who writes for an hour stays, and somebody who left is out on time", async ({ visitor, page }) => {
    // 180 keys, each with an answer to wait for.
    test.slow();
    await visitor.open("/login");
    await visitor.signIn();
    const note = page.getByLabel("A note");
    await note.focus();
    for (let minutes = 0; minutes < 60; minutes++) {
      for (let seconds = 0; seconds < 60; seconds += 20) {
        await visitor.sleep(20_000);
        const extended = page.waitForResponse("**/api/extend");
        await page.keyboard.type("a");
        // All of it, or the page may not know of it when time passes: then it would ask instead of believing a key.
        await (await extended).finished();
      }
    }
    await visitor.seesHome();
    await expect(note).toHaveValue("a".repeat(180));
    await visitor.wait(40_000);
    await expect(page.getByRole("dialog")).toBeVisible();
    await visitor.wait(21_000);
    await visitor.seesForm();
    await expect(visitor.toast("You were signed out after 1 minute without activity.")).toBeVisible();
  });
});

test("a page that asks again and again is nobody's activity", async ({ visitor, page }) => {
  await visitor.open("/login");
  await visitor.signIn();
  let asked = 0;
  page.on("request", (request) => (asked += request.url().endsWith("/api/session") ? 1 : 0));
  await visitor.wait(550_000, 5_000);
  expect(asked).toBeGreaterThan(30);
  await visitor.seesHome();
  await visitor.wait(51_000);
  await visitor.seesForm();
});

test("a laptop that slept past the end shows nothing private, with a network and without", async ({ visitor, page }) => {
  await visitor.open("/login");
  await visitor.signIn();
  await page.getByLabel("A note").fill("secret");
  await visitor.sleep(11 * 60_000);
  await visitor.seesForm();
  await visitor.signIn();
  await page.context().setOffline(true);
  await visitor.sleep(11 * 60_000);
  await visitor.seesForm();
  await page.context().setOffline(false);
  await visitor.sleep(1_000);
  await expect(visitor.toast("You were signed out after 10 minutes without activity.")).toBeVisible();
  expect((await visitor.ask(await visitor.cookie())).status).toBe(401);
});

test("the time limit ends a session in use, and says so beforehand", async ({ visitor, page }) => {
  await visitor.open("/login");
  await visitor.signIn();
  for (let hours = 0; hours < 12 * 60 - 10; hours += 5) {
    await visitor.sleep(5 * 60_000);
    const extended = page.waitForResponse("**/api/extend");
    await page.keyboard.press("Shift");
    await extended;
  }
  await visitor.wait(9 * 60_000 + 5_000, 5_000);
  const dialog = page.getByRole("dialog");
  await expect(dialog).toContainText("Sessions last 12 hours at most; this one cannot be extended.");
  await dialog.getByRole("button", { name: "Understood" }).click();
  await expect(dialog).toBeHidden();
  await visitor.wait(60_000, 5_000);
  await visitor.seesForm();
  await expect(visitor.toast("You were signed out: sessions last 12 hours at most.")).toBeVisible();
});

test.describe("a wall clock that is wrong", () => {
  test.use({ ownTime: false });

  test("changes nothing", async ({ visitor, page, context }) => {
    await context.clock.install({ time: new Date("2019-02-03T04:05:06Z") });
    await visitor.open("/login");
    await visitor.signIn();
    await expect(page.getByRole("timer")).toHaveText(/10:00|9:5\d/);
  });
});

test.describe("a wall clock that stands still", () => {
  test.use({ ownTime: false, settings: { DAYPASS_IDLE_TIMEOUT: "3s" } });

  test("keeps nobody signed in", async ({ visitor, page, context }) => {
    await context.clock.setFixedTime(new Date());
    await visitor.open("/login");
    await visitor.signIn();
    await visitor.seesForm();
    await expect(visitor.toast("You were signed out after 3 seconds without activity.")).toBeVisible();
    expect(page.url()).toBe(`${visitor.server.origin}/`);
  });
});
