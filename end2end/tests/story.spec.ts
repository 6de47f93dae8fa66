import { expect, test } from "../support/test";

/** The browser writes every refused call to the console, by itself. */
const REFUSED = /status of (401|422)/;
const UNREACHED = /ERR_CONNECTION_REFUSED|ERR_CONNECTION_RESET|ERR_EMPTY_RESPONSE|ERR_SOCKET_NOT_CONNECTED/;

test("sign in, reload, restart: still there", async ({ visitor, server, page }) => {
  await visitor.open("/");
  await expect(page).toHaveURL(`${server.origin}/login`);
  await visitor.seesForm();
  await visitor.signIn();
  await expect(page).toHaveURL(`${server.origin}/`);
  await expect(visitor.toast("Welcome back, admin.")).toBeVisible();
  const before = await page.getByRole("timer").textContent();
  expect(before).toMatch(/^(10:00|9:5\d)$/);
  await expect(page.getByRole("timer")).not.toHaveText(before ?? "");

  await page.reload();
  await visitor.live();
  await visitor.seesHome();
  await server.restart();
  await page.reload();
  await visitor.live();
  await visitor.seesHome();
});

test("the first paint knows who is signed in, and nothing moves afterwards", async ({ visitor, page, server }) => {
  await visitor.open("/login");
  await visitor.signIn();
  // What the server sent, before any script ran.
  const html = await (await page.context().request.get(server.origin)).text();
  expect(html).toContain("Welcome, ");
  expect(html).toMatch(/role="timer"[^>]*>\s*(?:<!>)?(10:00|9:5\d)/);
  // Calls that the page makes to find out what it was told already.
  const calls: string[] = [];
  page.on("request", (request) => {
    if (request.url().includes("/api/")) calls.push(request.url());
  });
  await page.addInitScript(() => {
    const shifts: number[] = [];
    Object.assign(window, { shifts });
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries()) shifts.push((entry as unknown as { value: number }).value);
    }).observe({ type: "layout-shift", buffered: true });
  });
  await page.reload();
  await visitor.live();
  await visitor.seesHome();
  expect(calls).toEqual([]);
  const shifts = await page.evaluate(() => (window as unknown as { shifts: number[] }).shifts);
  expect(shifts.reduce((sum, shift) => sum + shift, 0)).toBeLessThan(0.001);
});

test.describe("left alone", () => {
  test.use({ settings: { DAYPASS_IDLE_TIMEOUT: "4s" } });

  test("the page turns to the form by itself, and says why", async ({ visitor, page, server }) => {
    await visitor.open("/login");
    await visitor.signIn();
    const cookie = await visitor.cookie();
    await visitor.seesForm();
    await expect(visitor.toast("You were signed out after 4 seconds without activity.")).toBeVisible();
    await expect(page).toHaveURL(`${server.origin}/`);
    expect(await visitor.ask(cookie)).toEqual({ status: 401, body: { error: "unauthenticated", reason: "idle" } });
    // Whoever comes back signs in where they were.
    await visitor.signIn();
    await expect(visitor.toast("You were signed out")).toHaveCount(0);
  });

  test("a reload after the end says why, too", async ({ visitor, page }) => {
    await visitor.open("/login");
    await visitor.signIn();
    await page.goto("about:blank");
    await page.waitForFunction((start) => Date.now() - start > 4500, Date.now());
    await visitor.open("/");
    await visitor.seesForm();
    await expect(visitor.toast("You were signed out after 4 seconds without activity.")).toBeVisible();
    await page.reload();
    await visitor.live();
    await expect(visitor.toast("You were signed out")).toHaveCount(0);
  });
});

test("sign out: a toast says so, Back shows nothing private, the cookie is dead", async ({ visitor, page, server }) => {
  await visitor.open("/login");
  await visitor.signIn();
  const cookie = await visitor.cookie();
  expect((await visitor.ask(cookie)).status).toBe(200);
  await page.getByRole("button", { name: "Sign out" }).click();
  await visitor.seesForm();
  await expect(visitor.toast("You are signed out.")).toBeVisible();
  await expect(page).toHaveURL(`${server.origin}/login`);
  await page.goBack();
  await visitor.seesForm();
  expect(await visitor.cookie()).toBeUndefined();
  expect(await visitor.ask(cookie)).toEqual({ status: 401, body: { error: "unauthenticated", reason: "signed_out" } });
  // And a document that was left in between is not brought back with what it showed.
  await page.goto("about:blank");
  await page.goBack();
  await visitor.seesForm();
});

test("every page that is somebody's offers the way out", async ({ visitor, page }) => {
  for (const path of ["/", "/account/sessions", "/account/password", "/account/activity", "/account/confirm"]) {
    await visitor.open("/login");
    await visitor.signIn();
    await visitor.open(path);
    await page.getByRole("button", { name: "Sign out" }).click();
    await visitor.seesForm();
    expect(await visitor.cookie(), path).toBeUndefined();
  }
});

test("a password can be pasted, wherever one is typed", async ({ visitor, page }) => {
  const paste = async (label: string, text: string) => {
    // By the keyboard, as people do it: copied from a field where it can be seen.
    const name = page.getByLabel("Username");
    if (await name.count()) {
      await name.fill(text);
      await name.press("ControlOrMeta+a");
      await name.press("ControlOrMeta+x");
    }
    await page.getByLabel(label).press("ControlOrMeta+v");
    await expect(page.getByLabel(label)).toHaveValue(text);
  };
  await visitor.open("/login");
  await paste("Password", "password123");
  await page.getByLabel("Username").fill("admin");
  await page.getByRole("button", { name: "Sign in" }).click();
  await visitor.seesHome();
  await visitor.open("/account/password");
  await paste("Present password", "password123");
  await paste("New password", "password123");
});

test.describe("too many requests", () => {
  test.use({ expectedErrors: /status of 429/, settings: { DAYPASS_CALLS_PER_MINUTE: "30" } });

  test("the page says how long to wait, and takes nobody for gone", async ({ visitor, page }) => {
    await visitor.open("/login");
    await page.getByLabel("Username").fill("admin");
    await page.getByLabel("Password").fill("password123");
    // All in one breath: every two seconds there is one call more.
    await page.evaluate(async () => {
      for (let call = 0; call < 40; call++) await fetch("/api/session", { method: "POST" });
      document.querySelector<HTMLButtonElement>("form button[type=submit]")?.click();
    });
    await expect(visitor.toast(/^Too many requests come from your network\. Wait \d seconds?, then try again\.$/)).toBeVisible();
    await expect(visitor.toast("does not answer")).toHaveCount(0);
    await expect(async () => {
      await page.getByRole("button", { name: "Sign in" }).click();
      await visitor.seesHome();
    }).toPass();
  });
});

test.describe("refused", () => {
  test.use({ expectedErrors: REFUSED });

  test("a wrong password and an unknown name are one calm message", async ({ visitor, page }) => {
    await visitor.open("/login");
    for (const name of ["admin", "nobody"]) {
      await visitor.fillIn(name, "wrong password");
      await expect(visitor.toast("That name and password do not match. Try again.")).toHaveCount(1);
      await expect(page.getByLabel("Password")).toBeFocused();
      await expect(page.getByLabel("Username")).toHaveValue(name);
    }
    await page.getByRole("button", { name: "Dismiss" }).click();
    await expect(visitor.toast("do not match")).toHaveCount(0);
    await visitor.signIn();
  });

  test("an empty field says so itself", async ({ visitor, page }) => {
    await visitor.open("/login");
    await page.getByRole("button", { name: "Sign in" }).click();
    await expect(page.getByLabel("Username")).toHaveAccessibleDescription("Enter your username.");
    await expect(page.getByLabel("Username")).toBeFocused();
    await page.getByLabel("Username").fill("admin");
    await page.getByRole("button", { name: "Sign in" }).click();
    await expect(page.getByLabel("Password")).toHaveAccessibleDescription("Enter your password.");
    await expect(page.getByLabel("Username")).not.toHaveAttribute("aria-invalid");
    await expect(page.getByLabel("Password")).toBeFocused();
  });
});

test.describe("server gone", () => {
  test.use({ expectedErrors: UNREACHED });

  test("a toast says so, and the page recovers by itself", async ({ visitor, server }) => {
    await visitor.open("/login");
    await visitor.signIn();
    await server.end("SIGKILL");
    await expect(visitor.toast("The server does not answer. You are still signed in; trying again.")).toBeVisible();
    await visitor.seesHome();
    await server.run();
    await expect(visitor.toast("The server answers again.")).toBeVisible();
    await expect(visitor.toast("does not answer")).toHaveCount(0);
    await visitor.seesHome();
  });

  test("who signs out leaves the page all the same, and the server as soon as it is back", async ({ visitor, server, page, context }) => {
    await visitor.open("/login");
    await visitor.signIn();
    const cookie = await visitor.cookie();
    const other = await context.newPage();
    await other.goto(`${server.origin}/account/activity`);
    await other.locator("html[data-hydrated=true]").waitFor();
    await expect(other.locator(".menu__account")).toHaveText("admin");
    await server.end("SIGKILL");
    await page.bringToFront();
    await page.getByRole("button", { name: "Sign out" }).click();
    await expect(visitor.toast("you are not signed out yet")).toBeVisible();
    await visitor.seesForm();
    for (const tab of [page, other]) await expect(tab.locator("body")).not.toContainText("admin");
    await server.run();
    await expect(visitor.toast("You are signed out.")).toBeVisible();
    await expect(visitor.toast("not signed out yet")).toHaveCount(0);
    await visitor.seesForm();
    expect(await visitor.cookie()).toBeUndefined();
    expect((await visitor.ask(cookie)).body).toEqual({ error: "unauthenticated", reason: "signed_out" });
  });

  test("so does the sign-in form", async ({ visitor, server }) => {
    await visitor.open("/login");
    await server.end("SIGKILL");
    await visitor.fillIn("admin", "password123");
    await expect(visitor.toast("The server does not answer. Trying again.")).toBeVisible();
    await server.run();
    await expect(visitor.toast("The server answers again.")).toBeVisible();
    await visitor.signIn();
  });
});

test.describe("database gone", () => {
  test.use({ expectedErrors: /status of 503/ });

  test("nobody is signed out, nothing private is shown anew, and the page comes back by itself", async ({ visitor, server, page }) => {
    await visitor.open("/login");
    await visitor.signIn();
    server.database("away");
    await expect(visitor.toast("The server does not answer. You are still signed in; trying again.")).toBeVisible();
    const answer = await page.reload();
    expect(answer?.status()).toBe(503);
    await visitor.live();
    await expect(page.getByRole("heading", { name: "The service is away for the moment" })).toBeVisible();
    await expect(page.getByText("admin")).toHaveCount(0);
    server.database("back");
    await visitor.seesHome();
  });
});

test.describe("server that hangs", () => {
  test("a toast says so, and the page recovers by itself", async ({ visitor, server }) => {
    await visitor.open("/login");
    await visitor.signIn();
    server.signal("SIGSTOP");
    await expect(visitor.toast("The server does not answer. You are still signed in; trying again.")).toBeVisible({ timeout: 20_000 });
    server.signal("SIGCONT");
    await expect(visitor.toast("The server answers again.")).toBeVisible();
    await visitor.seesHome();
  });
});

test.describe("offline", () => {
  test.use({ expectedErrors: /ERR_INTERNET_DISCONNECTED/, settings: { DAYPASS_IDLE_TIMEOUT: "60s" } });

  test("a quiet banner, the countdown goes on, and it recovers", async ({ visitor, page, context }) => {
    await visitor.open("/login");
    await visitor.signIn();
    await context.setOffline(true);
    const banner = page.getByText("You are offline.");
    await expect(banner).toBeVisible();
    const before = await page.getByRole("timer").textContent();
    await expect(page.getByRole("timer")).not.toHaveText(before ?? "");
    // Long enough for the page to ask in vain: still no alarm, and still signed in.
    await page.waitForFunction((start) => Date.now() - start > 6000, Date.now());
    await expect(visitor.toast("does not answer")).toHaveCount(0);
    await visitor.seesHome();
    await context.setOffline(false);
    await expect(visitor.toast("You are back online.")).toBeVisible();
    await expect(banner).toHaveCount(0);
    await visitor.seesHome();
  });
});

test("an answer from before the sign-out brings nothing back", async ({ visitor, page }) => {
  await visitor.open("/login");
  await visitor.signIn();
  // A question that was asked while signed in, and whose answer is held back.
  let release = () => {};
  const held = new Promise<void>((done) => (release = done));
  let answered = () => {};
  const asked = new Promise<void>((done) => (answered = done));
  await page.route("**/api/session", async (route) => {
    const response = await route.fetch();
    answered();
    await held;
    await route.fulfill({ response });
  });
  await asked;
  await page.getByRole("button", { name: "Sign out" }).click();
  await visitor.seesForm();
  const late = page.waitForResponse("**/api/session");
  release();
  await late;
  await page.evaluate(() => new Promise(requestAnimationFrame));
  await visitor.seesForm();
  await expect(visitor.toast("You are signed out.")).toBeVisible();
});

test("somebody who signs in in one tab is signed in in the other when it is looked at", async ({ visitor, context, server }) => {
  await visitor.open("/login");
  const other = await context.newPage();
  await other.goto(`${server.origin}/login`);
  await other.getByLabel("Username").fill("user1");
  await other.getByLabel("Password").fill("mypassword");
  await other.getByRole("button", { name: "Sign in" }).click();
  await expect(other.getByRole("heading", { name: "Welcome, user1" })).toBeVisible();
  await visitor.page.bringToFront();
  await visitor.page.evaluate(() => dispatchEvent(new Event("focus")));
  await visitor.seesHome("user1");
});

test.describe("kept, and left alone", () => {
  test.use({ settings: { DAYPASS_IDLE_TIMEOUT: "1s", DAYPASS_REMEMBERED_IDLE_TIMEOUT: "2s" } });

  test("who comes back later is told why, too", async ({ visitor, page, server }) => {
    await visitor.open("/login");
    await page.getByLabel("Keep me signed in on this device").check();
    await visitor.signIn();
    await page.goto("about:blank");
    await page.waitForFunction((start) => Date.now() - start > 2500, Date.now());
    await page.goto(server.origin);
    await visitor.seesForm();
    await expect(visitor.toast("You were signed out after 2 seconds without activity.")).toBeVisible();
  });
});

test("an administrator's end reaches the page with its reason", async ({ visitor, server }) => {
  await visitor.open("/login");
  await visitor.signIn();
  server.command("sessions", "revoke", "--account", "admin");
  await visitor.seesForm();
  await expect(visitor.toast("An administrator ended this session.")).toBeVisible();
});

test("a sign-out in one tab reaches the other", async ({ visitor, context, server }) => {
  await visitor.open("/login");
  await visitor.signIn();
  const other = await context.newPage();
  await other.goto(server.origin);
  await expect(other.getByRole("heading", { name: "Welcome, admin" })).toBeVisible();
  await other.getByRole("button", { name: "Sign out" }).click();
  await visitor.page.bringToFront();
  await visitor.seesForm();
  await expect(visitor.toast("You are signed out.")).toBeVisible();
});

test("a slow answer does not bounce, and twice the button is once the form", async ({ visitor, page }) => {
  const calls: string[] = [];
  // Until both clicks are done, however long a machine takes for them.
  let answer = () => {};
  const clicked = new Promise<void>((done) => (answer = done));
  await page.route("**/api/sign_in", async (route) => {
    calls.push(route.request().url());
    await clicked;
    await route.continue();
  });
  const visited: string[] = [];
  page.on("framenavigated", (frame) => visited.push(new URL(frame.url()).pathname));
  await visitor.open("/login");
  await page.getByLabel("Username").fill("user1");
  await page.getByLabel("Password").fill("mypassword");
  const button = page.getByRole("button", { name: "Sign in" });
  await button.click();
  await button.click();
  answer();
  await visitor.seesHome("user1");
  expect(calls).toHaveLength(1);
  expect(visited).toEqual(["/login", "/"]);
});

test("after signing in people are where they wanted to go, and never elsewhere", async ({ visitor, page, server }) => {
  await visitor.open("/login?next=%2F%3Fa%3Db");
  await visitor.signIn();
  await expect(page).toHaveURL(`${server.origin}/?a=b`);
  // Signed in already: there is nothing to do on the sign-in page.
  await page.goto(`${server.origin}/login?next=//evil.example`);
  await expect(page).toHaveURL(`${server.origin}/`);
  await page.getByRole("button", { name: "Sign out" }).click();
  for (const next of ["//evil.example", "/%5Cevil.example", "https://evil.example", "/%09/evil.example"]) {
    await page.context().clearCookies();
    await visitor.open(`/login?next=${encodeURIComponent(next)}`);
    await visitor.signIn();
    expect(new URL(page.url()).origin).toBe(server.origin);
    await page.getByRole("button", { name: "Sign out" }).click();
    await visitor.seesForm();
  }
});

test("keep me signed in: the browser keeps the cookie, else it does not", async ({ visitor, page }) => {
  await visitor.open("/login");
  await visitor.signIn();
  const session = (await page.context().cookies()).find((cookie) => cookie.name === "daypass");
  expect(session).toMatchObject({ httpOnly: true, sameSite: "Lax", expires: -1, path: "/" });
  await page.getByRole("button", { name: "Sign out" }).click();
  await visitor.seesForm();
  await page.getByLabel("Keep me signed in on this device").check();
  await visitor.signIn();
  await expect(page.getByText("kept when the browser closes")).toBeVisible();
  const kept = (await page.context().cookies()).find((cookie) => cookie.name === "daypass");
  expect((kept?.expires ?? 0) - Date.now() / 1000).toBeGreaterThan(13 * 86_400);
});

test("scripts see no cookie, and nothing is left in the browser's storage", async ({ visitor, page }) => {
  await visitor.open("/login");
  await visitor.signIn();
  expect(await page.evaluate(() => [document.cookie, localStorage.length, sessionStorage.length])).toEqual(["", 0, 0]);
});

test("the keyboard alone is enough", async ({ visitor, page }) => {
  await visitor.open("/login");
  await page.keyboard.press("Tab");
  await expect(page.getByRole("link", { name: "Skip to content" })).toBeFocused();
  await page.getByLabel("Username").focus();
  await page.keyboard.type("admin");
  await page.keyboard.press("Tab");
  await page.keyboard.type("password123");
  await page.keyboard.press("Tab");
  await expect(page.getByRole("button", { name: "Show password" })).toBeFocused();
  await page.keyboard.press("Space");
  await expect(page.getByLabel("Password")).toHaveAttribute("type", "text");
  await page.keyboard.press("Shift+Tab");
  await page.keyboard.press("Enter");
  await visitor.seesHome();
  await expect(page.getByRole("heading", { level: 1 })).toBeFocused();
});

test("news goes by itself, but not while somebody reads it", async ({ visitor, page }) => {
  await visitor.open("/login");
  await visitor.signIn();
  const toast = visitor.toast("Welcome back, admin.");
  await toast.hover();
  await page.waitForFunction((start) => Date.now() - start > 8000, Date.now());
  await expect(toast).toBeVisible();
  await page.mouse.move(0, 0);
  await expect(toast).toHaveCount(0);
});

test.describe("wrong address", () => {
  test.use({ expectedErrors: /status of 404/ });

  test("says so, for guests and for others", async ({ visitor, page, server }) => {
    const answer = await page.goto(`${server.origin}/no/such/page`);
    expect(answer?.status()).toBe(404);
    await visitor.live();
    await expect(page.getByRole("heading", { name: "There is no page at this address" })).toBeVisible();
    await page.getByRole("link", { name: "Go to the home page" }).click();
    await visitor.signIn();
    expect((await page.goto(`${server.origin}/no/such/page`))?.status()).toBe(404);
    await expect(page.getByRole("button", { name: "Sign out" })).toBeVisible();
  });
});
