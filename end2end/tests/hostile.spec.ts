import type { Page } from "@playwright/test";
import { expect, test } from "../support/test";

/** A name that is no text to whoever takes it for markup: account names have no spaces, and need none. */
const MARKUP = "<img/src=x/onerror=window.hit=1>";

/** Whether something ran that nobody of ours wrote. */
const isHit = (page: Page) => page.evaluate(() => "hit" in window);

test.describe("an account whose name is markup", () => {
  const password = "four words nobody expects";

  test.beforeEach(({ server }) => server.addAccount(MARKUP, password));

  test.describe("in another tab", () => {
    test("is text in what this one says of it", async ({ visitor, page, context, server }) => {
      await visitor.open("/login");
      await visitor.signIn();
      const other = await context.newPage();
      await other.goto(`${server.origin}/account/sessions`);
      await other.locator("html[data-hydrated=true]").waitFor();
      await other.getByRole("button", { name: "Sign out" }).click();
      await other.getByLabel("Username").fill(MARKUP);
      await other.getByLabel("Password").fill(password);
      await other.getByRole("button", { name: "Sign in" }).click();
      await expect(other.locator(".menu__account")).toHaveText(MARKUP);
      await page.bringToFront();
      await page.evaluate(() => dispatchEvent(new Event("focus")));
      await expect(visitor.toast(`You are now signed in as ${MARKUP}, in another tab.`)).toBeVisible();
      await expect(page.locator(".toasts img")).toHaveCount(0);
      expect(await isHit(page)).toBe(false);
    });
  });

  test("is text in an answer that is no page", async ({ visitor, page, server }) => {
    await visitor.open("/login");
    await visitor.signIn(MARKUP, password);
    const answer = await page.goto(`${server.origin}/api/me`);
    expect(await answer?.json()).toEqual({ account: MARKUP });
    expect(await page.evaluate(() => [document.contentType, document.images.length])).toEqual(["application/json", 0]);
    expect(await isHit(page)).toBe(false);
  });
});
