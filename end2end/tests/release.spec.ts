import { readFileSync } from "node:fs";
import { BINARY, BINARY_WITH_CLOCK } from "../support/server";
import { expect, test } from "../support/test";

/** What the page may weigh in all, compressed: WebAssembly, script and style. */
const BUDGET = 260 * 1024;

test("the page's files are hashed, compressed, kept for ever, and light", async ({ server, request }) => {
  const html = await (await request.get(`${server.origin}/login`)).text();
  const files = [...new Set(html.match(/\/pkg\/daypass\.[\w-]+\.(?:js|wasm|css)/g))];
  expect(files.map((file) => file.split(".").pop()).sort()).toEqual(["css", "js", "wasm"]);
  let weight = 0;
  for (const file of files) {
    const answer = await fetch(server.origin + file, { headers: { "accept-encoding": "br" } });
    expect(answer.status).toBe(200);
    expect(answer.headers.get("content-encoding"), file).toBe("br");
    expect(answer.headers.get("cache-control")).toBe("public, max-age=31536000, immutable");
    weight += Number(answer.headers.get("content-length"));
    const gzip = await fetch(server.origin + file, { headers: { "accept-encoding": "gzip" } });
    expect(gzip.headers.get("content-encoding"), file).toBe("gzip");
  }
  console.log(`the page weighs ${(weight / 1024).toFixed(0)} KiB of ${BUDGET / 1024}`);
  expect(weight).toBeLessThanOrEqual(BUDGET);
});

test("files that come with every visit are there", async ({ server }) => {
  for (const path of ["/favicon.svg", "/robots.txt"]) {
    expect((await fetch(server.origin + path)).status, path).toBe(200);
  }
});

test("the released program has no clock that somebody can set", async () => {
  const knows = (program: string) => readFileSync(program).includes("DAYPASS_TEST_CLOCK");
  expect(knows(BINARY_WITH_CLOCK), "the test looks for the right word").toBe(true);
  expect(knows(BINARY)).toBe(false);
});
