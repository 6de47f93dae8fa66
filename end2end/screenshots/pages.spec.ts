import { expect, test } from "../support/test";

const FOLDER = "../docs/screenshots";

test.use({ expectedErrors: /status of (401|404|422)/, settings: { DAYPASS_IDLE_TIMEOUT: "10m" } });

for (const colorScheme of ["light", "dark"] as const) {
  for (const [device, width, height] of [["phone", 390, 844], ["desktop", 1280, 800]] as const) {
    test.describe(`${device}, ${colorScheme}`, () => {
      test.use({ colorScheme, viewport: { width, height } });

      test("every page", async ({ visitor, page, server }) => {
        await page.emulateMedia({ reducedMotion: "reduce", colorScheme });
        const take = (name: string) => page.screenshot({ path: `${FOLDER}/${name}-${device}-${colorScheme}.png` });
        await visitor.open("/login");
        await take("sign-in");
        await visitor.fillIn("admin", "wrong password");
        await expect(visitor.toast("do not match")).toBeVisible();
        await take("refused");
        await page.getByRole("button", { name: "Dismiss" }).click();
        await page.getByLabel("Password").fill("");
        await page.getByRole("button", { name: "Sign in" }).click();
        await expect(page.getByText("Enter your password.")).toBeVisible();
        await take("field");
        await visitor.signIn();
        await expect(visitor.toast("1 failed attempt")).toBeVisible();
        await take("home");
        await page.locator(".menu__name").click();
        await take("menu");
        for (const name of ["sessions", "password", "activity", "confirm"]) {
          await visitor.open(`/account/${name}`);
          await take(name);
        }
        await visitor.open("/account/password");
        await page.getByLabel("Present password").fill("password123");
        await page.getByLabel("New password").fill("password1234567");
        await page.getByRole("button", { name: "Change password" }).click();
        await expect(page.getByText("Many people use this password")).toBeVisible();
        await take("password-refused");
        server.command("sessions", "revoke", "--all");
        await visitor.seesForm();
        await take("ended");
        await visitor.open("/nowhere");
        await take("not-found");
      });
    });
  }
}

test.describe("the password again", () => {
  test.use({ ownTime: true, settings: { DAYPASS_SUDO: "30s" } });

  for (const colorScheme of ["light", "dark"] as const) {
    for (const [device, width, height] of [["phone", 390, 844], ["desktop", 1280, 800]] as const) {
      test(`${device}, ${colorScheme}`, async ({ visitor, page }) => {
        await page.setViewportSize({ width, height });
        await page.emulateMedia({ reducedMotion: "reduce", colorScheme });
        await visitor.open("/login");
        await visitor.signIn();
        await visitor.open("/account/sessions");
        await visitor.sleep(31_000);
        await page.getByRole("button", { name: /^End Chrome/ }).click();
        await expect(page.getByRole("dialog")).toBeVisible();
        await page.screenshot({ path: `${FOLDER}/confirm-dialog-${device}-${colorScheme}.png` });
      });
    }
  }
});

test.describe("the warning", () => {
  test.use({ settings: { DAYPASS_IDLE_TIMEOUT: "12s" } });

  for (const colorScheme of ["light", "dark"] as const) {
    for (const [device, width, height] of [["phone", 390, 844], ["desktop", 1280, 800]] as const) {
      test(`${device}, ${colorScheme}`, async ({ visitor, page }) => {
        await page.setViewportSize({ width, height });
        await page.emulateMedia({ reducedMotion: "reduce", colorScheme });
        await visitor.open("/login");
        await visitor.signIn();
        await expect(page.getByRole("dialog")).toBeVisible();
        await page.screenshot({ path: `${FOLDER}/warning-${device}-${colorScheme}.png` });
      });
    }
  }
});
