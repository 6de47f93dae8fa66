import AxeBuilder from "@axe-core/playwright";
import type { Page } from "@playwright/test";
import { expect, test } from "../support/test";

test.use({ expectedErrors: /status of (40[134]|422)/ });

/** No violation by axe, and nothing wider than the window. */
async function isFine(page: Page, what: string): Promise<void> {
  const { violations } = await new AxeBuilder({ page }).analyze();
  expect(violations.map(({ id, nodes }) => [id, nodes.map((node) => node.html)]), what).toEqual([]);
  const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  expect(overflow, `${what}: wider than the window`).toBeLessThanOrEqual(0);
}

for (const colorScheme of ["light", "dark"] as const) {
  for (const width of [320, 1440]) {
    test.describe(`${colorScheme}, ${width} px`, () => {
      test.use({ colorScheme, viewport: { width, height: 800 } });

      test("axe finds nothing, and nothing is cut off", async ({ visitor, page }) => {
        const check = (what: string) => isFine(page, what);
        // Motion is over before anything is measured.
        await page.emulateMedia({ reducedMotion: "reduce", colorScheme });
        await visitor.open("/login");
        await check("sign in");
        await visitor.fillIn("admin", "wrong password");
        await expect(visitor.toast("do not match")).toBeVisible();
        await check("refused");
        const [toast, form] = await Promise.all([page.locator(".toast").boundingBox(), page.locator(".ticket").boundingBox()]);
        const apart = toast && form && (toast.y + toast.height <= form.y || toast.x >= form.x + form.width);
        expect(apart, "a toast over the form").toBe(true);
        await visitor.signIn();
        await check("home");
        await page.locator(".menu__name").click();
        await check("menu");
        for (const name of ["sessions", "activity", "confirm", "password"]) {
          await visitor.open(`/account/${name}`);
          await check(name);
        }
        await page.getByLabel("New password").fill("short");
        await page.getByRole("button", { name: "Change password" }).click();
        await expect(page.getByLabel("Present password")).toHaveAccessibleDescription("Enter your present password.");
        await check("password refused");
        await visitor.open("/");
        await page.getByRole("button", { name: "Sign out" }).click();
        await visitor.seesForm();
        await check("signed out");
        await visitor.open("/nowhere");
        await check("not found");
      });
    });
  }
}

for (const colorScheme of ["light", "dark"] as const) {
  test.describe(`${colorScheme}, the dialogs`, () => {
    test.use({ colorScheme, viewport: { width: 320, height: 800 }, ownTime: true, settings: { DAYPASS_SUDO: "30s" } });

    test("axe finds nothing, and nothing is cut off", async ({ visitor, page }) => {
      await page.emulateMedia({ reducedMotion: "reduce", colorScheme });
      await visitor.open("/login");
      await visitor.signIn();
      await visitor.open("/account/sessions");
      await visitor.sleep(31_000);
      await page.getByRole("button", { name: /^End Chrome/ }).click();
      await expect(page.getByRole("dialog", { name: "Confirm that it is you" })).toBeVisible();
      await isFine(page, "confirm");
      await page.keyboard.press("Escape");
      await visitor.sleep(9.5 * 60_000);
      await expect(page.getByRole("dialog", { name: "You will be signed out soon" })).toBeVisible();
      await isFine(page, "warning");
    });
  });
}
