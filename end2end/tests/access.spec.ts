import AxeBuilder from "@axe-core/playwright";
import { expect, test } from "../support/test";

test.use({ expectedErrors: /status of 40[14]/ });

for (const colorScheme of ["light", "dark"] as const) {
  for (const width of [320, 1440]) {
    test.describe(`${colorScheme}, ${width} px`, () => {
      test.use({ colorScheme, viewport: { width, height: 800 } });

      test("axe finds nothing, and nothing is cut off", async ({ visitor, page }) => {
        const check = async (what: string) => {
          const { violations } = await new AxeBuilder({ page }).analyze();
          expect(violations.map(({ id, nodes }) => [id, nodes.map((node) => node.html)]), what).toEqual([]);
          const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
          expect(overflow, `${what}: wider than the window`).toBeLessThanOrEqual(0);
        };
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
        await page.getByRole("button", { name: "Sign out" }).click();
        await visitor.seesForm();
        await check("signed out");
        await visitor.open("/nowhere");
        await check("not found");
      });
    });
  }
}
