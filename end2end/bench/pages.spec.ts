import { type Browser, type Locator, type Page, expect, test } from "@playwright/test";
import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { join } from "node:path";
import { Server } from "../support/server";
import { Streamlit } from "./streamlit";

const ROUNDS = Number(process.env.DAYPASS_ROUNDS ?? 10);
/** How much sooner, and with how much less. */
const TIMES = 8;

/** Pages that are measured. */
interface Pages {
  origin: string;
  name: string;
  password: string;
  /** What somebody who is signed in has. */
  cookie: RegExp;
  private: (page: Page) => Locator;
}

/** What one round of one of them gave. */
interface Round {
  /** Milliseconds until a browser that has never been there shows the form. */
  form: number;
  /** Milliseconds until somebody who is signed in sees what is private, after a reload. */
  reload: number;
  /** Bytes that came until the form was there and nothing came any more. */
  bytes: number;
}

const field = (name: string) => (page: Page) => page.getByLabel(name, { exact: true });

/** Counts what comes, headers and the frames of WebSockets included. */
async function count(page: Page): Promise<() => number> {
  const session = await page.context().newCDPSession(page);
  await session.send("Network.enable");
  let bytes = 0;
  session.on("Network.loadingFinished", ({ encodedDataLength }) => (bytes += encodedDataLength));
  session.on("Network.webSocketFrameReceived", ({ response }) => {
    const isText = response.opcode === 1;
    bytes += isText ? Buffer.byteLength(response.payloadData) : Buffer.from(response.payloadData, "base64").length;
  });
  return () => bytes;
}

async function until(page: Page, go: () => Promise<unknown>, seen: (page: Page) => Locator): Promise<number> {
  const begin = performance.now();
  await go();
  await seen(page).waitFor();
  return performance.now() - begin;
}

async function round(browser: Browser, pages: Pages): Promise<Round> {
  const context = await browser.newContext();
  const page = await context.newPage();
  const came = await count(page);
  const form = await until(page, () => page.goto(pages.origin, { waitUntil: "commit" }), field("Password"));
  await page.waitForLoadState("networkidle");
  const bytes = came();
  await field("Username")(page).fill(pages.name);
  await field("Password")(page).fill(pages.password);
  await page.getByRole("button", { name: "Sign in" }).click();
  await pages.private(page).waitFor();
  // It may be written down after the page has changed.
  await expect.poll(async () => (await context.cookies()).some((cookie) => pages.cookie.test(cookie.name))).toBe(true);
  const reload = await until(page, () => page.reload({ waitUntil: "commit" }), pages.private);
  await context.close();
  return { form, reload, bytes };
}

function quantile(values: number[], part: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (sorted.length - 1) * part;
  const [low, high] = [sorted[Math.floor(at)] ?? NaN, sorted[Math.ceil(at)] ?? NaN];
  return low + (high - low) * (at - Math.floor(at));
}

function spread(values: number[], digits: number): string {
  const [median, low, high] = [0.5, 0.25, 0.75].map((part) => quantile(values, part).toFixed(digits));
  return `${median} (${low} to ${high})`;
}

test("pages beside those of Streamlit", async ({ browser }) => {
  const streamlit = await Streamlit.start();
  const server = await Server.start();
  const ours: Pages = {
    origin: server.origin,
    name: "user1",
    password: "mypassword",
    cookie: /^daypass$/,
    private: (page) => page.getByRole("list", { name: "What to do next" }),
  };
  const theirs: Pages = {
    origin: streamlit.origin,
    name: "demo",
    password: "the password of the demo",
    cookie: /user$/,
    private: (page) => page.getByText("Signed in as demo"),
  };
  const rounds: { ours: Round; theirs: Round }[] = [];
  try {
    // The first ones warm them up.
    for (let number = 0; number <= ROUNDS; number++) {
      const [first, second] = number % 2 === 0 ? [ours, theirs] : [theirs, ours];
      const [one, two] = [await round(browser, first), await round(browser, second)];
      const both = number % 2 === 0 ? { ours: one, theirs: two } : { ours: two, theirs: one };
      if (number > 0) rounds.push(both);
    }
  } finally {
    await server.stop();
    streamlit.stop();
  }
  const row = (what: string, of: (round: Round) => number, digits: number) => {
    const ratios = rounds.map(({ ours, theirs }) => of(theirs) / of(ours));
    const verdict = quantile(ratios, 0.5) >= TIMES ? "met" : "**not met**";
    const [mine, other] = [rounds.map(({ ours }) => of(ours)), rounds.map(({ theirs }) => of(theirs))];
    return `| ${what} | ${spread(mine, digits)} | ${spread(other, digits)} | ${spread(ratios, 2)} | ${verdict} |`;
  };
  const said = (program: string, ...args: string[]) => execFileSync(program, args, { encoding: "utf8" }).trim();
  const processor = `${cpus()[0]?.model ?? "unknown"}, ${cpus().length} cores`;
  const text = `# Pages, beside those of Streamlit

<!-- Written by script/bench --browser: do not edit. -->

The same two pages, a sign-in form and something private behind it, by Daypass's release build and by a Streamlit app with an encrypted cookie (\`bench/browser/app.py\`), in one browser on the same machine, in turns, ${ROUNDS} rounds. Medians, with the quartiles in brackets; ratios are taken within each round. What is asked for is ${TIMES} times, in each line.

| | Daypass | Streamlit | times | |
|---|---|---|---|---|
${row("The sign-in form can be seen, on a first visit, ms", ({ form }) => form, 0)}
${row("What is private can be seen, after a reload by somebody who is signed in, ms", ({ reload }) => reload, 0)}
${row("What a first visit loads, KiB", ({ bytes }) => bytes / 1024, 0)}

Measured ${new Date().toISOString().slice(0, 10)} at commit ${said("git", "rev-parse", "--short=10", "HEAD")}; ${processor}; Chromium ${browser.version()}; ${said("cat", "../bench/browser/requirements.txt").replaceAll("==", " ").replaceAll("\n", ", ")}.
`;
  const out = process.env.DAYPASS_OUT ?? "test-results";
  mkdirSync(out, { recursive: true });
  writeFileSync(join(out, "benchmarks-browser.md"), text);
  console.log(text);
  expect(rounds.length).toBe(ROUNDS);
});
